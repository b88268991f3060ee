/// A forecaster of one target from origin to origin: trains due models, gets their forecasts and combines them.
///
/// Both the backtest and the pipeline use it, so the backtest measures the pipeline.
///
/// A forecast depends only on data before its origin, and only on the last weeks. Models change at marks: local
/// midnights in standard time whose day since 1970 is a multiple of ``Settings/retrainDays``. A model that takes over
/// at a mark has learned from data until ``Settings/trainingLead`` before it. A stream can therefore train it in small
/// slices in the meantime (``prepare(at:input:)``, ``work()``), with the same result as a backtest that trains at once.
/// A model whose history has just become long enough is trained at once.
///
/// The next midnight becomes an extra mark if the losses of the last days are far above those of the weeks before. It
/// also does if weather used in training is missing. Until then, and while the target itself is silent, models that
/// need missing inputs are left out.
public struct ForecastEngine: Sendable {
  /// Horizon, steps and training of an engine.
  public struct Settings: Sendable, Equatable {
    /// Number of slots forecast from one origin.
    public var horizon: Int
    /// Number of slots from one origin to the next.
    public var step: Int
    /// Days between two trainings.
    public var retrainDays: Int
    /// Shift of the marks in days, so that the trainings of many targets do not coincide.
    public var retrainPhase: Int
    /// Days of history from which models learn.
    public var trainingDays: Int
    /// Largest number of rows from which models learn; of more, one in two, three … is used.
    public var maximumRows: Int

    /// Creates settings; values below 1 become 1, except for the phase.
    ///
    /// - Parameters:
    ///   - horizon: Number of slots forecast from one origin.
    ///   - step: Number of slots from one origin to the next.
    ///   - retrainDays: Days between two trainings.
    ///   - retrainPhase: Shift of the marks in days.
    ///   - trainingDays: Days of history from which models learn.
    ///   - maximumRows: Largest number of rows from which models learn.
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

    /// Days of history before which neither a stream nor a backtest uses the engine.
    public static let warmUpDays = 14
    /// Smallest number of days between two trainings, however much the losses grow.
    static let leastDays = 2
    /// Hours before a mark at which the training history ends.
    public static let trainingLead = 6

    /// Returns the latest regular mark at or before a day.
    public func mark(ofDay day: Int) -> Int {
      let remainder = (day - retrainPhase) % retrainDays
      return day - (remainder < 0 ? remainder + retrainDays : remainder)
    }
  }

  /// The forecasts of one origin.
  public struct Issue: Sendable {
    /// First forecast slot.
    public var origin: Int
    /// Forecast of each model, in the order of ``ForecastEngine/models``.
    public var models: [QuantileTable]
    /// The combined forecast.
    public var ensemble: QuantileTable
    /// Inputs used in training that are missing now: names of weather series, and ``recentValues``.
    public var missing: [String] = []
  }

  /// Name of the missing input if a target has been silent for a day.
  static let recentValues = "recent values"

  /// A piece of work whose time a caller may measure.
  public enum Work: Sendable {
    case fit(model: Int), predict(model: Int), ensemble
  }

  /// A training in progress.
  private struct Training: Sendable {
    var mark: Int
    var rows: FeatureRows
    var uses: [ExogenousUse]
    /// Models that are still to be trained; the one in training is last.
    var waiting: [Int]
    var current: (any ForecastModel)?
    var finished: [(index: Int, model: any ForecastModel)] = []
  }

  /// Models in the order of ``Issue/models``; untrained ones forecast NaN.
  public internal(set) var models: [any ForecastModel]
  /// Horizon, steps and training.
  public let settings: Settings
  var ensemble: ForecastEnsemble
  /// Day of the latest mark at which models changed.
  var trainedMark: Int?
  var isTrained: [Bool]
  var learnedDay: Int?
  /// Day of an extra mark.
  var extraMark: Int?
  /// Use of each weather series by the models; `nil` before any model has learned.
  var uses: [ExogenousUse]?
  /// Columns used in training. After a restored snapshot they are given as text.
  var columns: [FeatureColumn] = []
  var restoredColumns: String?
  private var training: Training?
  private let grid: SlotGrid

  /// Creates an engine without trained models.
  ///
  /// - Parameters:
  ///   - models: The models.
  ///   - settings: Horizon, steps and training.
  ///   - grid: Slots of the target.
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

  /// Trains due models and forecasts.
  ///
  /// - Parameters:
  ///   - origin: First slot to be forecast; later than in any call before.
  ///   - input: The target and its explaining series.
  ///   - measure: Receives each piece of work and must run it.
  public mutating func advance(
    to origin: Int, input: ForecastInput, measure: (Work, () -> Void) -> Void = { $1() }
  ) -> Issue {
    forgetOtherColumns(input)
    changeModels(origin, input: input, measure: measure)
    var missing = input.missing(at: origin, horizon: settings.horizon, uses: uses ?? [])
    let day = grid.day(of: origin)
    if learnedDay != day {
      learnedDay = day
      measure(.ensemble) { ensemble.learn(before: origin) { input.target($0, before: origin) } }
      let age = trainedMark.map { day + 1 - $0 } ?? 0
      if age >= Settings.leastDays, ensemble.hasDrifted || !missing.isEmpty { extraMark = day + 1 }
    }
    if input.isSilent(before: origin) { missing.append(ForecastEngine.recentValues) }
    var builder = builder(input, uses: uses)
    let rows = builder.forecastRows(origin: origin)
    var tables: [QuantileTable] = []
    for index in models.indices {
      var table = QuantileTable(rows: rows.count)
      if isTrained[index], missing.isEmpty || !models[index].needsAllInputs {
        measure(.predict(model: index)) { table = models[index].predict(rows) }
      }
      tables.append(table)
    }
    ensemble.record(tables, origin: origin)
    var combined = ensemble.combine(tables)
    if input.isNeverNegative(before: origin) { combined.raise(to: 0) }
    return Issue(origin: origin, models: tables, ensemble: combined, missing: missing)
  }

