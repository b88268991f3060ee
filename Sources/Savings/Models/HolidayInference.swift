import WattlineTime

/// Holidays that a meter keeps, found from the baseline.
///
/// A calendar is taken if its holidays on working days were used like days of rest. Holidays of it that were worked
/// are left out in other years too. Holidays that fell on a weekend cannot be seen, and are those of the calendar.
public struct HolidayInference: Sendable, Equatable, Codable {
  /// ISO 3166 code of the calendar's country; `nil` if none fits.
  public let country: String?
  /// Dates of holidays [days since 1970-01-01].
  public let dates: Set<Int>

  /// A country's calendar and how it fits the baseline.
  private struct Fit {
    var country: String
    var gain = 0.0
    var kept = 0
    var worked: Set<Rule> = []
  }

  /// Finds the holidays.
  ///
  /// - Parameters:
  ///   - days: Days of the baseline.
  ///   - residuals: Residual of each day from a model that takes every day for a usual one [kWh].
  ///   - years: Years for which dates are returned.
  ///   - countries: Countries to choose from.
  init(days: [MeterDay], residuals: [Double], years: ClosedRange<Int>, countries: [String]) {
    let weekdays = HolidayInference.levels(days)
    let working = weekdays.prefix(5).reduce(0, +) / 5
    let gap = weekdays[6] - working
    var best: Fit?
    let places = Dictionary(days.enumerated().map { ($1.date, $0) }) { first, _ in first }
    let spread = HolidayInference.spread(residuals)
    if abs(gap) > 2 * spread {
      for country in countries {
        var fit = Fit(country: country)
        let rules = Rules(country: country, around: years.lowerBound)
        for date in HolidayCalendar.days(country: country, years: years) {
          guard let place = places[date], MeterDay.weekday(date) < 5, residuals[place].isFinite else { continue }
          let isRest = abs(residuals[place] - gap) < abs(residuals[place])
          if isRest { fit.kept += 1 } else { fit.worked.insert(rules.rule(date)) }
          // A holiday that is worked speaks against a calendar, though less than one that is kept speaks for it.
          fit.gain += isRest ? 1 : -0.2
        }
        if fit.kept >= 2, fit.gain > (best?.gain ?? 0) { best = fit }
      }
    }
    country = best?.country
    dates = Set(
      best.map { best in
        let rules = Rules(country: best.country, around: years.lowerBound)
        return HolidayCalendar.days(country: best.country, years: years)
          .filter { !best.worked.contains(rules.rule($0)) }
      } ?? [])
  }

  private enum CodingKeys: String, CodingKey { case country, dates }

  /// Writes the dates in order, so that the same holidays have the same bytes.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(country, forKey: .country)
    try container.encode(dates.sorted(), forKey: .dates)
  }

  /// Creates the result without a calendar.
  init() { (country, dates) = (nil, []) }

  /// Mean use by weekday.
  private static func levels(_ days: [MeterDay]) -> [Double] {
    (0..<7).map { weekday in
      let values = days.filter { $0.weekday == weekday && $0.isComplete }.map(\.use)
      return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
  }

  /// Robust standard deviation.
  static func spread(_ residuals: [Double]) -> Double {
    let sizes = residuals.filter(\.isFinite).map(abs).sorted()
    return sizes.isEmpty ? 0 : 1.4826 * sizes[sizes.count / 2]
  }

  /// Why a date is a holiday.
  private enum Rule: Hashable {
    /// Month and day.
    case date(Int, Int)
    /// Days from Easter Sunday.
    case easter(Int)
    /// Month, weekday, and which of them.
    case weekday(Int, Int, Int)
    /// A day in place of a holiday on a weekend.
    case substitute
  }

  /// Rules of a country's calendar, found from the dates of many years.
  private struct Rules {
    private static let years = 28
    private var counts: [Rule: Int] = [:]

    init(country: String, around year: Int) {
      for date in HolidayCalendar.days(country: country, years: (year - Rules.years / 2)...(year + Rules.years / 2)) {
        for rule in Rules.possible(date) { counts[rule, default: 0] += 1 }
      }
    }

    private static func possible(_ date: Int) -> [Rule] {
      let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
      return [
        .date(month, day), .easter(date - HolidayCalendar.easter(year)),
        .weekday(month, MeterDay.weekday(date), (day - 1) / 7),
        .weekday(month, MeterDay.weekday(date), -1 - (CivilTime.days(inMonth: month, of: year) - day) / 7),
      ]
    }

    /// Returns the most frequent rule that a date follows.
    func rule(_ date: Int) -> Rule {
      let rules = Rules.possible(date)
      let best = rules.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? .substitute
      return 2 * counts[best, default: 0] > Rules.years ? best : .substitute
    }
  }
}
