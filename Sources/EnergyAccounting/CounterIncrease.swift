import PlantModel

/// The increase of a cumulative counter between two readings.
public enum CounterIncrease {
  /// Returns the increase from `previous` to `value` [canonical unit], never negative.
  ///
  /// A fall is classified as follows:
  ///
  /// - From the top twentieth of a full register to its bottom twentieth: rollover. Register sizes are 2¹⁶, 2³² and the
  ///   powers of ten from 10⁴ to 10¹⁰, in the unit of the counter's messages.
  /// - By at most a tenth: correction, with an increase of 0.
  /// - Any other: reset; the counter restarted from zero.
  ///
  /// Example: 99,990 to 20 is 30.
  ///
  /// - Parameters:
  ///   - previous: Earlier reading [canonical unit].
  ///   - value: Later reading [canonical unit].
  ///   - scale: Canonical units in one unit of the counter's messages.
  public static func between(_ previous: Double, value: Double, scale: Double) -> Double {
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
