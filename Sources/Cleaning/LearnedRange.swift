import PlantModel
import WattlineTime

/// The usual range of a power or current series whose asset has no declared size.
///
/// A value above ``beyond`` times the greatest level that lasted for two good readings is out of range. The test
/// applies after three days, once the series has reached ``least``. The first start of a resting device is therefore no
/// fault. Faults are not learned: flagged values do not count, and one day at most doubles the range.
///
/// Worked value: a load that reached 40 kW in its first days is out of range above 2,000 kW. A lasting level of 90 kW
/// raises that to 4,000 kW on the same day.
struct LearnedRange: BitwiseCopyable {
  static let beyond = 50.0
  static let least = 1.0
  static let learningDays: UInt16 = 3

  /// Greatest magnitude that lasted [canonical unit].
  var reach: Float = 0
  /// Highest reach that the current day allows.
  var limit = Float.infinity
  /// Current UTC day [days since 1970-01-01]; `.min` before the first.
  var today = Int32.min
  /// Earlier days with readings.
  var days: UInt16 = 0

  /// Returns whether a value is implausibly far above the usual level.
  func excludes(_ value: Double, profile: CleaningProfile) -> Bool {
    guard days >= Self.learningDays, Double(reach) >= Self.least, profile.hasLearnedRange else { return false }
    return abs(value) > Self.beyond * Double(reach)
  }

  /// Learns from a good value and the good value before it.
  ///
  /// - Parameters:
  ///   - value: The newest good value.
  ///   - last: The good value before it; NaN without one.
  ///   - time: Time of the newest value.
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
