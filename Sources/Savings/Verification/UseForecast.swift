import Glibc
import WattlineTime

/// Forecast of a meter's use by its operational model, with the weather of past years.
///
/// Each past year, also shifted by one and two weeks, is a scenario of the weather to come. The mean of the scenarios
/// is the forecast; their spread is added to the interval of the model.
public struct UseForecast: Sendable, Equatable {
  /// Shifts of a past year's weather [days].
  private static let shifts = [-14, -7, 0, 7, 14]
  /// Share of a span's days that a scenario needs.
  private static let leastShare = 0.8

  /// First day [days since 1970-01-01].
  public let first: Int
  /// Last day.
  public let last: Int
  /// Expected use [kWh].
  public let expected: Double
  /// Half of its interval [kWh].
  public let half: Double
  /// Number of scenarios of the weather.
  public let scenarios: Int

  /// Forecasts the use of a span.
  ///
  /// - Parameters:
  ///   - span: First and last date, after all days with use that count.
  ///   - verifier: The frozen model.
  ///   - adjustment: Its correction, if it has one.
  ///   - days: Days with use and weather up to the day before the forecast, in order.
  ///   - weather: Further days whose weather is known, such as those of the fit.
  ///   - measures: Measures that the model has not seen, in order of their dates.
  ///   - confidence: Probability of the interval, between 0 and 1.
  /// - Returns: `nil` if no past weather covers the span, or the model is of bills.
  public init?(
    _ span: ClosedRange<Int>, verifier: SavingsVerifier, adjustment: ModelAdjustment?, days: [MeterDay],
    weather: [MeterDay], measures: [SavingsAssessment.Measure], confidence: Double
  ) {
    guard let uncertainty = verifier.uncertainty, let origin = days.last?.date else { return nil }
    let past = Dictionary(
      (weather + days).filter { $0.temperature.isFinite }.map { ($0.date, $0) }, uniquingKeysWith: { _, last in last })
    guard let oldest = past.keys.min() else { return nil }
    var sums: [(expected: Double, half: Double)] = []
    for years in 1...20 {
      guard span.upperBound - 365 * years + 14 >= oldest else { break }
      for shift in Self.shifts {
        let future = Self.future((min(origin + 1, span.lowerBound))...span.upperBound) { date in
          past[Self.date(date, yearsBefore: years) + shift]
        }
        let known = future.count { span.contains($0.date) && $0.temperature.isFinite }
        guard Double(known) >= Self.leastShare * Double(span.count) else { continue }
        let outlook = OperationalOutlook(
          verifier, adjustment: adjustment, days: days + future.filter { $0.date > origin }, measures: measures,
          confidence: confidence)
        guard let sum = outlook.expectation(span), sum.dayCount > 0 else { continue }
        let share = Double(span.count) / Double(sum.dayCount)
        sums.append((sum.expected * share, sum.half * share))
      }
    }
    guard !sums.isEmpty else { return nil }
    let count = Double(sums.count)
    let mean = sums.reduce(0) { $0 + $1.expected } / count
    let spread = sums.reduce(0) { $0 + ($1.expected - mean) * ($1.expected - mean) } / max(1, count - 1)
    let model = sums.reduce(0) { $0 + $1.half } / count
    let factor = uncertainty.factor(confidence: confidence)
    (first, last, expected, scenarios) = (span.lowerBound, span.upperBound, mean, sums.count)
    half = sqrt(model * model + factor * factor * spread * (1 + 1 / count))
  }

  /// Returns the days of a span with the weather of other days.
  private static func future(_ span: ClosedRange<Int>, weather: (Int) -> MeterDay?) -> [MeterDay] {
    span.map { date in
      let day = weather(date)
      return MeterDay(
        date: date, use: .nan, temperature: day?.temperature ?? .nan, nightTemperature: day?.nightTemperature ?? .nan,
        irradiation: day?.irradiation ?? .nan)
    }
  }

  /// Returns the same day of an earlier year; 28 February for 29 February.
  private static func date(_ date: Int, yearsBefore years: Int) -> Int {
    let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
    let length = CivilTime.days(inMonth: month, of: year - years)
    return CivilTime.daysSinceEpoch(year: year - years, month: month, day: min(day, length))
  }
}

extension OperationalOutlook {
  /// Returns the expected use of a span's days with known weather, whether their use is known or not [kWh].
  func expectation(_ span: ClosedRange<Int>) -> (expected: Double, half: Double, dayCount: Int)? {
    let own = outlook.days.indices.filter { span.contains(outlook.days[$0].date) && outlook.parts[$0].total.isFinite }
    guard !own.isEmpty else { return nil }
    return (own.reduce(0) { $0 + outlook.parts[$1].total + shifts[$1] }, half(own), own.count)
  }
}
