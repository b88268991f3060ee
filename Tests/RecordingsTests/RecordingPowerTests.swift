import PlantModel
import Testing
import WattlineTime

@testable import Recordings

@Suite("Energies and powers of recordings")
struct RecordingPowerTests {
  @Test(
    arguments: [
      ("time,load [kWh]\n#,3", 12), ("time,load (Wh)\n#,3000", 12), ("time,load in MWh\n#,0.003", 12),
      ("time,load_kwh\n#,3", 12), ("time,load [W]\n#,12000", 12), ("time,load [MW]\n#,0.012", 12),
      ("time,load kW\n#,12", 12),
      ("time,load\n,kWh\n#,3", 12), ("Unit,kWh\n\ntime,load\n#,12", 12), ("time,kWh\n#,3", 12), ("time,load\n#,12", 12),
    ] as [(String, Double)])
  func `a unit in the heading, in a line of its own, above the headings or told by option makes a power in kW`(
    text: String, expected: Double
  ) throws {
    let row = text.split(separator: "\n").last.map(String.init) ?? ""
    let head = text.dropLast(row.count)
    let rows = (0..<4).map { row.replacing("#", with: "2025-06-01T00:\($0 == 0 ? "00" : "\(15 * $0)")Z") }
    let read = try recording(head + rows.joined(separator: "\n"))
    #expect(read.kilowatts(0).values.allSatisfy { abs($0 - expected) < 1e-12 }, "\(read.columns)")
  }

  @Test func `an option tells the unit of one column or of all that tell none`() throws {
    var given = RecordingOptions()
    given.units = ["load": "Wh", "": "kWh"]
    let read = try recording(
      "time,load,pv,air [°C]\n2025-06-01T00:00Z,500,1,20\n2025-06-01T00:30Z,500,1,20\n", options: given)
    #expect(
      read.kilowatts(0).values == [1, 1] && read.kilowatts(1).values == [2, 2] && read.kilowatts(2).values == [20, 20])
  }

  @Test func `an energy is of the interval's own length, where the distance changes, and not of a gap`() throws {
    // A quarter, then a gap of two hours, then quarters, then half hours.
    let minutes = [0, 15, 30, 150, 165, 180, 210, 240, 270]
    let rows = minutes.map { "\(CivilTime(year: 2025, month: 6, day: 1).utc + .minutes(Int64($0))),1" }
    let read = try recording("time,load [kWh]\n" + rows.joined(separator: "\n"))
    #expect(read.intervals().map { $0 / 60_000_000_000 } == [15, 15, 15, 15, 15, 30, 30, 30, 15])
    let ends = try recording(
      "Start,End,load [kWh]\n2025-06-01 00:00,2025-06-01 00:10,1\n2025-06-01 01:00,2025-06-01 01:30,1\n")
    #expect(ends.kilowatts(0).values == [6, 2])
    let inclusive = try recording(
      "DATE,START TIME,END TIME,USAGE (kWh)\n2025-06-01,23:30,23:44,1\n2025-06-01,23:45,23:59,1\n2025-06-02,00:00,00:14,1\n"
    )
    #expect(inclusive.kilowatts(0).values == [4, 4, 4])
  }

  @Test func `energies that never fall are a counter, and its increase is the power`() throws {
    let rows = (0..<30).map { "\(CivilTime(year: 2025, month: 6, day: 1).utc + .hours(Int64($0))),\(4000 + 3 * $0)" }
    let read = try recording("time,reading [kWh]\n" + rows.joined(separator: "\n"))
    let (values, isCounter) = read.kilowatts(0)
    #expect(isCounter && values.dropLast().allSatisfy { $0 == 3 } && values.last?.isNaN == true)
    let text = try RecordingFile(
      name: "m.csv", contents: Array(("time,reading [kWh]\n" + rows.joined(separator: "\n")).utf8))
    let lines = text.explanation(text.rows(of: [0]).ordered())
    #expect(lines.contains { $0.contains("a counter of energy") } && lines.contains { $0.contains("30 rows from") })
  }

  @Test
  func `what was understood is told: encoding, delimiter, headings, times, units, and what was found in the rows`()
    throws
  {
    let text =
      "Site\n\nDatum;Zeit;Bezug [Wh];Note\n01.06.2025;00:00;1.000,5;a\n01.06.2025;00:15;7;b\n01.06.2025;00:15;8;c\n"
      + "01.06.2025;01:00;9;d\nx;y;z;w\n"
    let file = try RecordingFile(name: "site.csv", contents: Array(text.utf8), options: options(zone: "Europe/Paris"))
    let told = file.explanation(file.rows(of: [0]).ordered()).joined(separator: "\n")
    for part in [
      "UTF-8; cells end at semicolons, decimal comma", "headings in line 3", "'Datum' and 'Zeit'",
      "clock of Europe/Paris",
      "'Bezug [Wh]': energy of an interval, times 0.001 in kWh", "'Note': words", "4 rows from 2025-05-31T22:00:00Z",
      "1 row with a time that is there already", "2 rows missing", "1 row that cannot be read", "line 8:",
    ] { #expect(told.contains(part), "\(part): \(told)") }
  }
}
