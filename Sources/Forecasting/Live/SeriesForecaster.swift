import PlantModel
import StreamCore

/// The state of one forecast series: its history, its models, their errors, and forecasts that await their actual
/// value.
struct SeriesForecaster: Sendable {
  /// Five weeks, so that `naive_week` finds four earlier weeks.
  static let historySlots = 5 * QuarterHour.perWeek
  static let persistence = 0
  static let naive = 1

  /// A scored forecast of one slot.
  struct Evaluation {
    var model: Int
    var bucket: LeadBucket
    var forecast: ForecastLedger.Quantiles
    var actual: Double
    /// Recent improvement over `naive`; see ``ChampionSelector/skill``.
    var skill: Double?
  }

  private(set) var history = SlotHistory(capacity: historySlots)
  /// Models in the order of ledger and snapshot. Challengers of `naive` come last.
  private(set) var models: [any HistoryModel] = [Persistence(), SeasonalNaive.day, SeasonalNaive.week]
  /// Position of the models that learn, the last of ``models``; `nil` if nothing is learned.
  private let learner: Int?
  private var errors: [ForecastErrors]
  private var tracks: [QuantileTrack]
  /// Contests, one for each challenger and bucket.
  private var contests: [ChampionSelector]
  private var ledger: ForecastLedger

  /// First slot of the latest forecast, and that forecast.
  private(set) var issuedSlot: Int?
  private(set) var issue = QuantileTrack()
  private(set) var inCharge = Array(repeating: persistence, count: LeadBucket.count)
  /// Whether the whole day before the latest forecast was unknown.
  private var isSilent = false
  /// Whether points of the latest forecast were held back because later issues were expected to replace them.
  var isHeldBack = false

  /// The latest scored slot, its last forecast and its actual value.
  private(set) var latestScore: (slot: Int, p50: Double, actual: Double)?

  init(_ learning: LearningModel? = nil) {
    learner = learning == nil ? nil : models.count
    if let learning { models.append(learning) }
    errors = Array(repeating: ForecastErrors(), count: models.count)
    tracks = Array(repeating: QuantileTrack(), count: models.count)
    contests = Array(
      repeating: ChampionSelector(), count: (models.count - SeriesForecaster.naive - 1) * LeadBucket.count)
    ledger = ForecastLedger(models: models.count)
  }

  /// Adds the mean of a slot and scores its forecasts.
  ///
  /// - Parameters:
  ///   - slot: The slot.
  ///   - value: Its mean [canonical unit].
  ///   - isUpdate: `true` corrects the history without scoring.
  ///   - evaluations: Receives the scored forecasts.
  mutating func observe(_ slot: Int, value: Double, isUpdate: Bool, evaluations: inout [Evaluation]) {
    guard value.isFinite else { return }
    history.set(slot, to: value)
    if isUpdate {
      for index in models.indices { models[index].correct(slot: slot, value: value) }
      return
    }
    for bucket in LeadBucket.allCases { score(slot, actual: value, bucket: bucket, evaluations: &evaluations) }
    ledger.settle(slot)
    for index in models.indices { models[index].update(slot: slot, value: value, history: history) }
  }

  private mutating func score(
    _ slot: Int, actual: Double, bucket: LeadBucket, evaluations: inout [Evaluation]
  ) {
    let chosen = ledger.modelInCharge(slot, bucket: bucket)
    let baseline = ledger.pending(slot, bucket: bucket, model: SeriesForecaster.naive)
    for model in models.indices {
      guard let forecast = ledger.pending(slot, bucket: bucket, model: model) else { continue }
      errors[model].insert(actual - forecast.p50, bucket: bucket)
      if model > SeriesForecaster.naive, let baseline {
        contests[contest(model, bucket: bucket)].insert(
          baseline: baseline.pinball(actual), challenger: forecast.pinball(actual))
      }
      guard model == chosen || model == SeriesForecaster.naive else { continue }
      let skill = model > SeriesForecaster.naive ? contests[contest(model, bucket: bucket)].skill : nil
      evaluations.append(Evaluation(model: model, bucket: bucket, forecast: forecast, actual: actual, skill: skill))
      if model == chosen, bucket == .upToOneHour, slot >= latestScore?.slot ?? .min {
        latestScore = (slot, forecast.p50, actual)
      }
    }
  }

