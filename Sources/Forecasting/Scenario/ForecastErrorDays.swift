import PlantModel

/// How wrong day-ahead forecasts of a plant's load and generation were, day by day: what a scenario's runs are drawn from.
struct ForecastErrorDays {
  /// Days of the recording's end that are forecast.
  static let days = 60

  /// One day: `actual − p50` of each slot [kW].
  struct Day {
    var load: [Double]
    var generation: [Double]
  }

  private(set) var all: [Day] = []

  /// Forecasts the last days of a recording from one midnight to the next, with the baselines, similar days and the
  /// additive model. Empty where the recording is too short.
  init(load: ForecastInput, generation: ForecastInput?, progress: (Double) -> Void) {
    let perDay = load.grid.perDay
    let share = generation == nil ? 1.0 : 0.5
    let loadErrors = ForecastErrorDays.errors(load) { progress(share * $0) }
    let generationErrors = generation.map { ForecastErrorDays.errors($0) { progress(0.5 + 0.5 * $0) } }
    for day in loadErrors.keys.sorted() {
      let none = Array(repeating: 0.0, count: perDay)
      guard let load = loadErrors[day],
        let generation = generationErrors.map({ $0[day] }) ?? none
      else { continue }
      all.append(Day(load: load, generation: generation))
    }
  }

  private static func errors(_ input: ForecastInput, progress: (Double) -> Void) -> [Int: [Double]] {
    let history = (input.end - input.start) / input.grid.perDay
    let settings = Backtest.Settings(testDays: min(days, max(1, history - ForecastEngine.Settings.warmUpDays)))
    guard let backtest = try? Backtest(input, settings: settings) else { return [:] }
    let perDay = input.grid.perDay
    var found: [Int: [Double]] = [:]
    let models: [any ForecastModel] = [SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel()]
    _ = backtest.run(models, progress: progress) { forecast in
      guard forecast.model == "ensemble" else { return }
      let slot = input.grid.slot(containing: forecast.time)
      let day = input.grid.day(of: slot)
      found[day, default: Array(repeating: .nan, count: perDay)][slot - day * perDay] = forecast.actual - forecast.p50
    }
    return found.filter { !$0.value.contains(where: \.isNaN) }
  }
}
