import PlantModel

/// Turns what a local clock showed into moments: of the hour that comes twice in autumn, a row that does not go on from
/// the one before is in the second.
///
/// Worked value: rows at 01:30, 02:00, 02:30, 02:00, 02:30, 03:00 of 26 October 2025 in Berlin are half an hour apart
/// throughout.
struct LocalOrder {
  private var zone: LocalCalendar
  /// Whether the same time again is no second hour: several rows of one time are usual, or rows are closer than an hour.
  private let hasCompanions: Bool
  private var last: (local: Int64, isLater: Bool)?
  /// Times that the clock left out.
  private(set) var skipped = 0

  init(_ zone: LocalCalendar, hasCompanions: Bool) {
    self.zone = zone
    self.hasCompanions = hasCompanions
  }

  /// The moment at which the clock showed `local` [ns, as if it were UTC], row after row in the order of time.
  mutating func moment(_ local: Int64, elapsed: Int64 = 0) -> Timestamp {
    let stamp = Timestamp(nanoseconds: local)
    let civil = CivilTime(utc: stamp)
    let (earlier, later) = zone.moments(of: civil)
    let isSecond = isLater(local, earlier, later)
    last = (local, isSecond)
    let found = isSecond ? later : earlier
    if earlier == later, zone.civil(at: earlier) != civil { skipped += 1 }
    return found + TimeSpan(nanoseconds: elapsed)
  }

  private func isLater(_ local: Int64, _ earlier: Timestamp, _ later: Timestamp) -> Bool {
    guard earlier != later, let last, local - last.local < 7_200_000_000_000, last.local - local < 7_200_000_000_000
    else {
      return false
    }
    if local < last.local || (local == last.local && !hasCompanions) { return true }
    return last.isLater
  }
}
