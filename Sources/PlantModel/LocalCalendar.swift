import Foundation

/// The wall clock of a plant: UTC offset, local fields and local day boundaries, daylight saving included.
///
/// Foundation's zone tables are asked once for each span between two transitions; the answer is kept, so that a lookup
/// within the same span does no Foundation work. Not `Sendable` by intent: each owner keeps its own.
public struct LocalCalendar {
  /// The IANA name of the zone, such as `America/Los_Angeles`.
  public let identifier: String
  private let zone: TimeZone
  /// Two spans, so that the days before and after a change of the clock are both known.
  private var recent = Span()
  private var other = Span()

  /// A time within which the offset is the same.
  private struct Span {
    var from = Timestamp.distantPast
    var until = Timestamp.distantPast
    /// Seconds ahead of UTC [s].
    var offset: Int64 = 0

    func contains(_ moment: Timestamp) -> Bool { moment >= from && moment < until }
  }

  /// The calendar of an IANA zone; `nil` when no zone has that name.
  public init?(identifier: String) {
    guard let zone = TimeZone(identifier: identifier) else { return nil }
    self.identifier = identifier
    self.zone = zone
  }

  /// The calendar of UTC.
  public static var utc: LocalCalendar { LocalCalendar(zone: .gmt) }

  private init(zone: TimeZone) {
    self.identifier = "UTC"
    self.zone = zone
  }

  /// Seconds by which local time is ahead of UTC at a moment [s].
  public mutating func utcOffset(at moment: Timestamp) -> Int64 {
    if recent.contains(moment) { return recent.offset }
    if other.contains(moment) {
      swap(&recent, &other)
      return recent.offset
    }
    other = recent
    recent = span(around: moment)
    return recent.offset
  }

  private func span(around moment: Timestamp) -> Span {
    let date = Date(timeIntervalSince1970: Double(moment.seconds))
    // Zones change their offset on whole quarter hours of UTC; a month before the next transition is kept at the most,
    // so that no table has to be searched backwards.
    let hour = moment.floored(to: .minutes(15))
    var span = Span(from: hour, until: hour + .minutes(15), offset: Int64(zone.secondsFromGMT(for: date)))
    if let next = zone.nextDaylightSavingTimeTransition(after: date) {
      let transition = Timestamp(seconds: Int64(next.timeIntervalSince1970))
      if transition > moment { span.until = min(transition, hour + .days(30)) }
    } else {
      span.until = hour + .days(30)
    }
    return span
  }

  /// The date and time that a clock on the plant's wall shows.
  public mutating func civil(at moment: Timestamp) -> CivilTime {
    CivilTime(utc: moment + .seconds(utcOffset(at: moment)))
  }

  /// The moment at which the wall clock shows `civil`.
  ///
  /// A time that a spring transition skips is read with the offset before it; a time that occurs twice in autumn is the
  /// first of the two.
  public mutating func moment(of civil: CivilTime) -> Timestamp {
    let asUTC = civil.utc
    let before = utcOffset(at: asUTC - .days(1))
    let first = asUTC - .seconds(before)
    if utcOffset(at: first) == before { return first }
    let second = asUTC - .seconds(utcOffset(at: first))
    return utcOffset(at: second) == utcOffset(at: first) ? second : first
  }

  /// The two timestamps at which the wall clock shows `civil`, which are one timestamp except where the clock is set
  /// back: then the earlier is in summer time and the later in winter time.
  ///
  /// A time that a spring transition skips is read with the offset before it, as ``moment(of:)`` reads it. Allocates
  /// nothing within the two spans of constant offset that are known.
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
    // Also where the clock is set forward over this time.
    case (_, false): return (earlier, earlier)
    }
  }

  /// The timestamp at which the wall clock shows `civil`; of the two in the hour that comes twice in autumn, the one
  /// that is nearest to `received`, and the earlier one if both are as near.
  ///
  /// Example: 02:30 on 2025-10-26 in Berlin is 00:30Z for a message received at 00:30:01Z, and 01:30Z for one received
  /// at 01:30:01Z. For a message that waited for hours it is always 01:30Z.
  public mutating func moment(of civil: CivilTime, nearestTo received: Timestamp) -> Timestamp {
    let (earlier, later) = moments(of: civil)
    if earlier == later { return earlier }
    return (received - earlier).nanoseconds.magnitude <= (received - later).nanoseconds.magnitude ? earlier : later
  }

  /// The moment at which the local day containing `moment` began.
  public mutating func startOfDay(containing moment: Timestamp) -> Timestamp {
    let today = civil(at: moment)
    return self.moment(of: CivilTime(year: today.year, month: today.month, day: today.day))
  }

  /// The moment at which the local hour containing `moment` began.
  public mutating func startOfHour(containing moment: Timestamp) -> Timestamp {
    let shift = TimeSpan.seconds(utcOffset(at: moment))
    return (moment + shift).floored(to: .hour) - shift
  }
}
