import PlantModel
import Testing
import WattlineTime

@testable import Recordings

@Suite("Recordings across changes of the clock")
struct RecordingClockTests {
  private static let vienna = "Europe/Vienna"

  /// Rows of a local clock from a UTC moment on, numbered.
  private func rows(from start: CivilTime, step: Int, count: Int, reversed: Bool = false) throws -> (
    String, [Timestamp]
  ) {
    var zone = try #require(LocalCalendar(identifier: Self.vienna))
    let times = (0..<count).map { start.utc + .minutes(Int64($0 * step)) }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let lines = times.enumerated().map { place, time in
      let clock = zone.civil(at: time)
      return "\(two(clock.day)).\(two(clock.month)).\(clock.year) \(two(clock.hour)):\(two(clock.minute));\(place)"
    }
    return ("Zeit;Last\n" + (reversed ? lines.reversed() : lines).joined(separator: "\n"), times)
  }

  @Test(arguments: [(15, false), (30, false), (60, false), (5, true), (60, true), (15, true)])
  func `the hour that comes twice is told apart by the order of rows, whatever their distance and direction`(
    step: Int, reversed: Bool
  ) throws {
    for start in [
      CivilTime(year: 2025, month: 10, day: 25, hour: 20), CivilTime(year: 2025, month: 3, day: 29, hour: 20),
    ] {
      let (text, times) = try rows(from: start, step: step, count: 16 * 60 / step, reversed: reversed)
      let read = try recording(text, options: options(zone: Self.vienna))
      #expect(read.times == times && read.values[0] == times.indices.map(Double.init))
      #expect(read.tally.duplicates == 0 && read.tally.missing == 0 && read.tally.skippedHours == 0)
    }
  }

  @Test(arguments: [2, 3])
  func `of intervals with start and end those of the hour that comes twice are as long as the others`(hour: Int) throws
  {
    let clocks = ["1:30", "2:00", "2:30", "2:00", "2:30", "3:00", "23:30"]
    let ends = ["2:00", "2:30", "\(hour):00", "2:30", "3:00", "3:30", "00:00"]
    let rows = zip(clocks, ends).map { "26.10.2025;\($0);\($1);1\n" }.joined()
    let read = try recording("Tag;Von;Bis;Last [kWh]\n" + rows, options: options(zone: Self.vienna))
    #expect(read.kilowatts(0).values == Array(repeating: 2, count: 7))
  }

  @Test func `a heading that says UTC goes before the zone`() throws {
    let read = try recording("Timestamp (UTC),a\n2025-07-01 00:00,1\n", options: options(zone: Self.vienna))
    #expect(read.times == [CivilTime(year: 2025, month: 7, day: 1).utc])
    let hours = try recording(
      "Date (UTC),Hour,a\n2025-07-01,1,1\n2025-07-01,2,1\n", options: options(zone: Self.vienna))
    #expect(hours.times == [0, 60].map { CivilTime(year: 2025, month: 7, day: 1).utc + .minutes($0) })
  }

  @Test func `a few hourly rows are enough to tell the hour that comes twice`() throws {
    let text = "t,a\n2025-10-26 02:00,1\n2025-10-26 02:00,2\n2025-10-26 03:00,3\n"
    let read = try recording(text, options: options(zone: Self.vienna))
    #expect(read.times == (0..<3).map { CivilTime(year: 2025, month: 10, day: 26).utc + .hours($0) })
  }

