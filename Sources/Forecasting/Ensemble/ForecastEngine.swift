/// Forecasts one target from origin to origin: trains the models when they are due, asks them, and makes one forecast of
/// their answers. Backtest and pipeline both run it, so that the one measures the other.
///
/// What it says at an origin depends on nothing that came later, and on the last weeks alone. Models change at marks of
/// the calendar: local midnights in standard time whose day since 1970 is a multiple of ``Settings/retrainDays``. Those
/// that take charge at a mark learned from what was until ``Settings/trainingLead`` before it, so that a stream can train
/// them meanwhile in small slices (``prepare(at:_:)``, ``work()``) and come to the same as a backtest that does it at once.
/// A model that has just enough history for the first time is trained at once.
public struct ForecastEngine: Sendable {
  /// What is forecast, and how often models are trained.
  public struct Settings: Sendable, Equatable {
    /// Slots that are forecast from one origin.
    public var horizon: Int
    /// Slots from one origin to the next.
    public var step: Int
    /// Days between two trainings.
    public var retrainDays: Int
    /// By how many days the marks are moved, so that the trainings of many targets do not meet.
    public var retrainPhase: Int
    /// Days of history that models learn from.
    public var trainingDays: Int
    /// Most rows that models learn from; of more, one in two, three … is taken.
    public var maximumRows: Int

    /// Settings.
    public init(
      horizon: Int, step: Int, retrainDays: Int = 7, retrainPhase: Int = 0, trainingDays: Int = 365,
      maximumRows: Int = 20_000
    ) {
      self.horizon = max(1, horizon)
      self.step = max(1, step)
      self.retrainDays = max(1, retrainDays)
      self.retrainPhase = retrainPhase
      self.trainingDays = max(1, trainingDays)
      self.maximumRows = max(1, maximumRows)
    }

    /// Days of history below which an engine is not asked, neither by a stream nor by a backtest.
    public static let warmUpDays = 14
    /// Hours before a mark at which the history ends that models learn from.
    public static let trainingLead = 6

