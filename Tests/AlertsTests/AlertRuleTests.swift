import Foundation
import PlantModel
import PlantTesting
import StreamCore
import Testing

@testable import Alerts

@Suite("Rules of alerts")
struct AlertRuleTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func `every rule that a file declares is registered`() throws {
    let folder = Self.root.appendingPathComponent("Sources/Alerts/Rules")
    var declared: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for match in text.matches(of: #/struct (\w+): AlertRule \{/#) { declared.insert(String(match.1)) }
    }
    #expect(declared == Set(AlertRules.all.map { "\($0)" }))
  }

  @Test func `each rule has identities of its own, and a guide for each`() {
    for rule in AlertRules.all {
      #expect(!rule.ids.isEmpty && rule.guide.count == rule.ids.count, "\(rule)")
      #expect(rule.guide.allSatisfy { !$0.condition.isEmpty && !$0.remedy.isEmpty }, "\(rule)")
    }
    #expect(Set(AlertRules.ids.map(\.name)).count == AlertRules.ids.count)
    #expect(AlertRules.all.count <= 32)
  }

  @Test func `the operator's page says of each alert when it is raised and what to do`() throws {
    let page = try String(contentsOf: Self.root.appendingPathComponent("grafana/README.md"), encoding: .utf8)
    for id in AlertRules.ids {
      #expect(page.contains("| `\(id.name)` |"), "grafana/README.md has no row of \(id.name)")
    }
  }

  @Test func `the operator's table of causes names each alert with a cause beside its cause`() throws {
    let page = try String(contentsOf: Self.root.appendingPathComponent("grafana/README.md"), encoding: .utf8)
    let table = try #require(page.components(separatedBy: "### One cause, one message").last)
    let rows = table.components(separatedBy: "\n## ")[0].split(separator: "\n").filter { $0.hasPrefix("| `") }
    for (id, causes) in AlertRules.causes {
      for cause in causes {
        #expect(
          rows.contains { $0.hasPrefix("| `\(cause.rule.name)`") && $0.dropFirst(4).contains("`\(id.name)`") },
          "grafana/README.md does not say that \(cause.rule.name) explains \(id.name)")
      }
    }
  }

  @Test func `what is about data never shuts an asset down, what is a fault of the asset may`() {
    let data = AlertRules.ids.filter(\.concernsData).map(\.name).sorted()
    #expect(
      data == ["clock", "no_data", "offline", "range", "savings_silence", "sign", "spikes", "stuck", "unit", "watts"])
    #expect(AlertRules.ids.allSatisfy { !($0.concernsData && $0.isFaultOfAsset) })
  }

  /// A rule that the saved state does not know.
  private struct NewRule: AlertRule {
    static let ids = [AlertRuleID("new")]
    static let guide = [AlertGuide("never", remedy: "nothing")]
    var count = 0

    mutating func begin(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
      count += 1
    }
    func snapshot(into writer: inout SnapshotWriter) { writer.write(Int64(count)) }
    mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
      count = Int(try reader.read(Int64.self))
    }
  }

  @Test func `a rule more or less keeps the saved state of the others`() throws {
    var script = AlertScript()
    for value in [20.0, 30, 400, 400, 400] { script.read([("grid.power", value)]) }
    var writer = SnapshotWriter()
    script.stage.snapshot(into: &writer)
    var more = AlertStage(rules: AlertRules.all + [NewRule.self])
    var reader = SnapshotReader(writer.bytes)
    try more.restore(from: &reader)
    #expect(more.standing.map(\.rule) == [.limit])

    var larger = SnapshotWriter()
    more.snapshot(into: &larger)
    var back = AlertStage()
    var again = SnapshotReader(larger.bytes)
    try back.restore(from: &again)
    var same = SnapshotWriter()
    back.snapshot(into: &same)
    #expect(same.bytes == writer.bytes)
  }

  @Test func `every rule goes on from its saved state as if it had not been interrupted`() throws {
    var assets: [Asset] = AssetKind.allCases.map { kind in
      var asset = Asset(name: kind.rawValue, kind: kind)
      asset.capacityKilowatts = 10
      return asset
    }
    if let grid = assets.firstIndex(where: { $0.kind == .grid }) { assets[grid].importLimitKilowatts = 20 }
    let sensors = assets.flatMap { asset in asset.kind.traits.sensors.map { "\(asset.name).\($0)" } }
    var script = AlertScript(assets: assets)
    var random = SplitMix(state: 7)
    let sizes = [0.0, 0, 0.4, 5, 11, 25, 230, 400, 1_000, 11_000, -3, .nan]
    let qualities = [Quality.good, .good, .good, .good, .spike, .outOfRange, .stuck, .rate, .late]
    for round in 0..<8 {
      // A copy starts from the saved state; from there both are given the same.
      var copy = script
      copy.stage = try AlertStage().resumed(from: script.stage)
      for _ in 0..<6 {
        let size = sizes.randomElement(using: &random) ?? 0
        let quality = qualities.randomElement(using: &random) ?? .good
        let readings = sensors.shuffled(using: &random).prefix(12).map { ($0, size) }
        let seconds = Int.random(in: 1...40, using: &random)
        for _ in 0..<2 {
          script.live(readings, every: seconds, times: 1, quality: quality)
          copy.live(readings, every: seconds, times: 1, quality: quality)
        }
      }
      #expect(copy.changes() == script.changes())
      var (own, other) = (SnapshotWriter(), SnapshotWriter())
      script.stage.snapshot(into: &own)
      copy.stage.snapshot(into: &other)
      #expect(own.bytes == other.bytes, "round \(round)")
    }
    #expect(Set(script.stage.standing.map(\.rule)).count >= 5)
  }
}
