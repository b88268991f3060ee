import PlantModel
import StreamCore

/// What is known of one sensor, in 100 bytes: its past by time of day, how much it usually strays, how it fares now, and
/// the window that waits to be judged.
struct SensorMonitor: Sendable, BitwiseCopyable {
  /// Days over which what is usual follows the sensor.
  static let days = 10
  static let leastDays = 3
  /// Days of silence after which nothing is expected of it any more.
  static let silentDays = 14
  /// Values beyond this are of no sensor.
  private static let largest: Float = 1e30
  private static let cusumUnit = 1.0 / 256

  private var profile = DayProfile()
  private var residuals = ResidualSpread()
  /// The latest scores, newest first, in 255ths.
  private var anomalies: InlineArray<3, UInt8> = .init(repeating: 0)
  private var badShares: InlineArray<4, UInt8> = .init(repeating: 0)
  private var anomalyCount: UInt8 = 0
  /// Quarters of a slot from one window to the next, as it usually is; 0 while unknown.
  private var gap: UInt8 = 0
  private var waitingBadShare: UInt8 = 0
  private var upward: UInt16 = 0
  private var downward: UInt16 = 0
  private var firstSlot = Int32.min
  private var latestSlot = Int32.min
  private var latestMean = Float.nan
  /// The slot of the window that waits; `.min` while none does.
  private var waitingSlot = Int32.min
  private var waitingMean = Float.nan

  /// The slot of the latest window that was judged; `nil` before the first.
  var latest: Int? { latestSlot == .min ? nil : Int(latestSlot) }
  /// The first slot that was ever seen.
  var first: Int? { firstSlot == .min ? nil : Int(firstSlot) }
  /// Anomaly score, 0...1: the median of the last three windows, before that the least.
  var anomaly: Double {
    let (a, b, c) = (anomalies[0], anomalies[1], anomalies[2])
    if anomalyCount == 3 { return Double(max(min(a, b), min(max(a, b), c))) / 255 }
    return anomalyCount == 0 ? 0 : Double(anomalyCount == 1 ? a : min(a, b)) / 255
  }
  /// Drift score, 0...1.
  var drift: Double { HealthFormula.drift(cusum: Double(max(upward, downward)) * Self.cusumUnit) }
  /// Share of bad data, 0...1: the mean of the last four windows, those not yet there counted as good.
  var badShare: Double {
    var sum = 0
    for i in 0..<4 { sum += Int(badShares[i]) }
    return Double(sum) / (4 * 255)
  }

  /// The mean of a slot, if it is the latest that was judged; else NaN.
  func mean(_ slot: Int) -> Double { latest == slot ? Double(latestMean) : .nan }

  // MARK: The window that waits

  /// Has a window wait for its mark. Of two the earlier one is judged now, so that one waits at the most.
  mutating func take(_ window: FeatureWindow, kind: SensorClass, profile sensor: SensorProfile) -> Judged? {
    guard let slot = Int32(exactly: QuarterHour.slot(containing: window.start)), slot > latestSlot else { return nil }
    var judged: Judged?
    if waitingSlot != .min, waitingSlot != slot {
      // One of the far future keeps waiting.
      guard waitingSlot < slot else { return judge(slot, Float(window.mean), Self.bad(window), kind, sensor) }
      judged = judgeWaiting(kind: kind, profile: sensor)
    }
    (waitingSlot, waitingMean, waitingBadShare) = (slot, Float(window.mean), Self.bad(window))
    return judged
  }

  /// Corrects the window that waits. One that was judged stays as it is: a late reading is too small a part of what is
  /// usual.
  mutating func correct(_ window: FeatureWindow) {
    guard QuarterHour.slot(containing: window.start) == Int(waitingSlot) else { return }
    (waitingMean, waitingBadShare) = (Float(window.mean), Self.bad(window))
  }

  /// What was judged: the twins hear of it.
  typealias Judged = (slot: Int, mean: Double)

  /// Whether a window waits that ends before a slot.
  func isWaiting(before mark: Int) -> Bool { waitingSlot != .min && Int(waitingSlot) < mark }

  /// Judges the window that waits.
  mutating func judgeWaiting(kind: SensorClass, profile sensor: SensorProfile) -> Judged {
    defer { waitingSlot = .min }
    return judge(waitingSlot, waitingMean, waitingBadShare, kind, sensor)
  }

  private static func bad(_ window: FeatureWindow) -> UInt8 {
    code(window.goodShare.isFinite ? 1 - min(max(window.goodShare, 0), 1) : 1)
  }

  /// Judges a window that follows all judged ones, then learns from it.
  private mutating func judge(
    _ short: Int32, _ value: Float, _ bad: UInt8, _ kind: SensorClass, _ sensor: SensorProfile
  ) -> Judged {
    let (slot, before) = (Int(short), latest)
    (latestSlot, latestMean) = (short, value)
    pushBad(bad)
    guard value.magnitude <= Self.largest else { return (slot, Double(value)) }
    let mean = Double(value)
    if firstSlot == .min { firstSlot = short }
    learnGap(before.map { slot - $0 })
    let held = kind == .eventDriven ? nil : compare(mean, slot, kind, sensor)
    let floor = ResidualScale.floor(sensor.unit?.quantity, expected: mean)
    learn(mean, held, slot, after: before, scatter: floor)
    return (slot, mean)
  }

  // MARK: Silence

  /// Counts a quarter of an hour that has passed without a window against the sensor, if one was due.
  mutating func miss(before mark: Int) {
    guard let latest, mark - 1 > latest, Double(mark - 1 - latest) > 2 * usualGap + 1 else { return }
    pushBad(255)
  }

