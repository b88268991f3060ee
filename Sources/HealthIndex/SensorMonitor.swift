import PlantModel
import StreamCore

/// What is known of one sensor, in 120 bytes: its past by time of day, how much it usually strays, and how it fares now.
struct SensorMonitor: Sendable, BitwiseCopyable {
  /// Days over which what is usual follows the sensor.
  static let days = 10
  static let leastDays = 3
  /// Values beyond this are of no sensor.
  private static let largest = 1e30

  private var profile = DayProfile()
  private var residuals = ResidualSpread()
  /// The latest scores, newest first, in 255ths.
  private var anomalies: InlineArray<3, UInt8> = .init(repeating: 0)
  private var badShares: InlineArray<4, UInt8> = .init(repeating: 0)
  private var anomalyCount: UInt8 = 0
  /// Quarters of a slot from one window to the next, as it usually is; 0 while unknown.
  private var gap: UInt8 = 0
  private var upward: Float = 0
  private var downward: Float = 0
  private var firstSlot = Int32.min
  private var latestSlot = Int32.min

  /// Whether the sensor has had a window.
  var isKnown: Bool { latestSlot != .min }
  /// The slot of the latest window that was judged.
  var latest: Int? { latestSlot == .min ? nil : Int(latestSlot) }
  /// The first slot that was ever seen.
  var first: Int? { firstSlot == .min ? nil : Int(firstSlot) }
  /// Anomaly score, 0...1: the median of the last three windows, before that the least.
  var anomaly: Double {
    var sorted = [anomalies[0], anomalies[1], anomalies[2]]
    sorted.sort()
    return anomalyCount == 3 ? Double(sorted[1]) / 255 : anomalyCount == 0 ? 0 : Double(leastAnomaly) / 255
  }
  /// Drift score, 0...1.
  var drift: Double { HealthFormula.drift(cusum: Double(max(upward, downward))) }
  /// Share of bad data, 0...1: the mean of the last four windows, those not yet there counted as good.
  var badShare: Double {
    var sum = 0
    for i in 0..<4 { sum += Int(badShares[i]) }
    return Double(sum) / (4 * 255)
  }

  private var leastAnomaly: UInt8 {
    var least = anomalies[0]
    for i in 0..<Int(anomalyCount) { least = min(least, anomalies[i]) }
    return least
  }

  /// Judges a window that follows all judged ones, then learns from it.
  mutating func judge(_ window: FeatureWindow, kind: SensorClass, profile sensor: SensorProfile) {
    let slot = QuarterHour.slot(containing: window.start)
    guard let short = Int32(exactly: slot), short > latestSlot else { return }
    let before = latest
    latestSlot = short
    pushBad(window.goodShare.isFinite ? 1 - min(max(window.goodShare, 0), 1) : 1)
    guard window.mean.isFinite, window.mean.magnitude <= Self.largest else { return }
    if firstSlot == .min { firstSlot = short }
    learnGap(before.map { slot - $0 })
    let held = kind == .eventDriven ? nil : compare(window.mean, slot, kind, sensor)
    let floor = ResidualScale.floor(sensor.unit?.quantity, expected: window.mean)
    learn(window.mean, held, slot, after: before, scatter: floor)
  }

  /// Counts a quarter of an hour that has passed without a window against the sensor, if one was due.
  mutating func miss(before mark: Int) {
    guard let latest, mark - 1 > latest, Double(mark - 1 - latest) > 2 * usualGap + 1 else { return }
    pushBad(1)
  }

  /// Slots from one window to the next.
  private var usualGap: Double { gap == 0 ? 1 : Double(gap) / 4 }

  private mutating func learnGap(_ slots: Int?) {
    guard let slots else { return }
    let now = Double(min(slots, 60))
    let usual = gap == 0 ? now : usualGap + (now - usualGap) / 8
    gap = UInt8(max(1, min((4 * usual).rounded(), 240)))
  }

  /// Moves what is usual towards a mean, by its residual held at three scales: over ten days, faster while there are not
  /// yet as many.
  private mutating func learn(_ mean: Double, _ held: Double?, _ slot: Int, after latest: Int?, scatter: Double) {
    let known = profile.usual(at: slot)
    let age = min(max((slot - (first ?? slot)) / QuarterHour.perDay, 1), Self.days)
    let share = min(max(usualGap, 1), 4) / Double(4 * age)
    let distance = known.isNaN ? 0 : held ?? (mean - known)
    profile.take(mean, at: slot, after: latest, moving: share * distance, scatter: scatter)
  }

