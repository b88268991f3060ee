import Testing
import WattlineTime

@testable import Savings

@Suite("Daily baselines")
struct DailyModelTests {
  private func verifier(_ days: [MeterDay], countries: [String] = []) throws -> SavingsVerifier {
    try SavingsVerifier(baseline: days, years: 2020...2023, countries: countries)
  }

  @Test
  func `terms of a made office are found, and the next year is predicted`() throws {
    let meter = SyntheticMeter(heating: 2)
    let verifier = try verifier(meter.days(seed: 1))
    #expect(verifier.model.name.hasPrefix("5P"))
    #expect(verifier.model.statistics.isAccepted && abs(verifier.model.statistics.nmbe) < 5e-5)
    let next = meter.days(year: 2022, seed: 2)
    let predicted = verifier.model.predict(next).reduce(0, +)
    #expect(abs(predicted / next.reduce(0) { $0 + $1.use } - 1) < 0.012)
  }

  @Test
  func `a fit is the same each time`() throws {
    let days = SyntheticMeter().days(seed: 3)
    let (one, two) = try (verifier(days), verifier(days))
    #expect(one.model.predict(days) == two.model.predict(days))
  }

  @Test
  func `holidays that are kept are found with their country, and those that are worked are left out`() throws {
    let all = Set(HolidayCalendar.days(country: "DE", years: 2020...2022))
    let worked = Set((2020...2022).map { CivilTime.daysSinceEpoch(year: $0, month: 10, day: 3) })
    let meter = SyntheticMeter(holidays: all.subtracting(worked))
    let days = meter.days(year: 2022, seed: 4)
    let verifier = try verifier(days, countries: HolidayCalendar.countries)
    #expect(verifier.model.holidayCountry == "DE")
    let monday = CivilTime.daysSinceEpoch(year: 2022, month: 10, day: 3)
    let easter = CivilTime.daysSinceEpoch(year: 2022, month: 4, day: 18)
    let predicted = Dictionary(uniqueKeysWithValues: zip(days.map(\.date), verifier.model.predict(days)))
    #expect(try #require(predicted[monday]) > 85 && #require(predicted[easter]) < 70)
  }

  @Test
  func `intervals of unchanged years hold`() throws {
    let meter = SyntheticMeter(heating: 1)
    var (months, years) = (0, 0)
    for seed in 0..<8 {
      let verifier = try verifier(meter.days(seed: UInt64(10 + seed)))
      let days = meter.days(year: 2022, seed: UInt64(50 + seed))
      let first = days[0].date
      let windows = [0, 90, 180, 270].map { (first: first + $0, count: 28) } + [(first: first, count: 365)]
      let results = verifier.estimates(days, windows: windows, confidence: 0.9)
      months += results.dropLast().count { abs($0.value) <= $0.half }
      years += abs(results[4].value) <= results[4].half ? 1 : 0
    }
    #expect(months >= 27 && years >= 7)
  }

  @Test
  func `data without a year, weather or use are refused in words`() throws {
    let days = SyntheticMeter().days(seed: 5)
    func refusal(_ days: [MeterDay]) -> String {
      do {
        _ = try verifier(days)
        return ""
      } catch { return "\(error)" }
    }
    #expect(refusal(Array(days.prefix(200))).contains("200 days"))
    #expect(refusal([]).contains("no day with readings"))
    let blind = days.map { MeterDay(date: $0.date, use: $0.use, temperature: .nan) }
    #expect(refusal(blind).contains("temperature"))
    let dead = days.map { MeterDay(date: $0.date, use: 7, temperature: $0.temperature) }
    #expect(refusal(dead).contains("same on every day"))
  }
}
