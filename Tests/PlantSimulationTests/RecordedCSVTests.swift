import Foundation
import PlantModel
import PlantPhysics
import PlantSimulation
import Testing

/// A file that lives as long as the body runs.
private func withFile<T>(_ bytes: [UInt8], _ body: (String) throws -> T) throws -> T {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("recorded-\(UUID().uuidString).csv")
  try Data(bytes).write(to: url)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

private func read(_ text: String, assets: [String] = []) throws -> (rows: [RecordedCSV.Row], csv: RecordedCSV) {
  try withFile(Array(text.utf8)) { path in
    let csv = try RecordedCSV(path: path, assets: assets)
    var rows: [RecordedCSV.Row] = []
    while let row = csv.next() { rows.append(row) }
    return (rows, csv)
  }
}

@Suite("Recorded CSV")
struct RecordedCSVTests {
  @Test("rows come with their times and values, empty cells without")
  func rows() throws {
    let (rows, csv) = try read(
      """
      \u{feff}time,load.power,"pv.power", odd.asset.temp\r
      2016-08-01T07:00:00Z,2.2758,0,20.0\r
      \r
      2016-08-01T10:00:00.5+02:00,,NaN,-1e3\r
      2016-08-01 08:30:00-0130,"1.5",null,
      """, assets: ["odd.asset"])
    #expect(csv.columns.map(\.asset) == ["load", "pv", "odd.asset"])
    #expect(csv.columns.map(\.sensor) == ["power", "power", "temp"])
    #expect(rows.map { "\($0.time)" } == ["2016-08-01T07:00:00Z", "2016-08-01T08:00:00.500Z", "2016-08-01T10:00:00Z"])
    #expect(rows.map { $0.values.map(\.column) } == [[0, 1, 2], [2], [0]])
    #expect(rows.map { $0.values.map(\.value) } == [[2.2758, 0, 20], [-1000], [1.5]])
    #expect(rows.map(\.line) == [2, 4, 5])
    #expect(csv.malformedCount == 0)
    #expect(csv.bytesRead == csv.byteCount)
  }

  @Test(
    "a row that cannot be read is left out, counted and told with its line",
    arguments: [
      ("2016-08-01T07:00:00,1", "ISO 8601"), ("yesterday,1", "ISO 8601"), ("2016-02-30T07:00:00Z,1", "ISO 8601"),
      ("2016-08-01T07:00:00Zulu,1", "ISO 8601"), ("2016-08-01T07:00:00+99:00,1", "ISO 8601"), (",1", "ISO 8601"),
      ("2016-08-01T07:00:00Z", "1 cells"), ("2016-08-01T07:00:00Z,1,2", "3 cells"),
      ("2016-08-01T07:00:00Z,one", "'one'"), ("2016-08-01T07:00:00Z,inf", "not a number"),
      ("2016-08-01T07:00:00Z,\"1", "quotation"), (String(repeating: "x", count: 3_000_000), "longer than"),
    ])
  func malformed(row: String, reason: String) throws {
    let (rows, csv) = try read("time,a.b\n\(row)\n2016-08-01T08:00:00Z,7\n")
    #expect(rows.map { $0.values.map(\.value) } == [[7]])
    #expect(csv.malformedCount == 1)
    #expect(csv.problems.first?.line == 2)
    #expect(csv.problems.first?.reason.contains(reason) == true)
  }

  @Test(
    "a header that makes no sense is refused with what would be right",
    arguments: [
      ("", "time,asset.sensor"), ("a.b,c.d\n", "'time'"), ("time,power\n", "asset.sensor"), ("time,a.b,a.b\n", "twice"),
      ("time,\"a.b\n", "quotation"), ("time,a.\n", "asset.sensor"), ("time,\n", "asset.sensor"),
      ("time\n", "asset.sensor"),
    ])
  func header(text: String, hint: String) {
    let error = #expect(throws: RecordedCSVError.self) { try read(text) }
    #expect(error?.description.contains(hint) == true)
  }

  @Test("a file that is not there or is a folder is refused")
  func missing() {
    #expect(throws: RecordedCSVError.self) { try RecordedCSV(path: "/nonexistent/file.csv") }
    #expect(throws: RecordedCSVError.self) { try RecordedCSV(path: "/") }
  }

  @Test("random bytes are read without a crash, and every row is told or counted")
  func randomBytes() throws {
    var generator = SeededGenerator(seed: 77)
    let alphabet = Array("\",\n\r 0123456789-:TZ.+eE\u{0}é".utf8)
    for _ in 0..<200 {
      var bytes = Array("time,a.b,c.d\n2016-08-01T07:00:00Z,1,2\n".utf8)
      for _ in 0..<Int(generator.uniform() * 400) {
        bytes.append(
          generator.uniform() < 0.8
            ? alphabet[Int(generator.uniform() * Double(alphabet.count))]
            : UInt8(truncatingIfNeeded: generator.next()))
      }
      try withFile(bytes) { path in
        let csv = try RecordedCSV(path: path)
        var rows = 0
        while csv.next() != nil { rows += 1 }
        #expect(rows >= 0 && rows + csv.malformedCount >= 1)
        #expect(csv.bytesRead == csv.byteCount)
      }
    }
  }
}
