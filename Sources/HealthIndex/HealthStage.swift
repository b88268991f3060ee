public import PlantModel
import PointSchema
public import StreamCore
import WattlineTime

/// Computes the health index of every asset when the plant's clock passes a quarter-hour mark; see ``HealthFormula``.
///
/// In addition to its sensors, an asset is judged by a twin if its kind has one. A PV generator is compared with the
/// power expected from its irradiance, and a battery with its circuit model. A grid connection is compared with the
/// balance of all meters. A finding counts as the penalty of a further sensor and is named among the contributors.
///
/// A fault with a standing alert takes effect before the next quarter-hour. Its asset is judged again at the minute
/// mark after the alert began, and at the one after it ended.
///
/// An asset whose sensors are all overdue has the state `no data` and an index of 30 or less, as the formula gives.
/// This lasts until a sensor reports or two weeks have passed. In the first three days an asset's state is `learning`:
/// the index exists, but alerts should ignore it.
public struct HealthStage: Stage {
  /// Name of the stage, `health`.
  public static let name = "health"
  /// Smallest penalty for which a contributor is named.
  static let leastContribution = 0.05
  /// Largest number of named contributors.
  static let mostContributors = 3

  private var monitors: [SensorMonitor] = []
  private var twins = TwinRegistry()
  /// Forecast comparison by series, for forecast series only.
  private var forecasts: [Int32: ForecastTrack] = [:]
  private var patterns = AnomalyDetectors()
  /// The faults at the time of the latest judgements.
  private var shown: [AssetIndex: StandingFault] = [:]

  /// Creates a stage without state.
  public init() {}

