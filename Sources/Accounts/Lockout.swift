import WattlineTime

/// How long logins are refused after failures in a row: of one name from one address, of one name, or of one address.
///
/// A name alone is locked late, so that a stranger who does not know a password can hardly lock its owner out.
///
/// The wait doubles from one second with each failure beyond those that are free. A day without failures forgets them.
struct Lockout: Sendable {
  /// Failures without a wait. People mistype.
  let free: Int
  /// Longest wait.
  let longest: TimeSpan

  /// Time after which failures are forgotten.
  static let memory = TimeSpan.day
  /// Of one name from one address.
  static let pair = Lockout(free: 4, longest: .minutes(15))
  /// Of one name, whoever tries.
  static let name = Lockout(free: 99, longest: .minutes(15))
  /// Of one address, which many people may share.
  static let address = Lockout(free: 19, longest: .hour)

  /// Returns the wait after a number of failures in a row.
  func wait(after failures: Int) -> TimeSpan {
    guard failures > free else { return .zero }
    return min(longest, .seconds(1 << min(30, failures - free - 1)))
  }
}
