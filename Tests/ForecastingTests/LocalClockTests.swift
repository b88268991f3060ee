import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

@testable import Forecasting

@Suite("Forecasts follow the clock on the wall")
struct LocalClockTests {
  private static var rome: LocalCalendar? { LocalCalendar(identifier: "Europe/Rome") }

  /// Hours from a local midnight on, and the clock of each.
  private func hours(from start: CivilTime, days: Int) throws -> (times: [Timestamp], clocks: [CivilTime]) {
    var zone = try #require(Self.rome)
    let first = zone.timestamp(of: start)
    let times = (0..<(days * 24)).map { first + .hours(Int64($0)) }
    return (times, times.map { zone.civil(at: $0) })
  }

  private func calendar(year: Int, span: TimeSpan = .hour) throws -> (SlotGrid, SlotCalendar) {
    let zone = try #require(Self.rome)
    let grid = try #require(SlotGrid(span: span, standardOffset: .hours(1)))
    let first = grid.slot(containing: CivilTime(year: year, month: 1, day: 1).utc)
    var calendar = SlotCalendar(grid: grid, first: first)
    calendar.extend(to: first + 366 * grid.perDay, zone: zone)
    return (grid, calendar)
  }

  @Test(arguments: [
    // Forward on 31 March, back on 27 October 2024.
    (3, 30, 9, 1, 24), (3, 31, 9, 1, 23), (4, 1, 9, 1, 24), (4, 3, 9, 7, 167), (3, 31, 1, 1, 24),
    (10, 27, 9, 1, 25), (10, 28, 9, 1, 24), (10, 28, 9, 7, 169), (10, 26, 9, -1, -25), (3, 30, 9, -1, -23),
  ])
  func `the same time a day before is 23, 24 or 25 hours earlier, as the clock was changed`(
    month: Int, day: Int, hour: Int, days: Int, expected: Int
  ) throws {
    let (grid, calendar) = try calendar(year: 2024)
    var zone = try #require(Self.rome)
    let slot = grid.slot(containing: zone.timestamp(of: CivilTime(year: 2024, month: month, day: day, hour: hour)))
    let other = calendar.sameTime(as: slot, daysBefore: days)
    #expect(slot - other == expected)
    #expect(calendar.clock(other).place == calendar.clock(slot).place)
  }

  @Test
  func `an hour that the clock leaves out is that after it, and of one that comes twice each has its own`() throws {
    let (grid, calendar) = try calendar(year: 2024)
    func slot(_ month: Int, day: Int, hourUTC: Int) -> Int {
      grid.slot(containing: CivilTime(year: 2024, month: month, day: day, hour: hourUTC).utc)
    }
    // 02:00 on 1 April; on 31 March there was none.
    #expect(calendar.sameTime(as: slot(4, day: 1, hourUTC: 0), daysBefore: 1) == slot(3, day: 31, hourUTC: 1))
    #expect(calendar.sameTime(as: slot(10, day: 28, hourUTC: 1), daysBefore: 1) == slot(10, day: 27, hourUTC: 1))
    #expect(calendar.sameTime(as: slot(10, day: 27, hourUTC: 0), daysBefore: 1) == slot(10, day: 26, hourUTC: 0))
    #expect(calendar.sameTime(as: slot(10, day: 27, hourUTC: 1), daysBefore: 1) == slot(10, day: 26, hourUTC: 0))
    let days = [(3, 31, 23), (10, 27, 25), (7, 1, 24)].map { month, day, count in
      let number = CivilTime.daysSinceEpoch(year: 2024, month: month, day: day)
      return calendar.firstSlot(ofLocalDay: number + 1) - calendar.firstSlot(ofLocalDay: number) == count
    }
    #expect(days == [true, true, true])
  }

  /// A workshop that draws 6 kW from 07:00 to 16:00 on the clock and 1 kW else.
  private func workshop(_ clock: CivilTime) -> Double { (7..<16).contains(clock.hour) ? 6 : 1 }

  @Test(arguments: [CivilTime(year: 2024, month: 2, day: 13), CivilTime(year: 2024, month: 9, day: 11)])
  func `a load that keeps to the clock is forecast right from the second day after a change on, by every model`(
    start: CivilTime
  ) throws {
    let (times, clocks) = try hours(from: start, days: 52)
    let change = start.month == 2 ? CivilTime(year: 2024, month: 4, day: 1) : CivilTime(year: 2024, month: 10, day: 28)
    var random = SplitMix(state: 3)
    let recording = ForecastInput.Recording(
      times: times, target: clocks.map { workshop($0) + random.uniform(-0.1...0.1) })
    let zone = try #require(Self.rome)
    let input = try ForecastInput(recording, zone: zone, horizon: .day)
    let backtest = try Backtest(input, settings: Backtest.Settings(testDays: 7))
    var local = zone
    var wrong: [String] = []
    var count = 0
    let models: [any ForecastModel] = [SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel()]
    _ = backtest.run(
      models,
      trace: { forecast in
        guard forecast.time >= local.timestamp(of: change) else { return }
        count += 1
        let clock = local.civil(at: forecast.time)
        if abs(forecast.p50 - workshop(clock)) > 1 { wrong.append("\(forecast.model) \(clock) \(forecast.p50)") }
      })
    #expect(count >= 4 * 24 * 4)
    #expect(wrong == [])
  }

  @Test func `a running pipeline forecasts by the clock after a change too, and solar power by the sun`() throws {
    var zone = try #require(Self.rome)
    let start = zone.timestamp(of: CivilTime(year: 2024, month: 3, day: 26))
    let first = QuarterHour.slot(containing: start)
    var history = SlotHistory(capacity: SeriesForecaster.historySlots)
    let issue = QuarterHour.slot(containing: zone.timestamp(of: CivilTime(year: 2024, month: 3, day: 31, hour: 12)))
    for slot in first..<issue { history.set(slot, to: workshop(zone.civil(at: QuarterHour.start(of: slot)))) }
    let plant = PlantZone(
      PlantZone.Key(identifier: "Europe/Rome", country: "", holidays: []), around: QuarterHour.start(of: first))
    for (clock, isRight) in [(plant, true), (nil, false)] as [(PlantZone?, Bool)] {
      var track = QuantileTrack()
      let basis = ForecastBasis(
        first: issue, history: history, errors: ForecastErrors(), priorHalfWidth: 1, zone: clock)
      SeasonalNaive.day.predict(basis, into: &track)
      let right = track.p50.indices.map { workshop(zone.civil(at: QuarterHour.start(of: issue + $0))) }
      #expect((track.p50 == right) == isRight)
    }
  }
}
