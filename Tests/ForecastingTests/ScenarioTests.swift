import PlantModel
import PointSchema
import Testing
import WattlineTime

@testable import Forecasting

@Suite("A scenario")
struct ScenarioTests {
  private static let days = 60

  /// A synthetic load that takes 2 kW a kelvin above 18 °C, a chiller within it, and PV.
  private func recording(days: Int = days, hasAir: Bool = true) throws -> ScenarioRecording {
    let base = SyntheticLoad.recording(days: days)
    let hours = base.times.indices
    let sun = hours.map { max(0, 10 - 2 * abs(Double($0 % 24) - 12)) }
    func power(_ name: String, role: PowerRole, within: Bool = false, values: [Double]) -> ScenarioRecording.Power {
      ScenarioRecording.Power(
        asset: name, role: role, isWithin: within, isPhotovoltaic: role == .generation, values: values)
    }
    return try ScenarioRecording(
      times: base.times,
      powers: [
        power("load", role: .consumption, values: base.target),
        power("chiller", role: .consumption, within: true, values: hours.map { _ in 4 }),
        power("pv1", role: .generation, values: sun), power("grid", role: .gridExchange, values: base.target),
      ],
      temperature: hasAir ? base.exogenous[0].values : [], price: [],
      tariff: Tariff(importPeriods: [Tariff.Period(fromMinute: 0, toMinute: 0, price: 0.5)], exportPrice: 0.1),
      zone: .utc)
  }

  private func run(_ events: String..., days: Int = 7) throws -> ScenarioOutcome {
    try Scenario(
      recording(), events: events.map { try ScenarioEvent.parse($0) }, days: days, runs: 200, seed: 1
    ).run()
  }

  @Test(
    arguments: [
      ("heat=+6K@2d+3d", ScenarioEvent.Effect.heat(kelvin: 6), ScenarioEvent.Onset.after(.days(2)), TimeSpan.days(3)),
      ("heat=-2.5K+12h", .heat(kelvin: -2.5), .after(.zero), .hours(12)),
      ("heat=+6K+3d", .heat(kelvin: 6), .after(.zero), .days(3)),
      ("pv1:capacity=+50%", .capacity(asset: "pv1", share: 0.5), .after(.zero), nil),
      ("charger=22kW", .charger(kilowatts: 22, kilowattHours: 44), .after(.zero), nil),
      ("charger=11kW/30kWh@36h", .charger(kilowatts: 11, kilowattHours: 30), .after(.hours(36)), nil),
      (
        "a:b:shutdown@2024-07-01T08:00+9h", .shutdown(asset: "a:b"),
        .local(CivilTime(year: 2024, month: 7, day: 1, hour: 8)), .hours(9)
      ),
    ] as [(String, ScenarioEvent.Effect, ScenarioEvent.Onset, TimeSpan?)])
  func `events are read with their units`(
    text: String, effect: ScenarioEvent.Effect, onset: ScenarioEvent.Onset, duration: TimeSpan?
  ) throws {
    let event = try ScenarioEvent.parse(text)
    #expect(event == ScenarioEvent(effect: effect, onset: onset, duration: duration, text: text))
  }

  @Test(arguments: [
    ("heat=6", "+6K"), ("heat", "+6K"), ("heat=+600K", "30.0"), ("shutdown@1d", "chiller:shutdown"),
    ("pv1:capacity=50", "+50%"), ("charger=22", "22kW/40kWh"), ("charger=22kW/900kWh", "22kW/40kWh"),
    ("storm=3", "heat, shutdown, charger, capacity"), ("heat=+6K@2x", "90m or 3d"),
    ("heat=+6K@2024-13-01", "2024-07-01"), ("heat=+6K@1d+1d+1d", "more than one duration"), ("", "unknown kind"),
    ("heat=+6K@2024-07", "2024-07-01"), ("chiller:shutdown=3", "no amount"), ("heat=nanK", "+6K"),
  ])
  func `what is not an event is refused with what would be right`(text: String, hint: String) throws {
    let error = #expect(throws: ScenarioError.self) { try ScenarioEvent.parse(text) }
    #expect(error?.description.contains(hint) == true)
  }

  @Test func `a heat wave costs what the load's own relation to temperature says, within its interval`() throws {
    let outcome = try run("heat=+6K@2d+3d")
    // The truth: 2 kW for each kelvin above 18 °C.
    let air = try #require(recording().input.exogenous.first).values
    let span = (ScenarioTests.days - 7 + 2) * 24..<(ScenarioTests.days - 7 + 5) * 24
    let truth = span.map { 2 * max(0, air[$0] - 12) - 2 * max(0, air[$0] - 18) }.reduce(0, +)
    let change = outcome.energy.change
    #expect(truth > 400)
    #expect((0.8 * truth...1.2 * truth).contains(change.p50))
    #expect(change.p10 < change.p50 && change.p50 < change.p90)
    #expect(outcome.notes.contains { $0.contains("kW a kelvin") })
    #expect(outcome.slots[..<48].allSatisfy { $0.cost.p10.isFinite })
  }