  @Test func `an offset tells it apart too, and rows of several devices at one time stay together`() throws {
    let text = "time,a\n2025-10-26T02:30+02:00,1\n2025-10-26T02:30+01:00,2\n2025-10-26T03:00+01:00,3\n"
    let start = CivilTime(year: 2025, month: 10, day: 26, hour: 0, minute: 30).utc
    #expect(
      try recording(text, options: options(zone: Self.vienna)).times == [start, start + .hour, start + .minutes(90)])
    let devices = (0..<8).map { "2025-10-26 0\($0 / 2):00,\($0)" }.joined(separator: "\n")
    let file = try RecordingFile(
      name: "d.csv", contents: Array(("time,a\n" + devices).utf8), options: options(zone: Self.vienna))
    let times = file.rows(of: [0]).times
    #expect(Set(times).count == 4)
  }

  @Test func `a time that the clock leaves out is read as that after it, and counted`() throws {
    let read = try recording(
      "time,a\n2025-03-30 01:00,1\n2025-03-30 02:30,2\n2025-03-30 04:00,3\n", options: options(zone: Self.vienna))
    #expect(read.tally.skippedHours == 1)
    #expect(read.times[1] == CivilTime(year: 2025, month: 3, day: 30, hour: 1, minute: 30).utc)
  }

  /// A wide file of quarters: 92, 96 or 100 cells of a day, as slots pass.
  private func wide(labels: [String], rows: [(String, [Double?])]) -> String {
    var text = "Datum;" + labels.joined(separator: ";") + "\n"
    for (day, cells) in rows {
      text += day + ";" + cells.map { $0.map { "\($0)".replacing(".", with: ",") } ?? "" }.joined(separator: ";") + "\n"
    }
    return text
  }

  private static let quarters = (0..<96).map { "\($0 / 4):\($0 % 4 * 15 == 0 ? "00" : "\($0 % 4 * 15)")" }

  @Test(
    "days of 92, 96 and 100 cells add up whether cells are counted, named by the clock, or doubled for the hour again")
  func daysOf9296And100CellsAddUpWhetherCellsAreCountedNamedByTheClockOrDoubled() throws {
    let slots = { (count: Int) in (0..<count).map { Double?(0.5 + Double($0)) } }
    let none = { (count: Int) in [Double?](repeating: nil, count: count) }
    let counted = wide(
      labels: (1...100).map { "QH\($0) kWh" },
      rows: [
        ("29.03.2025", slots(96) + none(4)), ("30.03.2025", slots(92) + none(8)), ("26.10.2025", slots(100)),
        ("27.10.2025", slots(96) + none(4)),
      ])
    let gap = slots(8) + none(4) + slots(92)[8...]
    let clock = wide(labels: Self.quarters, rows: [("29.03.2025", slots(96)), ("30.03.2025", Array(gap))])
    let again = (0..<4).map { "2:\($0 * 15 == 0 ? "00" : "\($0 * 15)")" }
    let doubled = wide(
      labels: Array(Self.quarters[..<12]) + again + Self.quarters[12...],
      rows: [
        ("25.10.2025", Array(slots(96)[..<12]) + none(4) + slots(96)[12...]), ("26.10.2025", slots(100)),
        ("30.03.2026", Array(slots(96)[..<12]) + none(4) + slots(96)[12...]),
        ("29.03.2026", Array(slots(92)[..<8]) + none(8) + slots(92)[8...]),
      ])
    for (text, days) in [(counted, 4), (clock, 2), (doubled, 4)] {
      let read = try recording(text, options: options(zone: Self.vienna, unit: "kWh"))
      #expect(read.columns.map(\.name) == ["value"])
      let known = read.values[0].indices.filter { !read.values[0][$0].isNaN }
      var calendar = try #require(LocalCalendar(identifier: Self.vienna))
      let byDay = Dictionary(grouping: known) { calendar.startOfDay(containing: read.times[$0]) }
      #expect(byDay.count == days)
      for (day, slots) in byDay {
        #expect(slots.map { read.values[0][$0] } == slots.indices.map { 0.5 + Double($0) })
        #expect(slots.indices.allSatisfy { read.times[slots[$0]] == day + .minutes(15 * Int64($0)) })
      }
      #expect(read.tally.unevenDays == 0)
      let powers = read.kilowatts(0).values
      #expect(powers[known[0]] == 2)
    }
  }

  @Test
  func `a day whose cells do not fit its length is told, and cells that name the end of a slot are moved`() throws {
    let full = (0..<24).map { Double?(Double($0)) }
    let ends = (1...24).map { $0 == 24 ? "24:00" : "\($0):00" }
    let read = try recording(
      wide(labels: ends, rows: [("26.10.2025", full), ("27.10.2025", full)]), options: options(zone: Self.vienna))
    #expect(read.tally.unevenDays == 1)
    #expect(read.values[0].filter { !$0.isNaN }.count == 48)
    #expect(read.times[0] == CivilTime(year: 2025, month: 10, day: 25, hour: 22).utc)
  }

  @Test func `a number of the interval stands for the time of day, on days of 23 and 25 hours too`() throws {
    var rows = "Date,Hour,Price\n"
    for (day, hours) in [("2025-03-30", 23), ("2025-03-31", 24), ("2025-10-26", 25)] {
      for hour in 1...hours { rows += "\(day),\(hour),\(hour)\n" }
    }
    let read = try recording(rows, options: options(zone: Self.vienna))
    #expect(read.count == 72 && Set(read.times).count == 72)
    #expect(read.times[0] == CivilTime(year: 2025, month: 3, day: 29, hour: 23).utc)
    #expect(read.times[23] - read.times[0] == .hours(23))
    #expect(read.times[71] - read.times[47] == .hours(24))
  }
}

@Suite("Numbers of time")
struct EpochFractionTests {
  @Test(arguments: [
    ("1748728800.25", "1748730600.5", 250_000_000), ("1748728800000.25", "1748730600000.5", 250_000),
    ("1748728800000000.25", "1748730600000000.5", 250), ("1748728800000000.75", "1748730600000000.5", 750),
  ])
  func `a time since 1970 keeps its fraction in seconds, milliseconds and microseconds`(
    first: String, second: String, fraction: Int64
  ) throws {
    let times = try recording("time,load\n\(first),1\n\(second),2\n").times
    #expect(times.map { $0.nanoseconds % 1_000_000_000 }.first == fraction)
  }
}
