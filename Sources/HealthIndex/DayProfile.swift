import Glibc
import StreamCore

/// The usual value of a sensor by time of day and its usual range, in 55 bytes.
///
/// Values are stored as 16-bit steps from the first one. A step is a 64th of the quantity's normal scatter. It grows to
/// a 32,000th of the largest distance from the first value, if that needs more.
struct DayProfile: BitwiseCopyable {
  /// Number of bins, each of two hours.
  static let bins = 12
  static let quartersOfBin = QuarterHour.perDay / bins
  private static let none = Int16.min
  private static let greatest = 32_000.0
  /// Pattern code of a value at an eighth of the spread from the middle.
  private static let codesAtKnee = 24.0

  private var origin: Float = 0
  private var step: Float = 0
  private var usual: InlineArray<12, Int16> = .init(repeating: none)
  /// Extremes of past days, slowly adapting, and those of the current day.
  private var low = none
  private var high = none
  private var lowToday = none
  private var highToday = none
  /// Quarter-hours of the day with values in the current fortnight, one bit each.
  private var active: InlineArray<3, UInt32> = .init(repeating: 0)
  /// Middle of the pattern codes, and the binary logarithm of their knee in steps. Both are fixed, so that codes of
  /// different days are comparable.
  private var middle = none
  private var knee: Int8 = 0

  /// Number of bins with a known value.
  var knownBins: Int {
    var count = 0
    for bin in 0..<Self.bins where usual[bin] != Self.none { count += 1 }
    return count
  }

  /// Returns the usual value in a quarter-hour, interpolated between the middles of its bin and the nearer neighbour;
  /// NaN if its bin is unknown.
  func usual(at slot: Int) -> Double {
    let quarter = Self.quarter(of: slot)
    let bin = quarter / Self.quartersOfBin
    let own = value(usual[bin])
    let offset = (Double(quarter % Self.quartersOfBin) + 0.5) / Double(Self.quartersOfBin) - 0.5
    let neighbour = value(usual[(bin + (offset < 0 ? Self.bins - 1 : 1)) % Self.bins])
    return neighbour.isNaN ? own : own + (neighbour - own) * offset.magnitude
  }

  /// Median of all known bins; NaN without any.
  var median: Double {
    EmpiricalQuantile.median((0..<Self.bins).map { value(usual[$0]) })
  }

  /// Distance between the extremes of a usual day; 0 if unknown.
  var spread: Double {
    let (low, high) = extremes
    return low == Self.none ? 0 : value(high) - value(low)
  }

  /// Returns whether values arrived in this quarter-hour of the day during the current fortnight.
  func isActive(at slot: Int) -> Bool {
    let quarter = Self.quarter(of: slot)
    return active[quarter / 32] >> UInt32(quarter % 32) & 1 == 1
  }

  /// Adds the mean of a quarter-hour.
  ///
  /// - Parameters:
  ///   - mean: The mean.
  ///   - slot: Its quarter-hour since the epoch.
  ///   - latest: Quarter-hour of the previous mean; `nil` for the first.
  ///   - move: Change of the usual value of its bin.
  ///   - scatter: Normal scatter of the quantity.
  mutating func observe(_ mean: Double, at slot: Int, after latest: Int?, moving move: Double, scatter: Double) {
    if step == 0 { (origin, step) = (Float(mean), max(Float(scatter / 64), .leastNormalMagnitude)) }
    if let latest, Self.day(latest) != Self.day(slot) { beginDay(Self.day(slot), after: Self.day(latest)) }
    let quarter = Self.quarter(of: slot)
    active[quarter / 32] |= 1 << UInt32(quarter % 32)
    let bin = quarter / Self.quartersOfBin
    let moved = usual[bin] == Self.none ? mean : value(usual[bin]) + move
    fit(moved)
    usual[bin] = code(moved)
    fit(mean)
    let code = code(mean)
    lowToday = lowToday == Self.none ? code : min(lowToday, code)
    highToday = max(highToday, code)
  }

  private mutating func beginDay(_ day: Int, after last: Int) {
    (low, high) = extremes
    (lowToday, highToday) = (Self.none, Self.none)
    // Activity at former times of day is forgotten every fortnight.
    if day / 14 != last / 14 { active = .init(repeating: 0) }
  }

