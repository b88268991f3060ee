import PlantModel
import StreamCore

/// Judges every asset by its sensors when the plant's clock passes a quarter-hour mark; see ``HealthFormula``.
///
/// Beside its sensors, an asset is judged by a twin where its kind has one: a PV generator by the power that its light
/// lets expect, a battery by its circuit, a grid connection by the balance of all meters. A finding counts as the penalty
/// of a further sensor and is named among the contributors.
///
/// An asset all of whose sensors are overdue has the state `no data` and the index that the formula gives for it, 30 or
/// less, until they speak or two weeks have passed. The first three days of an asset are `learning`: the index is there,
/// but alerts should not act on it.
public struct HealthStage: Stage {
  /// `health`.
  public static let name = "health"
  /// Penalties below this are not worth a name.
  static let leastContribution = 0.05
  /// Names given at the most.
  static let mostContributors = 3

  private var monitors: [SensorMonitor?] = []
  /// Windows that closed since the last mark, in the order in which they came.
  private var fresh: [FeatureWindow] = []
  private var twins = TwinBook()
  /// By series; `nil` where nothing is forecast.
  private var forecasts: [ForecastTrack?] = []
  /// By asset.
  private var patterns: [PatternTrack] = []
  private var names: [(penalty: Double, name: String)] = []
  private var penalties: [Double] = []

  /// A stage that has seen nothing.
  public init() {}

  /// Collects closed windows; judges at quarter-hour marks.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    for position in frame.windows.indices where frame.windows[position].length == .quarterHour {
      take(frame.windows[position], register)
    }
    for issue in frame.forecasts { take(issue, register) }
    guard frame.cause == .minute, QuarterHour.isMark(frame.clock) else { return }
    judgeSensors(until: frame.clock, register)
    judgeAssets(&frame, register)
  }

  private mutating func take(_ issue: ForecastIssue, _ register: PlantRegister) {
    let position = issue.series.position
    guard register.series.indices.contains(position) else { return }
    while forecasts.count <= position { forecasts.append(nil) }
    if forecasts[position] == nil { forecasts[position] = ForecastTrack() }
    forecasts[position]?.take(issue)
  }

  private mutating func take(_ window: FeatureWindow, _ register: PlantRegister) {
    let position = window.series.position
    guard register.series.indices.contains(position) else { return }
    if window.isUpdate {
      if let index = fresh.firstIndex(where: { $0.series == window.series && $0.start == window.start }) {
        fresh[index] = window
      } else if monitors.indices.contains(position) {
        monitors[position]?.correct(QuarterHour.slot(containing: window.start), window.mean)
      }
    } else {
      fresh.append(window)
    }
  }

  private mutating func judgeSensors(until clock: Timestamp, _ register: PlantRegister) {
    while monitors.count < register.series.count { monitors.append(nil) }
    for window in fresh where window.end <= clock {
      let position = window.series.position
      // A restored window may speak of a series that this register no longer has.
      guard register.series.indices.contains(position) else { continue }
      if monitors[position] == nil { monitors[position] = SensorMonitor() }
      monitors[position]?.judge(
        window, kind: SensorClass(window.series, in: register), profile: register.series[position].profile)
      if forecasts.indices.contains(position) {
        forecasts[position]?.judge(window.mean, slot: QuarterHour.slot(containing: window.start))
      }
      twins.take(window.series, slot: QuarterHour.slot(containing: window.start), mean: window.mean)
    }
    fresh.removeAll { $0.end <= clock }
    let mark = QuarterHour.slot(containing: clock)
    for position in monitors.indices { monitors[position]?.miss(before: mark) }
  }

  private mutating func judgeAssets(_ frame: inout Frame, _ register: PlantRegister) {
    let mark = QuarterHour.slot(containing: frame.clock)
    while patterns.count < register.assets.count { patterns.append(PatternTrack()) }
    for position in register.assets.indices {
      let asset = AssetIndex(position)
      let sensors = register.seriesOfAsset[position].filter { monitors[$0.position] != nil }
      guard let latest = sensors.compactMap({ monitors[$0.position]?.latest }).max() else { continue }
      let first = sensors.compactMap { monitors[$0.position]?.first }.min() ?? mark
      let isLearning = mark - first < SensorMonitor.leastDays * QuarterHour.perDay
      if sensors.allSatisfy({ monitors[$0.position]?.isOverdue(at: mark) ?? true }) {
        write(silent(asset, sensors, at: frame.clock), state: "no data", &frame)
      } else if latest >= mark - 4 {
        // What is held back gives less than it could.
        let isFree = frame.limits[asset] == nil
        let findings = latest >= mark - 2 && isFree ? find(asset, sensors, slot: latest, at: mark, register) : []
        let health = judge(asset, sensors, findings, at: frame.clock, register)
        write(health, state: HealthFormula.state(index: health.index, isLearning: isLearning), &frame)
        twins.describe(asset, index: health.index, slot: mark, &frame.points)
      }
    }
  }

  private func write(_ health: AssetHealth, state: String, _ frame: inout Frame) {
    frame.health.append(health)
    frame.points.begin(PointKey(.health, .asset(health.asset)), at: health.time)
    frame.points.field("index", health.index)
    frame.points.field("anomaly", health.anomaly)
    frame.points.field("drift", health.drift)
    frame.points.field("state", text: state)
    frame.points.field("contributors", text: health.contributors.joined(separator: ", "))
  }

  /// An asset of which nothing is heard: every sensor has bad data alone.
  private func silent(_ asset: AssetIndex, _ sensors: [SeriesIndex], at time: Timestamp) -> AssetHealth {
    let penalty = HealthFormula.penalty(anomaly: 0, drift: 0, driftWeight: 0, badShare: 1)
    var health = AssetHealth(
      asset: asset, time: time, index: HealthFormula.index(penalties: sensors.map { _ in penalty }), anomaly: 0,
      drift: 0, contributors: ["no data"])
    health.hasData = false
    return health
  }

  /// What twins and patterns find in an asset's latest slot.
  private mutating func find(
    _ asset: AssetIndex, _ sensors: [SeriesIndex], slot: Int, at mark: Int, _ register: PlantRegister
  ) -> [TwinFinding] {
    let mean = { [monitors] (series: SeriesIndex, slot: Int) -> Double in
      monitors.indices.contains(series.position) ? monitors[series.position]?.mean(slot) ?? .nan : .nan
    }
    let findings = twins.judge(asset, slot: slot, register)
    let worst = findings.map(\.score).max() ?? 0
    let isSuspect =
      worst >= PatternTrack.suspicious || sensors.contains { penalty(of: $0, register) >= PatternTrack.suspicious }
    if isSuspect { patterns[asset.position].suspect(slot) }
    patterns[asset.position].judge(slot: slot, mean: mean)
    // Another quarter for each asset, so that no mark has much to do.
    if mark % QuarterHour.perDay == asset.position % QuarterHour.perDay {
      let columns = sensors.filter { register.series[$0.position].profile.sampling != .counter }
      patterns[asset.position].learn(before: mark, from: columns, mean: mean)
    }
    let forecast = sensors.compactMap { forecasts.indices.contains($0.position) ? forecasts[$0.position]?.score : nil }
    return findings + [
      TwinFinding(name: "unusual pattern", score: patterns[asset.position].score),
      TwinFinding(name: "forecast", score: forecast.max() ?? 0),
    ]
  }

  private func penalty(of sensor: SeriesIndex, _ register: PlantRegister) -> Double {
    guard let monitor = monitors[sensor.position] else { return 0 }
    return HealthFormula.penalty(
      anomaly: monitor.anomaly, drift: monitor.drift, driftWeight: SensorClass(sensor, in: register).driftWeight,
      badShare: monitor.badShare)
  }

  private mutating func judge(
    _ asset: AssetIndex, _ sensors: [SeriesIndex], _ findings: [TwinFinding], at time: Timestamp,
    _ register: PlantRegister
  ) -> AssetHealth {
    names.removeAll(keepingCapacity: true)
    penalties.removeAll(keepingCapacity: true)
    var anomaly = 0.0
    var drift = 0.0
    for sensor in sensors {
      guard let monitor = monitors[sensor.position] else { continue }
      let penalty = penalty(of: sensor, register)
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
    // The name decides between equals, so that the order never depends on the sort.
    names.sort { $0.penalty != $1.penalty ? $0.penalty > $1.penalty : $0.name < $1.name }
    return AssetHealth(
      asset: asset, time: time, index: HealthFormula.index(penalties: penalties), anomaly: anomaly, drift: drift,
      contributors: names.prefix(HealthStage.mostContributors).map(\.name))
  }
}

