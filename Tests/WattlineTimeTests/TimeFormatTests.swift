import PlantModel
import PlantTesting
import Testing
import WattlineTime

/// Times in the letters of `strptime`, and wall clocks that show a time twice.
struct TimeFormatTests {
  private func parse(_ format: String, text: String, zone: String = "UTC", received: String = "2026-01-01T00:00:00Z")
    throws -> String?
  {
    let format = try TimeFormat(format)
    var calendar = try #require(LocalCalendar(identifier: zone))
    let received = try #require(ISO8601.timestamp(received))
    return Array(text.utf8).withUnsafeBytes { format.parse($0, received: received, calendar: &calendar) }?.description
  }

  static let times: [(format: String, text: String, time: String?)] = [
    ("%d.%m.%Y %H:%M:%S", "04.07.2025 15:05:09", "2025-07-04T15:05:09Z"),
    ("%m/%d/%Y %I:%M:%S %p", "7/4/2025 3:05:09 PM", "2025-07-04T15:05:09Z"),
    ("%m/%d/%Y %I:%M %p", "7/4/2025 12:05 am", "2025-07-04T00:05:00Z"),
    ("%H:%M %d-%b-%y", "15:05 4-jul-25", "2025-07-04T15:05:00Z"),
    ("%Y%m%d%H%M%S", "20250704150509", "2025-07-04T15:05:09Z"), ("%Y-%j", "2025-185", "2025-07-04T00:00:00Z"),
    ("%FT%T.%f", "2025-07-04T15:05:09.25", "2025-07-04T15:05:09.250Z"),
    ("%FT%T.%f", "2025-07-04T15:05:09", "2025-07-04T15:05:09Z"),
    ("%a %b %e %T %Y", "Fri Jul  4 15:05:09 2025", "2025-07-04T15:05:09Z"),
    ("%F %T%z", "2025-07-04 15:05:09+0200", "2025-07-04T13:05:09Z"),
    ("%F %T %z", "2025-07-04 15:05:09 +02:00", "2025-07-04T13:05:09Z"), ("%s", "1751641509", "2025-07-04T15:05:09Z"),
    ("%d.%m.%Y", "31.02.2025", nil), ("%d.%m.%Y", "4.7.2025 x", nil), ("%H:%M %F", "25:00 2025-07-04", nil),
    ("%I:%M %p %F", "13:00 PM 2025-07-04", nil), ("%F", "", nil), ("%Y-%j", "2025-366", nil),
  ]

  @Test(arguments: times)
  func `a time is read in the order of its format, or is none`(_ item: (format: String, text: String, time: String?))
    throws
  {
    #expect(try parse(item.format, text: item.text) == item.time)
  }

  @Test(arguments: [
    ("%d.%m", "lacks the year"), ("%H:%M", "lacks the year"), ("%Q", "has %Q, which is unknown"), ("%F %F", "twice"),
    ("%F %H:%m", "minutes are %M"), ("%F %I:%M", "%I and %p"), ("%s %F", "stands alone"), ("%", "ends with %"),
    ("", "lacks"),
  ])
  func `a format that makes no time is told with what is missing or unknown`(_ format: String, words: String) {
    do {
      _ = try TimeFormat(format)
      Issue.record("\(format) is taken")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }

  @Test(arguments: [
    ("Europe/Berlin", "2025-10-26 02:30", "2025-10-26T00:30:01Z", "2025-10-26T00:30:00Z"),
    ("Europe/Berlin", "2025-10-26 02:30", "2025-10-26T01:30:01Z", "2025-10-26T01:30:00Z"),
    ("America/New_York", "2025-11-02 01:10", "2025-11-02T05:11:00Z", "2025-11-02T05:10:00Z"),
    ("America/New_York", "2025-11-02 01:10", "2025-11-02T06:11:00Z", "2025-11-02T06:10:00Z"),
    ("Australia/Lord_Howe", "2025-04-06 01:45", "2025-04-05T14:46:00Z", "2025-04-05T14:45:00Z"),
    ("Australia/Lord_Howe", "2025-04-06 01:45", "2025-04-05T15:16:00Z", "2025-04-05T15:15:00Z"),
  ])
  func `the hour that comes twice is the one nearest to the receive time`(
    _ zone: String, text: String, received: String, time: String
  ) throws {
    #expect(try parse("%F %H:%M", text: text, zone: zone, received: received) == time)
  }

  @Test(arguments: [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC",
  ])
  func `what a wall clock shows is read back to the timestamp, over all changes of the clock`(_ zone: String) throws {
    var generator = SplitMix(state: 7)
    var calendar = try #require(LocalCalendar(identifier: zone))
    let format = try TimeFormat("%Y-%m-%dT%H:%M:%S")
    for round in 0..<4_000 {
      // Every other one is in the week of a change in autumn or spring.
      let start: Int64 = [1_761_000_000, 1_743_000_000, 1_743_800_000, 1_761_900_000][round % 4]
      let second =
        round % 2 == 0
        ? Int64.random(in: start..<start + 700_000, using: &generator)
        : Int64.random(in: 1_500_000_000..<2_000_000_000, using: &generator)
      let time = Timestamp(seconds: second)
      let civil = calendar.civil(at: time)
      func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
      let text =
        "\(civil.year)-\(two(civil.month))-\(two(civil.day))T\(two(civil.hour)):\(two(civil.minute)):\(two(civil.second))"
      let received = time + .seconds(Int64.random(in: 0..<600, using: &generator))
      let read = Array(text.utf8).withUnsafeBytes { format.parse($0, received: received, calendar: &calendar) }
      #expect(read == time, "\(text) received at \(received)")
    }
  }
}