  /// The usual extremes, adapted to the current day's.
  ///
  /// The first day's extremes are used as they are. After that, an extreme moves half of the way out, so that one odd
  /// day does not count fully. It moves a seventh of the way back in.
  private var extremes: (low: Int16, high: Int16) {
    if lowToday == Self.none { return (low, high) }
    if low == Self.none { return (lowToday, highToday) }
    func follow(_ known: Int16, today: Int16, isOut: Bool) -> Int16 {
      let share = isOut ? 0.5 : 1.0 / 7
      let moved = Double(known) + share * (Double(today) - Double(known))
      return Int16(exactly: moved.rounded(.towardZero)) ?? known
    }
    return (
      follow(low, today: lowToday, isOut: lowToday < low), follow(high, today: highToday, isOut: highToday > high)
    )
  }

  // MARK: Codes of patterns

  /// Fixes the pattern codes by the extremes so far; fixes them again if the spread is four times larger or smaller
  /// than then.
  mutating func fixPattern() {
    let (low, high) = extremes
    guard low != Self.none else { return }
    let width = max(1, (Double(high) - Double(low)) / 8)
    let wanted = Int8(clamping: Int(log2(width).rounded()))
    guard middle == Self.none || abs(Int(wanted) - Int(knee)) >= 2 else { return }
    middle = Int16(clamping: (Int(low) + Int(high)) / 2)
    knee = wanted
  }

  /// Returns the distance of a value from the middle of the extremes, on a scale that is linear near it and logarithmic
  /// beyond; `nil` before ``fixPattern()``.
  func patternCode(_ mean: Double) -> Int8? {
    guard middle != Self.none, mean.isFinite else { return nil }
    let steps = (mean - Double(origin)) / Double(step) - Double(middle)
    let bent = asinh(steps / exp2(Double(knee))) * Self.codesAtKnee / asinh(1)
    return Int8(exactly: min(max(bent, -127), 127).rounded())
  }

  // MARK: Codes of values

  private static func quarter(of slot: Int) -> Int { remainder(slot, QuarterHour.perDay) }

  private static func day(_ slot: Int) -> Int { (slot - quarter(of: slot)) / QuarterHour.perDay }

  private static func remainder(_ a: Int, _ b: Int) -> Int { (a % b + b) % b }

  private func value(_ code: Int16) -> Double {
    code == Self.none ? .nan : Double(origin) + Double(code) * Double(step)
  }

  private func code(_ value: Double) -> Int16 {
    let steps = ((value - Double(origin)) / Double(step)).rounded()
    return Int16(exactly: min(max(steps, -32_767), 32_767)) ?? 0
  }

  /// Widens the step until a value fits.
  private mutating func fit(_ value: Double) {
    let distance = (value - Double(origin)).magnitude
    while distance > Self.greatest * Double(step) { widen() }
  }

  private mutating func widen() {
    step *= 2
    func half(_ code: Int16) -> Int16 { code == Self.none ? code : code / 2 }
    for bin in 0..<Self.bins { usual[bin] = half(usual[bin]) }
    (low, high, lowToday, highToday) = (half(low), half(high), half(lowToday), half(highToday))
    (middle, knee) = (half(middle), max(knee - 1, -100))
  }
}

extension DayProfile {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(origin.bitPattern)
    writer.write(step.bitPattern)
    for bin in 0..<Self.bins { writer.write(usual[bin]) }
    for code in [low, high, lowToday, highToday, middle] { writer.write(code) }
    for word in 0..<3 { writer.write(active[word]) }
    writer.write(knee)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    origin = Float(bitPattern: try reader.read(UInt32.self))
    step = Float(bitPattern: try reader.read(UInt32.self))
    guard origin.magnitude <= 1e30, step == 0 || (.leastNormalMagnitude...1e30).contains(step) else {
      throw .invalid("a profile without a measure")
    }
    for bin in 0..<Self.bins { usual[bin] = try reader.read(Int16.self) }
    low = try reader.read(Int16.self)
    high = try reader.read(Int16.self)
    lowToday = try reader.read(Int16.self)
    highToday = try reader.read(Int16.self)
    middle = try reader.read(Int16.self)
    for word in 0..<3 { active[word] = try reader.read(UInt32.self) }
    knee = try reader.read(Int8.self)
    guard knee >= -100 else { throw .invalid("a pattern without a measure") }
  }
}
