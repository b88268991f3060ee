public import PlantPhysics
import WattlineTime

/// Hours of a building with their weather and local time.
public struct TwinPeriod: Sendable {
  /// Weather of the hours.
  public let weather: BuildingWeather
  /// Local hours and kinds of days.
  public let calendar: BuildingCalendar
  /// Month of each hour: 12 · year + month − 1.
  public let months: [Int]
  /// Whether the temperature of each hour is known.
  public let isKnown: [Bool]
  /// Whether the irradiance was measured; else it follows from the swing of temperature.
  public let hasMeasuredSun: Bool
  let firstHour: Int

  /// Number of hours.
  public var count: Int { months.count }

  /// Creates the hours from one local date to another.
  ///
  /// - Parameters:
  ///   - dates: First and last local date [days since 1970-01-01].
  ///   - record: Weather.
  ///   - clock: Clock of the days.
  ///   - holidays: Dates that are used like Sundays.
  ///   - place: Latitude and longitude [degrees].
  /// - Throws: ``SavingsRefusal`` if more than a tenth of the temperatures are missing.
  public init(
    dates: ClosedRange<Int>, record: WeatherRecord, clock: DayClock, holidays: Set<Int>,
    place: (latitude: Double, longitude: Double)
  ) throws(SavingsRefusal) {
    var clock = clock
    let start = clock.start(dates.lowerBound)
    let count = Int((clock.start(dates.upperBound + 1) - start).inHours.rounded())
    firstHour = Int(start.floored(to: .hour).seconds / 3600)
    var (temperatures, known): ([Double], [Bool]) = ([], [])
    let times = (0..<count).map { start.floored(to: .hour) + .hours(Int64($0)) }
    for time in times {
      let value = record.temperature.value(at: time)
      known.append(value.isFinite)
      temperatures.append(value.isFinite ? value : temperatures.last ?? .nan)
    }
    guard let first = temperatures.first(where: \.isFinite), 10 * known.count(where: { $0 }) >= 9 * count else {
      let missing = count - known.count(where: { $0 })
      throw SavingsRefusal(
        "\(missing) of \(count) hours have no outdoor temperature; a twin needs nine tenths of them, by a column or "
          + "by --weather")
    }
    temperatures = temperatures.map { $0.isFinite ? $0 : first }
    hasMeasuredSun = !record.irradiance.isEmpty
    var sun: [Double]
    if hasMeasuredSun {
      sun = times.map { record.irradiance.value(at: $0) }.map { $0.isFinite ? max(0, $0) : 0 }
    } else {
      sun = BuildingWeather.estimatedIrradiances(
        start: start, temperatures: temperatures, latitude: place.latitude, longitude: place.longitude)
    }
    weather = BuildingWeather(
      start: start, temperatures: temperatures, irradiances: sun, latitude: place.latitude, longitude: place.longitude)
    isKnown = known
    (calendar, months) = TwinPeriod.local(start, count: count, clock: clock, holidays: holidays)
  }

  private static func local(
    _ start: Timestamp, count: Int, clock: DayClock, holidays: Set<Int>
  ) -> (BuildingCalendar, [Int]) {
    var clock = clock
    var calendar = BuildingCalendar(hours: [], days: [])
    var months: [Int] = []
    for place in 0..<count {
      let time = start + .hours(Int64(place))
      let date = clock.date(time)
      calendar.hours.append(min(23, clock.hour(time)))
      calendar.days.append(max(0, (holidays.contains(date) ? 6 : MeterDay.weekday(date)) - 4))
      let (year, month, _) = CivilTime.date(daysSinceEpoch: date)
      months.append(12 * year + month - 1)
    }
    return (calendar, months)
  }
}

/// Energies of a meter that a twin is fitted to: sums over groups of hours.
///
/// Hours are grouped by month, kind of day and hour of the day, so that what varies by chance averages out. Days and
/// bills are groups of their own.
public struct TwinMeter: Sendable {
  /// Group of each hour of the period; −1 without a reading.
  let groups: [Int]
  /// Energy of each group [kWh].
  let energies: [Double]
  /// Month of each group: 12 · year + month − 1.
  let months: [Int]
  /// Number of hours of each group.
  let hours: [Double]
  /// Usual length of a reading.
  public let resolution: MeterReadings.Resolution
  /// Readings within the period: hours and energy [kWh].
  let readings: [(hours: Range<Int>, use: Double)]

