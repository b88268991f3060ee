import Foundation
import PlantModel
import PlantTesting
import Testing

@Suite("Kinds of assets")
struct AssetKindTests {
  private static let root = PackageFolder.root()

  @Test func `every kind that a file declares is registered`() throws {
    let folder = Self.root.appendingPathComponent("Sources/PlantModel/Assets")
    var declared: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for match in text.matches(of: #/AssetTraits\(\s*name: "([a-z_]+)"/#) { declared.insert(String(match.1)) }
    }
    #expect(declared == Set(AssetKind.allCases.map(\.rawValue)))
  }

  @Test(arguments: AssetKind.allCases)
  func `each kind is complete`(kind: AssetKind) {
    let traits = kind.traits
    #expect(AssetKind(rawValue: kind.rawValue) == kind)
    #expect(traits.name.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") })
    #expect(!traits.sizeKeys.isEmpty)
    #expect((traits.role == .none) == !traits.sensors.contains("power"))
    // A commanded asset needs a power to compare with, and one that is never negative has one direction.
    #expect(traits.command == nil || traits.role != .none)
    #expect(!traits.isNeverNegative || traits.hasOneDirection)
    if let resource = traits.resourceSensor { #expect(traits.sensors.contains(resource)) }
    for sensor in traits.sensors {
      let profile = SensorCatalogue.profile(sensor: sensor, of: Asset(name: "a", kind: kind))
      #expect(profile != SensorProfile(), "nothing is known of \(kind.rawValue).\(sensor)")
    }
  }

  @Test func `a nominal power comes from the keys of its kind, in their order`() {
    var asset = Asset(name: "a", kind: .pv)
    (asset.capacityKilowatts, asset.powerKilowatts) = (100, 80)
    #expect(asset.nominalKilowatts == 100)
    asset.kind = .battery
    #expect(asset.nominalKilowatts == 80)
    asset.powerKilowatts = nil
    #expect(asset.nominalKilowatts == 100)
  }

  @Test func `no word of a device's name stands for two kinds`() {
    let words = AssetKind.allCases.flatMap(\.traits.deviceWords)
    #expect(words.count == Set(words).count)
  }

  @Test(arguments: AssetKind.allCases)
  func `the page for plant engineers names each kind and its sensors`(kind: AssetKind) throws {
    let page = try String(contentsOf: Self.root.appendingPathComponent("pipelines/README.md"), encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("|") && $0.contains("`\(kind)`") }
    let isComplete = rows.contains { row in kind.traits.sensors.allSatisfy { row.contains("`\($0)`") } }
    #expect(isComplete, "pipelines/README.md has no row of \(kind) with \(kind.traits.sensors)")
  }
}
