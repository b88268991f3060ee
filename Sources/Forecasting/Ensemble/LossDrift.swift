/// A test for a change of the target.
///
/// There is a drift if the mean loss of the last two days is more than twice that of the four weeks before.
///
/// Worked value: losses of 1 for two weeks and then of 2.1 for two days are a drift; losses of 1.9 are not.
struct LossDrift {
  static let recentDays = 2.0
  static let longestDays = 30.0
  static let factor = 2.0
  private var recent = (sum: 0.0, count: 0.0)
  private var before = (sum: 0.0, count: 0.0)

  /// Adds the loss of a forecast for a slot of an age in days.
  mutating func insert(_ loss: Double, age: Double) {
    guard loss.isFinite, age <= LossDrift.longestDays else { return }
    if age <= LossDrift.recentDays {
      recent.sum += loss
      recent.count += 1
    } else {
      before.sum += loss
      before.count += 1
    }
  }

  /// Whether there is a drift; `false` until a week is known.
  var isThere: Bool {
    recent.count > 0 && before.count >= 3.5 * recent.count
      && recent.sum / recent.count > LossDrift.factor * before.sum / before.count
  }
}
