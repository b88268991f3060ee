public import PlantModel
import PlantPhysics
import PointSchema
public import StreamCore
public import WattlineTime

/// Forecasts the plant's powers a day ahead every quarter-hour, and scores each forecast when its actual value is
/// known.
///
/// A series is forecast if its plant file sets `forecast: true`. Without that key, the powers of the plant's balance
/// are forecast, except those of batteries. An issue is made when the plant's clock passes a quarter-hour mark: 96
/// slots of 15 minutes, the first of which starts at the mark. It uses only windows closed before.
///
/// Each lead bucket has its own model in charge, see ``ChampionSelector``. The `model` of a
/// ``PlantModel/ForecastIssue`` is that of the longest bucket, half of the horizon.
///
/// For each slot, `forecast` keeps the latest issue in each lead bucket, and `forecast_latest` the latest of all. While
/// the plant is catching up, only points that no later issue replaces are written. These are the slot with the shortest
/// lead of each bucket, and the nearest slot for `forecast_latest`. If the next issue is not made a quarter-hour later,
/// the points held back are written before it. The database thus ends as if everything had been written.
public struct ForecastStage: Stage {
  /// Name of the stage, `forecast`.
  public static let name = "forecast"

  /// A scored forecast of the recent past.
  public struct Score: Sendable, Equatable {
    /// Start of the slot.
    public var time: Timestamp
    /// Median that was valid when the slot began [canonical unit].
    public var p50: Double
    /// Actual value [canonical unit].
    public var actual: Double
  }

  private var forecasters: [SeriesForecaster?] = []
  private var evaluations: [SeriesForecaster.Evaluation] = []

  /// Untrained models for each series; without any, nothing is learned.
  private let learning: [any ForecastModel]
  private var zone: PlantZone?
  private var weather = WeatherInputs()

  /// Creates a stage whose series learn with copies of the given models.
  public init(learning: [any ForecastModel] = ForecastModels.live) { self.learning = learning }

  /// The subject of operator requests about forecasts.
  public static let subject = "forecasts"

  /// Executes a request to train: `{"action": "train", "asset": …, "sensor": …}`, both optional.
  ///
  /// The models of a series are trained a few milliseconds a minute; the new ones are used from the next local day on.
  private mutating func follow(_ instruction: Instruction, at now: Timestamp, in register: PlantRegister)
    -> Instruction.Outcome
  {
    guard instruction.members["action"] == "train" else { return .refused(.notUnderstood) }
    let (asset, sensor) = (instruction.members["asset"], instruction.members["sensor"])
    let wanted = forecasters.indices.filter { position in
      guard forecasters[position] != nil else { return false }
      let series = register.series[position]
      return (asset == nil || asset == register.assets[series.asset.position].name)
        && (sensor == nil || sensor == series.sensor)
    }
    if wanted.isEmpty { return .refused(.unknown) }
    let slot = QuarterHour.slot(containing: now)
    for position in wanted { forecasters[position]?.requestTraining(at: slot) }
    return .taken
  }