    /// The first day of the mark that a day belongs to.
    public func mark(ofDay day: Int) -> Int {
      let remainder = (day - retrainPhase) % retrainDays
      return day - (remainder < 0 ? remainder + retrainDays : remainder)
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

  /// A training that is under way.
  private struct Training: Sendable {
    var mark: Int
    var rows: FeatureRows
    /// Models that are still to learn, the one that is learning last.
    var waiting: [Int]
    var current: (any ForecastModel)?
    var finished: [(index: Int, model: any ForecastModel)] = []
  }

  /// The models.
  public internal(set) var models: [any ForecastModel]
  /// Settings.
  public let settings: Settings
  var ensemble: ForecastEnsemble
  /// The day of the latest mark at which models changed.
  var trainedMark: Int?
  var isTrained: [Bool]
  var learnedDay: Int?
  private var training: Training?
  private let grid: SlotGrid

  /// An engine that has learned nothing.
  public init(models: [any ForecastModel], settings: Settings, grid: SlotGrid) {
    self.models = models
    self.settings = settings
    self.grid = grid
    isTrained = models.map { _ in false }
    let areAllNaive = models.allSatisfy { $0 is SeasonalNaive }
    ensemble = ForecastEnsemble(
      prior: models.map { areAllNaive ? 1 : $0.priorWeight },
      leads: LeadClasses(horizon: settings.horizon, span: grid.span), perDay: grid.perDay,
      isDense: settings.step * 4 >= grid.perDay)
  }

  /// Whether a model other than the baselines has learned.
  public var isMature: Bool { zip(models, isTrained).contains { $1 && !($0 is SeasonalNaive) } }

  /// Trains what is due, and forecasts. Origins must ascend; `measure` is told of each piece of work and must do it.
  public mutating func advance(
    to origin: Int, _ input: ForecastInput, measure: (Work, () -> Void) -> Void = { $1() }
  ) -> Issue {
    changeModels(origin, input, measure)
    let day = grid.day(of: origin)
    if learnedDay != day {
      learnedDay = day
      measure(.ensemble) { ensemble.learn(before: origin) { input.target($0, before: origin) } }
    }
    var builder = FeatureBuilder(input, horizon: settings.horizon, step: settings.step)
    let rows = builder.forecastRows(origin: origin)
    var tables: [QuantileTable] = []
    for index in models.indices {
      var table = QuantileTable(rows: rows.count)
      if isTrained[index] { measure(.predict(model: index)) { table = models[index].predict(rows) } }
      tables.append(table)
    }
    ensemble.note(tables, origin: origin)
    var combined = ensemble.combine(tables)
    if input.isNeverNegative(before: origin) { combined.raise(to: 0) }
    return Issue(origin: origin, models: tables, ensemble: combined)
  }

  /// Lays out the training for the next mark, once it is near. Gives the day of the mark while there is work to do.
  public mutating func prepare(at slot: Int, _ input: ForecastInput) -> Int? {
    let coming = grid.day(of: slot + leadSlots)
    if settings.mark(ofDay: coming) == coming, trainedMark != coming, training?.mark != coming,
      trainedMark != nil
    {
      let waiting = models.indices.filter { isTrained[$0] }
      if let rows = rows(until: grid.firstSlot(ofDay: coming) - leadSlots, input) {
        training = Training(mark: coming, rows: rows, waiting: waiting)
      }
    }
    return training.flatMap { $0.waiting.isEmpty ? nil : $0.mark }
  }

  /// Does a slice of the training that was laid out: some milliseconds at the most.
  public mutating func work() {
    guard var current = training, let index = current.waiting.last else { return }
    training = nil
    var model = current.current ?? models[index]
    if current.current == nil { model.begin(current.rows, seed: seed(current.mark, index)) }
    if model.proceed() {
      current.current = model
    } else {
      current.finished.append((index, model))
      current.current = nil
      current.waiting.removeLast()
    }
    training = current
  }

  private var leadSlots: Int { max(1, Settings.trainingLead * grid.perDay / 24) }

  private func seed(_ mark: Int, _ index: Int) -> UInt64 {
    UInt64(bitPattern: Int64(mark)) &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(index)
  }

  private mutating func changeModels(
    _ origin: Int, _ input: ForecastInput, _ measure: (Work, () -> Void) -> Void
  ) {
    let mark = settings.mark(ofDay: grid.day(of: origin))
    let history = Double(origin - input.start) / Double(grid.perDay)
    if trainedMark != mark {
      var stale = models.indices.filter { isTrained[$0] }
      if training?.mark == mark {
        while training?.waiting.isEmpty == false { work() }
        for (index, model) in training?.finished ?? [] {
          models[index] = model
          stale.removeAll { $0 == index }
        }
      }
      train(stale, mark, until: grid.firstSlot(ofDay: mark) - leadSlots, input, measure)
      training = nil
      trainedMark = mark
    }
    let ripe = models.indices.filter { !isTrained[$0] && history >= Double(models[$0].minimumDays) }
    train(ripe, mark, until: origin, input, measure)
  }

  private mutating func train(
    _ due: [Int], _ mark: Int, until end: Int, _ input: ForecastInput, _ measure: (Work, () -> Void) -> Void
  ) {
    guard !due.isEmpty, let rows = rows(until: end, input) else { return }
    for index in due {
      measure(.fit(model: index)) { models[index].fit(rows, seed: seed(mark, index)) }
      isTrained[index] = true
    }
  }

  private func rows(until end: Int, _ input: ForecastInput) -> FeatureRows? {
    let days = max(0, end - input.start) / grid.perDay
    // The first days have no lags to learn from.
    let first = max(input.start + min(14, max(1, days / 3)) * grid.perDay, end - settings.trainingDays * grid.perDay)
    let share = max(1, (end - first + settings.maximumRows - 1) / settings.maximumRows)
    var builder = FeatureBuilder(input, horizon: settings.horizon, step: settings.step)
    let rows = builder.trainingRows(first..<max(first, end), before: end, oneIn: share)
    return rows.count >= grid.perDay / 2 ? rows : nil
  }
}