  /// Adds closed windows and forecasts, and judges assets at quarter-hour marks and after changes of faults.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    for position in frame.windows.indices where frame.windows[position].length == .quarterHour {
      observe(frame.windows[position], in: register)
    }
    for issue in frame.forecasts where register.series.indices.contains(issue.series.position) {
      forecasts[issue.series.rawValue, default: ForecastTrack()].observe(issue)
    }
    guard frame.cause == .minute else { return }
    if QuarterHour.isMark(frame.clock) {
      judgeSensors(until: frame.clock, in: register)
      patterns.begin(register)
      for position in register.assets.indices { judge(AssetIndex(position), into: &frame, in: register) }
      patterns.end()
      twins.end()
    } else if frame.faults != shown {
      let changed = Set(frame.faults.keys).union(shown.keys).filter { frame.faults[$0] != shown[$0] }
      for asset in changed.sorted(by: { $0.rawValue < $1.rawValue }) where asset.position < register.assets.count {
        judge(asset, isNewQuarter: false, into: &frame, in: register)
      }
    }
    shown = frame.faults
  }

  private mutating func observe(_ window: FeatureWindow, in register: PlantRegister) {
    let position = window.series.position
    guard register.series.indices.contains(position) else { return }
    monitors.grow(to: register.series.count, element: SensorMonitor())
    if window.isUpdate { return monitors[position].correct(window) }
    let judged = monitors[position].observe(
      window, kind: SensorClass(window.series, in: register), profile: register.series[position].profile)
    record(window.series, judged: judged)
  }

  private mutating func judgeSensors(until clock: Timestamp, in register: PlantRegister) {
    monitors.grow(to: register.series.count, element: SensorMonitor())
    let mark = QuarterHour.slot(containing: clock)
    for position in register.series.indices {
      let series = SeriesIndex(position)
      if monitors[position].isWaiting(before: mark) {
        let judged = monitors[position].judgeWaiting(
          kind: SensorClass(series, in: register), profile: register.series[position].profile)
        record(series, judged: judged)
      }
      monitors[position].miss(before: mark)
    }
  }

  private mutating func record(_ series: SeriesIndex, judged: SensorMonitor.Judged?) {
    guard let judged, !forecasts.isEmpty else { return }
    forecasts[series.rawValue]?.judge(judged.mean, slot: judged.slot)
  }

  /// Judges an asset by its latest windows.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - isNewQuarter: `false` judges the previous quarter-hour again, because a fault has changed.
  ///   - frame: Receives the index and its point.
  ///   - register: Assets and series of the plant.
  private mutating func judge(
    _ asset: AssetIndex, isNewQuarter: Bool = true, into frame: inout Frame, in register: PlantRegister
  ) {
    let mark = QuarterHour.slot(containing: frame.clock)
    monitors.grow(to: register.series.count, element: SensorMonitor())
    let sensors = register.seriesOfAsset[asset.position].filter { monitors[$0.position].latest != nil }
    guard let latest = sensors.compactMap({ monitors[$0.position].latest }).max() else { return }
    let first = sensors.compactMap { monitors[$0.position].first }.min() ?? mark
    let isLearning = mark - first < SensorMonitor.leastDays * QuarterHour.perDay
    if sensors.allSatisfy({ monitors[$0.position].isOverdue(at: mark) }) {
      write(silent(asset, sensors: sensors, at: frame.clock), state: "no data", into: &frame)
    } else if latest >= mark - 4 {
      // An asset under a power limit produces less than it could.
      let isJudged = latest >= mark - 2 && frame.limits[asset] == nil
      if isJudged && isNewQuarter { find(asset, sensors: sensors, slot: latest, at: mark, in: register) }
      var health = judge(
        asset, sensors: sensors, findings: isJudged ? findings(asset, sensors: sensors) : [], at: frame.clock,
        in: register)
      if let fault = frame.faults[asset] {
        health.index = min(health.index, HealthFormula.most(under: fault.severity))
        health.contributors = [fault.name] + health.contributors.prefix(Self.mostContributors - 1)
      }
      write(health, state: HealthFormula.state(index: health.index, isLearning: isLearning), into: &frame)
      if isNewQuarter { twins.describe(asset, index: health.indexWithoutFault, slot: mark, into: &frame.points) }
    }
  }

  private func write(_ health: AssetHealth, state: String, into frame: inout Frame) {
    frame.health.append(health)
    frame.points.begin(PointKey(.health, .asset(health.asset)), at: health.time)
    frame.points.field(.index, health.index)
    frame.points.field(.anomaly, health.anomaly)
    frame.points.field(.drift, health.drift)
    frame.points.field(.state, text: state)
    frame.points.field(.contributors, text: health.contributors.joined(separator: ", "))
  }

  /// Returns the health of an asset without any data: each sensor has only a bad share of 1.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - sensors: Its sensors.
  ///   - time: Time of the judgement.
  private func silent(_ asset: AssetIndex, sensors: [SeriesIndex], at time: Timestamp) -> AssetHealth {
    let penalty = HealthFormula.penalty(anomaly: 0, drift: 0, driftWeight: 0, badShare: 1)
    var health = AssetHealth(
      asset: asset, time: time, index: HealthFormula.index(penalties: sensors.map { _ in penalty }), anomaly: 0,
      drift: 0, contributors: ["no data"])
    health.hasData = false
    return health
  }

  /// Lets twins and patterns judge an asset's latest slot.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - sensors: Its sensors.
  ///   - slot: The slot to be judged.
  ///   - mark: Slot that begins now.
  ///   - register: Assets and series of the plant.
  private mutating func find(
    _ asset: AssetIndex, sensors: [SeriesIndex], slot: Int, at mark: Int, in register: PlantRegister
  ) {
    twins.judge(asset, slot: slot, in: register) { [monitors] series, slot in
      monitors.indices.contains(series.position) ? monitors[series.position].mean(slot) : .nan
    }
    let worst = twins.findings(of: asset).map(\.score).max() ?? 0
    let isSuspect =
      worst >= AnomalyDetectors.suspicious
      || sensors.contains { penalty(of: $0, in: register) >= AnomalyDetectors.suspicious }
    patterns.judge(asset, slot: slot, isSuspect: isSuspect, in: register) { [monitors] series in
      monitors[series.position].patternCode(slot)
    }
    // Assets learn at different quarter-hours, which spreads the work over the day.
    if mark % QuarterHour.perDay == asset.position % QuarterHour.perDay {
      learn(asset, sensors: sensors, slot: slot, in: register)
    }
  }

  /// Returns the findings of twins, patterns and forecasts in the slot that was judged last.
  private func findings(_ asset: AssetIndex, sensors: [SeriesIndex]) -> [TwinFinding] {
    let forecast = forecasts.isEmpty ? [] : sensors.compactMap { forecasts[$0.rawValue]?.score }
    return twins.findings(of: asset) + [
      TwinFinding(name: "unusual pattern", score: patterns.score(of: asset)),
      TwinFinding(name: "forecast", score: forecast.max() ?? 0),
    ]
  }

  /// Lets patterns learn from an asset's frequent sensors that are known for at least a day.
  ///
  /// Less frequent sensors would leave hardly any complete row, and the range of newer ones is unknown.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - sensors: Its sensors.
  ///   - slot: The latest slot.
  ///   - register: Assets and series of the plant.
  private mutating func learn(_ asset: AssetIndex, sensors: [SeriesIndex], slot: Int, in register: PlantRegister) {
    let columns = sensors.filter {
      let monitor = monitors[$0.position]
      return register.series[$0.position].profile.sampling != .counter && monitor.isFrequent
        && monitor.first.map { slot - $0 >= QuarterHour.perDay } ?? false
    }
    for sensor in columns { monitors[sensor.position].fixPattern() }
    patterns.learn(asset, slot: slot, from: columns, in: register)
  }

  private func penalty(of sensor: SeriesIndex, in register: PlantRegister) -> Double {
    let monitor = monitors[sensor.position]
    return HealthFormula.penalty(
      anomaly: monitor.anomaly, drift: monitor.drift, driftWeight: SensorClass(sensor, in: register).driftWeight,
      badShare: monitor.badShare)
  }

  private mutating func judge(
    _ asset: AssetIndex, sensors: [SeriesIndex], findings: [TwinFinding], at time: Timestamp,
    in register: PlantRegister
  ) -> AssetHealth {
    var names: [(penalty: Double, name: String)] = []
    var penalties: [Double] = []
    penalties.reserveCapacity(sensors.count + findings.count)
    var anomaly = 0.0
    var drift = 0.0
    for sensor in sensors {
      let monitor = monitors[sensor.position]
      let penalty = penalty(of: sensor, in: register)
      anomaly = max(anomaly, monitor.anomaly)
      drift = max(drift, monitor.drift)
      penalties.append(penalty)
      if penalty >= HealthStage.leastContribution { names.append((penalty, register.series[sensor.position].sensor)) }
    }
    for finding in findings {
      anomaly = max(anomaly, finding.score)
      penalties.append(finding.score)
      if finding.score >= HealthStage.leastContribution { names.append((finding.score, finding.name)) }
    }
    // Equal penalties are ordered by name, so that the order does not depend on the sort.
    names.sort { $0.penalty != $1.penalty ? $0.penalty > $1.penalty : $0.name < $1.name }
    return AssetHealth(
      asset: asset, time: time, index: HealthFormula.index(penalties: penalties), anomaly: anomaly, drift: drift,
      contributors: names.prefix(HealthStage.mostContributors).map(\.name))
  }
}

