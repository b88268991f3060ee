import Testing
import WattlineTime

@testable import Savings

@Suite("Portfolio and forecast")
struct ForecastTests {
  private static let year = CivilTime.daysSinceEpoch(year: 2022, month: 1, day: 1)

  @Test func `a sum has the uncertainty of its correlation, between none and all`() {
    let one = SavingsAssessment.Estimate(value: 100, half: 30)
    let residuals = Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, Double(($0 * 37) % 11) - 5) })
    let alone = PortfolioEstimate([(one, residuals)])
    #expect(alone.savings == one && alone.correlation == nil)
    let same = PortfolioEstimate([(one, residuals), (one, residuals)])
    #expect(abs(same.savings.half - 60) < 1e-9 && same.savings.value == 200 && abs(same.correlation! - 1) < 1e-9)
    // Opposite errors are no luck to count on.
    let opposite = PortfolioEstimate([(one, residuals), (one, residuals.mapValues { -$0 })])
    #expect(abs(opposite.savings.half - opposite.independentHalf) < 1e-9 && opposite.correlation == 0)
    #expect(abs(opposite.independentHalf - 30 * 2.0.squareRoot()) < 1e-9 && opposite.greatestHalf == 60)
    // Meters without common days may err alike.
    let apart = PortfolioEstimate([(one, residuals), (one, [:])])
    #expect(apart.savings.half == 60 && apart.correlation == nil)
  }

  @Test func `months forecast with the weather of past years are within their intervals, and a measure is in them`()
    throws
  {
    let history = SyntheticMeter(heating: 3).days(seed: 1)
    let verifier = try SavingsVerifier(baseline: history, years: 2020...2024, countries: [])
    let measure = SavingsAssessment.Measure(date: Self.year + 31, name: "m")
    let meter = SyntheticMeter(heating: 3, added: { $0 >= measure.date ? -15 : 0 })
    let days = meter.days(year: 2022, count: 365, seed: 9)
    var (within, error, start) = (0, 0.0, Self.year + 31)
    for month in 2...12 {
      let length = CivilTime.days(inMonth: month, of: 2022)
      let span = start...(start + length - 1)
      start += length
      let known = Array(days.prefix(span.lowerBound - Self.year))
      let forecast = try #require(
        UseForecast(
          span, verifier: verifier, adjustment: nil, days: known, weather: history,
          measures: month > 2 ? [measure] : [], confidence: 0.9))
      let actual = days.filter { span.contains($0.date) }.reduce(0) { $0 + $1.use }
      if month > 2 { error += abs(forecast.expected - actual) / actual / 10 }
      if month > 2, abs(forecast.expected - actual) <= forecast.half { within += 1 }
      #expect(forecast.scenarios == 5 || forecast.scenarios == 3 || forecast.scenarios == 4, "\(forecast)")
    }
    #expect(within >= 8 && error < 0.06, "\(within) of 10, \(error)")
    let short = UseForecast(
      (Self.year + 20)...(Self.year + 30), verifier: verifier, adjustment: nil, days: Array(days.prefix(20)),
      weather: [], measures: [], confidence: 0.9)
    #expect(short == nil)
  }
}
