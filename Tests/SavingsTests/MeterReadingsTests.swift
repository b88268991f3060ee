import Testing
import WattlineTime

@testable import Savings

@Suite("Readings of meters")
struct MeterReadingsTests {
  private let start = Timestamp(seconds: 1_356_998_400)  // 2013-01-01T00:00:00Z, a Tuesday

  private func hours(_ count: Int, from start: Timestamp) -> [Timestamp] {
    (0..<count).map { start + .hours(Int64($0)) }
  }

  @Test
  func `hours add up to days, and a day with more than a tenth missing has no use`() {
    let times = hours(72, from: start).enumerated().filter { !(24..<27).contains($0.offset) }.map(\.element)
    let readings = MeterReadings(times: times, values: times.map { _ in 1 })
    let weather = WeatherRecord(times: times, temperatures: times.map { _ in 10 })
    let days = readings.days(DayClock(.utc), weather: weather)
    #expect(readings.resolution == .hourly && days.count == 3)
    #expect(days[0].use == 24 && days[1].use.isNaN && days[2].use == 24)
    #expect(days.allSatisfy { $0.temperature == 10 })
  }

  @Test
  func `a day with an hour missing is scaled to the whole`() {
    let times = hours(48, from: start).enumerated().filter { $0.offset != 5 }.map(\.element)
    let days = MeterReadings(times: times, values: times.map { _ in 2 })
      .days(DayClock(.utc), weather: WeatherRecord(times: times, temperatures: times.map { _ in 10 }))
    #expect(abs(days[0].use - 48) < 1e-9)
  }

  @Test
  func `days of a zone have 23 and 25 hours when its clock changes`() throws {
    let calendar = try #require(LocalCalendar(identifier: "Europe/Berlin"))
    for (date, expected) in [((2013, 3, 31), 23.0), ((2013, 10, 27), 25.0)] {
      let from = CivilTime(year: date.0, month: date.1, day: date.2 - 2).utc
      let times = hours(24 * 5, from: from)
      let days = MeterReadings(times: times, values: times.map { _ in 1 })
        .days(DayClock(calendar), weather: WeatherRecord(times: times, temperatures: times.map { _ in 10 }))
      let wanted = CivilTime.daysSinceEpoch(year: date.0, month: date.1, day: date.2)
      #expect(days.first { $0.date == wanted }?.use == expected)
    }
  }

  @Test
  func `without a zone days start at the time of day of the first row`() {
    let east = DayClock(firstRow: start - .hours(10))
    #expect(east.name == "UTC+10:00")
    #expect(DayClock(firstRow: start + .hours(5)).name == "UTC-05:00")
    let times = hours(48, from: start - .hours(10))
    let readings = MeterReadings(times: times, values: times.map { _ in 1 })
    #expect(readings.coversWholeDays)
    let days = readings.days(east, weather: WeatherRecord(times: times, temperatures: times.map { _ in 5 }))
    #expect(days.map { MeterDay.text(ofDate: $0.date) } == ["2013-01-01", "2013-01-02"])
  }

  @Test
  func `a period of a bill lasts to the next row, and the last row closes it`() {
    let times = [0, 31, 59, 90].map { start + .days(Int64($0)) }
    let readings = MeterReadings(times: times, values: [310, 280, 310, .nan])
    #expect(readings.resolution == .billing)
    #expect(readings.spans.map(\.use) == [310, 280, 310])
    #expect(readings.spans.map { ($0.end - $0.start).inHours / 24 } == [31, 28, 31])
  }

  @Test
  func `short gaps of weather are interpolated and long ones are not`() {
    let times = [0, 1, 4, 5, 6, 20].map { start + .hours(Int64($0)) }
    let record = WeatherRecord(times: times, temperatures: [0, 3, 6, 6, 6, 9])
    func value(_ hour: Int64) -> Double { record.temperature.value(at: start + .hours(hour)) }
    #expect(value(2) == 4 && value(3) == 5)
    #expect(value(12).isNaN && value(-1).isNaN)
  }
}