  @Test(arguments: [(3, 1), (16, 8), (28, 14), (40, 26)])
  func `errors come from the second half of a short history, and of a longer one from all days after two weeks`(
    history: Int, count: Int
  ) throws {
    let input = try SyntheticLoad.input(SyntheticLoad.recording(days: history))
    let days = ForecastErrorDays(load: input, generation: nil, days: 7) { _ in }
    #expect(days.errors.count == count)
    #expect(days.medians.keys.min() == input.grid.startOfDay(input.end) - count * input.grid.perDay)
  }

  @Test func `a shutdown takes away what the asset drew, and nothing else`() throws {
    let change = try run("chiller:shutdown@1d+10h").energy.change
    #expect(abs(change.p50 + 40) < 1e-3)
    #expect(abs(change.p10 + 40) < 1e-3)
  }

  @Test func `half as much PV again saves what it makes at the price of import, less where it is exported`() throws {
    let outcome = try run("pv1:capacity=+50%")
    // A triangle of 10 kW at noon, 10 h long: 50 kWh a day, of which half as much again for a week.
    let made = 0.5 * 50 * 7
    #expect(abs(outcome.energy.change.p50) < 1e-9)
    #expect(outcome.cost.change.p50 < -0.8 * 0.5 * made && outcome.cost.change.p50 > -1.05 * 0.5 * made)
  }

  @Test func `a new charger draws its energy each evening and lifts the peak`() throws {
    let outcome = try run("charger=80kW/120kWh@1d+2d")
    #expect(abs(outcome.energy.change.p50 - 240) < 24)
    #expect(outcome.peak.change.p50 > 0)
    #expect(outcome.peak.with.p50 <= outcome.peak.without.p50 + 80.001)
    let evening = outcome.slots[24 + 18]
    #expect(evening.load.p50 > evening.recorded + 40)
  }

  @Test func `the same seed gives the same numbers; recorded figures are those of the recording`() throws {
    let (first, second) = (try run("pv1:capacity=+10%"), try run("pv1:capacity=+10%"))
    #expect(first.cost.change == second.cost.change)
    let load = try recording().input.target.suffix(7 * 24).reduce(0, +)
    #expect(abs(first.energy.recorded - load) < 1e-6)
    #expect(first.energy.without.p10 < load && first.energy.without.p90 > 0.9 * load)
    #expect(first.slots.last?.cost == first.cost.with || first.slots.count == 168)
  }

  @Test func `its points carry load, cost and peak with quantiles, one a slot`() throws {
    let outcome = try run("chiller:shutdown")
    let points = outcome.points(name: "quiet")
    #expect(points.count == 168)
    let first = try #require(points.entries.first)
    #expect(first.key == PointKey(.scenario, .plant, "quiet"))
    let names = points.fields[first.fields].map(\.name)
    #expect(names.count == 12)
    for name in ["load_kw_p10", "cost_p50", "peak_kw_p90", "recorded_kw", "cost_without", "peak_kw_without"] {
      #expect(names.contains(name))
    }
  }

  @Test func `what cannot be run is refused with what would be right`() throws {
    let whole = try recording()
    func refusal(_ event: String, recording: ScenarioRecording, from: CivilTime? = nil, days: Int = 7) -> String {
      do {
        _ = try Scenario(
          recording, events: [ScenarioEvent.parse(event)], from: from, days: days, runs: 10, seed: 1
        ).run()
        return ""
      } catch { return error.description }
    }
    #expect(refusal("pump:shutdown", recording: whole).contains("load, chiller, pv1, grid"))
    #expect(refusal("grid:shutdown", recording: whole).contains("follows from the others"))
    #expect(refusal("heat=+6K", recording: try recording(hasAir: false)).contains("weather.temperature"))
    #expect(refusal("heat=+6K@30d", recording: whole).contains("outside the span"))
    #expect(
      refusal("heat=+6K", recording: whole, from: CivilTime(year: 2030, month: 1, day: 1)).contains("reaches from"))
    #expect(refusal("heat=+6K", recording: whole, days: 400).contains("1 to 92 days"))
    #expect(refusal("heat=+6K", recording: try recording(days: 15)).contains("three weeks"))
    #expect(throws: ScenarioError.self) {
      try ScenarioRecording(times: [], powers: [], temperature: [], price: [], tariff: Tariff(), zone: .utc)
    }
  }
}
