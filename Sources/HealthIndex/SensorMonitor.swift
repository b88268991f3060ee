import PlantModel
import StreamCore

/// The state of one sensor, in 100 bytes.
///
/// It holds the usual course over the day, the residuals, the present scores and the window waiting to be judged.
struct SensorMonitor: Sendable, BitwiseCopyable {
  /// Time constant of the usual values [days].
  static let days = 10
  static let leastDays = 3
  /// Days of silence after which a sensor is no longer expected to report.
  static let silentDays = 14
  /// Larger magnitudes are treated as invalid.
  private static let largest: Float = 1e30
  private static let cusumUnit = 1.0 / 256

  private var profile = DayProfile()
  private var residuals = ResidualSpread()
  /// Latest scores, newest first, in 255ths.
  private var anomalies: InlineArray<3, UInt8> = .init(repeating: 0)
  private var badShares: InlineArray<4, UInt8> = .init(repeating: 0)
  private var anomalyCount: UInt8 = 0
  /// Usual distance between windows, in quarters of a slot; 0 if unknown.
  private var gap: UInt8 = 0
  private var waitingBadShare: UInt8 = 0
  private var upward: UInt16 = 0
  private var downward: UInt16 = 0
  private var firstSlot = Int32.min
  private var latestSlot = Int32.min
  private var latestMean = Float.nan
  /// Slot of the waiting window; `.min` without one.
  private var waitingSlot = Int32.min
  private var waitingMean = Float.nan

  /// Slot of the latest judged window; `nil` before the first.
  var latest: Int? { latestSlot == .min ? nil : Int(latestSlot) }
  /// First slot with a value; `nil` before it.
  var first: Int? { firstSlot == .min ? nil : Int(firstSlot) }
  /// Anomaly score, 0...1: the median of the last three windows; with fewer, the least.
  var anomaly: Double {
    let (a, b, c) = (anomalies[0], anomalies[1], anomalies[2])
    if anomalyCount == 3 { return Double(max(min(a, b), min(max(a, b), c))) / 255 }
    return anomalyCount == 0 ? 0 : Double(anomalyCount == 1 ? a : min(a, b)) / 255
  }
  /// Drift score, 0...1.
  var drift: Double { HealthFormula.drift(cusum: Double(max(upward, downward)) * Self.cusumUnit) }
  /// Share of bad data, 0...1: the mean of the last four windows; missing ones at the start count as good.
  var badShare: Double {
    var sum = 0
    for i in 0..<4 { sum += Int(badShares[i]) }
    return Double(sum) / (4 * 255)
  }

  /// Returns the mean of a slot if it is the latest that was judged, otherwise NaN.
  func mean(_ slot: Int) -> Double { latest == slot ? Double(latestMean) : .nan }

  // MARK: The window that waits

  /// Keeps a window until its mark. If another one is waiting, the earlier of the two is judged at once.
  ///
  /// - Parameters:
  ///   - window: The window.
  ///   - kind: Class of the sensor.
  ///   - sensor: Profile of the sensor.
  /// - Returns: The slot and mean judged; `nil` if none was.
  mutating func observe(_ window: FeatureWindow, kind: SensorClass, profile sensor: SensorProfile) -> Judged? {
    guard let slot = Int32(exactly: QuarterHour.slot(containing: window.start)), slot > latestSlot else { return nil }
    var judged: Judged?
    if waitingSlot != .min, waitingSlot != slot {
      // A window in the far future remains waiting.
      guard waitingSlot < slot else {
        return judge(slot, value: Float(window.mean), bad: Self.bad(window), kind: kind, sensor: sensor)
      }
      judged = judgeWaiting(kind: kind, profile: sensor)
    }
    (waitingSlot, waitingMean, waitingBadShare) = (slot, Float(window.mean), Self.bad(window))
    return judged
  }

  /// Corrects the waiting window. A judged window stays as it is, since a late reading hardly affects the usual values.
  mutating func correct(_ window: FeatureWindow) {
    guard QuarterHour.slot(containing: window.start) == Int(waitingSlot) else { return }
    (waitingMean, waitingBadShare) = (Float(window.mean), Self.bad(window))
  }

  /// A judged slot and its mean, used by the twins.
  typealias Judged = (slot: Int, mean: Double)

  /// Returns whether a window is waiting whose slot lies before `mark`.
  func isWaiting(before mark: Int) -> Bool { waitingSlot != .min && Int(waitingSlot) < mark }

  /// Judges the waiting window.
  mutating func judgeWaiting(kind: SensorClass, profile sensor: SensorProfile) -> Judged {
    defer { waitingSlot = .min }
    return judge(waitingSlot, value: waitingMean, bad: waitingBadShare, kind: kind, sensor: sensor)
  }

  private static func bad(_ window: FeatureWindow) -> UInt8 {
    code(window.goodShare.isFinite ? 1 - min(max(window.goodShare, 0), 1) : 1)
  }

