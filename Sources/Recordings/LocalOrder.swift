import WattlineTime

/// Converter of local clock times to UTC, row by row.
///
/// In the hour that is repeated in autumn, a row that does not continue the previous one is in the second pass.
///
/// Worked value: rows at 01:30, 02:00, 02:30, 02:00, 02:30, 03:00 of 26 October 2025 in Berlin are half an hour apart
/// throughout.
struct LocalOrder {
  private var zone: LocalCalendar
  /// Whether a repeated time does not start the second pass: several rows a time are usual, or rows are less than 1 h
  /// apart.
  private let hasCompanions: Bool
  private var last: (local: Int64, isLater: Bool)?
  /// Number of local times that the clock skipped.
  private(set) var skipped = 0

  init(_ zone: LocalCalendar, hasCompanions: Bool) {
    self.zone = zone
    self.hasCompanions = hasCompanions
  }

  /// Returns the time at which the clock showed a local time. Rows must be in chronological order.
  ///
  /// - Parameters:
  ///   - local: Local time [ns since 1970, as if it were UTC].
  ///   - elapsed: Time to add [ns], for numbered intervals.
  mutating func timestamp(_ local: Int64, elapsed: Int64 = 0) -> Timestamp {
    let stamp = Timestamp(nanoseconds: local)
    let civil = CivilTime(utc: stamp)
    let (earlier, later) = zone.moments(of: civil)
    let isSecond = isLater(local, earlier: earlier, later: later)
    last = (local, isSecond)
    let found = isSecond ? later : earlier
    if earlier == later, zone.civil(at: earlier) != civil { skipped += 1 }
    return found + TimeSpan(nanoseconds: elapsed)
  }

  private func isLater(_ local: Int64, earlier: Timestamp, later: Timestamp) -> Bool {
    guard earlier != later, let last, local - last.local < 7_200_000_000_000, last.local - local < 7_200_000_000_000
    else {
      return false
    }
    if local < last.local || (local == last.local && !hasCompanions) { return true }
    return last.isLater
  }
}
