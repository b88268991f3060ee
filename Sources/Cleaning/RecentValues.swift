import StreamCore

/// The last few values of a series in a ring of fixed size, with the robust statistics that tests need.
struct RecentValues {
  /// How many values are kept: an odd number, so that the median is one of them.
  static let capacity = 9

  private var values = InlineArray<9, Double>(repeating: 0)
  private var next = 0
  private(set) var count = 0

  /// Takes in a value and lets the oldest go.
  mutating func append(_ value: Double) {
    values[next] = value
    next = (next + 1) % RecentValues.capacity
    count = min(count + 1, RecentValues.capacity)
  }

  /// Forgets all.
  mutating func removeAll() {
    next = 0
    count = 0
  }

  /// Median, and the median absolute deviation from it; NaN of none.
  ///
  /// Worked value: of 1, 2, 3, 4, 100 the median is 3 and the deviation 1.
  var medianAndDeviation: (median: Double, deviation: Double) {
    guard count > 0 else { return (.nan, .nan) }
    var sorted = values
    let median = RecentValues.median(&sorted, count)
    for position in 0..<count { sorted[position] = abs(values[position] - median) }
    return (median, RecentValues.median(&sorted, count))
  }

  /// Insertion sort: nine values at the most, nothing allocated.
  private static func median(_ values: inout InlineArray<9, Double>, _ count: Int) -> Double {
    for position in 1..<max(count, 1) {
      let value = values[position]
      var slot = position
      while slot > 0, values[slot - 1] > value {
        values[slot] = values[slot - 1]
        slot -= 1
      }
      values[slot] = value
    }
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(UInt8(count))
    for offset in 0..<count {
      writer.write(values[(next - count + offset + RecentValues.capacity) % RecentValues.capacity])
    }
  }

  init() {}

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    let stored = Int(try reader.read(UInt8.self))
    guard stored <= RecentValues.capacity else { throw .invalid("\(stored) recent values") }
    for _ in 0..<stored { append(try reader.readDouble()) }
  }
}
