import Foundation

/// Local time of a plant: UTC offset, civil fields and day boundaries, with daylight saving.
///
/// Foundation is queried once per span between two transitions; lookups within a cached span do not call it. It is
/// intentionally not `Sendable`: each owner keeps its own copy.
public struct LocalCalendar {
  /// IANA name of the zone, such as `America/Los_Angeles`.
  public let identifier: String
  private let zone: TimeZone
  /// Cached spans. Two of them, so that the days before and after a clock change are both cached.
  private var recent = Span()
  private var other = Span()

  /// Time span of constant UTC offset.
  private struct Span {
    var from = Timestamp.distantPast
    var until = Timestamp.distantPast
    /// Seconds ahead of UTC [s].
    var offset: Int64 = 0

    func contains(_ timestamp: Timestamp) -> Bool { timestamp >= from && timestamp < until }
  }

  /// Creates the calendar of an IANA zone; `nil` if there is no zone of that name.
  public init?(identifier: String) {
    guard let zone = TimeZone(identifier: identifier) else { return nil }
    self.identifier = identifier
    self.zone = zone
  }

  /// Calendar of UTC.
  public static var utc: LocalCalendar { LocalCalendar(zone: .gmt) }

  private init(zone: TimeZone) {
    self.identifier = "UTC"
    self.zone = zone
  }

  /// Returns the seconds by which local time is ahead of UTC at a time.
  public mutating func utcOffset(at timestamp: Timestamp) -> Int64 {
    if recent.contains(timestamp) { return recent.offset }
    if other.contains(timestamp) {
      swap(&recent, &other)
      return recent.offset
    }
    other = recent
    recent = span(around: timestamp)
    return recent.offset
  }

  private func span(around timestamp: Timestamp) -> Span {
    let date = Date(timeIntervalSince1970: Double(timestamp.seconds))
    // Offsets change at whole quarter hours of UTC. A span reaches at most a month ahead, so that transitions are only
    // searched forwards.
    let hour = timestamp.floored(to: .minutes(15))
    var span = Span(from: hour, until: hour + .minutes(15), offset: Int64(zone.secondsFromGMT(for: date)))
    if let next = zone.nextDaylightSavingTimeTransition(after: date) {
      let transition = Timestamp(seconds: Int64(next.timeIntervalSince1970))
      if transition > timestamp { span.until = min(transition, hour + .days(30)) }
    } else {
      span.until = hour + .days(30)
    }
    return span
  }

  /// Returns the local date and time at a timestamp.
  public mutating func civil(at timestamp: Timestamp) -> CivilTime {
    CivilTime(utc: timestamp + .seconds(utcOffset(at: timestamp)))
  }

  /// Returns the timestamp at which the local clock shows `civil`.
  ///
  /// A time skipped by a spring transition is read with the offset before it. Of a time that occurs twice in autumn,
  /// the first is returned.
  public mutating func timestamp(of civil: CivilTime) -> Timestamp {
    let asUTC = civil.utc
    let before = utcOffset(at: asUTC - .days(1))
    let first = asUTC - .seconds(before)
    if utcOffset(at: first) == before { return first }
    let second = asUTC - .seconds(utcOffset(at: first))
    return utcOffset(at: second) == utcOffset(at: first) ? second : first
  }

  /// Returns both timestamps at which the local clock shows `civil`.
  ///
  /// They differ only if the clock is set back at that time: the earlier is then in summer time, the later in winter
  /// time. A time skipped by a spring transition is read with the offset before it, as in ``timestamp(of:)``. Nothing
  /// is allocated within the two cached spans.
  public mutating func moments(of civil: CivilTime) -> (earlier: Timestamp, later: Timestamp) {
    let asUTC = civil.utc
    let before = utcOffset(at: asUTC - .days(1))
    let after = utcOffset(at: asUTC + .days(1))
    let earlier = asUTC - .seconds(before)
    if before == after { return (earlier, earlier) }
    let later = asUTC - .seconds(after)
    switch (utcOffset(at: earlier) == before, utcOffset(at: later) == after) {
    case (true, true): return (earlier, later)
    case (false, true): return (later, later)
    // Includes times skipped when the clock is set forward.
    case (_, false): return (earlier, earlier)
    }
  }

  /// Returns the timestamp at which the local clock shows `civil`, resolving an ambiguous hour by the receive time.
  ///
  /// Of two timestamps in autumn, the one nearest to `received` is returned; the earlier one if both are equally near.
  ///
  /// Example: 02:30 on 2025-10-26 in Berlin is 00:30Z for a message received at 00:30:01Z, and 01:30Z for one received
  /// at 01:30:01Z. For a message that waited for hours it is always 01:30Z.
  public mutating func timestamp(of civil: CivilTime, nearestTo received: Timestamp) -> Timestamp {
    let (earlier, later) = moments(of: civil)
    if earlier == later { return earlier }
    return (received - earlier).nanoseconds.magnitude <= (received - later).nanoseconds.magnitude ? earlier : later
  }

  /// Returns the start of the local day that contains a timestamp.
  public mutating func startOfDay(containing timestamp: Timestamp) -> Timestamp {
    let today = civil(at: timestamp)
    return self.timestamp(of: CivilTime(year: today.year, month: today.month, day: today.day))
  }

  /// Returns the start of the local hour that contains a timestamp.
  public mutating func startOfHour(containing timestamp: Timestamp) -> Timestamp {
    let shift = TimeSpan.seconds(utcOffset(at: timestamp))
    return (timestamp + shift).floored(to: .hour) - shift
  }
}