  /// Scores a mean and returns its residual, held at three scales; `nil` in the first three days.
  private mutating func compare(
    _ mean: Double, _ slot: Int, _ kind: SensorClass, _ sensor: SensorProfile
  ) -> Double? {
    guard let expected = expected(slot, kind) else {
      pushAnomaly(0)
      return nil
    }
    let residual = mean - expected
    let scale = scale(expected, kind, sensor)
    let z = min(max(residual / scale, -8), 8)
    pushAnomaly(HealthFormula.anomaly(standardizedResidual: z))
    upward = max(0, min(upward + Float(z) - 1, 240))
    downward = max(0, min(downward - Float(z) - 1, 240))
    // Held at three scales, so that a fault does not soon become the measure of what is usual.
    let held = min(max(residual, -3 * scale), 3 * scale)
    residuals.take(held.magnitude, least: scale / 100)
    return slot - (first ?? slot) >= Self.leastDays * QuarterHour.perDay ? held : nil
  }

  /// What is usual at this time of day once three days are known, for a steady sensor with less that of all the day;
  /// `nil` while neither is known.
  private func expected(_ slot: Int, _ kind: SensorClass) -> Double? {
    guard let first else { return nil }
    if slot - first >= Self.leastDays * QuarterHour.perDay {
      let usual = profile.usual(at: slot)
      if !usual.isNaN { return usual }
    }
    // A whole day, so that a morning is not judged by a night; sensors that speak hourly know 24 hours of it.
    guard kind == .steady, slot - first >= QuarterHour.perDay, profile.knownHours >= 12 else { return nil }
    return profile.medianHour
  }

  private func scale(_ expected: Double, _ kind: SensorClass, _ sensor: SensorProfile) -> Double {
    var spread = profile.spread
    if kind == .variable { spread = max(spread, ResidualScale.leastSpread(sensor)) }
    var scale = max(0.25 * spread, ResidualScale.floor(sensor.unit?.quantity, expected: expected))
    if residuals.count >= QuarterHour.perDay / 4 {
      scale = max(scale, 1.4826 * Double(residuals.median), Double(residuals.high) / 1.2816)
    }
    return scale
  }

  private mutating func pushAnomaly(_ score: Double) {
    (anomalies[2], anomalies[1], anomalies[0]) = (anomalies[1], anomalies[0], Self.code(score))
    anomalyCount = min(3, anomalyCount + 1)
  }

  private mutating func pushBad(_ share: Double) {
    for i in stride(from: 3, to: 0, by: -1) { badShares[i] = badShares[i - 1] }
    badShares[0] = Self.code(share)
  }

  private static func code(_ share: Double) -> UInt8 { UInt8(min(max((share * 255).rounded(), 0), 255)) }
}

extension SensorMonitor {
  func snapshot(into writer: inout SnapshotWriter) {
    profile.snapshot(into: &writer)
    for number in [residuals.median, residuals.high, upward, downward] { writer.write(number.bitPattern) }
    for i in 0..<3 { writer.write(anomalies[i]) }
    for i in 0..<4 { writer.write(badShares[i]) }
    for number in [residuals.count, anomalyCount, gap] { writer.write(number) }
    for slot in [firstSlot, latestSlot] { writer.write(slot) }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    profile = try DayProfile(from: &reader)
    var numbers: [Float] = []
    for _ in 0..<4 { numbers.append(Float(bitPattern: try reader.read(UInt32.self))) }
    guard numbers.allSatisfy({ $0 >= 0 && $0 <= 1e30 }) else { throw .invalid("a score below zero") }
    (upward, downward) = (numbers[2], numbers[3])
    for i in 0..<3 { anomalies[i] = try reader.read(UInt8.self) }
    for i in 0..<4 { badShares[i] = try reader.read(UInt8.self) }
    residuals = ResidualSpread(median: numbers[0], high: numbers[1], count: try reader.read(UInt8.self))
    anomalyCount = try reader.read(UInt8.self)
    gap = try reader.read(UInt8.self)
    firstSlot = try reader.read(Int32.self)
    latestSlot = try reader.read(Int32.self)
    guard anomalyCount <= 3, residuals.count == 0 || residuals.median > 0 else { throw .invalid("too many scores") }
    for slot in [firstSlot, latestSlot] where slot != .min && slot.magnitude > 100_000_000 {
      throw .invalid("a slot outside all time")
    }
  }
}
