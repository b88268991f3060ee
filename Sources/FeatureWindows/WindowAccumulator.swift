import PlantModel

/// The running statistics of one window: weighted Welford recurrences (B. P. Welford, 1962; weights after D. H. D. West,
/// 1979), which stay exact where sums of squares cancel, and the time integral beside them.
struct WindowAccumulator: BitwiseCopyable {
  /// The window's start; `distantPast` while unused.
  var start = Timestamp.distantPast
  var weight = 0.0
  var mean = 0.0
  var squares = 0.0
  var minimum = Double.infinity
  var maximum = -Double.infinity
  var timeMean = 0.0
  var timeSquares = 0.0
  var products = 0.0
  /// Readings that were used, that lie in the window, and that were good.
  var used: Int32 = 0
  var total: Int32 = 0
  var good: Int32 = 0
  /// Integral of the value [unit · h], the time that it covers [h], and its extremes.
  var integral = 0.0
  var covered = 0.0
  var lowest = Double.infinity
  var highest = -Double.infinity
  var isEmitted = false
  var isDirty = false

  var isUsed: Bool { start != .distantPast }

  /// Adds a value at `hours` after the window's start.
  mutating func add(_ value: Double, at hours: Double, weight w: Double) {
    guard w > 0 else { return }
    weight += w
    let difference = value - mean
    mean += difference * (w / weight)
    squares += w * difference * (value - mean)
    let shift = hours - timeMean
    timeMean += shift * (w / weight)
    timeSquares += w * shift * (hours - timeMean)
    products += w * shift * (value - mean)
    minimum = min(minimum, value)
    maximum = max(maximum, value)
  }

  /// Adds the stretch between two values to the integral.
  mutating func integrate(_ first: Double, _ second: Double, hours: Double) {
    integral += (0.5 * first + 0.5 * second) * hours
    covered += hours
    lowest = min(lowest, first, second)
    highest = max(highest, first, second)
  }

  /// Counts a reading.
  mutating func count(used isUsed: Bool, good isGood: Bool) {
    if total < .max { total += 1 }
    if isUsed, used < .max { used += 1 }
    if isGood, good < .max { good += 1 }
  }

  /// Energy where the value is a power [kWh]. A window that is covered by half or more is taken as a whole; one that is
  /// covered less keeps what was measured; one sample of a series slower than the window stands for it.
  func energy(of length: TimeSpan, interval: TimeSpan) -> Double {
    let hours = length.inHours
    if covered >= 0.5 * hours { return covered == hours ? integral : integral / covered * hours }
    return used > 0 && interval >= length ? mean * hours : integral
  }
}