  /// Whether nothing came for twice as long as is usual, at a time of day at which something does come.
  func isOverdue(at mark: Int) -> Bool {
    guard let latest, let first, Double(mark - 1 - latest) >= 2 * usualGap,
      mark - latest <= Self.silentDays * QuarterHour.perDay
    else { return false }
    return profile.isActive(at: mark - 1) || mark - first <= QuarterHour.perDay
  }

  /// Slots from one window to the next.
  var usualGap: Double { gap == 0 ? 1 : Double(gap) / 4 }

  private mutating func learnGap(_ slots: Int?) {
    guard let slots else { return }
    let now = Double(min(slots, 60))
    let usual = gap == 0 ? now : usualGap + (now - usualGap) / 8
    gap = UInt8(max(1, min((4 * usual).rounded(), 240)))
  }

  // MARK: What is usual

  /// Moves what is usual towards a mean, by its residual held at three scales: over ten days, faster while there are not
  /// yet as many.
  private mutating func learn(_ mean: Double, _ held: Double?, _ slot: Int, after latest: Int?, scatter: Double) {
    let known = profile.usual(at: slot)
    let age = min(max((slot - (first ?? slot)) / QuarterHour.perDay, 1), Self.days)
    let quarters = Double(DayProfile.quartersOfBin)
    let share = min(max(usualGap, 1), quarters) / (quarters * Double(age))
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
    upward = Self.cusum(upward, z)
    downward = Self.cusum(downward, -z)
    // Held at three scales, so that a fault does not soon become the measure of what is usual.
    let held = min(max(residual, -3 * scale), 3 * scale)
    residuals.take(held.magnitude, least: scale / 100)
    return slot - (first ?? slot) >= Self.leastDays * QuarterHour.perDay ? held : nil
  }

  private static func cusum(_ sum: UInt16, _ z: Double) -> UInt16 {
    UInt16(max(0, min(Double(sum) * cusumUnit + z - 1, 240)) / cusumUnit)
  }

  /// What is usual at this time of day once three days are known, for a steady sensor with less that of all the day;
  /// `nil` while neither is known.
  private func expected(_ slot: Int, _ kind: SensorClass) -> Double? {
    guard let first else { return nil }
    if slot - first >= Self.leastDays * QuarterHour.perDay {
      let usual = profile.usual(at: slot)
      if !usual.isNaN { return usual }
    }
    // A whole day, so that a morning is not judged by a night.
    guard kind == .steady, slot - first >= QuarterHour.perDay, profile.knownBins >= DayProfile.bins / 2 else {
      return nil
    }
    return profile.median
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

  // MARK: Scores

  private mutating func pushAnomaly(_ score: Double) {
    (anomalies[2], anomalies[1], anomalies[0]) = (anomalies[1], anomalies[0], Self.code(score))
    anomalyCount = min(3, anomalyCount + 1)
  }

  private mutating func pushBad(_ share: UInt8) {
    for i in stride(from: 3, to: 0, by: -1) { badShares[i] = badShares[i - 1] }
    badShares[0] = share
  }

  private static func code(_ share: Double) -> UInt8 { UInt8(min(max((share * 255).rounded(), 0), 255)) }

  // MARK: Patterns

  /// Whether it speaks in nearly every quarter of an hour.
  var isFrequent: Bool { gap <= 5 }

  /// Fixes by what the sensor's values are told in patterns, once a day of it is known.
  mutating func fixPattern() { profile.fixPattern() }

  /// The value of a slot as a pattern tells it; `nil` where there is none.
  func patternCode(_ slot: Int) -> Int8? { latest == slot ? profile.patternCode(Double(latestMean)) : nil }
}

extension SensorMonitor {
  /// Bytes of a snapshot.
  static let snapshotSize = 98

  func snapshot(into writer: inout SnapshotWriter) {
    profile.snapshot(into: &writer)
    for number in [residuals.median, residuals.high, latestMean, waitingMean] { writer.write(number.bitPattern) }
    for i in 0..<3 { writer.write(anomalies[i]) }
    for i in 0..<4 { writer.write(badShares[i]) }
    for number in [residuals.count, anomalyCount, gap, waitingBadShare] { writer.write(number) }
    for sum in [upward, downward] { writer.write(sum) }
    for slot in [firstSlot, latestSlot, waitingSlot] { writer.write(slot) }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    profile = try DayProfile(from: &reader)
    var numbers: InlineArray<4, Float> = .init(repeating: 0)
    for i in 0..<4 { numbers[i] = Float(bitPattern: try reader.read(UInt32.self)) }
    for i in 0..<3 { anomalies[i] = try reader.read(UInt8.self) }
    for i in 0..<4 { badShares[i] = try reader.read(UInt8.self) }
    residuals = ResidualSpread(median: numbers[0], high: numbers[1], count: try reader.read(UInt8.self))
    (latestMean, waitingMean) = (numbers[2], numbers[3])
    anomalyCount = try reader.read(UInt8.self)
    gap = try reader.read(UInt8.self)
    waitingBadShare = try reader.read(UInt8.self)
    upward = try reader.read(UInt16.self)
    downward = try reader.read(UInt16.self)
    firstSlot = try reader.read(Int32.self)
    latestSlot = try reader.read(Int32.self)
    waitingSlot = try reader.read(Int32.self)
    guard anomalyCount <= 3, (0...1e30).contains(numbers[0]), (0...1e30).contains(numbers[1]),
      residuals.count == 0 || numbers[0] > 0
    else { throw .invalid("scores that no sensor has") }
    for slot in [firstSlot, latestSlot, waitingSlot] where slot != .min && slot.magnitude > 100_000_000 {
      throw .invalid("a slot outside all time")
    }
  }
}
