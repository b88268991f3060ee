/// Date and time of day in the proleptic Gregorian calendar, without a zone.
///
/// Conversions count days from 0000-03-01, so that the leap day ends a year (H. Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", 2013). They use no Foundation and allocate nothing.
///
/// Example: day 19,675 after the epoch is 2023-11-14.
public struct CivilTime: Hashable, Sendable, BitwiseCopyable {
  /// Calendar year.
  public var year: Int
  /// Month, 1...12.
  public var month: Int
  /// Day of the month, 1...31.
  public var day: Int
  /// Hour, 0...23.
  public var hour: Int
  /// Minute, 0...59.
  public var minute: Int
  /// Second, 0...59.
  public var second: Int
  /// Nanosecond within the second, 0..<1,000,000,000.
  public var nanosecond: Int

  /// Creates a date and time from its fields, unchecked; see ``isValid``. The ranges are those of the properties.
  public init(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.nanosecond = nanosecond
  }

  /// Creates the date and time of a timestamp in UTC.
  public init(utc timestamp: Timestamp) {
    let seconds = timestamp.seconds
    let days = seconds.flooredDivision(by: 86_400)
    let secondOfDay = Int(seconds - days * 86_400)
    let (year, month, day) = CivilTime.date(daysSinceEpoch: Int(days))
    self.init(
      year: year, month: month, day: day, hour: secondOfDay / 3600, minute: secondOfDay / 60 % 60,
      second: secondOfDay % 60, nanosecond: Int(timestamp.nanoseconds &- seconds &* 1_000_000_000))
  }

  /// Whether every field is in its range: the year within 1...9999, the day within its month.
  public var isValid: Bool {
    (1...9999).contains(year) && (1...12).contains(month) && day >= 1 && day <= CivilTime.days(inMonth: month, of: year)
      && (0...23).contains(hour) && (0...59).contains(minute) && (0...59).contains(second)
      && (0..<1_000_000_000).contains(nanosecond)
  }

  /// Timestamp at which a UTC clock shows these fields, saturating.
  public var utc: Timestamp {
    let days = Int64(CivilTime.daysSinceEpoch(year: year, month: month, day: day))
    return Timestamp(seconds: days * 86_400 + Int64(hour * 3600 + minute * 60 + second))
      + TimeSpan(nanoseconds: Int64(nanosecond))
  }

  /// Day of the week: Monday is 1, Sunday is 7 (ISO 8601).
  public var weekday: Int {
    let days = CivilTime.daysSinceEpoch(year: year, month: month, day: day)
    return ((days + 3) % 7 + 7) % 7 + 1
  }

  /// Day of the year, 1...366.
  public var dayOfYear: Int {
    CivilTime.daysSinceEpoch(year: year, month: month, day: day)
      - CivilTime.daysSinceEpoch(year: year, month: 1, day: 1) + 1
  }

  /// Seconds since midnight, 0..<86,400.
  public var secondOfDay: Int { hour * 3600 + minute * 60 + second }

  /// ISO 8601 text with `Z` and 0, 3, 6 or 9 decimals, as many as the value needs.
  public var iso8601: String {
    func padded(_ value: Int, width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    var text = "\(padded(year, width: 4))-\(padded(month, width: 2))-\(padded(day, width: 2))"
    text += "T\(padded(hour, width: 2)):\(padded(minute, width: 2)):\(padded(second, width: 2))"
    if nanosecond % 1_000 != 0 {
      text += ".\(padded(nanosecond, width: 9))"
    } else if nanosecond % 1_000_000 != 0 {
      text += ".\(padded(nanosecond / 1_000, width: 6))"
    } else if nanosecond != 0 {
      text += ".\(padded(nanosecond / 1_000_000, width: 3))"
    }
    return text + "Z"
  }

  /// Returns the number of days in a month of a year, 28...31.
  public static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Returns the number of days from 1970-01-01 to a date; negative before it.
  ///
  /// - Parameters:
  ///   - year: Calendar year.
  ///   - month: Month, 1...12.
  ///   - day: Day of the month, 1...31.
  public static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// Returns the date `days` after 1970-01-01.
  public static func date(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}
