import Savings
import WattlineTime

/// A baseline read from a file, and assessments against it.
struct SavingsStudy {
  private let options: SavingsOptions
  private let clock: DayClock
  private let resolution: MeterReadings.Resolution
  private let verifier: SavingsVerifier

  /// Fits the baseline of a file.
  init(baseline: MeterFile, options: SavingsOptions) throws {
    self.options = options
    resolution = baseline.readings.resolution
    clock = SavingsStudy.clock(baseline.readings, options: options)
    let weather = try SavingsStudy.weather(baseline, options: options)
    do {
      let first = baseline.readings.spans.first.map { CivilTime(utc: $0.start).year } ?? 1970
      let years = (first - 1)...(first + 12)
      if resolution == .billing {
        guard options.variables.isEmpty else {
          throw Misuse(message: "--variable needs a meter that is read by the day or shorter, not bills")
        }
        let bills = MeterBills(baseline.readings, clock: clock, weather: weather)
        verifier = try SavingsVerifier(baseline: bills)
      } else {
        let days = baseline.readings.days(clock, weather: weather, variables: baseline.variables)
        verifier = try SavingsVerifier(
          baseline: days, years: years, countries: options.countries,
          hours: baseline.readings.hours(clock, weather: weather))
      }
    } catch let refusal as SavingsRefusal {
      throw Failure(description: "\(baseline.path): no model: \(refusal)")
    }
  }

  /// Returns the weather of a file, or that of the options.
  static func weather(_ file: MeterFile, options: SavingsOptions) throws -> WeatherRecord {
    guard let weather = options.weather ?? file.weather else {
      throw Failure(
        description: "\(file.path): has no column 'temperature' [°C] or 'temperature_f' [°F]; give weather by --weather"
      )
    }
    return weather
  }

  /// Returns the clock of the days of readings: that of the options' zone, or of the first row.
  static func clock(_ readings: MeterReadings, options: SavingsOptions) -> DayClock {
    if let calendar = options.calendar { return DayClock(calendar) }
    guard let first = readings.spans.first, readings.resolution != .hourly || readings.coversWholeDays else {
      return DayClock(.utc)
    }
    return DayClock(firstRow: first.start)
  }

  private func days(_ file: MeterFile) throws -> [MeterDay] {
    let weather = try SavingsStudy.weather(file, options: options)
    if file.readings.resolution == .billing {
      return verifier.allocate(MeterBills(file.readings, clock: clock, weather: weather))
    }
    return file.readings.days(clock, weather: weather, variables: file.variables)
  }

  /// Returns savings of windows of a reporting file.
  ///
  /// - Parameters:
  ///   - file: The reporting period.
  ///   - windows: First date and number of days of each.
  func estimates(_ file: MeterFile, windows: [(first: Int, count: Int)]) throws -> [SavingsAssessment.Estimate] {
    try verifier.estimates(days(file), windows: windows, confidence: options.confidence)
  }

  /// Returns the document of a reporting file.
  func document(_ file: MeterFile) throws -> SavingsDocument {
    let days = try days(file)
    let assessment = SavingsAssessment(
      verifier, days: days, measures: options.measures, confidence: options.confidence)
    guard assessment.dayCount > 0 else {
      throw Failure(description: "\(file.path): no day has both use and temperature, so there is nothing to compare")
    }
    let hours = file.readings.hours(clock, weather: try SavingsStudy.weather(file, options: options))
    let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
    return SavingsDocument(
      case: name.hasSuffix(".csv") ? String(name.dropLast(4)) : name, options: options, verifier: verifier,
      days: clock.name, resolution: resolution, assessment: assessment,
      demand: verifier.demand(hours, days: days, confidence: options.confidence))
  }
}
