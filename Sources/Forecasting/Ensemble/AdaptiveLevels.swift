/// The levels at which quantiles of past errors are taken, adapted so that quantiles keep their promised coverage while
/// the target's variability changes.
///
/// This is adaptive conformal inference (I. Gibbs and E. Candès 2021, arXiv:2106.00170), replayed over the remembered
/// days, so it depends on nothing older. For each day, the quantile from the days before is compared with the actual
/// values. The level then moves by ``rate`` times the difference between the promised share and the share below the
/// quantile.
///
/// Worked value: if 30 % of a day's values lie below a quantile of 10 %, its level falls by 0.05 · 0.2 to 9 %.
enum AdaptiveLevels {
  static let rate = 0.05
  /// Days of errors before the first replayed day.
  static let daysBefore = 10
  private static let bounds = 0.002...0.998

  /// An error in units of the interval's width, its age in days (1 for the last day), and its weight.
  struct Score {
    var value: Double
    var daysAgo: Int
    var weight: Double
  }

  /// Returns the level for a quantile.
  ///
  /// - Parameters:
  ///   - probability: Probability of the quantile, 0...1.
  ///   - scores: Known errors, ascending by value.
  static func level(_ probability: Double, scores: [Score]) -> Double {
    let oldest = scores.reduce(0) { max($0, $1.daysAgo) }
    var totals = Array(repeating: 0.0, count: oldest + 2)
    for score in scores { totals[max(0, score.daysAgo)] += score.weight }
    for day in totals.indices.dropLast().reversed() { totals[day] += totals[day + 1] }
    var level = probability
    for day in stride(from: oldest - daysBefore, to: 0, by: -1) {
      guard let below = share(of: day, at: level * totals[day + 1], scores: scores) else { continue }
      level = min(max(level + rate * (probability - below), bounds.lowerBound), bounds.upperBound)
    }
    return level
  }

  /// Returns the share of a day's errors below the one at which the weights of the earlier days add up to `wanted`.
  ///
  /// - Parameters:
  ///   - day: The day, as an age.
  ///   - wanted: Sum of weights.
  ///   - scores: Known errors, ascending by value.
  /// - Returns: A share, 0...1; `nil` without errors of the day or before it.
  private static func share(of day: Int, at wanted: Double, scores: [Score]) -> Double? {
    var (sum, below, count) = (0.0, 0.0, 0.0)
    var isReached = false
    for score in scores {
      if score.daysAgo > day {
        sum += score.weight
        isReached = isReached || sum >= wanted
      } else if score.daysAgo == day {
        count += 1
        below += isReached ? 0 : 1
      }
    }
    return count > 0 && sum > 0 ? below / count : nil
  }
}