  private func builder(_ input: ForecastInput, uses: [ExogenousUse]?) -> FeatureBuilder {
    let none = input.exogenous.map { _ in ExogenousUse.none }
    return FeatureBuilder(input, horizon: settings.horizon, step: settings.step, uses: uses ?? none)
  }

  /// Forgets all trained models if their columns differ from the present ones, as after a change of the plant file.
  private mutating func forgetOtherColumns(_ input: ForecastInput) {
    guard uses != nil else { return }
    let current = builder(input, uses: uses).columns
    let isSame = restoredColumns.map { $0 == "\(current)" } ?? (current == columns)
    restoredColumns = nil
    columns = current
    guard !isSame || uses?.count != input.exogenous.count else { return }
    isTrained = models.map { _ in false }
    uses = nil
    training = nil
  }

  /// Returns the latest mark at or before a day: regular, extra, or already used.
  private func mark(ofDay day: Int) -> Int {
    [extraMark, trainedMark].compactMap { $0 }.filter { $0 <= day }.reduce(settings.mark(ofDay: day), max)
  }

  /// Trains all models anew for the local day after that of a slot. Without a training so far it has no effect, because
  /// the first one comes as soon as there are enough data.
  public mutating func requestTraining(at slot: Int) {
    if trainedMark != nil { extraMark = grid.day(of: slot) + 1 }
  }

  /// Prepares the training for the next mark once it is near. Returns the day of the mark while work remains.
  public mutating func prepare(at slot: Int, input: ForecastInput) -> Int? {
    let coming = grid.day(of: slot + leadSlots)
    if mark(ofDay: coming) == coming, trainedMark != coming, training?.mark != coming,
      trainedMark != nil
    {
      let waiting = models.indices.filter { isTrained[$0] }
      let end = grid.firstSlot(ofDay: coming) - leadSlots
      let uses = input.uses(before: end, horizon: settings.horizon)
      if let rows = rows(until: end, input: input, uses: uses) {
        training = Training(mark: coming, rows: rows, uses: uses, waiting: waiting)
      }
    }
    return training.flatMap { $0.waiting.isEmpty ? nil : $0.mark }
  }

  /// Runs a slice of the prepared training, at most some milliseconds.
  public mutating func work() {
    guard var current = training, let index = current.waiting.last else { return }
    training = nil
    var model = current.current ?? models[index]
    if current.current == nil { model.begin(current.rows, seed: seed(current.mark, index: index)) }
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

  private func seed(_ mark: Int, index: Int) -> UInt64 {
    UInt64(bitPattern: Int64(mark)) &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(index)
  }

  private mutating func changeModels(
    _ origin: Int, input: ForecastInput, measure: (Work, () -> Void) -> Void
  ) {
    let mark = mark(ofDay: grid.day(of: origin))
    let history = Double(origin - input.start) / Double(grid.perDay)
    if trainedMark != mark {
      var stale = models.indices.filter { isTrained[$0] }
      let end = grid.firstSlot(ofDay: mark) - leadSlots
      var coming = input.uses(before: end, horizon: settings.horizon)
      if training?.mark == mark {
        while training?.waiting.isEmpty == false { work() }
        coming = training?.uses ?? coming
        for (index, model) in training?.finished ?? [] {
          models[index] = model
          stale.removeAll { $0 == index }
          use(coming, input: input)
        }
      }
      train(stale, mark: mark, until: end, input: input, uses: coming, measure: measure)
      training = nil
      trainedMark = mark
    }
    let ripe = models.indices.filter { !isTrained[$0] && history >= Double(models[$0].minimumDays) }
    let current = uses ?? input.uses(before: origin, horizon: settings.horizon)
    train(ripe, mark: mark, until: origin, input: input, uses: current, measure: measure)
  }

  private mutating func use(_ uses: [ExogenousUse], input: ForecastInput) {
    guard self.uses != uses else { return }
    self.uses = uses
    columns = builder(input, uses: uses).columns
  }

  private mutating func train(
    _ due: [Int], mark: Int, until end: Int, input: ForecastInput, uses: [ExogenousUse],
    measure: (Work, () -> Void) -> Void
  ) {
    guard !due.isEmpty, let rows = rows(until: end, input: input, uses: uses) else { return }
    use(uses, input: input)
    for index in due {
      measure(.fit(model: index)) { models[index].fit(rows, seed: seed(mark, index: index)) }
      isTrained[index] = true
    }
  }

  private func rows(until end: Int, input: ForecastInput, uses: [ExogenousUse]) -> FeatureRows? {
    let days = max(0, end - input.start) / grid.perDay
    // The first days have no lags.
    let first = max(input.start + min(14, max(1, days / 3)) * grid.perDay, end - settings.trainingDays * grid.perDay)
    let share = max(1, (end - first + settings.maximumRows - 1) / settings.maximumRows)
    var builder = builder(input, uses: uses)
    let rows = builder.trainingRows(first..<max(first, end), before: end, oneIn: share)
    return rows.count >= grid.perDay / 2 ? rows : nil
  }
}
