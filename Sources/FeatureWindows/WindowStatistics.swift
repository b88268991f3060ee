import PlantModel
import StreamCore

/// What a window remembers of its readings: moments by Welford's recurrence (1962), a least-squares line, extremes.
struct WindowStatistics: Equatable {
  /// Readings that were used.
  private(set) var count = 0
  /// Used readings whose quality was good.
  private(set) var goodCount = 0
  /// Readings that fell into the window, used or not.
  private(set) var seen = 0
  private(set) var minimum = Double.infinity
  private(set) var maximum = -Double.infinity
  private(set) var mean = 0.0
  private var squares = 0.0
  // Sums for the line, time in hours since the window's start: no cancellation within windows of an hour.
  private var times = 0.0
  private var timeSquares = 0.0
  private var products = 0.0
  /// Energy that was summed rather than derived from the mean [kWh]: interval means and counters.
  private(set) var energy = 0.0

  /// Takes in a value at `hours` after the window's start.
  mutating func add(_ value: Double, at hours: Double, isGood: Bool) {
    seen += 1
    count += 1
    if isGood { goodCount += 1 }
    minimum = min(minimum, value)
    maximum = max(maximum, value)
    let delta = value - mean
    mean += delta / Double(count)
    squares += delta * (value - mean)
    times += hours
    timeSquares += hours * hours
    products += hours * value
  }

  /// Counts a reading that is not used.
  mutating func addUnused() { seen += 1 }

  /// Adds energy [kWh].
  mutating func add(energy amount: Double) { energy += amount }

  /// Standard deviation of the population.
  var standardDeviation: Double { count > 0 ? (max(0, squares) / Double(count)).squareRoot() : .nan }

  /// Slope of the least-squares line [unit/h]; NaN with fewer than two distinct times.
  ///
  /// Worked value: 1, 2, 3 at 0, 0.25 and 0.5 h rise by 4 an hour.
  var slope: Double {
    let n = Double(count)
    let spread = timeSquares - times * times / n
    guard count > 1, spread > 1e-18 else { return .nan }
    return (products - times * mean) / spread
  }

  func snapshot(into writer: inout SnapshotWriter) {
    for number in [count, goodCount, seen] { writer.write(Int64(number)) }
    for number in [minimum, maximum, mean, squares, times, timeSquares, products, energy] { writer.write(number) }
  }

  init() {}

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    count = Int(try reader.read(Int64.self))
    goodCount = Int(try reader.read(Int64.self))
    seen = Int(try reader.read(Int64.self))
    minimum = try reader.readDouble()
    maximum = try reader.readDouble()
    mean = try reader.readDouble()
    squares = try reader.readDouble()
    times = try reader.readDouble()
    timeSquares = try reader.readDouble()
    products = try reader.readDouble()
    energy = try reader.readDouble()
  }
}