extension HealthStage {
  /// Writes the state of every sensor, with its pending window, and of every asset.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(UInt16(5))
    writer.write(monitors) { $1.snapshot(into: &$0) }
    twins.snapshot(into: &writer)
    writer.write(forecasts.sorted { $0.key < $1.key }) { writer, forecast in
      writer.write(forecast.key)
      forecast.value.snapshot(into: &writer)
    }
    patterns.snapshot(into: &writer)
    writer.write(shown.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, fault in
      writer.write(fault.key.rawValue)
      writer.write(fault.value.name)
      writer.write(fault.value.severity.rawValue)
    }
  }

  /// Replaces the state by that of a snapshot.
  ///
  /// - Throws: ``SnapshotError`` if the snapshot has another version, ends early or holds invalid values.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: 5, of: HealthStage.name)
    monitors = try reader.readArray(elementSize: SensorMonitor.snapshotSize) { (reader) throws(SnapshotError) in
      try SensorMonitor(from: &reader)
    }
    try twins.restore(from: &reader)
    let tracks = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      let series = try reader.read(Int32.self)
      var track = ForecastTrack()
      try track.restore(from: &reader)
      return (series, track)
    }
    forecasts = Dictionary(tracks, uniquingKeysWith: { first, _ in first })
    patterns = try AnomalyDetectors(from: &reader)
    let faults = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      let (asset, name) = (AssetIndex(Int(try reader.read(Int32.self))), try reader.readString())
      guard let severity = Severity(rawValue: try reader.readString()) else { throw .invalid("an unknown severity") }
      return (asset, StandingFault(name: name, severity: severity))
    }
    shown = Dictionary(faults, uniquingKeysWith: { first, _ in first })
  }
}
