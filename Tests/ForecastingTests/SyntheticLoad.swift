import Glibc
import PlantModel
import PlantTesting
import WattlineTime

@testable import Forecasting

/// A load with a working day, a working week and a weather that matters, hour by hour, from a seed.
enum SyntheticLoad {
  static let start = CivilTime(year: 2023, month: 3, day: 2).utc

  static func recording(days: Int, seed: UInt64 = 1) -> ForecastInput.Recording {
    var random = SplitMix(state: seed)
    var times: [Timestamp] = []
    var load: [Double] = []
    var temperature: [Double] = []
    for hour in 0..<(days * 24) {
      let clock = Double(hour % 24)
      let isWork = hour / 24 % 7 < 5 && clock >= 7 && clock < 18
      let warmth = 15 + 8 * sin(Double(hour) / 24 / 9) + 5 * sin((clock - 9) / 24 * 2 * .pi)
      times.append(start + .hours(Int64(hour)))
      temperature.append(warmth)
      load.append(20 + (isWork ? 30 : 0) + max(0, warmth - 18) * 2 + random.uniform(-3...3))
    }
    return ForecastInput.Recording(
      times: times, target: load,
      exogenous: [ForecastInput.Exogenous(name: "temperature", isKnownAhead: true, values: temperature)])
  }

  static func input(_ recording: ForecastInput.Recording) throws -> ForecastInput {
    try ForecastInput(recording, zone: .utc, horizon: .day)
  }

  /// Every model, small.
  static var models: [any ForecastModel] {
    var boosting = BoostedQuantiles.Settings()
    boosting.rounds = 8
    boosting.learningRate = 0.3
    return [
      SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel(),
      ForestModel(settings: QuantileForest.Settings(trees: 4)), BoostedModel(settings: boosting),
      HybridModel(settings: boosting), RecurrentModel(),
    ]
  }
}