  /// Judges a window that follows all judged ones, then learns from it.
  ///
  /// - Parameters:
  ///   - short: Slot of the window.
  ///   - value: Mean of the window.
  ///   - bad: Share of bad data, in 255ths.
  ///   - kind: Class of the sensor.
  ///   - sensor: Profile of the sensor.
  private mutating func judge(
    _ short: Int32, value: Float, bad: UInt8, kind: SensorClass, sensor: SensorProfile
  ) -> Judged {
    let (slot, before) = (Int(short), latest)
    (latestSlot, latestMean) = (short, value)
    pushBad(bad)
    guard value.magnitude <= Self.largest else { return (slot, Double(value)) }
    let mean = Double(value)
    if firstSlot == .min { firstSlot = short }
    learnGap(before.map { slot - $0 })
    let held = kind == .eventDriven ? nil : compare(mean, slot: slot, kind: kind, sensor: sensor)
    let floor = ResidualScale.floor(sensor.unit?.quantity, expected: mean)
    learn(mean, held: held, slot: slot, after: before, scatter: floor)
    return (slot, mean)
  }

  // MARK: Silence

  /// Counts a quarter-hour without a window as bad, if a window was due.
  mutating func miss(before mark: Int) {
    guard let latest, mark - 1 > latest, Double(mark - 1 - latest) > 2 * usualGap + 1 else { return }
    pushBad(255)
  }

  /// Returns whether the sensor has been silent for twice its usual gap, at a time of day at which it usually reports.
  func isOverdue(at mark: Int) -> Bool {
    guard let latest, let first, Double(mark - 1 - latest) >= 2 * usualGap,
      mark - latest <= Self.silentDays * QuarterHour.perDay
    else { return false }
    return profile.isActive(at: mark - 1) || mark - first <= QuarterHour.perDay
  }

  /// Usual distance between windows [slots].
  var usualGap: Double { gap == 0 ? 1 : Double(gap) / 4 }

  private mutating func learnGap(_ slots: Int?) {
    guard let slots else { return }
    let now = Double(min(slots, 60))
    let usual = gap == 0 ? now : usualGap + (now - usualGap) / 8
    gap = UInt8(max(1, min((4 * usual).rounded(), 240)))
  }

  // MARK: What is usual

  /// Moves the usual value towards a mean by a share of its residual, with a memory of ten days or the sensor's age.
  ///
  /// - Parameters:
  ///   - mean: The mean.
  ///   - held: Its residual, limited to three scales; `nil` if it was not compared.
  ///   - slot: Slot of the mean.
  ///   - latest: Slot of the mean before.
  ///   - scatter: Normal scatter of the quantity.
  private mutating func learn(_ mean: Double, held: Double?, slot: Int, after latest: Int?, scatter: Double) {
    let known = profile.usual(at: slot)
    let age = min(max((slot - (first ?? slot)) / QuarterHour.perDay, 1), Self.days)
    let quarters = Double(DayProfile.quartersOfBin)
    let share = min(max(usualGap, 1), quarters) / (quarters * Double(age))
    let distance = known.isNaN ? 0 : held ?? (mean - known)
    profile.observe(mean, at: slot, after: latest, moving: share * distance, scatter: scatter)
  }

  /// Scores a mean.
  ///
  /// - Parameters:
  ///   - mean: The mean.
  ///   - slot: Its slot.
  ///   - kind: Class of the sensor.
  ///   - sensor: Profile of the sensor.
  /// - Returns: The residual, limited to three scales; `nil` in the first three days.
  private mutating func compare(
    _ mean: Double, slot: Int, kind: SensorClass, sensor: SensorProfile
  ) -> Double? {
    guard let expected = expected(slot, kind: kind) else {
      pushAnomaly(0)
      return nil
    }
    let residual = mean - expected
    let scale = scale(expected, kind: kind, sensor: sensor)
    let z = min(max(residual / scale, -8), 8)
    pushAnomaly(HealthFormula.anomaly(standardizedResidual: z))
    upward = Self.cusum(upward, z: z)
    downward = Self.cusum(downward, z: -z)
    // Limited to three scales, so that a fault does not soon become usual.
    let held = min(max(residual, -3 * scale), 3 * scale)
    residuals.observe(held.magnitude, least: scale / 100)
    return slot - (first ?? slot) >= Self.leastDays * QuarterHour.perDay ? held : nil
  }

  private static func cusum(_ sum: UInt16, z: Double) -> UInt16 {
    UInt16(max(0, min(Double(sum) * cusumUnit + z - 1, 240)) / cusumUnit)
  }

  /// Returns the expected value at a time of day, once three days are known. For a steady sensor with less history it
  /// is the median of the whole day. The result is `nil` if neither is known.
  private func expected(_ slot: Int, kind: SensorClass) -> Double? {
    guard let first else { return nil }
    if slot - first >= Self.leastDays * QuarterHour.perDay {
      let usual = profile.usual(at: slot)
      if !usual.isNaN { return usual }
    }
    // Requires a whole day, so that a morning is not compared with a night.
    guard kind == .steady, slot - first >= QuarterHour.perDay, profile.knownBins >= DayProfile.bins / 2 else {
      return nil
    }
    return profile.median
  }

  private func scale(_ expected: Double, kind: SensorClass, sensor: SensorProfile) -> Double {
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

  /// Whether the sensor has a window in nearly every quarter-hour.
  var isFrequent: Bool { gap <= 5 }

  /// Fixes the pattern codes of the sensor's values.
  mutating func fixPattern() { profile.fixPattern() }

  /// Returns the pattern code of a slot's mean; `nil` if there is none.
  func patternCode(_ slot: Int) -> Int8? { latest == slot ? profile.patternCode(Double(latestMean)) : nil }
}

extension SensorMonitor {
  /// Size of a snapshot [bytes].
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
