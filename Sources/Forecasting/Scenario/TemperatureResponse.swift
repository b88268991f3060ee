import Glibc
import PlantModel
import PlantPhysics
import StreamCore

/// The effect of warmer air on a plant's load, learned from its own history.
///
/// It is an additive model by ridge regression. Its terms are the hour of working and other days, season, trend, and
/// piecewise linear functions of the temperature and its mean over 24 hours. All hours share these functions. Past
/// loads are left out, since they would carry part of the weather's effect. Beyond the recorded temperatures the
/// outermost lines are extended.
///
/// The uncertainty comes from models of half of the weeks: one of every two weeks, drawn again for each model. The
/// spread of half-sample estimates around the whole sample's equals that of the whole sample's estimate (P. McCarthy,
/// "Pseudo-replication: half samples", 1969, doi:10.2307/1402116).
struct TemperatureResponse {
  /// Number of models of half of the weeks.
  static let halves = 20
  private static let penalties = [1e-5, 1e-4, 1e-3, 1e-2]
  private static let bends = [0.1, 0.25, 0.5, 0.75, 0.9]

  private let models: [RidgeRegression]
  /// Knots of the temperature and of its daily mean [°C], and their scale.
  private let knots: [[Double]]
  private let scale: Double
  private let hasSeasons: Bool
  private let first: Int
  private let perDay: Int

  /// Learns from a recording, at most its last year; `nil` with less than three weeks or without a temperature.
  init?(_ input: ForecastInput, seed: UInt64) {
    perDay = input.grid.perDay
    let last = input.end
    let start = max(input.start, last - 365 * perDay)
    first = start
    let slots = (start..<max(start, last)).filter { !input.target($0, before: last).isNaN }
    let air = TemperatureResponse.air(input, slots: slots)
    let known = slots.indices.filter { air[0][$0].isFinite && air[1][$0].isFinite }
    guard known.count >= 21 * input.grid.perDay else { return nil }
    knots = air.map { values in
      let sorted = known.map { values[$0] }.sorted()
      return TemperatureResponse.bends.map { EmpiricalQuantile.ofSorted(sorted, probability: $0) }
    }
    scale = max(1e-6, (knots[0].last ?? 1) - (knots[0].first ?? 0))
    hasSeasons = last - start >= 180 * input.grid.perDay
    var regressions: [RidgeRegression] = []
    var generator = SeededGenerator(seed: seed, name: "halves")
    let week = 7 * input.grid.perDay
    let designed = TemperatureResponse.Design(knots: knots, scale: scale, hasSeasons: hasSeasons, first: start)
    let rows = known.map { designed.row(input, slot: slots[$0], now: air[0][$0], dayMean: air[1][$0]) }
    let targets = known.map { input.target(slots[$0], before: last) }
    for half in 0...TemperatureResponse.halves {
      let choices = (0...((last - start) / (2 * week))).map { _ in generator.uniform() < 0.5 }
      let kept = known.indices.filter { index in
        let number = (slots[known[index]] - start) / week
        return half == 0 || choices[number / 2] == (number % 2 == 0)
      }
      var regression = RidgeRegression(
        rows: kept.flatMap { rows[$0] }, columns: designed.width, targets: kept.map { targets[$0] },
        weights: kept.map { _ in 1 }, penalties: TemperatureResponse.penalties)
      regression.forgetRows()
      regressions.append(regression)
    }
    models = regressions
  }

  /// Returns the change of load in each slot of a span [kW]: first of the whole model, then of each half sample.
  ///
  /// - Parameters:
  ///   - recorded: The recording.
  ///   - warmer: The recording with warmer air.
  ///   - span: Slots of the span.
  func changes(_ recorded: ForecastInput, warmer: ForecastInput, span: Range<Int>) -> [[Double]] {
    let design = Design(knots: knots, scale: scale, hasSeasons: hasSeasons, first: first)
    let airs = [recorded, warmer].map { TemperatureResponse.air($0, slots: Array(span)) }
    let rows = airs.map { air in
      span.enumerated().map { design.row(recorded, slot: $1, now: air[0][$0], dayMean: air[1][$0]) }
    }
    return models.map { model in
      zip(rows[0], rows[1]).map { without, with in
        let change = model.predict(with) - model.predict(without)
        return change.isFinite ? change : 0
      }
    }
  }

  /// Returns the temperature of slots, and its mean over the 24 hours up to and including each [°C].
  private static func air(_ input: ForecastInput, slots: [Int]) -> [[Double]] {
    guard let values = input.exogenous.first?.values else { return [[], []] }
    func value(_ slot: Int) -> Double {
      let place = slot - input.first
      return values.indices.contains(place) ? values[place] : .nan
    }
    let day = input.grid.perDay
    return [
      slots.map(value),
      slots.map { slot in
        let known = ((slot - day + 1)...slot).map(value).filter { !$0.isNaN }
        return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
      },
    ]
  }

  /// The columns of the regression.
  private struct Design {
    let knots: [[Double]]
    let scale: Double
    let hasSeasons: Bool
    let first: Int

    /// Number of columns: 24 hours of two kinds of days, weekdays, two waves of the year, trend, and two piecewise
    /// linear functions.
    var width: Int { 48 + 7 + 4 + 1 + knots.reduce(0) { $0 + $1.count + 1 } }

    func row(_ input: ForecastInput, slot: Int, now: Double, dayMean: Double) -> [Double] {
      var row = Array(repeating: 0.0, count: 60)
      let entry = input.calendar.entry(slot)
      let isRest = entry.weekday > 5 || input.holiday(slot) == 1
      row[min(23, max(0, Int(entry.hour))) + (isRest ? 24 : 0)] = 1
      row[47 + Int(entry.weekday)] = 1
      if hasSeasons {
        for wave in 0..<2 {
          let angle = 2 * Double.pi * Double(wave + 1) * entry.dayOfYear / 365.25
          row[55 + 2 * wave] = sin(angle)
          row[56 + 2 * wave] = cos(angle)
        }
      }
      row[59] = Double(slot - first) / Double(365 * input.grid.perDay)
      for (value, knots) in zip([now, dayMean], knots) {
        row.append(value / scale)
        for knot in knots { row.append(max(0, value - knot) / scale) }
      }
      return row
    }
  }
}
