import PlantModel

/// How far a cumulative count moved on between two readings.
public enum CounterIncrease {
  /// The increase from `previous` to `value` [canonical unit], never negative.
  ///
  /// A fall from the top twentieth of a full register (a power of ten from 10⁴, 2¹⁶ or 2³²; of the unit in which the
  /// count arrives) to its bottom twentieth is a rollover; a fall by less than a tenth is a correction and counts
  /// nothing; any other fall is a reset, after which the count started from zero. Example: 99,990 to 20 is 30.
  public static func between(_ previous: Double, _ value: Double, scale: Double) -> Double {
    if value >= previous { return value - previous }
    let (before, after) = (previous / scale, value / scale)
    for size in sizes where before <= size {
      if before >= 0.95 * size && after >= 0 && after <= 0.05 * size { return (size - before + after) * scale }
    }
    if value >= 0.9 * previous { return 0 }
    return max(0, value)
  }

  private static let sizes: [Double] = [1e4, 65_536, 1e5, 1e6, 1e7, 1e8, 1e9, 4_294_967_296, 1e10]
}
