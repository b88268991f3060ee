/// A form in which a device writes times, in the letters of `strptime`: `%d.%m.%Y %H:%M:%S`.
///
/// | letters | what they read |
/// |---|---|
/// | `%Y` `%y` | year of four digits; of two, 1969 to 2068 |
/// | `%m` `%b` `%B` | month as a number; by its English name, short or full, in any case |
/// | `%d` `%e` `%j` | day of the month; day of the year |
/// | `%H` `%I` `%p` | hour, 0 to 23; 1 to 12 with AM or PM |
/// | `%M` `%S` `%f` | minute; second, 60 being the first of the next minute; decimals of the second, cut off after nine |
/// | `%z` `%Z` | `±hh`, `±hhmm`, `±hh:mm` or `Z`; `UTC`, `GMT` or `Z` |
/// | `%s` | seconds since 1970, which stand alone but for `%f` |
/// | `%a` `%A` | name of the weekday in any language, passed over |
/// | `%F` `%T` `%R` `%D` | `%Y-%m-%d`, `%H:%M:%S`, `%H:%M`, `%m/%d/%y` |
/// | `%%` | a percent sign |
///
/// Numbers may lack leading zeros where something else than a digit follows. White space in the format stands for any
/// amount of it, none included; all other text stands for itself. A point or comma and `%f` right after `%S` may be
/// absent. Without a zone the time is on the plant's wall clock.
///
/// Example: `%m/%d/%Y %I:%M:%S %p` reads `7/4/2025 3:05:09 PM`.
public struct TimeFormat: Hashable, Sendable {
  /// The format as it was written.
  public let text: String
  private let items: [Item]

  enum Item: Hashable, Sendable {
    case literal(UInt8)
    case space
    case year, shortYear, month, monthName, day, dayOfYear
    case hour, halfDayHour, halfDay, minute, second
    /// The flag says that decimals with the byte before them may be absent.
    case fraction, optionalFraction(after: UInt8)
    case offset, zoneName, epoch, weekday
  }

  /// The format that `text` describes.
  ///
  /// - Throws: ``TimeFormatError`` where a letter is unknown or stands twice, or where the letters do not make a time.
  public init(_ text: String) throws(TimeFormatError) {
    self.text = text
    items = try TimeFormatReader.items(of: text)
  }

  /// The timestamp that the whole of `bytes` says; `nil` where the text does not have this form or is no time.
  ///
  /// Of two timestamps at which the plant's clock shows the time, the one nearest to `received`. Allocates nothing.
  public func parse(_ bytes: UnsafeRawBufferPointer, received: Timestamp, calendar: inout LocalCalendar) -> Timestamp? {
    var reader = TimeTextReader(bytes)
    for item in items {
      guard reader.take(item) else { return nil }
    }
    reader.skipSpace()
    guard reader.isAtEnd else { return nil }
    return reader.fields.timestamp(received: received, calendar: &calendar)
  }
}

/// Why a text is no ``TimeFormat``.
public struct TimeFormatError: Error, Hashable, CustomStringConvertible {
  /// What is wrong and what would be right.
  public var description: String
}

/// What a text said, as far as it said it.
struct TimeFields {
  var civil = CivilTime(year: 0, month: 1, day: 1)
  var dayOfYear = 0
  /// -1 where there is none; 0 for AM, 12 for PM.
  var halfDay = -1
  /// Seconds ahead of UTC [s].
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
    // A leap second is counted with the second after it, as POSIX does.
    let isLeap = civil.second == 60
    if isLeap { civil.second = 59 }
    guard civil.isValid else { return nil }
    let time = offset.map { civil.utc - .seconds($0) } ?? calendar.moment(of: civil, nearestTo: received)
    return isLeap ? time + .second : time
  }
}
