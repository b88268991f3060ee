import PlantModel
import PlantPhysics

/// What warmer air does to a plant's load, as an additive model has learnt it from the plant's own history: for each hour
/// of the day bent lines of the temperature and of its mean over 24 hours beside weekday, season and trend, see
/// ``AdditiveModel``. Past loads are left out, since they would carry part of what the weather did. Beyond the temperatures
/// that were recorded the outermost line goes on.
///
/// How sure that is comes from models of half of the weeks: of each two weeks one, drawn anew for each model. The spread
/// of half-sample estimates around the whole is that of the whole itself (P. McCarthy, "Pseudo-replication: half
/// samples", 1969, doi:10.2307/1402116).
struct TemperatureResponse {
  /// Models of half of the weeks.
  static let halves = 20

  private let whole: AdditiveModel
  private let halfModels: [AdditiveModel]
  private let perDay: Int

  /// Learns from a whole recording; `nil` with less than three weeks or without a temperature.
  init?(_ input: ForecastInput, seed: UInt64) {
    perDay = input.grid.perDay
    let settings = ForecastEngine.Settings(horizon: perDay, step: perDay)
    let first = max(input.start + 7 * perDay, input.end - settings.trainingDays * perDay)
    let share = max(1, (input.end - first) / settings.maximumRows)
    var builder = FeatureBuilder(input, horizon: perDay, step: perDay)
    let rows = builder.trainingRows(first..<max(first, input.end), before: input.end, oneIn: share).ofWeather
    guard !input.exogenous.isEmpty, rows.count > 21 * 24 else { return nil }
    var model = AdditiveModel()
    model.fit(rows, seed: seed)
    whole = model
    var generator = SeededGenerator(seed: seed, name: "halves")
    let week = 7 * perDay
    halfModels = (0..<TemperatureResponse.halves).map { _ in
      let choices = (0...((input.end - first) / (2 * week))).map { _ in generator.uniform() < 0.5 }
      let kept = rows.slots.indices.filter { index in
        let number = (rows.slots[index] - first) / week
        return choices[number / 2] == (number % 2 == 0)
      }
      var half = AdditiveModel()
      half.fit(rows.subset(kept), seed: seed)
      return half
    }
  }

  /// The change of load in each slot of a span of whole days [kW]: first as the whole model has it, then each half's.
  func changes(_ recorded: ForecastInput, warmer: ForecastInput, span: Range<Int>) -> [[Double]] {
    let without = rows(recorded, span)
    let with = rows(warmer, span)
    return ([whole] + halfModels).map { model in
      zip(model.means(with), model.means(without)).map { ($0 - $1).isFinite ? $0 - $1 : 0 }
    }
  }

  private func rows(_ input: ForecastInput, _ span: Range<Int>) -> FeatureRows {
    var builder = FeatureBuilder(input, horizon: span.count, step: span.count)
    return builder.forecastRows(origin: span.lowerBound).ofWeather
  }
}

extension FeatureRows {
  /// The columns of clock, calendar and weather alone.
  fileprivate var ofWeather: FeatureRows {
    let kept = columns.indices.filter { index in
      switch columns[index] {
      case .hour, .weekday, .dayOfYear, .holiday, .exogenous(_, .now), .exogenous(_, .rolling(hours: 24)): true
      default: false
      }
    }
    var rows = FeatureRows(columns: kept.map { columns[$0] }, perDay: perDay)
    rows.values = kept.map { values[$0] }
    rows.slots = slots
    rows.origins = origins
    rows.targets = targets
    return rows
  }

  /// Some of the rows, in their order.
  fileprivate func subset(_ kept: [Int]) -> FeatureRows {
    var rows = FeatureRows(columns: columns, perDay: perDay)
    rows.values = values.map { column in kept.map { column[$0] } }
    rows.slots = kept.map { slots[$0] }
    rows.origins = kept.map { origins[$0] }
    rows.targets = kept.map { targets[$0] }
    return rows
  }
}
