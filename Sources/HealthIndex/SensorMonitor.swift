import PlantModel
import StreamCore

/// What is known of one sensor: its past by time of day, how much it usually strays, and how it fares now.
struct SensorMonitor: Sendable {
  static let days = 14
  static let leastDays = 3
  static let anomalyMemory = 3
  static let qualityMemory = 4

  private var history = SlotHistory(capacity: (days + 1) * QuarterHour.perDay)
  /// Latest |residuals|, a week of them.
  private var residuals = QuantileWindow(capacity: QuarterHour.perWeek)
  /// Latest values, a week of them.
  private var values = QuantileWindow(capacity: QuarterHour.perWeek)
  private var anomalies: [Double] = []
  private var badShares: [Double] = []
  private var cusum = (up: 0.0, down: 0.0)
  /// The slot of the latest window that was judged.
  private(set) var latest: Int?

  /// The first slot that was ever seen.
  var first: Int? { history.first }
  /// Anomaly score, 0...1: the median of the last three windows.
  var anomaly: Double {
    anomalies.count == SensorMonitor.anomalyMemory ? EmpiricalQuantile.median(anomalies) : anomalies.min() ?? 0
  }
  /// Drift score, 0...1.
  var drift: Double { HealthFormula.drift(cusum: max(cusum.up, cusum.down)) }
  /// Share of bad data, 0...1: the mean of the last four windows, those not yet there counted as good.
  var badShare: Double { badShares.reduce(0, +) / Double(SensorMonitor.qualityMemory) }

  /// Judges a window that follows all judged ones, then learns from it.
  mutating func judge(_ window: FeatureWindow, kind: SensorClass, profile: SensorProfile) {
    let slot = QuarterHour.slot(containing: window.start)
    guard latest.map({ slot > $0 }) ?? true else { return }
    latest = slot
    let bad = window.goodShare.isFinite ? 1 - min(max(window.goodShare, 0), 1) : 1
    push(bad, to: &badShares, SensorMonitor.qualityMemory)
    guard window.mean.isFinite else { return }
    if kind != .eventDriven { compare(window.mean, slot, kind, profile) }
    history.set(slot, window.mean)
    values.insert(window.mean)
  }

  /// Corrects the past: a window that was judged before has changed.
  mutating func correct(_ slot: Int, _ mean: Double) {
    if mean.isFinite { history.set(slot, mean) }
  }

  /// Counts a quarter of an hour that has passed without a window against the sensor, if one was due.
  mutating func miss(before mark: Int) {
    guard let latest, mark - 1 > latest, Double(mark - 1 - latest) > 2 * usualGap + 1 else { return }
    push(1, to: &badShares, SensorMonitor.qualityMemory)
  }

  /// The mean of a slot, NaN where none is known.
  func mean(_ slot: Int) -> Double { history[slot] }

  /// Whether nothing came for twice as long as is usual, at a time of day at which something does come.
  func isOverdue(at mark: Int) -> Bool {
    guard let latest, Double(mark - 1 - latest) >= 2 * usualGap else { return false }
    return (1...SensorMonitor.days).contains { history[mark - 1 - $0 * QuarterHour.perDay].isFinite }
      || history.first.map { mark - $0 <= QuarterHour.perDay } ?? false
  }

  /// Slots from one window to the next as they were in the day before the latest.
  private var usualGap: Double {
    guard let latest, let first = history.first else { return 1 }
    let slots = max(latest - QuarterHour.perDay + 1, first)..<(latest + 1)
    guard !slots.isEmpty, let day = history.summary(of: slots) else { return 1 }
    return Double(slots.count) / Double(day.count)
  }

  private mutating func compare(_ mean: Double, _ slot: Int, _ kind: SensorClass, _ profile: SensorProfile) {
    guard let expected = expected(slot, kind) else {
      push(0, to: &anomalies, SensorMonitor.anomalyMemory)
      return
    }
    let residual = mean - expected
    let scale = scale(expected, kind, profile)
    let z = min(max(residual / scale, -8), 8)
    push(HealthFormula.anomaly(standardizedResidual: z), to: &anomalies, SensorMonitor.anomalyMemory)
    cusum.up = max(0, min(cusum.up + z - 1, 240))
    cusum.down = max(0, min(cusum.down - z - 1, 240))
    // Held at three scales, so that a fault does not soon become the measure of what is usual.
    residuals.insert(min(residual.magnitude, 3 * scale))
  }

  /// The median of the same quarter hour over past days, for a steady sensor with less than three days that of the last
  /// day; `nil` while neither is known.
  private func expected(_ slot: Int, _ kind: SensorClass) -> Double? {
    let past = (1...SensorMonitor.days).map { history[slot - $0 * QuarterHour.perDay] }.filter { !$0.isNaN }
    if past.count >= SensorMonitor.leastDays { return EmpiricalQuantile.median(past) }
    guard kind == .steady else { return nil }
    let day = ((slot - QuarterHour.perDay)..<slot).map { history[$0] }.filter { !$0.isNaN }
    // A whole day, so that a morning is not judged by a night; sensors that speak hourly have 24 windows a day.
    guard let first = history.first, slot - first >= QuarterHour.perDay, day.count >= 12 else { return nil }
    return EmpiricalQuantile.median(day)
  }

  private func scale(_ expected: Double, _ kind: SensorClass, _ profile: SensorProfile) -> Double {
    var spread = values.count > 0 ? values.quantile(0.99) - values.quantile(0.01) : 0
    if kind == .variable { spread = max(spread, ResidualScale.leastSpread(profile)) }
    var scale = max(0.25 * spread, ResidualScale.floor(profile.unit?.quantity, expected: expected))
    if residuals.count >= QuarterHour.perDay / 4 {
      scale = max(scale, 1.4826 * residuals.quantile(0.5), residuals.quantile(0.9) / 1.2816)
    }
    return scale
  }

  private func push(_ value: Double, to memory: inout [Double], _ capacity: Int) {
    if memory.count == capacity { memory.removeFirst() }
    memory.append(value)
  }
}

extension SensorMonitor {
  func snapshot(into writer: inout SnapshotWriter) {
    history.snapshot(into: &writer)
    residuals.snapshot(into: &writer)
    values.snapshot(into: &writer)
    writer.write(anomalies)
    writer.write(badShares)
    writer.write(cusum.up)
    writer.write(cusum.down)
    writer.write(Int64(latest ?? .min))
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try history.restore(from: &reader)
    try residuals.restore(from: &reader)
    try values.restore(from: &reader)
    anomalies = try reader.readDoubles()
    badShares = try reader.readDoubles()
    guard anomalies.count <= SensorMonitor.anomalyMemory, badShares.count <= SensorMonitor.qualityMemory else {
      throw .invalid("scores of more windows than are kept")
    }
    cusum = (try reader.readDouble(), try reader.readDouble())
    let slot = Int(try reader.read(Int64.self))
    guard slot == .min || (-100_000_000...100_000_000).contains(slot) else { throw .invalid("a slot outside all time") }
    latest = slot == .min ? nil : slot
  }
}
