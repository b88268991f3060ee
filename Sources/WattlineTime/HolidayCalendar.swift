/// Nationwide public holidays of a country, computed from rules, for calendar-dependent loads.
///
/// Rules are those of national law as of 2024, checked against the open table of "python-holidays" (vacanza, 2024).
/// Regional holidays and those set year by year belong into a plant's own `holidays`.
///
/// Worked value: in DE, 2024 has 1 January, 29 March, 1 April, 1, 9 and 20 May, 3 October, 25 and 26 December.
public struct HolidayCalendar: Sendable {
  /// Rule for the date of a holiday.
  enum Rule: Sendable {
    /// Fixed month and day.
    case date(Int, Int)
    /// Days after Easter Sunday.
    case easter(Int)
    /// The n-th given weekday (Monday is 1) of a month.
    case nth(Int, weekday: Int, month: Int)
    /// The last given weekday (Monday is 1) of a month.
    case last(weekday: Int, month: Int)
    /// The first given weekday (Monday is 1) on or after a month and day.
    case onOrAfter(weekday: Int, Int, Int)
  }

  /// Substitute day for a fixed date on a weekend.
  enum Substitute {
    case none
    /// Saturday's holiday is also observed on Friday, Sunday's on Monday.
    case nearest
    /// The next day that is neither weekend nor holiday is also free.
    case next
  }

  /// ISO 3166 codes of the supported countries, sorted.
  public static var countries: [String] { rules.keys.sorted() }

  /// Returns the holidays of a country as days since 1970-01-01, ascending; empty for an unsupported country.
  public static func days(country: String, years: ClosedRange<Int>) -> [Int] {
    guard let (rules, substitute) = rules[country] else { return [] }
    var days: Set<Int> = []
    for year in years {
      let own = rules.map { day(of: $0, in: year) }
      days.formUnion(own)
      var taken = Set(own)
      for (rule, day) in zip(rules, own).sorted(by: { $0.1 < $1.1 }) {
        guard case .date = rule, weekday(day) > 5 else { continue }
        switch substitute {
        case .none: break
        case .nearest: taken.insert(weekday(day) == 6 ? day - 1 : day + 1)
        case .next:
          var free = day + 1
          while weekday(free) > 5 || taken.contains(free) { free += 1 }
          taken.insert(free)
        }
      }
      days.formUnion(taken)
    }
    return days.sorted()
  }

  /// Returns Easter Sunday as days since 1970-01-01.
  ///
  /// Source: anonymous Gregorian computus, Meeus, "Astronomical Algorithms", chapter 8. Worked value: 2024-03-31.
  public static func easter(_ year: Int) -> Int {
    let a = year % 19
    let (b, c) = (year / 100, year % 100)
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7
    let m = (a + 11 * h + 22 * l) / 451
    let n = h + l - 7 * m + 114
    return CivilTime.daysSinceEpoch(year: year, month: n / 31, day: n % 31 + 1)
  }

  private static func weekday(_ day: Int) -> Int { (((day + 3) % 7) + 7) % 7 + 1 }

  private static func day(of rule: Rule, in year: Int) -> Int {
    func after(_ weekday: Int, day: Int) -> Int { day + (weekday - HolidayCalendar.weekday(day) + 7) % 7 }
    switch rule {
    case .date(let month, let day): return CivilTime.daysSinceEpoch(year: year, month: month, day: day)
    case .easter(let offset): return easter(year) + offset
    case .nth(let count, let weekday, let month):
      return after(weekday, day: CivilTime.daysSinceEpoch(year: year, month: month, day: 1)) + 7 * (count - 1)
    case .last(let weekday, let month):
      let last = CivilTime.daysSinceEpoch(
        year: year, month: month, day: CivilTime.days(inMonth: month, of: year))
      return after(weekday, day: last - 6)
    case .onOrAfter(let weekday, let month, let day):
      return after(weekday, day: CivilTime.daysSinceEpoch(year: year, month: month, day: day))
    }
  }

  private static let newYear = Rule.date(1, 1)
  private static let christmas = [Rule.date(12, 25), .date(12, 26)]
  private static let easterWeekend = [Rule.easter(-2), .easter(1)]

