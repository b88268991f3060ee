import PlantModel
import WattlineTime

/// Order of day and month in dates that do not start with the year.
public enum DateOrder: String, Sendable, CaseIterable {
  /// `31/12/2025`.
  case dayFirst = "day-first"
  /// `12/31/2025`.
  case monthFirst = "month-first"
}

/// A date, a time of day, or both, as written. The order of day and month, and the offset from UTC, may be undecided.
struct CivilText: Equatable {
  /// Accepted years. Their times are never too far apart to be subtracted without overflow.
  static let years = 1900...2100

  /// Numbers of the date. If ``isOrdered`` is `false`, `first` and `second` are in the order of the text.
  var year = 0
  var first = 0
  var second = 0
  var hasDate = false
  /// Whether `first` is certainly the month and `second` the day.
  var isOrdered = true
  /// Time since midnight [ns]; 24:00 is a whole day. `nil` without a time of day.
  var timeOfDay: Int64?
  /// Offset from UTC [min], positive east; `nil` if none is written.
  var offset: Int?

  /// Returns the local time as if it were UTC [ns since 1970]; `nil` if there is no such day.
  func local(_ order: DateOrder) -> Int64? {
    let isDayFirst = !isOrdered && order == .dayFirst
    let (month, day) = isDayFirst ? (second, first) : (first, second)
    guard CivilText.years.contains(year), (1...12).contains(month), day >= 1,
      day <= CivilTime.days(inMonth: month, of: year)
    else { return nil }
    let days = Int64(CivilTime.daysSinceEpoch(year: year, month: month, day: day))
    return days * 86_400_000_000_000 + (timeOfDay ?? 0)
  }

  /// Parses all of some bytes; `nil` if they are neither a date nor a time of day.
  ///
  /// Dates: `2025-06-01`, `2025/6/1`, `20250601`, `1.6.2025`, `01/06/25`, `1 Jun 2025`, `Jun 1, 2025`. Times: `00:15`,
  /// `0:15:00.5`, `12:15 AM`, `24:00`, and after a date `T0015`. Offsets: `Z`, `+02:00`, `+0200`, `+02`, `CEST`.
  init?(_ bytes: [UInt8], range: Range<Int>) {
    var cursor = CivilCursor(bytes, range: range)
    cursor.skipWeekday()
    if cursor.isAtTime() {
      guard readTime(&cursor) else { return nil }
    } else {
      guard readDate(&cursor) else { return nil }
      if !cursor.isAtEnd {
        cursor.skipBetweenDateAndTime()
        guard cursor.isAtEnd || readTime(&cursor) else { return nil }
      }
    }
    if timeOfDay != nil {
      cursor.skipBlanks()
      if !cursor.isAtEnd {
        guard let minutes = cursor.offset() else { return nil }
        offset = minutes
      }
    }
    guard cursor.isAtEnd else { return nil }
  }

  private mutating func readDate(_ cursor: inout CivilCursor) -> Bool {
    hasDate = true
    if let month = cursor.monthName() {
      cursor.skipDateMark()
      guard let (day, width) = cursor.number(upTo: 2), width > 0 else { return false }
      (first, second) = (month, day)
      cursor.skipDateMark()
      return readYear(&cursor)
    }
    guard let (number, width) = cursor.number(upTo: 14) else { return false }
    switch width {
    case 8, 12, 14: return readCompact(number, width: width)
    case 4:
      year = number
      guard cursor.skipDateMark() else { return false }
      guard let month = cursor.monthName() ?? cursor.number(upTo: 2)?.value, cursor.skipDateMark(),
        let (day, _) = cursor.number(upTo: 2)
      else { return false }
      (first, second) = (month, day)
      return true
    case 1, 2:
      let isDotted = cursor.isAt(".")
      guard cursor.skipDateMark() else { return false }
      if let month = cursor.monthName() {
        (first, second) = (month, number)
      } else {
        guard let (other, _) = cursor.number(upTo: 2) else { return false }
        // Dotted dates put the day first.
        if isDotted { (first, second) = (other, number) } else { (first, second, isOrdered) = (number, other, false) }
      }
      return cursor.skipDateMark() && readYear(&cursor)
    default: return false
    }
  }

  private mutating func readYear(_ cursor: inout CivilCursor) -> Bool {
    guard let (number, width) = cursor.number(upTo: 4), width == 4 || width == 2 else { return false }
    year = width == 4 ? number : number + (number >= 70 ? 1900 : 2000)
    return true
  }

  private mutating func readCompact(_ number: Int, width: Int) -> Bool {
    var rest = number
    var clock = 0
    if width > 8 {
      let part = width == 14 ? 1_000_000 : 10_000
      clock = width == 14 ? rest % part : rest % part * 100
      rest /= part
    }
    (year, first, second) = (rest / 10_000, rest / 100 % 100, rest % 100)
    if width > 8 {
      guard let time = CivilText.time(clock / 10_000, minute: clock / 100 % 100, second: clock % 100) else {
        return false
      }
      timeOfDay = time
    }
    return true
  }

  private mutating func readTime(_ cursor: inout CivilCursor) -> Bool {
    guard let (hour, width) = cursor.number(upTo: 6) else { return false }
    if width == 4 || width == 6 {
      let clock = width == 6 ? hour : hour * 100
      guard let time = CivilText.time(clock / 10_000, minute: clock / 100 % 100, second: clock % 100) else {
        return false
      }
      timeOfDay = time
      return true
    }
    guard width <= 2, cursor.skip(":") || cursor.skip("."), let (minute, minuteWidth) = cursor.number(upTo: 2),
      minuteWidth == 2
    else { return false }
    var second = 0
    var fraction: Int64 = 0
    if cursor.skip(":") || cursor.skip(".") {
      guard let (value, secondWidth) = cursor.number(upTo: 2), secondWidth == 2 else { return false }
      second = value
      if cursor.isAt(".") || cursor.isAt(",") {
        guard let value = cursor.fraction() else { return false }
        fraction = value
      }
    }
    var hours = hour
    if let isAfternoon = cursor.halfOfDay() {
      guard (1...12).contains(hour) else { return false }
      hours = hour % 12 + (isAfternoon ? 12 : 0)
    }
    guard let time = CivilText.time(hours, minute: minute, second: second) else { return false }
    timeOfDay = time + fraction
    return true
  }

  private static func time(_ hour: Int, minute: Int, second: Int) -> Int64? {
    guard (0...23).contains(hour) || (hour == 24 && minute == 0 && second == 0), minute < 60, second < 60 else {
      return nil
    }
    return Int64(hour * 3600 + minute * 60 + second) * 1_000_000_000
  }
}
