import PlantModel
import Testing
import WattlineTime

@testable import Recordings

@Suite("Recordings of any layout")
struct RecordingFormatTests {
  private static let start = CivilTime(year: 2025, month: 5, day: 31, hour: 22).utc

  @Test(arguments: [
    "time,load\n2025-06-01T00:00:00+02:00,1.5\n2025-06-01T00:30:00+02:00,-2\n2025-06-01T01:00:00+02:00,1250.25\n",
    "\u{FEFF}time;load\r\n2025-06-01 00:00 +0200;1,5\r\n2025-06-01 00:30 +0200;-2\r\n2025-06-01 01:00 +0200;1.250,25\r\n",
    "sep=;\ntime;load\n2025-05-31T22:00Z;1,5\n2025-05-31T22:30Z;-2,0\n2025-05-31T23:00Z;1250,25\n",
    "time\tload\n2025-06-01T00:00:00\t1.5\n2025-06-01T00:30:00\t-2\n2025-06-01T01:00:00\t1,250.25\n",
    "time|load\n01.06.2025 00:00|1,5\n01.06.2025 00:30|-2\n01.06.2025 01:00|1 250,25\n",
    "Meter 4711\nPeriod: June\n\n\"Datum\";\"Uhrzeit\";\"Last\"\n\"01.06.2025\";\"0:00\";\"1,5\"\n\"01.06.2025\";\"0:30\";\"-2\"\n"
      + "\"01.06.2025\";\"1:00\";\"1250,25\"\n",
    "Date,Time,Load\n06/01/2025,12:00 AM,1.5\n06/01/2025,12:30 AM,-2\n06/01/2025,1:00 AM,\"1,250.25\"\n",
    "Date,Load\n1 Jun 2025 00:00,1.5\n1 Jun 2025 00:30,-2\n1 Jun 2025 01:00,1250.25\n",
    "unix,load\n1748728800,1.5\n1748730600,-2\n1748732400,1250.25\n",
    "ts;load\n1748728800000;1,5\n1748730600000;-2\n1748732400000;1250,25\n",
    "Zeit;Last\n45809;1,5\n45809,0208333333;-2\n45809,0416666667;1250,25\n",
    "Zeit;Last\n20250601 0000;1,5\n20250601 0030;-2\n20250601 0100;1250,25\n",
    "time,load\n202506010000,1.5\n202506010030,-2\n202506010100,1250.25\n",
    "2025-06-01T00:00+02:00,1.5\n2025-06-01T00:30+02:00,-2\n2025-06-01T01:00+02:00,1250.25\n",
    "time,load,\n2025-06-01T00:00+02,1.5,\n2025-06-01T00:30+02,-2,\n2025-06-01T01:00+02,1250.25,\n",
    "From;To;Load\n01.06.2025 00:00;01.06.2025 00:30;1,5\n01.06.2025 00:30;01.06.2025 01:00;-2\n"
      + "01.06.2025 01:00;01.06.2025 01:30;1250,25\n",
    "Datum;von;bis;Last\n01.06.2025;00:00;00:30;1,5\n01.06.2025;00:30;01:00;-2\n01.06.2025;01:00;01:30;1250,25\n",
    "Ende;Last\n01.06.2025 00:30;1,5\n01.06.2025 01:00;-2\n01.06.2025 01:30;1250,25\n",
    "time,load\n2025-06-01T01:00+02:00,1250.25\n2025-06-01T00:30+02:00,-2\n2025-06-01T00:00+02:00,1.5\n",
    "# a logger\ntime,load\n2025-06-01T00:00:00.000+02:00,1.5\n2025-06-01T00:30:00.000+02:00,-2e0\n\n"
      + "2025-06-01T01:00:00.000+02:00,1.25025e3\n",
    "Zeitstempel;Last\n;kW\n01.06.2025 00:00;1,5\n01.06.2025 00:30;-2\n01.06.2025 01:00;1250,25\n",
    "Local time,Load\n\"Sun, 01 Jun 2025 00:00 CEST\",1.5\n\"Sun, 01 Jun 2025 00:30 CEST\",-2\n"
      + "\"Sun, 01 Jun 2025 01:00 CEST\",1250.25\n",
  ])
  func `three half hours are the same whatever wrote them`(text: String) throws {
    let isSlashed = text.contains("06/01/2025")
    for bytes in [Array(text.utf8), utf16(text, isBigEndian: false), utf16(text, isBigEndian: true)] {
      let read = try recording(bytes, options: options(zone: "Europe/Berlin", dates: isSlashed ? .monthFirst : nil))
      #expect(read.times == [0, 30, 60].map { Self.start + .minutes($0) })
      #expect(read.values.last == [1.5, -2, 1250.25])
      #expect(read.tally.unreadable == 0 && read.tally.missing == 0 && read.tally.duplicates == 0)
    }
  }

  private func utf16(_ text: String, isBigEndian: Bool) -> [UInt8] {
    let marked = text.hasPrefix("\u{FEFF}") ? text : "\u{FEFF}" + text
    return marked.utf16.flatMap { unit in
      let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
      return isBigEndian ? bytes : bytes.reversed()
    }
  }

  @Test
  func `headings of several lines in quotation marks are one line, and lines after them keep their numbers`() throws {
    let text =
      "Zeit;\"Last\n[kWh]\";\"PV \"\"Süd\"\"\r\n(kW)\"\r\n01.06.2025 00:00;1,5;2\r\nx;1;1\r\n01.06.2025 01:00;2;3\r\n"
    let read = try recording(text)
    #expect(read.columns.map(\.name) == ["Last", "PV \"Süd\""] && read.columns.map(\.isPowerOrEnergy) == [true, true])
    #expect(read.values == [[1.5, 2], [2, 3]] && read.lines == [4, 6])
    #expect(read.tally.problems.map(\.line) == [5])
  }

