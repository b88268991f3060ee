public import WattlineTime

/// Local days of a meter: those of a zone, or days that start at a fixed time of UTC.
public struct DayClock {
  /// Offset of the days from those of UTC, of a clock without a zone [s].
  private let shift: Int64
  private var calendar: LocalCalendar?

  /// Creates the clock of a zone.
  public init(_ calendar: LocalCalendar) {
    self.calendar = calendar
    shift = 0
  }

  /// Creates the clock of days that are `shift` seconds ahead of those of UTC.
  public init(shift: Int64) {
    calendar = nil
    self.shift = shift
  }

  /// Creates the clock of a recording that tells no zone: its days start at the time of day of its first row.
  ///
  /// Worked value: a first row at 14:00Z gives days that are 10 h ahead of UTC, one at 05:00Z days that are 5 h behind.
  public init(firstRow: Timestamp) {
    let hour = (firstRow - firstRow.floored(to: .day)).nanoseconds / 3_600_000_000_000
    self.init(shift: 3600 * (hour >= 12 ? 24 - hour : -hour))
  }

  /// Description: the zone, or hours ahead of UTC.
  public var name: String {
    if let calendar { return calendar.identifier }
    let hours = abs(shift) / 3600
    return shift == 0 ? "UTC" : "UTC\(shift < 0 ? "-" : "+")\(hours < 10 ? "0" : "")\(hours):00"
  }

  mutating func offset(_ timestamp: Timestamp) -> Int64 { calendar?.utcOffset(at: timestamp) ?? shift }

  /// Returns the local date of a time [days since 1970-01-01].
  public mutating func date(_ timestamp: Timestamp) -> Int {
    let local = timestamp + .seconds(offset(timestamp))
    return Int(local.floored(to: .day).seconds / 86_400)
  }

  /// Returns the hours since local midnight, by the clock.
  mutating func hour(_ timestamp: Timestamp) -> Int {
    let local = timestamp + .seconds(offset(timestamp))
    return Int((local - local.floored(to: .day)).nanoseconds / 3_600_000_000_000)
  }

  /// Returns the start of a local date.
  mutating func start(_ date: Int) -> Timestamp {
    let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
    let civil = CivilTime(year: year, month: month, day: day)
    return calendar?.timestamp(of: civil) ?? civil.utc - .seconds(shift)
  }
}