  /// Issues a forecast at the start of slot `first`.
  ///
  /// - Parameters:
  ///   - first: First slot of the forecast.
  ///   - index: The series.
  ///   - register: Assets and series of the plant.
  ///   - zone: Slots and calendar of the plant.
  /// - Returns: `false` if no forecast is possible, as without any value for four weeks.
  mutating func issueForecast(
    at first: Int, of index: SeriesIndex, in register: PlantRegister, zone: PlantZone?
  ) -> Bool {
    guard let day = latestDay(before: first) else { return false }
    let range = register.series[index.position].profile.range
    let bounds = ForecastBounds.bounds(of: index, in: register, recentMinimum: day.minimum)
    let isSunlit =
      register.kind(of: index).traits.driver == .sun
      && register.power(of: register.series[index.position].asset) == index
    let prior = ForecastBounds.priorHalfWidth(day, range: range)
    var isReady = Array(repeating: false, count: models.count)
    for model in models.indices where mayForecast(model, first: first) {
      let basis = ForecastBasis(
        first: first, history: history, errors: errors[model], priorHalfWidth: prior, zone: isSunlit ? nil : zone)
      models[model].predict(basis, into: &tracks[model])
      guard !tracks[model].p50.contains(where: \.isNaN) else { continue }
      isReady[model] = true
      tracks[model].settle(within: bounds)
      if isSunlit, model != SeriesForecaster.persistence, model != learner {
        SunEnvelope.apply(to: &tracks[model], first: first, history: history)
      }
      ledger.enter(tracks[model], model: model, first: first)
    }
    guard isReady.contains(true) else { return false }
    for bucket in LeadBucket.allCases {
      let model = choose(bucket, isReady: isReady)
      inCharge[bucket.rawValue] = model
      ledger.choose(model, for: bucket, first: first)
      issue.copy(bucket, from: tracks[model])
    }
    issuedSlot = first
    return true
  }

  /// Returns the summary of the last day with a value within four weeks before a slot, and records whether that is the
  /// day before it.
  private mutating func latestDay(before first: Int) -> (minimum: Double, maximum: Double, mean: Double, count: Int)? {
    var end = first
    var latest = history.summary(of: (end - QuarterHour.perDay)..<end)
    isSilent = latest == nil
    while latest == nil, first - end < 27 * QuarterHour.perDay {
      end -= QuarterHour.perDay
      latest = history.summary(of: (end - QuarterHour.perDay)..<end)
    }
    return latest
  }

  /// Returns whether a model has enough history. After a day, persistence would only fill the ledger.
  private func mayForecast(_ model: Int, first: Int) -> Bool {
    models[model].isReady(first: first, history: history)
      && (model != SeriesForecaster.persistence
        || !models[SeriesForecaster.naive].isReady(first: first, history: history))
  }

  /// Passes calendar, weather and clear sky to the models that learn.
  ///
  /// - Parameters:
  ///   - zone: Slots and calendar of the plant.
  ///   - weather: The plant's weather.
  ///   - sun: Clear sky over the generator; `nil` for other series.
  mutating func inform(_ zone: PlantZone, weather: [ForecastInput.Exogenous], sun: ClearSky?) {
    withLearner { $0.inform(zone, weather: weather, sun: sun) }
  }

  /// Returns the name of the model in charge of a slot of the latest issue, with its missing inputs.
  func label(_ offset: Int) -> String {
    let model = inCharge[LeadBucket(offset: offset).rawValue]
    return isSilent && model != learner
      ? "\(models[model].name) without \(ForecastEngine.recentValues)" : models[model].label
  }