  /// Learns from closed windows and scores the forecasts of their slots. Issues forecasts at quarter-hour marks.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    if !learning.isEmpty { weather.observe(frame, in: register) }
    for position in frame.windows.indices where frame.windows[position].length == .quarterHour {
      observe(frame.windows[position], into: &frame.points, in: register)
    }
    for position in frame.instructions.indices where frame.instructions[position].subject == ForecastStage.subject {
      frame.instructions[position].outcome = follow(frame.instructions[position], at: frame.clock, in: register)
    }
    guard frame.cause == .minute else { return }
    if QuarterHour.isMark(frame.clock) { issueForecasts(&frame, in: register) }
    let minute = Int(frame.clock.seconds / 60)
    for position in forecasters.indices { forecasters[position]?.work(minute: minute) }
  }

  /// Returns the latest scored forecast of a series, issued when the slot began; `nil` before the first.
  public func latest(_ series: SeriesIndex) -> Score? {
    guard let score = forecaster(series)?.latestScore else { return nil }
    return Score(time: QuarterHour.start(of: score.slot), p50: score.p50, actual: score.actual)
  }

  /// Returns the contest between `naive` and its best challenger in a bucket; see ``ChampionSelector``.
  public func contest(_ series: SeriesIndex, bucket: LeadBucket) -> ChampionSelector? {
    forecaster(series)?.contest(bucket)
  }

  /// Returns whether a series is forecast.
  public static func isTarget(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    guard register.series.indices.contains(series.position) else { return false }
    if let wish = register.series[series.position].forecast { return wish }
    return register.kind(of: series).traits.isForecast && register.isBalancePower(series)
  }

  private func forecaster(_ series: SeriesIndex) -> SeriesForecaster? {
    forecasters.indices.contains(series.position) ? forecasters[series.position] : nil
  }

  private mutating func observe(_ window: FeatureWindow, into points: inout PointBatch, in register: PlantRegister) {
    weather.observe(window, in: register)
    guard ForecastStage.isTarget(window.series, in: register) else { return }
    let position = window.series.position
    while forecasters.count <= position { forecasters.append(nil) }
    evaluations.removeAll(keepingCapacity: true)
    let slot = QuarterHour.slot(containing: window.start)
    if forecasters[position] == nil {
      forecasters[position] = forecaster(at: position, timestamp: window.start, in: register)
    }
    forecasters[position]?.observe(slot, value: window.mean, isUpdate: window.isUpdate, evaluations: &evaluations)
    guard let models = forecasters[position]?.models else { return }
    for evaluation in evaluations {
      points.write(evaluation, of: window.series, model: models[evaluation.model].name, at: window.start)
    }
  }

  private mutating func forecaster(
    at position: Int, timestamp: Timestamp, in register: PlantRegister
  ) -> SeriesForecaster {
    let zone = self.zone ?? PlantZone(PlantZone.Key(register.plant), around: timestamp)
    self.zone = zone
    guard !learning.isEmpty else { return SeriesForecaster() }
    return SeriesForecaster(LearningModel(learning, zone: zone, position: position))
  }

  /// Returns the clear sky over a PV asset if the series is its power, otherwise `nil`.
  private func sun(_ series: SeriesIndex, in register: PlantRegister) -> ClearSky? {
    let asset = register.asset(of: series)
    guard asset.kind.traits.driver == .sun, register.power(of: register.series[series.position].asset) == series else {
      return nil
    }
    let latitude = register.plant.location.latitude
    return ClearSky(
      location: register.plant.location,
      plane: TiltedPlane(
        tiltDegrees: asset.tiltDegrees ?? min(60, latitude.magnitude),
        azimuthDegrees: asset.azimuthDegrees ?? (latitude < 0 ? 0 : 180)))
  }

  /// Passes calendar, weather and clear sky to all models at each mark; renews the calendar if the plant file has
  /// changed.
  private mutating func inform(_ register: PlantRegister, first: Int) {
    guard let zone else { return }
    weather.observe(register.plant.weather, first: first)
    let key = PlantZone.Key(register.plant)
    if key != zone.key { self.zone = PlantZone(key, around: zone.timestamp) }
    let current = self.zone ?? zone
    let known = weather.isEmpty ? [] : weather.exogenous(shift: current.shift)
    for position in forecasters.indices where forecasters[position] != nil {
      let sun = sun(SeriesIndex(position), in: register)
      forecasters[position]?.inform(current, weather: known, sun: sun)
    }
  }

  private mutating func issueForecasts(_ frame: inout Frame, in register: PlantRegister) {
    let first = QuarterHour.slot(containing: frame.clock)
    inform(register, first: first)
    let issued = frame.clock.description
    for position in forecasters.indices where forecasters[position] != nil {
      let series = SeriesIndex(position)
      guard ForecastStage.isTarget(series, in: register) else { continue }
      flushHeldBack(series, before: first, into: &frame.points)
      guard forecasters[position]?.issueForecast(at: first, of: series, in: register, zone: zone) == true else {
        continue
      }
      forecasters[position]?.isHeldBack = frame.isCatchingUp
      guard let forecaster = forecasters[position] else { continue }
      frame.points.writeIssue(of: forecaster, series: series, issued: issued, onlyLasting: frame.isCatchingUp)
      frame.forecasts.append(
        ForecastIssue(
          series: series, issued: frame.clock, step: WindowLength.quarterHour.span,
          model: forecaster.models[forecaster.inCharge[LeadBucket.upToOneDay.rawValue]].name,
          p10: forecaster.issue.p10, p50: forecaster.issue.p50, p90: forecaster.issue.p90))
    }
  }

  /// Writes the points held back for the next issue, if that issue was never made.
  ///
  /// - Parameters:
  ///   - series: The series.
  ///   - first: First slot of the present issue.
  ///   - points: Receives the points.
  private mutating func flushHeldBack(_ series: SeriesIndex, before first: Int, into points: inout PointBatch) {
    guard let forecaster = forecasters[series.position], forecaster.isHeldBack, let last = forecaster.issuedSlot,
      first > last + 1
    else { return }
    forecasters[series.position]?.isHeldBack = false
    let issued = QuarterHour.start(of: last).description
    points.writeIssue(of: forecaster, series: series, issued: issued, onlyLasting: false)
  }
}

extension ForecastStage {
  /// Writes the state of every series.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(UInt16(4))
    writer.write(zone?.key.identifier ?? "")
    writer.write(zone?.key.country ?? "")
    writer.write(zone?.key.holidays ?? []) { $0.write(Int64($1)) }
    writer.write(zone?.timestamp ?? .distantPast)
    weather.snapshot(into: &writer)
    writer.write(forecasters) { writer, forecaster in
      writer.write(forecaster != nil)
      forecaster?.snapshot(into: &writer)
    }
  }

  /// Replaces the state by that of a snapshot.
  ///
  /// - Throws: ``SnapshotError`` if the snapshot has another version, ends early or holds invalid values.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: 4, of: ForecastStage.name)
    let identifier = try reader.readString()
    let country = try reader.readString()
    let holidays = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
      Int(try reader.read(Int64.self))
    }
    let timestamp = try reader.readTimestamp()
    let key = PlantZone.Key(identifier: identifier, country: country, holidays: holidays)
    let zone = identifier.isEmpty ? nil : PlantZone(key, around: timestamp)
    try weather.restore(from: &reader)
    let learning = self.learning
    var position = -1
    forecasters = try reader.readArray { (reader) throws(SnapshotError) in
      position += 1
      guard try reader.readBool() else { return nil }
      let model = learning.isEmpty ? nil : zone.map { LearningModel(learning, zone: $0, position: position) }
      var forecaster = SeriesForecaster(model)
      try forecaster.restore(from: &reader)
      return forecaster
    }
    self.zone = zone
  }
}
