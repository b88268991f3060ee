import Glibc

/// Segmentation of standardised daily residuals into spans of constant level, by dynamic programming.
///
/// The sum of squares about the levels plus a penalty of 4 ln n (1 + ρ)/(1 − ρ) a segment is least (Jackson et al.
/// 2005, "optimal partitioning"). A segment has at least seven days.
///
/// Residuals are over their deviations, as a fault of heating shows on cold days only, where they deviate more.
enum EventFinder {
  /// Least length of a segment [days].
  static let leastDays = 7
  /// Bound of a day's residual, so that a single wild day makes no segment [deviations].
  private static let clip = 5.0

  /// Returns the segments of residuals.
  ///
  /// - Parameters:
  ///   - residuals: Standardised residuals.
  ///   - correlation: Correlation of consecutive days.
  static func segments(_ residuals: [Double], correlation: Double) -> [Range<Int>] {
    let n = residuals.count
    guard n >= leastDays else { return n > 0 ? [0..<n] : [] }
    var sums = [0.0]
    var squares = [0.0]
    for value in residuals {
      let clipped = max(-clip, min(clip, value))
      sums.append(sums[sums.count - 1] + clipped)
      squares.append(squares[squares.count - 1] + clipped * clipped)
    }
    func cost(_ from: Int, _ to: Int) -> Double {
      let sum = sums[to] - sums[from]
      return squares[to] - squares[from] - sum * sum / Double(to - from)
    }
    let penalty = 4 * log(Double(n)) * (1 + correlation) / (1 - correlation)
    var best = [Double](repeating: .infinity, count: n + 1)
    var previous = [Int](repeating: 0, count: n + 1)
    best[0] = -penalty
    for end in leastDays...n {
      for start in 0...(end - leastDays) where best[start] < .infinity {
        let total = best[start] + penalty + cost(start, end)
        if total < best[end] { (best[end], previous[end]) = (total, start) }
      }
    }
    var segments: [Range<Int>] = []
    var end = n
    while end > 0 {
      segments.append(previous[end]..<end)
      end = previous[end]
    }
    return segments.reversed()
  }
}
