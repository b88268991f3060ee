/// The quantiles that every model forecasts.
public enum QuantileLevels {
  /// Probabilities in ascending order.
  public static let all = [0.05, 0.1, 0.5, 0.9, 0.95]
  /// Number of quantiles.
  public static let count = 5
  /// Position of the 10 % quantile.
  public static let p10 = 1
  /// Position of the median.
  public static let p50 = 2
  /// Position of the 90 % quantile.
  public static let p90 = 3
}

/// Quantiles of a number of slots: one row a slot, one column for each of ``QuantileLevels/all``.
public struct QuantileTable: Sendable, Equatable {
  /// Quantiles row by row [unit of the target].
  public var values: [Double]

  /// Creates `rows` rows of NaN.
  public init(rows: Int) { values = Array(repeating: .nan, count: max(0, rows) * QuantileLevels.count) }

  /// Number of rows.
  public var rows: Int { values.count / QuantileLevels.count }

  /// The quantile of a row at a position of ``QuantileLevels/all``.
  public subscript(row: Int, level: Int) -> Double {
    get { values[row * QuantileLevels.count + level] }
    set { values[row * QuantileLevels.count + level] = newValue }
  }

  /// Sorts the quantiles of a row in ascending order, which never raises a pinball loss.
  ///
  /// The proof is in V. Chernozhukov, I. Fernández-Val and A. Galichon, "Quantile and Probability Curves Without
  /// Crossing", 2010, doi:10.3982/ECTA7880. A row with a NaN is left unchanged.
  public mutating func sort(row: Int) {
    let start = row * QuantileLevels.count
    for level in 1..<QuantileLevels.count {
      var position = level
      while position > 0, values[start + position] < values[start + position - 1] {
        values.swapAt(start + position, start + position - 1)
        position -= 1
      }
    }
  }

  /// Raises values below a bound to it; NaN stays.
  mutating func raise(to bound: Double) {
    for index in values.indices where values[index] < bound { values[index] = bound }
  }
}
