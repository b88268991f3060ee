import Foundation

/// The wall clock of a plant: UTC offset, local fields and local day boundaries, daylight saving included.
///
/// Foundation's zone tables are asked once for each span between two transitions; the answer is kept, so that a lookup
/// within the same span does no Foundation work. Not `Sendable` by intent: each owner keeps its own.
public struct LocalCalendar {
  /// The IANA name of the zone, such as `America/Los_Angeles`.
  public let identifier: String
  private let zone: TimeZone
  private var validFrom = Timestamp.distantPast
  private var validUntil = Timestamp.distantPast
  private var offset: Int64 = 0

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
    if moment >= validFrom && moment < validUntil { return offset }
    let date = Date(timeIntervalSince1970: Double(moment.seconds))
    offset = Int64(zone.secondsFromGMT(for: date))
    // Zones change their offset on whole quarter hours of UTC; a day before the next transition is kept at the most,
    // so that no table has to be searched backwards.
    let hour = moment.floored(to: .minutes(15))
    validFrom = hour
    validUntil = hour + .minutes(15)
    if let next = zone.nextDaylightSavingTimeTransition(after: date) {
      let transition = Timestamp(seconds: Int64(next.timeIntervalSince1970))
      if transition > moment { validUntil = min(transition, hour + .days(30)) }
    } else {
      validUntil = hour + .days(30)
    }
    return offset
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
