/// Forecasts one target from origin to origin: trains the models when they are due, asks them, and makes one forecast of
/// their answers. Backtest and pipeline both run it, so that the one measures the other.
///
/// What it says at an origin depends on nothing that came later, and on the state of the last weeks alone: models are
/// trained at marks of the calendar (days since 1970 divided by ``Settings/retrainDays``), not counted from a start.
public struct ForecastEngine: Sendable {
  /// What is forecast, and how often models are trained.
  public struct Settings: Sendable, Equatable {
    /// Slots that are forecast from one origin.
    public var horizon: Int
    /// Slots from one origin to the next.
    public var step: Int
    /// Days between two trainings.
    public var retrainDays: Int
    /// Days of history that models learn from.
    public var trainingDays: Int

    /// Settings.
    public init(horizon: Int, step: Int, retrainDays: Int = 7, trainingDays: Int = 365) {
      self.horizon = max(1, horizon)
      self.step = max(1, step)
      self.retrainDays = max(1, retrainDays)
      self.trainingDays = max(1, trainingDays)
    }
  }

  /// What is said at an origin.
  public struct Issue: Sendable {
    /// The first slot.
    public var origin: Int
    /// What each model says, in the order of ``ForecastEngine/models``.
    public var models: [QuantileTable]
    /// What is made of it.
    public var ensemble: QuantileTable
  }

  /// Work that may be measured from outside.
  public enum Work: Sendable {
    case fit(model: Int), predict(model: Int), ensemble
  }

  /// The models.
  public private(set) var models: [any ForecastModel]
  /// Settings.
  public let settings: Settings
  private var ensemble: ForecastEnsemble
  private var trainedMark: Int?
  private var isTrained: [Bool]
  private var learnedDay: Int?
  private var random: UInt64

  /// An engine that has learned nothing.
  public init(models: [any ForecastModel], settings: Settings, grid: SlotGrid, seed: UInt64 = 1) {
    self.models = models
    self.settings = settings
    isTrained = models.map { _ in false }
    random = seed
    // A baseline is for the first days; where others have an answer it starts with little.
    let trained = models.contains { !($0 is SeasonalNaive) }
    ensemble = ForecastEnsemble(
      prior: models.map { $0 is SeasonalNaive && trained ? 0.05 : $0 is SimilarDays ? 0.3 : 1 },
      leads: LeadClasses(horizon: settings.horizon, span: grid.span), perDay: grid.perDay)
  }

  /// Weights of the models: lead class by lead class, level by level.
  public var weights: [Double] { ensemble.weights }

  /// Trains what is due, and forecasts. Origins must ascend; `measure` is told of each piece of work and must do it.
  public mutating func advance(
    to origin: Int, _ input: ForecastInput, measure: (Work, () -> Void) -> Void = { $1() }
  ) -> Issue {
    var builder = FeatureBuilder(input, horizon: settings.horizon, step: settings.step)
    train(origin, input, &builder, measure)
    let day = input.grid.day(of: origin)
    if learnedDay != day {
      learnedDay = day
      measure(.ensemble) { ensemble.learn(before: origin) { input.target($0, before: origin) } }
    }
    let rows = builder.forecastRows(origin: origin)
    var tables: [QuantileTable] = []
    for index in models.indices {
      var table = QuantileTable(rows: rows.count)
      if isTrained[index] { measure(.predict(model: index)) { table = models[index].predict(rows) } }
      tables.append(table)
    }
    ensemble.note(tables, origin: origin)
    return Issue(origin: origin, models: tables, ensemble: ensemble.combine(tables))
  }

  private mutating func train(
    _ origin: Int, _ input: ForecastInput, _ builder: inout FeatureBuilder, _ measure: (Work, () -> Void) -> Void
  ) {
    let day = input.grid.day(of: origin)
    let mark = day >= 0 ? day / settings.retrainDays : (day - settings.retrainDays + 1) / settings.retrainDays
    let history = Double(origin - input.first) / Double(input.grid.perDay)
    let due = models.indices.filter { index in
      history >= Double(models[index].minimumDays) && (trainedMark != mark || !isTrained[index])
    }
    trainedMark = mark
    guard !due.isEmpty else { return }
    // The first week has no lags to learn from.
    let first = max(input.first + min(14, max(1, Int(history) / 3)) * input.grid.perDay,
      origin - settings.trainingDays * input.grid.perDay)
    let rows = builder.trainingRows(first..<origin, before: origin)
    guard rows.count >= input.grid.perDay else { return }
    for index in due {
      let seed = random &+ UInt64(bitPattern: Int64(mark)) &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(index)
      measure(.fit(model: index)) { models[index].fit(rows, seed: seed) }
      isTrained[index] = true
    }
  }
}
