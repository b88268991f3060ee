import Foundation
import LocalServers
import PlantTesting
import Savings
import Testing
import WattlineTime

@testable import SavingsAccounts

@Suite("Frozen models")
struct ModelRegistryTests {
  private static func model(_ version: String = "1.0.0", previous: String = "") throws -> FrozenModel {
    let first = MadeMeter.firstDay
    let days = days(first..<first + 365)
    let verifier = try SavingsVerifier(baseline: days, years: 2022...2026, countries: ["DE"])
    return FrozenModel(
      plant: "o'hill/ü", meter: "main.power", version: version, role: "baseline", firstDay: "2023-01-01",
      lastDay: "2023-12-31", settings: ["meter": "main.power"], dataDigest: DataDigest.hex(days), program: "test",
      author: "anna", created: "2024-01-02T00:00:00Z", previous: previous, witness: verifier.witness,
      verifier: verifier)
  }

  private static func days(_ dates: Range<Int>) -> [MeterDay] {
    dates.map { MeterDay(date: $0, use: MadeMeter().use($0), temperature: MadeMeter.temperature($0)) }
  }

  private static func inFolder(_ body: (ModelRegistry, String) throws -> Void) throws {
    let folder = try TemporaryFolder(prefix: "wattline-savings")
    defer { folder.remove() }
    try body(ModelRegistry(state: folder.path), folder.path + "/savings")
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
  ])
  func `digests are those of FIPS 180-4`(text: String, digest: String) { #expect(SHA256.hex(text.utf8) == digest) }

  @Test(arguments: ["1.0", "0.0.0", "1.-1.0", "1.0.0.0", "01.0.0", "a", ""])
  func `only three numbers from 1.0.0 on are a version`(text: String) { #expect(ModelVersion(text) == nil) }

  @Test func `a frozen model predicts bit for bit as the one that was fitted, and sha256sum verifies its file`() throws
  {
    try Self.inFolder { registry, folder in
      let model = try Self.model()
      let sealed = try registry.add(model)
      let read = try #require(try registry.models(plant: "o'hill/ü", meter: "main.power").first)
      #expect(read.checksum == sealed.checksum && read.version == ModelVersion(1))
      let later = Self.days((MadeMeter.firstDay + 300)..<(MadeMeter.firstDay + 800))
      let (before, after) = (model.verifier.model.predict(later), read.model.verifier.model.predict(later))
      #expect(before.map(\.bitPattern) == after.map(\.bitPattern))
      func halves(_ verifier: SavingsVerifier) -> [Double] {
        verifier.estimates(later, windows: [(later[0].date, 30), (later[0].date, 500)], confidence: 0.9).map(\.half)
      }
      #expect(halves(model.verifier).map(\.bitPattern) == halves(read.model.verifier).map(\.bitPattern))
      let path = "\(folder)/\(ModelRegistry.fileName(plant: "o'hill/ü", meter: "main.power", version: ModelVersion(1)))"
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-c", "tail -n +2 '\(path)' | sha256sum"]
      let pipe = Pipe()
      shell.standardOutput = pipe
      try shell.run()
      let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      shell.waitUntilExit()
      #expect(output.hasPrefix(sealed.checksum))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    }
  }

  @Test func `a version is frozen once, and a second attempt reads the first`() throws {
    try Self.inFolder { registry, _ in
      let first = try registry.add(Self.model())
      var other = try Self.model()
      other.author = "bob"
      let second = try registry.add(other)
      #expect(second.checksum == first.checksum && second.model.author == "anna")
    }
  }

  @Test func `an altered model is found, said and not used`() throws {
    try Self.inFolder { registry, folder in
      let sealed = try registry.add(Self.model())
      var bytes = try #require(FileManager.default.contents(atPath: sealed.file))
      let place = try #require(bytes.range(of: Data("\"witness\":".utf8))).upperBound
      bytes[place] = bytes[place] == UInt8(ascii: "9") ? UInt8(ascii: "8") : UInt8(ascii: "9")
      try FileManager.default.removeItem(atPath: sealed.file)
      try bytes.write(to: URL(fileURLWithPath: sealed.file))
      #expect {
        try registry.models(plant: "o'hill/ü", meter: "main.power")
      } throws: { "\($0)".contains("its checksum does not fit; the model was altered or damaged") }
      // With a checksum that fits, the predictions tell.
      let end = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
      let document = bytes[(end + 1)...]
      try (Data("sha256 \(SHA256.hex(document))\n".utf8) + document).write(to: URL(fileURLWithPath: sealed.file))
      #expect {
        try registry.models(plant: "o'hill/ü", meter: "main.power")
      } throws: { "\($0)".contains("this version of the program predicts") }
      try Data("x\n".utf8).write(to: URL(fileURLWithPath: sealed.file))
      #expect(registry.all().count == 1)
      #expect { try registry.all()[0].get() } throws: { "\($0)".contains("is no frozen model") }
    }
  }

  @Test func `a model that was replaced by a valid one breaks the chain of the later version`() throws {
    try Self.inFolder { registry, folder in
      let first = try registry.add(Self.model())
      _ = try registry.add(Self.model("1.1.0", previous: first.checksum))
      #expect(
        try registry.models(plant: "o'hill/ü", meter: "main.power").map { "\($0.version)" } == ["1.0.0", "1.1.0"])
      var other = try Self.model()
      other.author = "mallory"
      try FileManager.default.removeItem(atPath: first.file)
      _ = try registry.add(other)
      #expect {
        try registry.models(plant: "o'hill/ü", meter: "main.power")
      } throws: { "\($0)".contains("does not follow the version before it") }
      try FileManager.default.removeItem(atPath: first.file)
      #expect(throws: RegistryDefect.self) { try registry.models(plant: "o'hill/ü", meter: "main.power") }
    }
  }

  @Test func `a state folder that is not there is told with the remedy`() throws {
    #expect {
      try ModelRegistry(state: "/nonexistent/state").add(Self.model())
    } throws: { "\($0)".contains("run the command as the user of the service") }
    #expect(ModelRegistry(state: "/nonexistent/state").all().isEmpty)
  }
}
