import PlantModel
import Testing
import WattlineTime

@testable import Forecasting

@Suite("A scenario's assets and days")
struct ScenarioDayTests {
  /// Four weeks of hours in a zone: an office of 5 kW, and a press that draws 8 kW from 09:00 to 15:00 on the clock of
  /// every day but the seventh.
  private func recording(
    from start: CivilTime, days: Int = 28, zone name: String = "Europe/Madrid", isWithin: Bool = false
  ) throws -> (recording: ScenarioRecording, zone: LocalCalendar) {
    var zone = try #require(LocalCalendar(identifier: name))
    let first = zone.timestamp(of: start)
    let end = zone.timestamp(of: CivilTime(utc: start.utc + .days(Int64(days))))
    let times = stride(from: 0, to: Int((end - first).inHours), by: 1).map { first + .hours(Int64($0)) }
    let press = times.map { time in
      let clock = zone.civil(at: time)
      return (9..<15).contains(clock.hour) && clock.weekday != 7 ? 8.0 : 0
    }
    func power(_ name: String, within: Bool, values: [Double]) -> ScenarioRecording.Power {
      ScenarioRecording.Power(
        asset: name, role: .consumption, isWithin: within, isPhotovoltaic: false, values: values)
    }
    let office = isWithin ? press.map { $0 + 5 } : times.map { _ in 5.0 }
    let recording = try ScenarioRecording(
      times: times,
      powers: [power("office", within: false, values: office), power("press", within: isWithin, values: press)],
      temperature: [], price: [],
      tariff: Tariff(importPeriods: [Tariff.Period(fromMinute: 0, toMinute: 0, price: 0.4)]),
      zone: zone)
    return (recording, zone)
  }

  private func run(_ event: String, recording: ScenarioRecording, from: CivilTime, days: Int) throws
    -> ScenarioOutcome
  {
    try Scenario(
      recording, events: [ScenarioEvent.parse(event)], from: from, days: days, runs: 40, seed: 7
    ).run()
  }

  @Test(
    "an event takes from each slot what the asset drew in it, whether it is a meter of its own or within another",
    arguments: [
      ("press:shutdown@2025-06-24T09:00+3h", -24.0), ("press:shutdown@2025-06-24T00:00+9h", 0),
      ("press:shutdown@2025-06-24T13:00+6h", -16), ("press:capacity=+50%@2025-06-24T08:00+2h", 4),
      ("press:capacity=-25%", -12), ("press:shutdown@2025-06-22T00:00+2d", -48),
    ], [false, true])
  func anEventTakesFromEachSlotWhatTheAssetDrewInItWhetherItIsAMeterOfItsOwnOr(event: (String, Double), isWithin: Bool)
    throws
  {
    let start = CivilTime(year: 2025, month: 6, day: 1)
    let (recording, _) = try recording(from: start, isWithin: isWithin)
    let from = CivilTime(year: 2025, month: 6, day: event.0.contains("06-22") ? 22 : 24)
    let change = try run(event.0, recording: recording, from: from, days: event.0.contains("06-22") ? 2 : 1).energy
      .change
    #expect(abs(change.p50 - event.1) < 1e-6 && abs(change.p10 - event.1) < 1e-6 && abs(change.p90 - event.1) < 1e-6)
  }

  @Test func `without the asset the peak is that of the rest, on days when it ran and when it did not`() throws {
    let (recording, _) = try recording(from: CivilTime(year: 2025, month: 6, day: 1))
    let outcome = try run(
      "press:shutdown", recording: recording, from: CivilTime(year: 2025, month: 6, day: 20), days: 6)
    #expect(abs(outcome.peak.with.p50 - 5) < 0.1 && abs(outcome.peak.with.p90 - 5) < 0.1)
    #expect(abs(outcome.peak.without.p50 - 13) < 0.1)
    #expect(abs(outcome.energy.with.p50 - 6 * 24 * 5) < 1)
    let again = try run("press:shutdown", recording: recording, from: CivilTime(year: 2025, month: 6, day: 20), days: 6)
    #expect(again.energy.with == outcome.energy.with && again.peak.with == outcome.peak.with)
    #expect(again.cost.change == outcome.cost.change)
  }

  @Test(arguments: [
    (CivilTime(year: 2025, month: 6, day: 20), 1, 24), (CivilTime(year: 2025, month: 3, day: 30), 1, 23),
    (CivilTime(year: 2025, month: 3, day: 29), 3, 71), (CivilTime(year: 2025, month: 10, day: 26), 1, 25),
    (CivilTime(year: 2025, month: 10, day: 25), 2, 49), (CivilTime(year: 2025, month: 1, day: 20), 2, 48),
  ])
  func `a span is of local days, of 23 and 25 hours where the clock is changed`(from: CivilTime, days: Int, hours: Int)
    throws
  {
    var (recording, zone) = try recording(from: CivilTime(utc: from.utc - .days(20)), days: 25)
    let scenario = try Scenario(
      recording, events: [ScenarioEvent.parse("press:capacity=+0%")], from: from, days: days, runs: 10, seed: 1)
    #expect(scenario.interval.start == zone.timestamp(of: from))
    #expect(zone.civil(at: scenario.interval.end).hour == 0)
    let outcome = try scenario.run()
    #expect(outcome.slots.count == hours)
    // The office at all hours, the press six hours a day but on Sundays.
    let worked = (0..<days).count { CivilTime(utc: from.utc + .days(Int64($0))).weekday != 7 }
    #expect(abs(outcome.energy.recorded - Double(5 * hours + 48 * worked)) < 1e-9)
    #expect(abs(outcome.energy.without.p50 - outcome.energy.recorded) < 0.05 * outcome.energy.recorded)
  }

  @Test func `without a date it is the last whole local days`() throws {
    var (recording, zone) = try recording(from: CivilTime(year: 2025, month: 6, day: 1))
    let scenario = try Scenario(
      recording, events: [ScenarioEvent.parse("press:shutdown")], days: 7, runs: 10, seed: 1)
    #expect(zone.civil(at: scenario.interval.start) == CivilTime(year: 2025, month: 6, day: 22))
    #expect(zone.civil(at: scenario.interval.end) == CivilTime(year: 2025, month: 6, day: 29))
  }
}
