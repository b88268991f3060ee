import Testing
import WattlineTime

@testable import Savings

@Suite("Savings against a baseline")
struct SavingsAssessmentTests {
  private let first = CivilTime.daysSinceEpoch(year: 2022, month: 1, day: 1)
  private let verifier: SavingsVerifier

  init() throws {
    verifier = try SavingsVerifier(
      baseline: SyntheticMeter(heating: 2).days(seed: 21), years: 2020...2023, countries: [])
  }

  private func assess(_ meter: SyntheticMeter, isMeasured: Bool = false) -> SavingsAssessment {
    let measures = isMeasured ? [SavingsAssessment.Measure(date: first, name: "lighting")] : []
    return SavingsAssessment(verifier, days: meter.days(year: 2022, seed: 22), measures: measures, confidence: 0.9)
  }

  @Test
  func `an unchanged year saves nothing, tracks and has no event`() {
    let result = assess(SyntheticMeter(heating: 2))
    #expect(abs(result.savings.value) <= result.savings.half)
    #expect(result.months.count == 12 && result.months.allSatisfy { $0.state == .tracking })
    #expect(result.events == [])
  }

  @Test
  func `a measure is sized, raises no alarm, and a month beyond 10 % is an alert`() {
    let result = assess(SyntheticMeter(work: 80, rest: 30, heating: 2), isMeasured: true)
    let truth = 260.0 * 20 + 105 * 10
    #expect(abs(result.savings.value - truth) <= result.savings.half)
    #expect(result.detected == nil && result.events.isEmpty)
    #expect(result.months[4].state == .alert)
  }

  @Test
  func `an added load is noticed, dated and taken out`() {
    let start = first + 150
    let result = assess(SyntheticMeter(heating: 2, added: { $0 >= start ? 12 : 0 }))
    #expect(result.detected.map { $0 >= start && $0 < start + 14 } == true)
    #expect(result.events.count == 1 && abs(result.events[0].start - start) <= 3)
    #expect(abs(result.events[0].effect - 12 * 215) < 0.15 * 12 * 215)
    #expect(abs(result.adjusted) < abs(result.savings.value))
  }

  @Test
  func `beside a measure only the event is taken out`() {
    let start = first + 150
    let result = assess(
      SyntheticMeter(work: 80, rest: 30, heating: 2, added: { $0 >= start ? 12 : 0 }), isMeasured: true)
    let truth = 260.0 * 20 + 105 * 10
    #expect(result.detected.map { $0 >= start && $0 < start + 21 } == true)
    #expect(abs(result.adjusted - truth) < 0.02 * result.predicted)
  }

  @Test
  func `days without readings are in no sum`() {
    var days = SyntheticMeter(heating: 2).days(year: 2022, seed: 22)
    for place in 31..<59 where place % 5 == 0 { days[place].use = .nan }
    let result = SavingsAssessment(verifier, days: days, measures: [], confidence: 0.9)
    #expect(result.dayCount == 360 && result.months[1].state == nil && result.months[0].state == .tracking)
  }
}
