import PlantModel
import StreamCore

/// Judges every asset by its sensors when the plant's clock passes a quarter-hour mark; see ``HealthFormula``.
///
/// Beside its sensors, an asset is judged by a twin where its kind has one: a PV generator by the power that its light
/// lets expect, a battery by its circuit, a grid connection by the balance of all meters. A finding counts as the penalty
/// of a further sensor and is named among the contributors.
///
/// An asset none of whose sensors had a window in the last hour is not judged. The first three days of an asset are
/// `learning`: the index is there, but alerts should not act on it.
public struct HealthStage: Stage {
  /// `health`.
  public static let name = "health"
  /// Penalties below this are not worth a name.
  static let leastContribution = 0.05
  /// Names given at the most.
  static let mostContributors = 3

  private var monitors: [SensorMonitor] = []
  /// Windows that closed since the last mark, in the order in which they came.
  private var fresh: [FeatureWindow] = []
  private var twins = TwinBook()
  private var names: [(penalty: Double, name: String)] = []
  private var penalties: [Double] = []

  /// A stage that has seen nothing.
  public init() {}

  /// Collects closed windows; judges at quarter-hour marks.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    for position in frame.windows.indices where frame.windows[position].length == .quarterHour {
      take(frame.windows[position], register)
    }
    guard frame.cause == .minute, QuarterHour.isMark(frame.clock) else { return }
    judgeSensors(until: frame.clock, register)
    judgeAssets(&frame, register)
  }

  private mutating func take(_ window: FeatureWindow, _ register: PlantRegister) {
    let position = window.series.position
    guard register.series.indices.contains(position) else { return }
    if window.isUpdate {
      // One that was judged already changes nothing: a late reading is too small a part of what is usual.
      if let index = fresh.firstIndex(where: { $0.series == window.series && $0.start == window.start }) {
        fresh[index] = window
      }
    } else {
      fresh.append(window)
    }
  }

  private mutating func judgeSensors(until clock: Timestamp, _ register: PlantRegister) {
    if monitors.count < register.series.count {
      monitors.reserveCapacity(register.series.count)
      while monitors.count < register.series.count { monitors.append(SensorMonitor()) }
    }
    for window in fresh where window.end <= clock {
      let position = window.series.position
      // A restored window may speak of a series that this register no longer has.
      guard register.series.indices.contains(position) else { continue }
      monitors[position].judge(
        window, kind: SensorClass(window.series, in: register), profile: register.series[position].profile)
      twins.take(window.series, slot: QuarterHour.slot(containing: window.start), mean: window.mean)
    }
    fresh.removeAll { $0.end <= clock }
    let mark = QuarterHour.slot(containing: clock)
    for position in monitors.indices { monitors[position].miss(before: mark) }
  }

  private mutating func judgeAssets(_ frame: inout Frame, _ register: PlantRegister) {
    let mark = QuarterHour.slot(containing: frame.clock)
    for position in register.assets.indices {
      let sensors = register.seriesOfAsset[position]
      guard let latest = sensors.compactMap({ monitors[$0.position].latest }).max(), latest >= mark - 4 else {
        continue
      }
      let first = sensors.compactMap { monitors[$0.position].first }.min() ?? mark
      let findings = latest >= mark - 2 ? twins.judge(AssetIndex(position), slot: latest, register) : []
      let health = judge(AssetIndex(position), sensors, findings, at: frame.clock, register)
      frame.health.append(health)
      frame.points.begin(PointKey(.health, .asset(health.asset)), at: health.time)
      frame.points.field("index", health.index)
      frame.points.field("anomaly", health.anomaly)
      frame.points.field("drift", health.drift)
      let isLearning = mark - first < SensorMonitor.leastDays * QuarterHour.perDay
      frame.points.field("state", text: HealthFormula.state(index: health.index, isLearning: isLearning))
      frame.points.field("contributors", text: health.contributors.joined(separator: ", "))
      twins.describe(health.asset, index: health.index, slot: mark, &frame.points)
    }
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
      let monitor = monitors[sensor.position]
      guard monitor.isKnown else { continue }
      let penalty = HealthFormula.penalty(
        anomaly: monitor.anomaly, drift: monitor.drift, driftWeight: SensorClass(sensor, in: register).driftWeight,
        badShare: monitor.badShare)
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
      writer.write(monitor.isKnown)
      if monitor.isKnown { monitor.snapshot(into: &writer) }
    }
    writer.write(fresh) { writer, window in
      writer.write(window.series.rawValue)
      writer.write(window.start)
      writer.write(window.mean)
      writer.write(window.goodShare)
    }
    twins.snapshot(into: &writer)
  }

  /// Replaces the state.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: 3, of: HealthStage.name)
    monitors = try reader.readArray { (reader) throws(SnapshotError) in
      try reader.readBool() ? SensorMonitor(from: &reader) : SensorMonitor()
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
  }
}