  /// Groups the readings of a meter.
  ///
  /// - Parameters:
  ///   - meter: Readings.
  ///   - period: Hours of the twin.
  public init(_ meter: MeterReadings, in period: TwinPeriod) {
    let spans = meter.resolution == .hourly ? TwinMeter.hours(meter.spans) : meter.spans
    var groups = [Int](repeating: -1, count: period.count)
    var readings: [(hours: Range<Int>, use: Double)] = []
    var (energies, hours): ([Double], [Double]) = ([], [])
    var names: [Int: Int] = [:]
    var months: [Int] = []
    for span in spans where span.use.isFinite {
      let first = Int(span.start.floored(to: .hour).seconds / 3600) - period.firstHour
      let last = max(first + 1, first + Int((span.end - span.start).inHours.rounded()))
      guard first >= 0, last <= period.count, period.isKnown[first..<last].count(where: { !$0 }) * 10 <= last - first
      else { continue }
      let isHourly = meter.resolution == .hourly
      readings.append((first..<last, span.use))
      let calendar = period.calendar
      let name =
        isHourly
        ? (period.months[first] * 3 + calendar.days[first]) * 24 + calendar.hours[first] : readings.count
      let group = names[name] ?? energies.count
      if group == energies.count {
        names[name] = group
        energies.append(0)
        months.append(period.months[(first + last) / 2])
        hours.append(0)
      }
      energies[group] += span.use
      for place in first..<last where groups[place] < 0 {
        groups[place] = group
        hours[group] += 1
      }
    }
    (self.groups, self.energies, self.hours, self.readings) = (groups, energies, hours, readings)
    self.months = months
    resolution = meter.resolution
  }

  /// Returns the sums of whole hours; an hour with a gap has none.
  private static func hours(_ spans: [MeterReadings.Span]) -> [MeterReadings.Span] {
    var sums: [MeterReadings.Span] = []
    var covered = 0.0
    func close() { if covered < 0.99 { sums.removeLast() } }
    for span in spans where span.use.isFinite {
      let length = (span.end - span.start).inHours
      let start = span.start.floored(to: .hour)
      if let last = sums.last, last.start == start {
        sums[sums.count - 1] = MeterReadings.Span(start: start, end: last.end, use: last.use + span.use)
        covered += length
      } else {
        if !sums.isEmpty { close() }
        sums.append(MeterReadings.Span(start: start, end: start + .hours(1), use: span.use))
        covered = length
      }
    }
    if !sums.isEmpty { close() }
    return sums
  }

  /// Hours with a reading.
  var coveredHours: Int { groups.count { $0 >= 0 } }

  /// Returns the energy of each group from hourly ones [kWh].
  func sums(_ hourly: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: energies.count)
    for (place, group) in groups.enumerated() where group >= 0 { sums[group] += hourly[place] }
    return sums
  }
}

extension TwinPeriod {
  /// Returns the holidays that a meter keeps around its readings [days since 1970-01-01].
  ///
  /// - Parameters:
  ///   - meter: Readings; of bills, no holiday can be seen.
  ///   - clock: Clock of the days.
  ///   - weather: Weather.
  ///   - countries: Countries whose calendars may fit.
  public static func holidays(
    of meter: MeterReadings, clock: DayClock, weather: WeatherRecord, countries: [String]
  ) -> Set<Int> {
    guard meter.resolution != .billing else { return [] }
    let days = meter.days(clock, weather: weather)
    guard let first = days.first else { return [] }
    let year = CivilTime.date(daysSinceEpoch: first.date).year
    var (sums, counts) = ([Double](repeating: 0, count: 7), [Double](repeating: 0, count: 7))
    for day in days where day.use.isFinite {
      sums[day.weekday] += day.use
      counts[day.weekday] += 1
    }
    let residuals = days.map { $0.use - sums[$0.weekday] / max(1, counts[$0.weekday]) }
    return HolidayInference(
      days: days, residuals: residuals, years: (year - 1)...(year + 12), countries: countries
    ).dates
  }

  /// Returns the first and last whole local date of readings.
  public static func dates(of meter: MeterReadings, clock: DayClock) -> ClosedRange<Int>? {
    var clock = clock
    guard let first = meter.spans.first?.start, let end = meter.spans.last?.end else { return nil }
    let last = clock.date(end - .seconds(1))
    return clock.date(first)...max(clock.date(first), last)
  }
}
