import WattlineTime

/// Periods of a tariff grouped into equal days, with seasons and gaps.
///
/// Example: `{price: 0.2}` and `{from: "16:00", to: "21:00", price: 0.5, days: workdays}` give two days: `workdays`
/// with three stretches and `weekend` with one.
public struct TariffOutline: Hashable, Sendable {
  /// Part of a day with a constant price.
  public struct Stretch: Hashable, Sendable {
    /// Start [minutes after local midnight].
    public var fromMinute: Int
    /// End [minutes after local midnight], up to 1440.
    public var toMinute: Int
    /// Price [currency/kWh]; `nil` in a gap.
    public var price: Double?
  }

  /// Set of days with equal prices.
  public struct Day: Hashable, Sendable {
    /// Months of the season, such as `jun-sep`; empty for the whole year.
    public var months: String
    /// Days of the week, such as `workdays`.
    public var days: String
    /// Prices from midnight to midnight.
    public var stretches: [Stretch]
  }

  /// Days, season by season.
  public let days: [Day]

  /// Groups periods of which the last matching one decides.
  ///
  /// - Parameters:
  ///   - periods: Periods of the tariff.
  ///   - fallback: Price outside of all periods [currency/kWh]; `nil` leaves gaps.
  public init(_ periods: [Tariff.Period], otherwise fallback: Double? = nil) {
    let bounds = Set(periods.flatMap { [$0.fromMinute, $0.toMinute] } + [0, 1440]).filter { (0...1440).contains($0) }
      .sorted()
    let year = (1...12).map { month in
      (1...7).map { TariffOutline.day(periods, bounds: bounds, fallback: fallback, month: month, weekday: $0) }
    }
    var days: [Day] = []
    for (months, week) in TariffOutline.groups(year) {
      let season = months.count == 12 ? "" : TariffOutline.ranges(months, names: TariffOutline.monthNames)
      for (weekdays, stretches) in TariffOutline.groups(week) {
        days.append(Day(months: season, days: TariffOutline.name(of: weekdays), stretches: stretches))
      }
    }
    self.days = days
  }

  /// Parts of days without a price.
  public var holes: [Day] {
    days.compactMap { day in
      let holes = day.stretches.filter { $0.price == nil }
      return holes.isEmpty ? nil : Day(months: day.months, days: day.days, stretches: holes)
    }
  }

  private static let monthNames = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]
  private static let dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  private static func day(
    _ periods: [Tariff.Period], bounds: [Int], fallback: Double?, month: Int, weekday: Int
  ) -> [Stretch] {
    let first = CivilTime(year: 2024, month: month, day: 1)
    let date = CivilTime(year: 2024, month: month, day: 1 + (weekday - first.weekday + 7) % 7)
    var stretches: [Stretch] = []
    for (from, to) in zip(bounds, bounds.dropFirst()) {
      var local = date
      (local.hour, local.minute) = (from / 60, from % 60)
      let price = periods.last { $0.contains(local) }?.price ?? fallback
      if let last = stretches.last, last.price == price {
        stretches[stretches.count - 1].toMinute = to
      } else {
        stretches.append(Stretch(fromMinute: from, toMinute: to, price: price))
      }
    }
    return stretches
  }

  /// Returns equal elements as groups, in order of first occurrence, with their positions from 1.
  private static func groups<Element: Equatable>(_ elements: [Element]) -> [(places: [Int], element: Element)] {
    var groups: [(places: [Int], element: Element)] = []
    for (place, element) in elements.enumerated() {
      if let known = groups.firstIndex(where: { $0.element == element }) {
        groups[known].places.append(place + 1)
      } else {
        groups.append(([place + 1], element))
      }
    }
    return groups
  }

  private static func name(of weekdays: [Int]) -> String {
    switch weekdays {
    case [1, 2, 3, 4, 5, 6, 7]: "every day"
    case [1, 2, 3, 4, 5]: "workdays"
    case [6, 7]: "weekend"
    default: ranges(weekdays, names: dayNames)
    }
  }

  /// Returns numbers from 1 as names and ranges of names, which may wrap around: `nov-feb`.
  private static func ranges(_ numbers: [Int], names: [String]) -> String {
    let known = Set(numbers)
    // A range starts if the preceding number is absent.
    let starts = numbers.filter { !known.contains($0 == 1 ? names.count : $0 - 1) }
    let parts = starts.map { start in
      var end = start
      while known.contains(end % names.count + 1) { end = end % names.count + 1 }
      return start == end ? names[start - 1] : "\(names[start - 1])-\(names[end - 1])"
    }
    return parts.joined(separator: ", ")
  }
}