  /// Runs a slice of training if one is due in this minute, counted from 1970.
  mutating func work(minute: Int) {
    withLearner { $0.work(minute: minute) }
  }

  /// Trains all models anew for the local day after a slot.
  mutating func requestTraining(at slot: Int) { withLearner { $0.requestTraining(at: slot) } }

  /// Calls `body` with the models that learn, if there are any.
  private mutating func withLearner(_ body: (inout LearningModel) -> Void) {
    guard let learner, var learning = models[learner] as? LearningModel else { return }
    body(&learning)
    models[learner] = learning
  }

  /// Returns the contest of the best challenger in a bucket; `nil` without challengers.
  func contest(_ bucket: LeadBucket) -> ChampionSelector? {
    models.indices.dropFirst(SeriesForecaster.naive + 1).map { contests[contest($0, bucket: bucket)] }
      .min { $0.challenger < $1.challenger }
  }

  /// Returns the challenger with the lowest loss that leads, otherwise `naive`, otherwise any ready model.
  private func choose(_ bucket: LeadBucket, isReady: [Bool]) -> Int {
    guard !isReady[SeriesForecaster.persistence] else { return SeriesForecaster.persistence }
    let hasBaseline = isReady[SeriesForecaster.naive]
    var best = hasBaseline ? SeriesForecaster.naive : isReady.firstIndex(of: true) ?? SeriesForecaster.persistence
    var loss = Double.infinity
    for model in models.indices where model > SeriesForecaster.naive && isReady[model] {
      let contest = contests[contest(model, bucket: bucket)]
      if hasBaseline ? contest.challengerLeads : contest.count > 0, contest.challenger < loss {
        best = model
        loss = contest.challenger
      }
    }
    return best
  }

  private func contest(_ model: Int, bucket: LeadBucket) -> Int {
    (model - SeriesForecaster.naive - 1) * LeadBucket.count + bucket.rawValue
  }
}

extension SeriesForecaster {
  func snapshot(into writer: inout SnapshotWriter) {
    history.snapshot(into: &writer)
    writer.write(models) { writer, model in
      writer.write(model.name)
      model.snapshot(into: &writer)
    }
    for error in errors { error.snapshot(into: &writer) }
    for contest in contests { contest.snapshot(into: &writer) }
    ledger.snapshot(into: &writer)
    writer.write(Int64(issuedSlot ?? .min))
    issue.snapshot(into: &writer)
    writer.write(inCharge) { $0.write(UInt8(truncatingIfNeeded: $1)) }
    writer.write(isHeldBack)
    writer.write(Int64(latestScore?.slot ?? .min))
    writer.write(latestScore?.p50 ?? .nan)
    writer.write(latestScore?.actual ?? .nan)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try history.restore(from: &reader)
    let count = try reader.read(UInt32.self)
    guard count == UInt32(models.count) else { throw .invalid("\(count) models instead of \(models.count)") }
    for index in models.indices {
      let name = try reader.readString()
      guard name == models[index].name else { throw .invalid("a model \(name)") }
      try models[index].restore(from: &reader)
    }
    for index in errors.indices { try errors[index].restore(from: &reader) }
    for index in contests.indices { try contests[index].restore(from: &reader) }
    try ledger.restore(from: &reader)
    let slot = Int(try reader.read(Int64.self))
    guard slot == .min || (-100_000_000...100_000_000).contains(slot) else { throw .invalid("a slot outside all time") }
    issuedSlot = slot == .min ? nil : slot
    try issue.restore(from: &reader)
    inCharge = try reader.readArray { (reader) throws(SnapshotError) in Int(try reader.read(UInt8.self)) }
    guard inCharge.count == LeadBucket.count, inCharge.allSatisfy({ $0 < models.count }) else {
      throw .invalid("a model in charge that is unknown")
    }
    isHeldBack = try reader.readBool()
    let scored = Int(try reader.read(Int64.self))
    let p50 = try reader.readDouble()
    let actual = try reader.readDouble()
    latestScore = scored == .min ? nil : (scored, p50, actual)
  }
}
