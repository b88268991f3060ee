/// Grouping of days whose use differs at the same weather.
enum DayTypes: String, CaseIterable, Sendable, Codable {
  /// All days alike.
  case one
  /// Working days; weekends and holidays.
  case weekend
  /// Working days; Saturdays; Sundays and holidays.
  case saturday
  /// Working days; working days after a day of rest; Saturdays; Sundays and holidays.
  case afterRest
  /// Each day of the week; holidays are as Sundays.
  case weekdays

  /// Number of types.
  var count: Int {
    switch self {
    case .one: 1
    case .weekend: 2
    case .saturday: 3
    case .afterRest: 4
    case .weekdays: 7
    }
  }

  /// Returns the type of a date.
  ///
  /// - Parameters:
  ///   - date: Date [days since 1970-01-01].
  ///   - holidays: Dates that are used like a Sunday.
  func type(of date: Int, holidays: Set<Int>) -> Int {
    let weekday = holidays.contains(date) ? 6 : MeterDay.weekday(date)
    switch self {
    case .one: return 0
    case .weekend: return weekday > 4 ? 1 : 0
    case .saturday: return max(0, weekday - 4)
    case .afterRest:
      if weekday > 4 { return weekday - 3 }
      return MeterDay.weekday(date - 1) == 6 || holidays.contains(date - 1) ? 1 : 0
    case .weekdays: return weekday
    }
  }
}
