import Testing
import WattlineTime

@testable import Savings

@Suite("Further independent variables")
struct VariableTests {
  /// Days of a made factory: 0.8 kWh for each piece of the day's mean rate, beside heating, and a variable without sense.
  private func days(year: Int, seed: UInt64) -> [MeterDay] {
    SyntheticMeter(work: 100, rest: 100, heating: 3, cooling: 0).days(year: year, seed: seed).map { day in
      var day = day
      let pieces = Double((day.date * 7919 + Int(seed)) % 101)
      day.use += 0.8 * pieces
      day.variables = [pieces, Double((day.date * 104_729) % 13)]
      return day
    }
  }

  private func verifier(_ days: [MeterDay]) throws -> SavingsVerifier {
    try SavingsVerifier(baseline: days, years: 2020...2023, countries: [])
  }

  @Test
  func `a variable that matters is found with its slope, and one that does not is left out`() throws {
    let baseline = days(year: 2021, seed: 1)
    let verifier = try verifier(baseline)
    let effects = verifier.model.variableEffects
    #expect(effects.map(\.place) == [0])
    #expect(abs((effects.first?.slope ?? 0) - 0.8) < 0.03 && effects.first?.range == 0...100)
    let blind = try self.verifier(
      baseline.map { MeterDay(date: $0.date, use: $0.use, temperature: $0.temperature) })
    #expect(verifier.model.statistics.heldOutCVRMSE < 0.4 * blind.model.statistics.heldOutCVRMSE)
  }

  @Test
  func `savings follow production, and a day without its figure is in no sum`() throws {
    let verifier = try verifier(days(year: 2021, seed: 2))
    // Production doubles, which is no change of the building.
    let next = days(year: 2022, seed: 3).enumerated().map { place, day in
      var day = day
      day.use += 0.8 * day.variables[0]
      day.variables[0] *= 2
      if place % 10 == 0 { day.variables[0] = .nan }
      return day
    }
    let assessment = SavingsAssessment(verifier, days: next, measures: [], confidence: 0.9)
    #expect(assessment.dayCount == next.count { $0.variables[0].isFinite } && assessment.dayCount < 365)
    #expect(abs(assessment.savings.value) < 0.015 * assessment.predicted)
    // Days with more than 105 pieces are outside the baseline.
    #expect(assessment.extrapolatedDays == next.count { $0.variables[0] > 105 })
  }

  @Test
  func `a baseline whose variable is unknown for long is refused in words`() {
    let days = days(year: 2021, seed: 4).enumerated().map { place, day in
      var day = day
      if place < 60 { day.variables[1] = .nan }
      return day
    }
    #expect { try verifier(days) } throws: { "\($0)".contains("temperature and all variables (365 with readings)") }
  }
}
