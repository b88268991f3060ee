import PlantModel
import StreamCore
import WattlineTime

/// The running statistics of one window in 64 bytes, with the time integral.
///
/// The recurrences are weighted ones after B. P. Welford (1962; weights after D. H. D. West, 1979), which avoid the
/// cancellation of sums of squares. Two windows are merged after T. F. Chan, G. H. Golub and R. J. LeVeque (1979).
///
/// Sums of squares are kept in single precision, which is accurate to a millionth of a standard deviation or slope.
struct WindowAccumulator: BitwiseCopyable {
  /// Limit of window starts in both directions [min since the epoch].
  static let latestMinute: Int32 = 160_000_000
  private static let emitted: Int32 = 1
  private static let dirty: Int32 = 2
  private static let continued: Int32 = 4
  private static let flagBits: Int32 = 3

  /// Start of the window [min since the epoch], shifted left by three flag bits.
  private var startAndFlags = Int32.min
  /// Number of readings that were used; see also ``unused`` and ``imperfect``.
  private(set) var used: UInt32 = 0
  private(set) var mean = 0.0
  /// Extremes of the readings used; without any, of the lines between readings.
  private(set) var minimum = Double.infinity
  private(set) var maximum = -Double.infinity
  /// Integral of the value [unit · h], and the time that it covers [µs].
  private(set) var integral = 0.0
  private(set) var covered: UInt32 = 0
  private var squares: Float = 0
  private var timeMean: Float = 0
  private var timeSquares: Float = 0
  private var products: Float = 0
  private(set) var unused: UInt16 = 0
  private(set) var imperfect: UInt16 = 0

  init() {}

  init(start: Int32) { startAndFlags = start << Self.flagBits }

  var isInUse: Bool { startAndFlags != .min }
  /// Start of the window [min since the epoch]; less than any other while the accumulator is not in use.
  var start: Int32 { startAndFlags >> Self.flagBits }
  var isEmitted: Bool { startAndFlags & Self.emitted != 0 && isInUse }
  var isDirty: Bool { startAndFlags & Self.dirty != 0 && isInUse }
  var coveredHours: Double { Double(covered) / 3.6e9 }
  var total: UInt32 { used &+ UInt32(unused) }

  /// Whether a reading that is used here began to hold in an earlier window.
  private var isContinued: Bool { startAndFlags & Self.continued != 0 && isInUse }

  mutating func markEmitted() { startAndFlags = startAndFlags & ~Self.dirty | Self.emitted }
  mutating func markDirty() { startAndFlags |= Self.dirty }
  mutating func markContinued() { startAndFlags |= Self.continued }

  /// Counts a reading that is not used.
  mutating func skip() { if unused < .max { unused += 1 } }

  /// Adds a reading.
  ///
  /// - Parameters:
  ///   - value: The reading [canonical unit].
  ///   - hours: Time since the start of the window [h].
  ///   - microseconds: Time over which the reading holds [µs], its weight; `nil` for a sample with weight 1.
  ///   - isGood: Whether the reading is good.
  mutating func add(_ value: Double, at hours: Double, holdingFor microseconds: UInt32?, isGood: Bool) {
    let weight = microseconds.map(Double.init) ?? 1
    guard weight > 0 else { return }
    let all = self.weight(isTimed: microseconds != nil) + weight
    let difference = value - mean
    mean += difference * (weight / all)
    squares += Float(weight * difference * (value - mean))
    let shift = hours - Double(timeMean)
    let moved = Double(timeMean) + shift * (weight / all)
    timeMean = Float(moved)
    timeSquares += Float(weight * shift * (hours - moved))
    products += Float(weight * shift * (value - mean))
    (minimum, maximum) = used == 0 ? (value, value) : (min(minimum, value), max(maximum, value))
    if used < .max { used += 1 }
    if !isGood, imperfect < .max { imperfect += 1 }
  }

  /// Adds the stretch between two values to the integral.
  ///
  /// - Parameters:
  ///   - first: Value at the start.
  ///   - second: Value at the end.
  ///   - microseconds: Length of the stretch [µs], at most the result of ``room(_:for:)``.
  mutating func integrate(_ first: Double, second: Double, microseconds: UInt32) {
    integral += (0.5 * first + 0.5 * second) * (Double(microseconds) / 3.6e9)
    covered += microseconds
    if used == 0 { (minimum, maximum) = (min(minimum, first, second), max(maximum, first, second)) }
  }

