import PlantModel

/// Day-ahead forecasts of a plant's load and generation up to the end of a span, and how wrong they were, day by day: what
/// a scenario's runs are drawn from.
struct ForecastErrorDays {
  /// Days that are forecast, or the span's if it is longer.
  static let days = 60

  /// One day, slot by slot [kW].
  struct Day {
    var load: [Double]
    var generation: [Double]
  }

  /// `actual − p50` of each day.
  private(set) var errors: [Day] = []
  /// The medians, by the day's number.
  private(set) var medians: [Int: Day] = [:]

  /// Forecasts the last days of a recording from one midnight to the next, with the baselines, similar days and the
  /// additive model. Empty where the recording is too short.
  init(load: ForecastInput, generation: ForecastInput?, days: Int, progress: (Double) -> Void) {
    let share = generation == nil ? 1.0 : 0.5
    let none = Array(repeating: 0.0, count: load.grid.perDay)
    let loads = ForecastErrorDays.forecasts(load, days) { progress(share * $0) }
    let generations = generation.map { ForecastErrorDays.forecasts($0, days) { progress(0.5 + 0.5 * $0) } }
    for day in loads.keys.sorted() {
      guard let load = loads[day], let generation = generations.map({ $0[day] }) ?? (none, none) else { continue }
      errors.append(Day(load: load.errors, generation: generation.errors))
      medians[day] = Day(load: load.medians, generation: generation.medians)
    }
  }

  private static func forecasts(
    _ input: ForecastInput, _ days: Int, progress: (Double) -> Void
  ) -> [Int: (medians: [Double], errors: [Double])] {
    let perDay = input.grid.perDay
    let history = (input.end - input.start) / perDay
    let wanted = max(ForecastErrorDays.days, days)
    // Of a short history the second half, so that there are several errors to draw from.
    let settings = Backtest.Settings(
      testDays: min(wanted, max(history / 2, history - ForecastEngine.Settings.warmUpDays)))
    guard let backtest = try? Backtest(input, settings: settings) else { return [:] }
    let none = Array(repeating: Double.nan, count: perDay)
    var found: [Int: (medians: [Double], errors: [Double])] = [:]
    let models: [any ForecastModel] = [SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel()]
    _ = backtest.run(models, progress: progress) { forecast in
      guard forecast.model == "ensemble" else { return }
      let slot = input.grid.slot(containing: forecast.time)
      let day = input.grid.day(of: slot)
      found[day, default: (none, none)].medians[slot - day * perDay] = forecast.p50
      found[day, default: (none, none)].errors[slot - day * perDay] = forecast.actual - forecast.p50
    }
    return found.filter { !$0.value.errors.contains(where: \.isNaN) }
  }
}
