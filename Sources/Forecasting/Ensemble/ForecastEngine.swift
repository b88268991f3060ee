/// Forecasts one target from origin to origin: trains the models when they are due, asks them, and makes one forecast of
/// their answers. Backtest and pipeline both run it, so that the one measures the other.
///
/// What it says at an origin depends on nothing that came later, and on the last weeks alone. Models change at marks of
/// the calendar: local midnights in standard time whose day since 1970 is a multiple of ``Settings/retrainDays``. Those
/// that take charge at a mark learned from what was until ``Settings/trainingLead`` before it, so that a stream can train
/// them meanwhile in small slices (``prepare(at:_:)``, ``work()``) and come to the same as a backtest that does it at once.
/// A model that has just enough history for the first time is trained at once.
///
/// When the losses of the last days are far above those of the weeks before, or weather that the models learned with is
/// missing, the next midnight is a mark as well. Until then, and while the target itself is silent, models that need what
/// is missing are left out.
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
    /// Days between two trainings at the least, however much the losses grow.
    static let leastDays = 2
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
    /// What models learned with and is missing now: names of weather series, and ``recentValues``.
    public var missing: [String] = []
  }

  /// What a target is without that has not been heard of for a day.
  static let recentValues = "recent values"

  /// Work that may be measured from outside.
  public enum Work: Sendable {
    case fit(model: Int), predict(model: Int), ensemble
  }

  /// A training that is under way.
  private struct Training: Sendable {
    var mark: Int
    var rows: FeatureRows
    var uses: [ExogenousUse]
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
  /// A day that is a mark out of turn.
  var extraMark: Int?
  /// How the models use weather; `nil` before any has learned.
  var uses: [ExogenousUse]?
  /// The columns with which they learned, in words where they come from a snapshot.
  var columns: [FeatureColumn] = []
  var restoredColumns: String?
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
    forgetOtherColumns(input)
    changeModels(origin, input, measure)
    var missing = input.missing(at: origin, horizon: settings.horizon, uses: uses ?? [])
    let day = grid.day(of: origin)
    if learnedDay != day {
      learnedDay = day
      measure(.ensemble) { ensemble.learn(before: origin) { input.target($0, before: origin) } }
      let age = trainedMark.map { day + 1 - $0 } ?? 0
      if age >= Settings.leastDays, ensemble.hasDrifted || !missing.isEmpty { extraMark = day + 1 }
    }
    if input.isSilent(before: origin) { missing.append(ForecastEngine.recentValues) }
    var builder = builder(input, uses)
    let rows = builder.forecastRows(origin: origin)
    var tables: [QuantileTable] = []
    for index in models.indices {
      var table = QuantileTable(rows: rows.count)
      if isTrained[index], missing.isEmpty || !models[index].needsAllInputs {
        measure(.predict(model: index)) { table = models[index].predict(rows) }
      }
      tables.append(table)
    }
    ensemble.note(tables, origin: origin)
    var combined = ensemble.combine(tables)
    if input.isNeverNegative(before: origin) { combined.raise(to: 0) }
    return Issue(origin: origin, models: tables, ensemble: combined, missing: missing)
  }

  private func builder(_ input: ForecastInput, _ uses: [ExogenousUse]?) -> FeatureBuilder {
    let none = input.exogenous.map { _ in ExogenousUse.none }
    return FeatureBuilder(input, horizon: settings.horizon, step: settings.step, uses: uses ?? none)
  }

  /// Models that learned with other columns than there are now, after a change of the plant's file, have learned nothing.
  private mutating func forgetOtherColumns(_ input: ForecastInput) {
    guard uses != nil else { return }
    let current = builder(input, uses).columns
    let isSame = restoredColumns.map { $0 == "\(current)" } ?? (current == columns)
    restoredColumns = nil
    columns = current
    guard !isSame || uses?.count != input.exogenous.count else { return }
    isTrained = models.map { _ in false }
    uses = nil
    training = nil
  }

  /// The latest mark at or before a day: in turn, out of turn, or one that has passed.
  private func mark(ofDay day: Int) -> Int {
    [extraMark, trainedMark].compactMap { $0 }.filter { $0 <= day }.reduce(settings.mark(ofDay: day), max)
  }

  /// Lays out the training for the next mark, once it is near. Gives the day of the mark while there is work to do.
  public mutating func prepare(at slot: Int, _ input: ForecastInput) -> Int? {
    let coming = grid.day(of: slot + leadSlots)
    if mark(ofDay: coming) == coming, trainedMark != coming, training?.mark != coming,
      trainedMark != nil
    {
      let waiting = models.indices.filter { isTrained[$0] }
      let end = grid.firstSlot(ofDay: coming) - leadSlots
      let uses = input.uses(before: end, horizon: settings.horizon)
      if let rows = rows(until: end, input, uses) {
        training = Training(mark: coming, rows: rows, uses: uses, waiting: waiting)
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
          use(coming, input)
        }
      }
      train(stale, mark, until: end, input, coming, measure)
      training = nil
      trainedMark = mark
    }
    let ripe = models.indices.filter { !isTrained[$0] && history >= Double(models[$0].minimumDays) }
    let current = uses ?? input.uses(before: origin, horizon: settings.horizon)
    train(ripe, mark, until: origin, input, current, measure)
  }

  private mutating func use(_ uses: [ExogenousUse], _ input: ForecastInput) {
    guard self.uses != uses else { return }
    self.uses = uses
    columns = builder(input, uses).columns
  }

  private mutating func train(
    _ due: [Int], _ mark: Int, until end: Int, _ input: ForecastInput, _ uses: [ExogenousUse],
    _ measure: (Work, () -> Void) -> Void
  ) {
    guard !due.isEmpty, let rows = rows(until: end, input, uses) else { return }
    use(uses, input)
    for index in due {
      measure(.fit(model: index)) { models[index].fit(rows, seed: seed(mark, index)) }
      isTrained[index] = true
    }
  }

  private func rows(until end: Int, _ input: ForecastInput, _ uses: [ExogenousUse]) -> FeatureRows? {
    let days = max(0, end - input.start) / grid.perDay
    // The first days have no lags to learn from.
    let first = max(input.start + min(14, max(1, days / 3)) * grid.perDay, end - settings.trainingDays * grid.perDay)
    let share = max(1, (end - first + settings.maximumRows - 1) / settings.maximumRows)
    var builder = builder(input, uses)
    let rows = builder.trainingRows(first..<max(first, end), before: end, oneIn: share)
    return rows.count >= grid.perDay / 2 ? rows : nil
  }
}