  @Test func `letters that are not UTF-8 are taken as those of Windows`() throws {
    let bytes = Array("Zeit;Temperatur [".utf8) + [0xB0] + Array("C]\n01.06.2025 00:00;21,5\n".utf8)
    let file = try RecordingFile(name: "w.csv", contents: bytes)
    #expect(file.layout.encoding == .windows1252)
    #expect(file.columns.map(\.name) == ["Temperatur"] && file.columns[0].unit == .other("°C"))
  }

  @Test(
    arguments: [
      ("03/04/2025 00:00,1\n03/04/2025 01:00,2\n", nil),
      ("03/04/2025 00:00,1\n13/04/2025 01:00,2\n", DateOrder.dayFirst),
      ("03/04/2025 00:00,1\n03/14/2025 01:00,2\n", .monthFirst), ("03-04-2025 00:00,1\n03-04-2025 12:00,2\n", nil),
      ("03/04/2025,1\n04/04/2025,2\n05/04/2025,3\n06/04/2025,4\n", .dayFirst),
      ("03/04/2025,1\n03/05/2025,2\n03/06/2025,3\n03/07/2025,4\n", .monthFirst),
      ("01/01/2025,1\n01/02/2025,2\n01/03/2025,3\n01/04/2025,4\n", nil),
    ] as [(String, DateOrder?)])
  func `a date that may be day or month first is asked for, unless another row or the order of rows tells`(
    rows: String, order: DateOrder?
  ) throws {
    let text = "time,load\n" + rows
    if let order {
      let file = try RecordingFile(name: "d.csv", contents: Array(text.utf8))
      #expect(file.layout.dates == order)
      return
    }
    #expect(refusal(text).contains("write --dates day-first or --dates month-first"))
    let day = try recording(text, options: options(dates: .dayFirst))
    let month = try recording(text, options: options(dates: .monthFirst))
    #expect(CivilTime(utc: day.times[0]).day == CivilTime(utc: month.times[0]).month)
  }

  @Test(
    arguments: [
      ("1,234", nil), ("1.234", nil), ("1,234\n01.06.2025 02:00;0,5", 1.234),
      ("1.234\n01.06.2025 02:00;12.345,6", 1234),
      ("0,234", 0.234), ("1,2345", 1.2345), ("1.234.567", 1_234_567), ("12345,678", 12345.678), ("-1'234.5", -1234.5),
    ] as [(String, Double?)])
  func `a mark that may be of decimals or of thousands is asked for, unless another number tells`(
    cell: String, value: Double?
  ) throws {
    let text = "Zeit;Last\n01.06.2025 01:00;\(cell)\n"
    if let value {
      #expect(try recording(text).values[0][0] == value)
      return
    }
    #expect(refusal(text).contains("--decimal comma") && refusal(text).contains("--decimal point"))
    #expect(try recording(text, options: options(decimal: .comma)).values[0][0] == (cell == "1,234" ? 1.234 : 1234))
  }

  @Test(arguments: [
    ("", "is empty"), ("a,b\n1,2\n", "has no column 'time'"), ("time,a,a\n2025-01-01T00:00Z,1,2\n", "there twice"),
    ("hello\nworld\n", "has no column 'time'"), ("\0\0\0\0", "site.csv"),
  ])
  func `what cannot be read is told with its line and what would be right`(text: String, hint: String) {
    #expect(refusal(text).contains(hint), "\(refusal(text))")
  }

  @Test(arguments: [
    ("yesterday,1", "ISO 8601"), ("2016-02-30T07:00:00Z,1", "ISO 8601"), ("2016-08-01T07:00:00Zulu,1", "ISO 8601"),
    ("2016-08-01T07:00:00+99:00,1", "ISO 8601"), (",1", "ISO 8601"), ("2016-08-01T07:00:00Z", "1 cells"),
    ("2016-08-01T07:00:00Z,1,2", "3 cells"), ("2016-08-01T07:00:00Z,one", "'one'"),
    ("2016-08-01T07:00:00Z,inf", "not a number"), ("2016-08-01T07:00:00Z,\"1", "quotation"),
    (String(repeating: "x", count: 3_000_000), "longer than"), ("2016-08-01T07:00:00Z,0,30", "semicolon"),
  ])
  func `a row that cannot be read is left out, counted and told with its line`(row: String, reason: String) throws {
    let read = try recording("time,a.b\n\(row)\n2016-08-01T08:00:00Z,7\n2016-08-01T09:00:00Z,8\n")
    #expect(read.values == [[7, 8]] && read.lines == [3, 4])
    #expect(read.tally.unreadable == 1 && read.tally.problems.first?.line == 2)
    #expect(read.tally.problems.first?.reason.contains(reason) == true, "\(read.tally.problems)")
  }

  @Test func `duplicated, missing and unsorted rows are counted; the later of two lines of one time counts`() throws {
    func row(_ hour: Int, value: String) -> String { "2025-06-01T\(hour < 10 ? "0" : "")\(hour):00Z,\(value)\n" }
    let text =
      "time,load,pv\n" + row(1, value: "1,10") + row(2, value: "2,20") + row(1, value: "9,") + row(3, value: "3,30")
      + row(4, value: "4,40")
      + row(8, value: "8,80") + row(6, value: "6,60")
    let read = try recording(text)
    #expect(read.values == [[9, 2, 3, 4, 6, 8], [10, 20, 30, 40, 60, 80]])
    #expect(read.tally.rows == 7 && read.tally.duplicates == 1 && read.tally.unsorted == 2 && read.tally.missing == 2)
  }
}
