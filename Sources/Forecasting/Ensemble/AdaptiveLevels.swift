/// The levels at which past errors are read, so that as many values fall below a quantile as it promises although the
/// target calms down or grows livelier from week to week.
///
/// Adaptive conformal inference (I. Gibbs and E. Candès 2021, arXiv:2106.00170), replayed over the days that are remembered,
/// so that it depends on nothing older: each day the quantile that the days before it would have given is held against what
/// came, and the level moves by ``rate`` of the difference of what was promised and the share that fell below.
///
/// Worked value: if of a day's values 30 % lie below a quantile of 10 %, its level falls by 0.05 · 0.2 to 9 %.
enum AdaptiveLevels {
  static let rate = 0.05
  /// Days of errors before the first that is replayed.
  static let daysBefore = 10
  private static let bounds = 0.002...0.998

  /// An error in units of the interval's width, of so many days ago (1 for the last), and how much it counts.
  struct Score {
    var value: Double
    var daysAgo: Int
    var weight: Double
  }

  /// The level for a quantile of which errors are known, ascending by value.
  static func level(_ probability: Double, _ scores: [Score]) -> Double {
    let oldest = scores.reduce(0) { max($0, $1.daysAgo) }
    var totals = Array(repeating: 0.0, count: oldest + 2)
    for score in scores { totals[max(0, score.daysAgo)] += score.weight }
    for day in totals.indices.dropLast().reversed() { totals[day] += totals[day + 1] }
    var level = probability
    for day in stride(from: oldest - daysBefore, to: 0, by: -1) {
      guard let below = share(of: day, at: level * totals[day + 1], scores) else { continue }
      level = min(max(level + rate * (probability - below), bounds.lowerBound), bounds.upperBound)
    }
    return level
  }

  /// The share of a day's errors below that at which the weights of the days before it add up to `wanted`.
  private static func share(of day: Int, at wanted: Double, _ scores: [Score]) -> Double? {
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
