import Foundation
import PlantModel
import PlantSimulation
import Testing

@Suite("Tables of numbers")
struct NumericTableTests {
  private func table(_ text: String, ignoring ignored: Set<String> = []) throws -> NumericTable {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("table-\(UUID().uuidString).csv")
    try text.write(to: url, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: url) }
    return try NumericTable(path: url.path, ignoring: ignored)
  }

  @Test("commas and semicolons, times with and without zone, truth values and gaps are read")
  func reads() throws {
    let comma = try table("time,a,b\n2020-03-09T10:14:33Z,1.5,True\n\n2020-03-09T10:14:34Z,,0\n")
    #expect(comma.columns == ["a", "b"] && comma.rows[0] == [1.5, 1] && comma.rows[1][0].isNaN)
    let semicolon = try table("datetime;a;b\n2020-03-09 10:14:33;1;2\n", ignoring: ["a"])
    #expect(semicolon.columns == ["b"] && semicolon.rows == [[2]] && semicolon.times[0] == comma.times[0])
    let tabs = try table("DATE_TIME\ta\tb\n1583748873\t1,5\t-2\n1583748874000\t3\t\n")
    #expect(tabs.times == comma.times && tabs.rows[0] == [1.5, -2])
  }

  @Test(
    "what cannot be read is told with its line",
    arguments: [
      ("", ":1:"), ("a,b\n1,2\n", "time"), ("time,a\n2020-01-01T00:00:00Z,x\n", "--ignore a"),
      ("time,a\n2020-01-01T00:00:00Z\n", ":2:"), ("time,a\nyesterday,1\n", "ISO 8601"), ("time,a,a\n", "twice"),
    ])
  func teaches(text: String, hint: String) {
    let error = #expect(throws: RecordedCSVError.self) { try table(text) }
    #expect(error?.description.contains(hint) == true)
  }
}