extension HealthStage {
  /// Writes the state of every sensor and the windows not yet judged.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(UInt16(3))
    writer.write(monitors) { writer, monitor in
      writer.write(monitor != nil)
      monitor?.snapshot(into: &writer)
    }
    writer.write(fresh) { writer, window in
      writer.write(window.series.rawValue)
      writer.write(window.start)
      writer.write(window.mean)
      writer.write(window.goodShare)
    }
    twins.snapshot(into: &writer)
    writer.write(forecasts) { writer, forecast in
      writer.write(forecast != nil)
      forecast?.snapshot(into: &writer)
    }
    writer.write(patterns) { $1.snapshot(into: &$0) }
  }

  /// Replaces the state.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: 3, of: HealthStage.name)
    monitors = try reader.readArray { (reader) throws(SnapshotError) in
      guard try reader.readBool() else { return nil }
      var monitor = SensorMonitor()
      try monitor.restore(from: &reader)
      return monitor
    }
    // Of a window waiting to be judged, only what judging reads is kept.
    fresh = try reader.readArray(elementSize: 28) { (reader) throws(SnapshotError) in
      let series = SeriesIndex(Int(try reader.read(Int32.self)))
      guard series.rawValue >= 0 else { throw .invalid("a series below zero") }
      return FeatureWindow(
        series: series, length: .quarterHour, start: try reader.readTimestamp(), mean: try reader.readDouble(),
        minimum: .nan, maximum: .nan, standardDeviation: .nan, slope: .nan, count: 0, energyKilowattHours: .nan,
        goodShare: try reader.readDouble(), isUpdate: false)
    }
    try twins.restore(from: &reader)
    forecasts = try reader.readArray { (reader) throws(SnapshotError) in
      guard try reader.readBool() else { return nil }
      var forecast = ForecastTrack()
      try forecast.restore(from: &reader)
      return forecast
    }
    patterns = try reader.readArray { (reader) throws(SnapshotError) in
      var pattern = PatternTrack()
      try pattern.restore(from: &reader)
      return pattern
    }
  }
}
