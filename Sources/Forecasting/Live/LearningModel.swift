import PlantModel
public import StreamCore

/// The models that learn and their ensemble: the forecasts of a ``ForecastEngine`` for a series at each quarter-hour.
///
/// It forecasts once there are two weeks of history. Training is done in slices at minute marks, see ``work(minute:)``.
public struct LearningModel: HistoryModel {
  /// Value of the `model` tag.
  public let name = "ensemble"
  /// Days of history from which models learn.
  static let trainingDays = 168
  /// Days of history that are kept, including the lags of the first row.
  static let keptDays = trainingDays + 32
  /// Minutes from one slice of training to the next.
  private static let minutesPerSlice = 4

  private var zone: PlantZone
  /// Inputs missing in the latest forecast.
  private var missing: [String] = []
  /// Number of slots by which the engine's grid is ahead of that of ``StreamCore/QuarterHour``.
  private let shift: Int
  private let phase: Int
  private var input: ForecastInput
  private var engine: ForecastEngine
  private var isTraining = false

  /// Creates the models of a series.
  ///
  /// - Parameters:
  ///   - models: Untrained models.
  ///   - zone: Slots and calendar of the plant.
  ///   - position: Position of the series in the register.
  init(_ models: [any ForecastModel], zone: PlantZone, position: Int) {
    self.zone = zone
    phase = position
    shift = zone.shift
    input = ForecastInput(grid: zone.grid, first: 0, target: [])
    input.calendar = zone.calendar
    engine = ForecastEngine(models: models, settings: LearningModel.settings(phase: position), grid: zone.grid)
  }

  /// `ensemble`, and its missing inputs.
  public var label: String { missing.isEmpty ? name : "\(name) without \(missing.joined(separator: ", "))" }

  /// Updates calendar, weather and clear sky.
  ///
  /// - Parameters:
  ///   - zone: Slots and calendar of the plant.
  ///   - weather: The plant's weather.
  ///   - sun: Clear sky over the generator; `nil` for other series.
  mutating func inform(_ zone: PlantZone, weather: [ForecastInput.Exogenous], sun: ClearSky?) {
    if zone.key != self.zone.key {
      self.zone = zone
      input.calendar = zone.calendar
    }
    input.exogenous = weather
    input.sun = sun
  }

  /// Returns the settings of a series; `phase` spreads the trainings of many series over the week.
  static func settings(phase: Int) -> ForecastEngine.Settings {
    ForecastEngine.Settings(
      horizon: LeadBucket.horizon, step: 1, retrainPhase: phase % 7, trainingDays: trainingDays, maximumRows: 4_000)
  }

  /// Returns whether two weeks have passed since the first value.
  public func isReady(first: Int, history: SlotHistory) -> Bool {
    guard let start = history.first else { return false }
    return first - start >= ForecastEngine.Settings.warmUpDays * QuarterHour.perDay
  }

  /// Records the mean of a slot.
  ///
  /// - Parameters:
  ///   - slot: The slot.
  ///   - value: Its mean [unit of the series].
  ///   - history: Not used; the model keeps its own history.
  public mutating func update(slot: Int, value: Double, history: SlotHistory) { correct(slot: slot, value: value) }

  /// Records or replaces the mean of a slot.
  public mutating func correct(slot: Int, value: Double) {
    input.set(slot + shift, value: value, keeping: LearningModel.keptDays * QuarterHour.perDay)
  }

  /// Writes the ensemble's forecast into `track`.
  public mutating func predict(_ basis: borrowing ForecastBasis, into track: inout QuantileTrack) {
    let issue = engine.advance(to: basis.first + shift, input: input)
    let table = issue.ensemble
    missing = issue.missing
    for offset in 0..<min(track.p50.count, table.rows) {
      track.p10[offset] = table[offset, QuantileLevels.p10]
      track.p50[offset] = table[offset, QuantileLevels.p50]
      track.p90[offset] = table[offset, QuantileLevels.p90]
    }
  }

  /// Runs a slice of training if one is due in this minute, counted from 1970.
  mutating func work(minute: Int) {
    if minute % 15 == 0 { isTraining = engine.prepare(at: minute / 15 + shift, input: input) != nil }
    guard isTraining, (minute + phase) % LearningModel.minutesPerSlice == 0 else { return }
    engine.work()
  }

  /// Trains all models anew for the local day after a slot, counted as in ``StreamCore/QuarterHour``.
  mutating func requestTraining(at slot: Int) { engine.requestTraining(at: slot + shift) }

  /// Writes history, models and ensemble.
  public func snapshot(into writer: inout SnapshotWriter) {
    input.snapshot(into: &writer)
    engine.snapshot(into: &writer)
  }

  /// Reads history, models and ensemble.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or belong to other models.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try input.restore(from: &reader)
    try engine.restore(from: &reader)
  }
}