  /// Adds the statistics of a shorter window that lies completely within this one.
  ///
  /// - Parameters:
  ///   - other: The shorter window.
  ///   - isTimed: Whether readings are weighted by time.
  ///   - span: Length of this window.
  mutating func merge(_ other: WindowAccumulator, isTimed: Bool, span: TimeSpan) {
    let (own, theirs) = (weight(isTimed: isTimed), other.weight(isTimed: isTimed))
    if other.used > 0, theirs > 0 {
      let all = own + theirs
      let difference = other.mean - mean
      let shift = Double(other.start - start) / 60 + Double(other.timeMean) - Double(timeMean)
      let common = own * theirs / all
      mean += difference * (theirs / all)
      squares += other.squares + Float(difference * difference * common)
      timeMean = Float(Double(timeMean) + shift * (theirs / all))
      timeSquares += other.timeSquares + Float(shift * shift * common)
      products += other.products + Float(difference * shift * common)
    }
    if other.used > 0 || used == 0 {
      let isAlone = used == 0 && other.used > 0
      minimum = isAlone ? other.minimum : min(minimum, other.minimum)
      maximum = isAlone ? other.maximum : max(maximum, other.maximum)
    }
    // Readings out of order may overlap; a window is never covered twice.
    let taken = min(other.covered, Self.microseconds(span) - min(covered, Self.microseconds(span)))
    if taken > 0 { integral += other.integral * (Double(taken) / Double(other.covered)) }
    covered += taken
    // A reading that holds across the border of two windows is one reading of the surrounding window.
    let isCounted = other.isContinued && other.start > start && used > 0 && other.used > 0
    let readings = other.used - (isCounted ? 1 : 0)
    used = used.addingReportingOverflow(readings).overflow ? .max : used + readings
    if other.isContinued, other.start == start { markContinued() }
    unused = UInt16(clamping: Int(unused) + Int(other.unused))
    imperfect = UInt16(clamping: Int(imperfect) + Int(other.imperfect))
  }

  /// Returns the weight of the readings so far: the time over which they hold [µs], or their number.
  private func weight(isTimed: Bool) -> Double { isTimed ? Double(covered) : Double(used) }

  /// Returns the part of a stretch [µs] for which the window still has room.
  func room(_ span: TimeSpan, for microseconds: Int64) -> UInt32 {
    UInt32(clamping: min(microseconds, Int64(Self.microseconds(span)) - Int64(covered)))
  }

  private static func microseconds(_ span: TimeSpan) -> UInt32 { UInt32(clamping: span.nanoseconds / 1_000) }

  /// Returns the standard deviation of the population; NaN without readings.
  func standardDeviation(isTimed: Bool) -> Double {
    let weight = weight(isTimed: isTimed)
    return weight > 0 ? (Double(max(0, squares)) / weight).squareRoot() : .nan
  }

  /// Returns the least-squares slope [unit/h]; NaN if all times are equal.
  func slope(isTimed: Bool) -> Double {
    timeSquares > (isTimed ? 3.6e-6 : 1e-15) ? Double(products) / Double(timeSquares) : .nan
  }

  /// Share of good readings; 0 without readings.
  var goodShare: Double { total > 0 ? Double(used - min(used, UInt32(imperfect))) / Double(total) : 0 }

  /// Returns the energy if the value is a power [kWh].
  ///
  /// A window that is covered by half or more is extrapolated to its whole length; one that is covered less keeps the
  /// measured energy. If the series is slower than the window, a sample stands for the whole window.
  func energy(of length: TimeSpan, interval: TimeSpan) -> Double {
    let hours = length.inHours
    let whole = Self.microseconds(length)
    if covered >= whole / 2 { return covered == whole ? integral : integral / coveredHours * hours }
    return used > 0 && interval >= length ? mean * hours : integral
  }
}

extension WindowAccumulator {
  func write(into writer: inout SnapshotWriter) {
    writer.write(startAndFlags)
    guard isInUse else { return }
    for number in [used, covered] { writer.write(number) }
    for number in [mean, minimum, maximum, integral] { writer.write(number) }
    for number in [squares, timeMean, timeSquares, products] { writer.write(number.bitPattern) }
    for number in [unused, imperfect] { writer.write(number) }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    startAndFlags = try reader.read(Int32.self)
    guard isInUse else { return }
    guard start.magnitude < Self.latestMinute else { throw .invalid("a window outside all time") }
    used = try reader.read(UInt32.self)
    covered = try reader.read(UInt32.self)
    mean = try reader.readDouble()
    minimum = try reader.readDouble()
    maximum = try reader.readDouble()
    integral = try reader.readDouble()
    squares = Float(bitPattern: try reader.read(UInt32.self))
    timeMean = Float(bitPattern: try reader.read(UInt32.self))
    timeSquares = Float(bitPattern: try reader.read(UInt32.self))
    products = Float(bitPattern: try reader.read(UInt32.self))
    unused = try reader.read(UInt16.self)
    imperfect = try reader.read(UInt16.self)
    guard covered <= 3_600_000_000 else { throw .invalid("a window that is covered twice") }
  }
}
