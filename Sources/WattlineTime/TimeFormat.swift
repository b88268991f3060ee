/// Format in which a device writes times, in the letters of `strptime`: `%d.%m.%Y %H:%M:%S`.
///
/// | letters | meaning |
/// |---|---|
/// | `%Y` `%y` | year of four digits; of two, 1969 to 2068 |
/// | `%m` `%b` `%B` | month as a number; as its English name, short or full, in any case |
/// | `%d` `%e` `%j` | day of the month; day of the year |
/// | `%H` `%I` `%p` | hour, 0 to 23; 1 to 12 with AM or PM |
/// | `%M` `%S` `%f` | minute; second, 60 being the first of the next minute; decimals, cut off after nine |
/// | `%z` `%Z` | `±hh`, `±hhmm`, `±hh:mm` or `Z`; `UTC`, `GMT` or `Z` |
/// | `%s` | seconds since 1970, which may only be combined with `%f` |
/// | `%a` `%A` | name of the weekday in any language, ignored |
/// | `%F` `%T` `%R` `%D` | `%Y-%m-%d`, `%H:%M:%S`, `%H:%M`, `%m/%d/%y` |
/// | `%%` | a percent sign |
///
/// Numbers may lack leading zeros if no digit follows. White space in the format matches any amount of it, including
/// none; other text matches itself. A point or comma with `%f` right after `%S` may be absent. Without a zone, the time
/// is local to the plant.
///
/// Example: `%m/%d/%Y %I:%M:%S %p` reads `7/4/2025 3:05:09 PM`.
public struct TimeFormat: Hashable, Sendable {
  /// Format as written in the plant file.
  public let text: String
  private let items: [Item]

  enum Item: Hashable, Sendable {
    case literal(UInt8)
    case space
    case year, shortYear, month, monthName, day, dayOfYear
    case hour, halfDayHour, halfDay, minute, second
    /// Decimals; in the optional form they may be absent together with the byte before them.
    case fraction, optionalFraction(after: UInt8)
    case offset, zoneName, epoch, weekday
  }

  /// Parses a format.
  ///
  /// - Throws: ``TimeFormatError`` if a letter is unknown or repeated, or if the letters do not define a time.
  public init(_ text: String) throws(TimeFormatError) {
    self.text = text
    items = try TimeFormatReader.items(of: text)
  }

  /// Returns the timestamp in `bytes`; `nil` if the text does not match the format as a whole or is not a valid time.
  /// Does not allocate.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8 text.
  ///   - received: Receive time; of two timestamps with the same local time, the one nearest to it is returned.
  ///   - calendar: Calendar of the plant's zone.
  public func parse(_ bytes: UnsafeRawBufferPointer, received: Timestamp, calendar: inout LocalCalendar) -> Timestamp? {
    var reader = TimeTextReader(bytes)
    for item in items {
      guard reader.consume(item) else { return nil }
    }
    reader.skipSpace()
    guard reader.isAtEnd else { return nil }
    return reader.fields.timestamp(received: received, calendar: &calendar)
  }
}

/// Error in the text of a ``TimeFormat``, with the remedy.
public struct TimeFormatError: Error, Hashable, CustomStringConvertible {
  /// Description of the error and its remedy.
  public var description: String
}

/// Fields read from a text so far.
struct TimeFields {
  var civil = CivilTime(year: 0, month: 1, day: 1)
  var dayOfYear = 0
  /// 0 for AM, 12 for PM, -1 if absent.
  var halfDay = -1
  /// Seconds ahead of UTC; `nil` if the text has no zone.
  var offset: Int64?
  var epoch: Int64?

  func timestamp(received: Timestamp, calendar: inout LocalCalendar) -> Timestamp? {
    let decimals = TimeSpan(nanoseconds: Int64(civil.nanosecond))
    if let epoch { return Timestamp(seconds: epoch) + decimals }
    var civil = civil
    if halfDay >= 0 {
      guard (1...12).contains(civil.hour) else { return nil }
      civil.hour = civil.hour % 12 + halfDay
    }
    if dayOfYear > 0 {
      let date = CivilTime.date(
        daysSinceEpoch: CivilTime.daysSinceEpoch(year: civil.year, month: 1, day: 1) + dayOfYear - 1)
      guard date.year == civil.year else { return nil }
      (civil.month, civil.day) = (date.month, date.day)
    }
    // A leap second equals the second after it, as in POSIX.
    let isLeap = civil.second == 60
    if isLeap { civil.second = 59 }
    guard civil.isValid else { return nil }
    let time = offset.map { civil.utc - .seconds($0) } ?? calendar.timestamp(of: civil, nearestTo: received)
    return isLeap ? time + .second : time
  }
}
