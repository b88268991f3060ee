/// Figures of a sample of outcomes.
public struct SampleStatistics: Sendable, Equatable {
  /// Mean.
  public let mean: Double
  /// Standard error of the mean.
  public let standardError: Double
  /// Tenth percentile.
  public let p10: Double
  /// Median.
  public let p50: Double
  /// Ninetieth percentile.
  public let p90: Double
  /// Value that only the worst share exceeds: the value at risk.
  public let valueAtRisk: Double
  /// Mean of the worst share: the conditional value at risk.
  public let tailMean: Double

  /// Computes the figures.
  ///
  /// - Parameters:
  ///   - values: The sample, at least one value.
  ///   - tail: The worst share, 0 < … < 1.
  ///   - isWorseHigh: Whether high values are the worse ones.
  public init(_ values: [Double], tail: Double, isWorseHigh: Bool) {
    let sorted = values.sorted()
    let count = Double(values.count)
    let mean = sorted.reduce(0, +) / count
    let square = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    standardError = values.count > 1 ? (square / (count - 1) / count).squareRoot() : 0
    p10 = SampleStatistics.quantile(sorted, share: 0.1)
    p50 = SampleStatistics.quantile(sorted, share: 0.5)
    p90 = SampleStatistics.quantile(sorted, share: 0.9)
    let worst: [Double] = isWorseHigh ? sorted.reversed() : sorted
    valueAtRisk = SampleStatistics.quantile(sorted, share: isWorseHigh ? 1 - tail : tail)
    var left = tail * count
    var sum = 0.0
    for value in worst where left > 1e-9 {
      sum += min(1, left) * value
      left -= 1
    }
    tailMean = sum / (tail * count)
  }

  /// Returns a quantile, linear between the values.
  ///
  /// - Parameters:
  ///   - sorted: Values in ascending order, at least one.
  ///   - share: Share of values below, 0...1.
  static func quantile(_ sorted: [Double], share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = min(Int(place), sorted.count - 1)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }
}
