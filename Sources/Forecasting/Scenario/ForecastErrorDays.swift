import PlantModel

/// Day-ahead forecasts of a plant's load and generation up to the end of a span, and their errors by local day.
///
/// The runs of a scenario are drawn from these errors.
struct ForecastErrorDays {
  /// Number of forecast days, unless the span is longer.
  static let days = 60

  /// Values of one local day by time of day [kW]; zero for times that a clock change skips.
  struct Day {
    var load: [Double]
    var generation: [Double]
  }

  /// Forecast medians of a slot [kW].
  struct Medians {
    var load: Double
    var generation: Double
  }

  /// Errors `actual − p50` of each completely known local day.
  private(set) var errors: [Day] = []
  /// Medians by slot.
  private(set) var medians: [Int: Medians] = [:]

  /// Forecasts the last days of a recording from midnight to midnight, with the baselines, similar days and the
  /// additive model. The result is empty if the recording is too short.
  ///
  /// - Parameters:
  ///   - load: The load.
  ///   - generation: The generation; `nil` without any.
  ///   - days: Smallest number of days to be forecast.
  ///   - progress: Receives the share of the work that is done, 0...1.
  init(load: ForecastInput, generation: ForecastInput?, days: Int, progress: (Double) -> Void) {
    let share = generation == nil ? 1.0 : 0.5
    let loads = ForecastErrorDays.forecasts(load, days: days) { progress(share * $0) }
    let generations = generation.map { ForecastErrorDays.forecasts($0, days: days) { progress(0.5 + 0.5 * $0) } }
    let none = (median: 0.0, error: 0.0)
    let perDay = load.grid.perDay
    let empty = Day(load: Array(repeating: 0, count: perDay), generation: Array(repeating: 0, count: perDay))
    var days: [Int: (day: Day, slots: Int)] = [:]
    for (slot, own) in loads.sorted(by: { $0.key < $1.key }) {
      guard let generated = generations.map({ $0[slot] }) ?? none else { continue }
      medians[slot] = Medians(load: own.median, generation: generated.median)
      let clock = load.calendar.clock(slot)
      days[clock.day, default: (empty, 0)].day.load[clock.place] = own.error
      days[clock.day, default: (empty, 0)].day.generation[clock.place] = generated.error
      days[clock.day, default: (empty, 0)].slots += 1
    }
    for (day, found) in days.sorted(by: { $0.key < $1.key }) {
      let whole = load.calendar.firstSlot(ofLocalDay: day + 1) - load.calendar.firstSlot(ofLocalDay: day)
      if found.slots == whole { errors.append(found.day) }
    }
  }

  /// Returns the medians and errors of the forecast slots with an actual value, by slot.
  ///
  /// - Parameters:
  ///   - input: The load or generation.
  ///   - days: Smallest number of days to be forecast.
  ///   - progress: Receives the share of the work that is done, 0...1.
  private static func forecasts(
    _ input: ForecastInput, days: Int, progress: (Double) -> Void
  ) -> [Int: (median: Double, error: Double)] {
    let history = (input.end - input.start) / input.grid.perDay
    let wanted = max(ForecastErrorDays.days, days)
    // For a short history the second half, so that there are several errors to draw from.
    let settings = Backtest.Settings(
      testDays: min(wanted, max(history / 2, history - ForecastEngine.Settings.warmUpDays)))
    guard let backtest = try? Backtest(input, settings: settings) else { return [:] }
    var found: [Int: (median: Double, error: Double)] = [:]
    let models: [any ForecastModel] = [SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel()]
    _ = backtest.run(models, progress: progress) { forecast in
      guard forecast.model == "ensemble" else { return }
      found[input.grid.slot(containing: forecast.time)] = (forecast.p50, forecast.actual - forecast.p50)
    }
    return found
  }
}