  private static let rules: [String: ([Rule], Substitute)] = [
    "AT": (
      [
        newYear, .date(1, 6), .easter(1), .date(5, 1), .easter(39), .easter(50), .easter(60), .date(8, 15),
        .date(10, 26), .date(11, 1), .date(12, 8),
      ] + christmas, .none
    ),
    "AU": ([newYear, .date(1, 26), .date(4, 25)] + easterWeekend + christmas, .next),
    "BE": (
      [
        newYear, .easter(1), .date(5, 1), .easter(39), .easter(50), .date(7, 21), .date(8, 15), .date(11, 1),
        .date(11, 11), .date(12, 25),
      ], .none
    ),
    "CA": (
      [newYear, .easter(-2), .date(7, 1), .nth(1, weekday: 1, month: 9), .date(12, 25)], .none
    ),
    "CH": ([newYear, .easter(39), .date(8, 1), .date(12, 25)], .none),
    "CZ": (
      [
        newYear, .date(5, 1), .date(5, 8), .date(7, 5), .date(7, 6), .date(9, 28), .date(10, 28), .date(11, 17),
        .date(12, 24),
      ] + easterWeekend + christmas, .none
    ),
    "DE": (
      [newYear, .date(5, 1), .easter(39), .easter(50), .date(10, 3)] + easterWeekend + christmas, .none
    ),
    "DK": (
      [newYear, .easter(-3), .easter(0), .easter(39), .easter(49), .easter(50)] + easterWeekend + christmas, .none
    ),
    "ES": (
      [
        newYear, .date(1, 6), .easter(-2), .date(5, 1), .date(8, 15), .date(10, 12), .date(11, 1), .date(12, 6),
        .date(12, 8), .date(12, 25),
      ], .none
    ),
    "FI": (
      [
        newYear, .date(1, 6), .easter(0), .date(5, 1), .easter(39), .easter(49), .onOrAfter(weekday: 5, 6, 19),
        .onOrAfter(weekday: 6, 6, 20), .onOrAfter(weekday: 6, 10, 31), .date(12, 6), .date(12, 24),
      ]
        + easterWeekend + christmas, .none
    ),
    "FR": (
      [
        newYear, .easter(1), .date(5, 1), .date(5, 8), .easter(39), .easter(50), .date(7, 14), .date(8, 15),
        .date(11, 1), .date(11, 11), .date(12, 25),
      ], .none
    ),
    "GB": (
      [newYear, .easter(-2), .nth(1, weekday: 1, month: 5), .last(weekday: 1, month: 5)] + christmas, .next
    ),
    "IE": (
      [
        .date(1, 1), .onOrAfter(weekday: 1, 2, 1), .date(3, 17), .easter(1), .nth(1, weekday: 1, month: 5),
        .nth(1, weekday: 1, month: 6), .nth(1, weekday: 1, month: 8), .last(weekday: 1, month: 10),
      ] + christmas, .none
    ),
    "IT": (
      [
        newYear, .date(1, 6), .easter(0), .easter(1), .date(4, 25), .date(5, 1), .date(6, 2), .date(8, 15),
        .date(11, 1), .date(12, 8),
      ] + christmas, .none
    ),
    "NL": ([newYear, .easter(0), .easter(1), .date(4, 27), .easter(39), .easter(49), .easter(50)] + christmas, .none),
    "NO": (
      [newYear, .easter(-3), .easter(0), .date(5, 1), .date(5, 17), .easter(39), .easter(49), .easter(50)]
        + easterWeekend + christmas, .none
    ),
    "NZ": (
      [
        newYear, .date(1, 2), .date(2, 6), .date(4, 25), .nth(1, weekday: 1, month: 6),
        .nth(4, weekday: 1, month: 10),
      ] + easterWeekend + christmas, .next
    ),
    "PL": (
      [
        newYear, .date(1, 6), .easter(0), .easter(1), .date(5, 1), .date(5, 3), .easter(49), .easter(60), .date(8, 15),
        .date(11, 1), .date(11, 11), .date(12, 24),
      ] + christmas, .none
    ),
    "PT": (
      [
        newYear, .easter(-2), .easter(0), .date(4, 25), .date(5, 1), .easter(60), .date(6, 10), .date(8, 15),
        .date(10, 5), .date(11, 1), .date(12, 1), .date(12, 8), .date(12, 25),
      ], .none
    ),
    "SE": (
      [
        newYear, .date(1, 6), .easter(0), .date(5, 1), .easter(39), .easter(49), .date(6, 6),
        .onOrAfter(weekday: 5, 6, 19), .onOrAfter(weekday: 6, 6, 20), .onOrAfter(weekday: 6, 10, 31), .date(12, 24),
        .date(12, 31),
      ] + easterWeekend + christmas, .none
    ),
    "US": (
      [
        newYear, .nth(3, weekday: 1, month: 1), .nth(3, weekday: 1, month: 2), .last(weekday: 1, month: 5),
        .date(6, 19), .date(7, 4), .nth(1, weekday: 1, month: 9), .nth(2, weekday: 1, month: 10), .date(11, 11),
        .nth(4, weekday: 4, month: 11), .date(12, 25),
      ], .nearest
    ),
  ]
}
