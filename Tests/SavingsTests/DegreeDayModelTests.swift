import Testing
import WattlineTime

@testable import Savings

@Suite("Degree days of bills")
struct DegreeDayModelTests {
  /// Bills of about a month, exactly 50 kWh a day and 3 kWh/K below 15 °C.
  private func bills(year: Int, factor: Double = 1) throws -> MeterBills {
    let days = SyntheticMeter().days(year: year, seed: 9)
    let start = CivilTime(year: year, month: 1, day: 1).utc
    let weather = WeatherRecord(
      times: days.indices.map { start + .days(Int64($0)) }, temperatures: days.map(\.temperature))
    let bounds = [0, 33, 60, 92, 121, 153, 181, 214, 246, 273, 304, 336, 365]
    let uses = zip(bounds, bounds.dropFirst()).map { from, to in
      days[from..<to].reduce(0) { $0 + factor * (50 + 3 * max(0, 15 - $1.temperature)) }
    }
    let readings = MeterReadings(times: bounds.map { start + .days(Int64($0)) }, values: uses + [.nan])
    return MeterBills(readings, clock: DayClock(.utc), weather: weather)
  }

  @Test
  func `balance point, base and slope are found from bills`() throws {
    let model = try #require(DegreeDayModel(bills(year: 2021).complete))
    #expect(model.name == "3PH degree days" && model.statistics.cvrmse < 1e-6)
    #expect(abs(model.parts(20).total - 50) < 1e-3 && abs(model.parts(5).total - 80) < 1e-3)
  }

  @Test
  func `a saving of a tenth is found with its months`() throws {
    let verifier = try SavingsVerifier(baseline: bills(year: 2021))
    let days = verifier.allocate(try bills(year: 2022, factor: 0.9))
    let result = SavingsAssessment(verifier, days: days, measures: [], confidence: 0.9)
    #expect(result.dayCount == 365 && result.months.count == 12)
    #expect(abs(result.savings.value / result.predicted - 0.1) < 1e-3)
    #expect(abs(result.savings.value - 0.1 * result.predicted) <= result.savings.half)
  }

  @Test
  func `few bills are refused`() throws {
    let bills = try bills(year: 2021)
    #expect(throws: SavingsRefusal.self) { try SavingsRefusal.check(bills, complete: Array(bills.complete.prefix(5))) }
  }
}
