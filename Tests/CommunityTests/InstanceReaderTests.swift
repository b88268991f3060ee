import Foundation
import Testing

@testable import Community

@Suite("the folder of an instance")
struct InstanceReaderTests {
  private static let files = [
    "community.json": """
    {"members": 2, "steps": 3, "step_hours": 1.0, "import_limit_kw": 5, "export_limit_kw": 4, "overload_price": 1.0,
     "carbon_price": 0.05, "incentive_budget_daily": 0.2, "reference_price": 0.3, "flexible_min": 0.4,
     "flexible_max": 1.6, "seed": 1}
    """,
    "members.csv": """
    member,home,pv,battery_kwh,battery_kw,efficiency,wear,soc_min,soc_start,flexible_share,elasticity
    0,1,1,10,5,0.95,0.02,0.1,0.5,0.2,0.3
    1,2,0,0,0,0,0,0,0,0.1,0.4

    """,
    "ev.csv": "member,arrive,depart,kwh,kw,efficiency\n1,0,2,5.5,7.4,0.92\n",
    "series.csv": """
    step,time,import_price,export_price,carbon
    0,2024-07-01T12:00:00Z,0.3,0.05,0.2
    1,2024-07-01T13:00:00Z,0.31,0.05,0.2
    2,2024-07-01T14:00:00Z,0.2,0.05,1e-1
    """,
    "load.csv": "step,m0,m1\n0,1.5,0.123456\n1,2,0\n2,1,1\n",
    "pv.csv": "\u{FEFF}step,m0,m1\r\n0,0.5,0\r\n1,0,0\r\n2,3.25,0\r\n",
  ]

  private static func read(_ change: (inout [String: String]) -> Void = { _ in }) throws -> CommunityInstance {
    var files = files
    change(&files)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("community-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
    return try InstanceReader.read(folder.path)
  }

  @Test func `all files are read, with byte order mark, line ends of Windows and empty lines`() throws {
    let instance = try Self.read()
    #expect(instance.members.count == 2 && instance.steps == 3 && instance.days == 0.125)
    #expect(instance.members[0].battery?.start == 5 && instance.members[1].battery == nil)
    #expect(instance.sessions.first?.energy == 5.5)
    #expect(instance.load == [1.5, 0.123456, 2, 0, 1, 1])
    #expect(instance.generation == [0.5, 0, 0, 0, 3.25, 0])
    #expect(instance.series.carbon == [0.2, 0.2, 0.1])
    #expect(instance.totals(instance.load) == [1.623456, 2, 2])
  }

  @Test(arguments: [
    ("load.csv", "2,1,1", "2,1", "load.csv, line 4: there are 2 fields; the header has 3"),
    ("load.csv", "1,2,0", "1,two,0", "load.csv, line 3: the value of member 0 is no number; expected kW"),
    ("pv.csv", "2,3.25,0\r\n", "", "pv.csv: there are 2 steps; community.json says 3"),
    ("members.csv", "1,2,0,0", "0,2,0,0", "members.csv, line 3: 'member' must be each of 0 to 1 once"),
    ("members.csv", "0.1,0.5", "0.6,0.5", "'soc_min' and 'soc_start' must be shares"),
    ("members.csv", "battery_kwh", "kwh", "members.csv, line 1: there is no column 'battery_kwh'"),
    ("ev.csv", "1,0,2", "1,2,2", "ev.csv, line 2: 'arrive' must be before 'depart', both steps from 0 to 3"),
    ("ev.csv", "1,0,2", "2,0,2", "ev.csv, line 2: 'member' must be from 0 to 1"),
    ("series.csv", "0.31", "nan", "series.csv, line 3: 'import_price' is no number"),
    ("community.json", "\"members\": 2", "\"members\": \"two\"", "community.json: 'members' is not what is expected"),
    ("community.json", "\"steps\": 3,", "", "community.json: 'steps' is missing; expected a number"),
    ("community.json", "\"step_hours\": 1.0", "\"step_hours\": 0", "'step_hours' must be above 0"),
    ("community.json", "{", "", "community.json: it is no JSON object"),
  ])
  func `what is wrong is told with its place`(file: String, text: String, other: String, message: String) throws {
    let error = try #require(throws: InstanceError.self) {
      try Self.read { $0[file] = $0[file]?.replacingOccurrences(of: text, with: other) }
    }
    #expect(error.description.contains(message), "\(error)")
  }

  @Test func `a file that is missing is named`() throws {
    let error = try #require(throws: InstanceError.self) { try Self.read { $0["ev.csv"] = nil } }
    #expect(error.description.hasPrefix("ev.csv: there is no such file"))
  }

  @Test(arguments: ["0.123456", "-12.5", "1e-7", " 3 ", "123456789.123456789", "\"4.5\"", ".5"])
  func `numbers are read as the language reads them`(text: String) throws {
    let plain = text.trimmingCharacters(in: CharacterSet(charactersIn: " \""))
    let instance = try Self.read { $0["load.csv"] = "step,m0,m1\n0,\(text),0\n1,0,0\n2,0,0\n" }
    #expect(instance.load[0] == Double(plain))
  }

  @Test func `numbers are written with eight decimals at most`() {
    func text(_ value: Double) -> String {
      var text = DecimalText()
      text.append(value)
      return String(decoding: text.bytes, as: UTF8.self)
    }
    #expect(text(0) == "0" && text(-0.00000000001) == "0" && text(1.5) == "1.5" && text(-12.25) == "-12.25")
    #expect(text(1234.567890123) == "1234.56789012" && text(0.99999999999) == "1" && text(100) == "100")
  }
}
