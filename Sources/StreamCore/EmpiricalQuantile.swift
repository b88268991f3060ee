/// Quantiles of samples by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
///
/// Worked value: the 10 % quantile of 1, 2, 3, 4 is at position 0.1 × 3 = 0.3, which is 1.3.
public enum EmpiricalQuantile {
  /// Returns the quantile of values in ascending order; NaN if there are none. `probability` is clamped to 0...1.
  public static func ofSorted(_ values: [Double], probability: Double) -> Double {
    guard let last = values.indices.last, !probability.isNaN else { return .nan }
    let place = min(max(probability, 0), 1) * Double(last)
    let lower = min(Int(place), last)
    let share = place - Double(lower)
    if share == 0 { return values[lower] }
    return values[lower] + share * (values[lower + 1] - values[lower])
  }

  /// Returns the median of values in any order, ignoring NaN; NaN if none remain.
  public static func median(_ values: [Double]) -> Double {
    ofSorted(values.filter { !$0.isNaN }.sorted(), probability: 0.5)
  }
}

/// The latest samples of a sequence, kept both in order of arrival and sorted. A quantile needs no search, and a new
/// sample two binary searches.
public struct QuantileWindow: Sendable, Equatable {
  /// Maximum number of samples kept.
  public let capacity: Int
  private var arrival: [Double] = []
  private var oldest = 0
  private var sorted: [Double] = []

  /// Creates an empty window for `capacity` samples, at least one.
  public init(capacity: Int) { self.capacity = max(1, capacity) }

  /// Number of samples.
  public var count: Int { sorted.count }

  /// Adds a sample and removes the oldest if full. A sample that is not finite is ignored.
  public mutating func insert(_ value: Double) {
    guard value.isFinite else { return }
    if arrival.count < capacity {
      arrival.append(value)
    } else {
      sorted.remove(at: place(of: arrival[oldest]))
      arrival[oldest] = value
      oldest = (oldest + 1) % capacity
    }
    sorted.insert(value, at: place(of: value))
  }

  /// Returns a quantile of the samples, NaN if there are none; see ``EmpiricalQuantile``.
  public func quantile(_ probability: Double) -> Double { EmpiricalQuantile.ofSorted(sorted, probability: probability) }

  /// Writes the samples in order of arrival.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Array(arrival[oldest...]) + Array(arrival[..<oldest]))
  }

  /// Reads the samples written by ``snapshot(into:)``.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let values = try reader.readDoubles()
    guard values.count <= capacity, values.allSatisfy(\.isFinite) else {
      throw .invalid("samples that a window of \(capacity) does not hold")
    }
    arrival = values
    oldest = 0
    sorted = values.sorted()
  }

  /// Returns the first position whose value is not less.
  private func place(of value: Double) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
