import PlantModel

/// What a series usually reaches, where nobody has said what it can: a power or current of an asset without a size.
///
/// A value above ``beyond`` times the greatest that ever lasted for two good readings is out of range. It is told from
/// three days on, once ``least`` was reached, so that a device at rest does not make its first start a fault. A fault is
/// not learned: what has any flag does not count, and what a day brings raises the range by no more than twice.
///
/// Worked value: a load that reached 40 kW in its first days is out of range from 2,000 kW on; 90 kW that last raise that to
/// 4,000 kW on the day itself.
struct LearnedRange: BitwiseCopyable {
  static let beyond = 50.0
  static let least = 1.0
  static let learningDays: UInt16 = 3

  /// Greatest magnitude that lasted [canonical unit].
  var reach: Float = 0
  /// What today may raise it to.
  var limit = Float.infinity
  /// Today, as UTC has it [days since 1970-01-01]; `.min` before the first.
  var today = Int32.min
  /// Days on which it spoke before today.
  var days: UInt16 = 0

  /// Whether a value is beyond what the series can be believed to say.
  func excludes(_ value: Double, _ profile: CleaningProfile) -> Bool {
    guard days >= Self.learningDays, Double(reach) >= Self.least, profile.hasLearnedRange else { return false }
    return abs(value) > Self.beyond * Double(reach)
  }

  /// Takes in a good value and the good one before it.
  mutating func learn(_ value: Double, after last: Double, at time: Timestamp) {
    let day = Int32(clamping: time.floored(to: .day).nanoseconds / TimeSpan.day.nanoseconds)
    if day > today {
      if today != .min && days < .max { days += 1 }
      limit = days >= Self.learningDays ? 2 * reach : .infinity
      today = day
    }
    let lasting = Float(min(abs(value), abs(last)))
    if lasting > reach { reach = min(lasting, max(limit, reach)) }
  }
}
