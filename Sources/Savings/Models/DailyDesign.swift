import Glibc
import WattlineTime

/// Explaining variables of a daily model, one row a day.
struct DailyDesign {
  /// Day type of each day.
  private(set) var types: [Int] = []
  private(set) var temperature: [Double] = []
  /// Terms of the effective temperature, row-major.
  private(set) var shifts: [Double] = []
  /// Terms of the base, row-major.
  private(set) var linear: [Double] = []
  let shiftCount: Int
  let linearCount: Int
  var count: Int { types.count }

  /// Mean irradiation that is subtracted, so that the effective temperature is near the air's [kWh/m²].
  static let usualIrradiation = 3.0

  /// Computes the variables of consecutive days. Missing weather of the days before is replaced by that of the day.
  ///
  /// - Parameters:
  ///   - days: Days in order.
  ///   - specification: The terms.
  ///   - holidays: Dates that are used like a Sunday.
  init(_ days: [MeterDay], specification: DailySpecification, holidays: Set<Int>) {
    shiftCount = specification.shifts
    linearCount =
      2 * specification.baseHarmonics + (specification.hasWeekdays ? 4 : 0) + (specification.quiet == nil ? 0 : 2)
      + (specification.variables?.count ?? 0)
    for (place, day) in days.enumerated() {
      func before(_ count: Int) -> MeterDay? {
        place >= count && days[place - count].date == day.date - count ? days[place - count] : nil
      }
      types.append(specification.types.type(of: day.date, holidays: holidays))
      temperature.append(day.temperature)
      appendShifts(day, before: before, specification: specification)
      appendLinear(day, specification: specification, holidays: holidays)
    }
  }

  private mutating func appendShifts(
    _ day: MeterDay, before: (Int) -> MeterDay?, specification: DailySpecification
  ) {
    func finite(_ value: Double?, _ other: Double) -> Double { value.flatMap { $0.isFinite ? $0 : nil } ?? other }
    for lag in 0..<specification.lags {
      shifts.append(finite(before(lag + 1)?.temperature, day.temperature) - day.temperature)
    }
    let sun = finite(day.irradiation, DailyDesign.usualIrradiation)
    if specification.usesSun { shifts.append(sun - DailyDesign.usualIrradiation) }
    if specification.usesNight {
      shifts.append(finite(day.nightTemperature, day.temperature) - day.temperature)
      shifts.append(finite(before(1)?.irradiation, sun) - DailyDesign.usualIrradiation)
    }
    for harmonic in 0..<specification.harmonics { shifts += DailyDesign.harmonic(harmonic + 1, date: day.date) }
  }

  private mutating func appendLinear(_ day: MeterDay, specification: DailySpecification, holidays: Set<Int>) {
    for harmonic in 0..<specification.baseHarmonics { linear += DailyDesign.harmonic(harmonic + 1, date: day.date) }
    let isRest = day.weekday > 4 || holidays.contains(day.date)
    if specification.hasWeekdays {
      for weekday in 1...4 { linear.append(!isRest && day.weekday == weekday ? 1 : 0) }
    }
    if let quiet = specification.quiet {
      let isQuiet = quiet.contains(day.date)
      linear.append(isQuiet && !isRest ? 1 : 0)
      linear.append(isQuiet && isRest && day.weekday == 5 ? 1 : 0)
    }
    for term in specification.variables ?? [] { linear.append(term.value(day)) }
  }

  /// Returns sine and cosine of a multiple of the year's angle at a date.
  static func harmonic(_ order: Int, date: Int) -> [Double] {
    let (year, _, _) = CivilTime.date(daysSinceEpoch: date)
    let start = CivilTime.daysSinceEpoch(year: year, month: 1, day: 1)
    let angle = 2 * Double.pi * Double(order) * (Double(date - start) + 0.5) / 365.25
    return [sin(angle), cos(angle)]
  }
}

extension QuietWeeks {
  /// Returns whether a date lies in these weeks.
  func contains(_ date: Int) -> Bool {
    let (_, month, day) = CivilTime.date(daysSinceEpoch: date)
    return month == 12 && day >= first || month == 1 && day <= last
  }
}
