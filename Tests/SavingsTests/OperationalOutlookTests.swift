import Testing
import WattlineTime

@testable import Savings

@Suite("Operational model")
struct OperationalOutlookTests {
  private static let year = CivilTime.daysSinceEpoch(year: 2022, month: 1, day: 1)

  private static let verifier: Result<SavingsVerifier, any Error> = Result {
    try SavingsVerifier(baseline: SyntheticMeter().days(seed: 1), years: 2020...2024, countries: [])
  }

  private func outlook(
    _ meter: SyntheticMeter, measures: [SavingsAssessment.Measure] = [], excluded: [ClosedRange<Int>] = [],
    adjustment: ModelAdjustment? = nil, count: Int = 300
  ) throws -> OperationalOutlook {
    let (verifier, days) = (try Self.verifier.get(), meter.days(year: 2022, count: count, seed: 7))
    return OperationalOutlook(
      verifier, adjustment: adjustment, days: days, measures: measures, excluded: excluded,
      confidence: 0.9)
  }

  @Test func `an unchanged building tracks, and its year has no change`() throws {
    let outlook = try outlook(SyntheticMeter())
    let allFound = outlook.deviation(Self.year...(Self.year + 299))
    let all = try #require(allFound)
    #expect(all.state == .tracking && all.dayCount == 300)
    let (alarm, none) = (outlook.alarm(after: .min), outlook.deviation((Self.year + 400)...(Self.year + 500)))
    #expect(alarm == nil && none == nil)
  }

  @Test func `a fault is dated and sized, and an explained span is in no deviation`() throws {
    let start = Self.year + 150
    let meter = SyntheticMeter(added: { $0 >= start ? 12 : 0 })
    let found = try outlook(meter).alarm(after: .min)
    let alarm = try #require(found)
    #expect(abs(alarm.start - start) <= 3 && alarm.detected - start < 14 && alarm.isIncrease)
    let fault = try outlook(meter).deviation(start...(Self.year + 299))
    let range = try #require(fault)
    #expect(abs(range.excess - 12 * 150) < 200 && range.state == .alert)
    let explained = try outlook(meter, excluded: [start...(Self.year + 299)])
    let (none, quiet) = (explained.deviation(start...(Self.year + 299)), explained.alarm(after: .min))
    #expect(none == nil && quiet == nil)
    let later = try outlook(meter).alarm(after: Self.year + 299)
    #expect(later == nil)
  }

  @Test func `two measures are expected, and a fault after them is not taken for one`() throws {
    let (first, second, fault) = (Self.year + 40, Self.year + 120, Self.year + 220)
    let meter = SyntheticMeter(added: {
      ($0 >= first ? -10 : 0) + ($0 >= second ? -8 : 0) + ($0 >= fault ? 12 : 0)
    })
    let measures = [first, second].map { SavingsAssessment.Measure(date: $0, name: "m") }
    let outlook = try outlook(meter, measures: measures)
    let beforeFound = outlook.deviation((second + 28)...(fault - 1))
    let before = try #require(beforeFound)
    #expect(before.state == .tracking, "\(before)")
    let afterFound = outlook.deviation(fault...(Self.year + 299))
    let after = try #require(afterFound)
    #expect(abs(after.excess - 12 * 80) < 300 && after.state == .alert, "\(after)")
    let alarmFound = outlook.alarm(after: .min)
    let alarm = try #require(alarmFound)
    #expect(abs(alarm.start - fault) <= 5, "\(alarm)")
  }

  @Test func `a correction follows a changed plant, is judged by days it has not seen, and is in the witness`() throws {
    let (verifier, start) = (try Self.verifier.get(), Self.year + 100)
    let meter = SyntheticMeter(added: { $0 >= start ? 15 : 0 })
    let days = meter.days(year: 2022, count: 300, seed: 7)
    let whole = try #require(ModelAdjustment(of: verifier, replacing: nil, days: days, since: start))
    #expect(!whole.isOffset && whole.isAccepted && whole.dayCount == 170, "\(whole)")
    let outlook = try outlook(meter, adjustment: whole)
    let afterFound = outlook.deviation(start...(Self.year + 299))
    let after = try #require(afterFound)
    #expect(after.state == .tracking, "\(after)")
    #expect(verifier.witness(whole) > verifier.witness + 15 * 300)

    let short = try #require(ModelAdjustment(of: verifier, replacing: nil, days: Array(days[..<170]), since: start))
    #expect(short.isOffset && abs(short.effects[0] - 15) < 3 && short.isAccepted)
    #expect(ModelAdjustment(of: verifier, replacing: nil, days: Array(days[..<140]), since: start) == nil)
    // Without a change there is nothing to gain.
    let same = ModelAdjustment(
      of: verifier, replacing: nil, days: SyntheticMeter().days(year: 2022, count: 300, seed: 7), since: start)
    #expect(same?.isAccepted == false)
  }
}
