import MonthlyAccounts
import PlantModel
import Testing
import WattlineTime

@testable import DispatchPolicy

/// A day of a plant of 100 kWh and 50 kW at 0.20, 0.50 from 16 to 20 h, told to an accountant.
private struct Day {
  static let midnight = CivilTime(year: 2026, month: 3, day: 4).utc
  var plant = Script.plant(peak: 0.5)
  var accountant: MonthlyAccountant
  /// Usable energy in the battery [kWh].
  var energy = 0.0

  init(demandCharge: Double = 0, hours: Int64 = 24) {
    plant.tariff.demandCharge = demandCharge
    accountant = MonthlyAccountant(plant: plant, from: Day.midnight, to: Day.midnight + .hours(hours))
  }

  /// Minutes of constant powers, and the decisions of their quarters.
  mutating func run(
    hours: Range<Int>, exchange: Double, battery: Double, price: Double, exportPrice: Double? = nil
  ) {
    for minute in hours.lowerBound * 60..<hours.upperBound * 60 {
      let time = Day.midnight + .minutes(Int64(minute))
      if minute % 15 == 0 {
        accountant.record(
          decision: time, asset: "bess", stateOfCharge: 0.1 + energy / 100, price: price, exportPrice: exportPrice)
      }
      if minute % 15 == 0 {
        accountant.record(quarter(at: time, exchange: exchange, battery: battery, cost: exchange / 4 * price))
      }
      energy -= battery / 60
    }
  }
}

/// A quarter of an hour of constant powers.
func quarter(
  at time: Timestamp, exchange: Double, battery: Double? = nil, cost: Double?, carbon: Double? = nil
) -> EnergyQuarter {
  var quarter = EnergyQuarter(start: time)
  (quarter.imported, quarter.exported) =
    exchange.isNaN ? (exchange, exchange) : (max(0, exchange) / 4, max(0, -exchange) / 4)
  quarter.exchangeShare = 1
  if let battery { (quarter.discharged, quarter.charged) = (max(0, battery) / 4, max(0, -battery) / 4) }
  (quarter.cost, quarter.costCoverage, quarter.carbon) = (cost, cost?.isFinite == true ? 1 : 0, carbon)
  return quarter
}

@Suite("A month's account")
struct MonthlyAccountTests {
  @Test func `energy, cost, peak and cycles of a day are those that were told`() throws {
    var day = Day()
    day.run(hours: 0..<1, exchange: 50, battery: -40, price: 0.2)
    day.run(hours: 1..<16, exchange: 10, battery: 0, price: 0.2)
    day.run(hours: 16..<20, exchange: 0, battery: 10, price: 0.5)
    day.run(hours: 20..<24, exchange: -5, battery: 0, price: 0.2)
    let account = day.accountant.finish()
    #expect(account.elapsedHours == 24)
    #expect(abs(account.coveredHours - 24) < 1e-9)
    #expect(abs(account.boughtKilowattHours - 200) < 1e-6)
    #expect(abs(account.soldKilowattHours - 20) < 1e-6)
    #expect(abs((account.energyCost ?? 0) - (200 - 20) * 0.2) < 1e-6)
    #expect(account.carbonKilograms == nil)
    #expect(abs((account.peakKilowatts ?? 0) - 50) < 1e-9)
    #expect(account.peakTime == Day.midnight)
    #expect(abs((account.fullCycles ?? 0) - 0.4) < 1e-9)
  }

  @Test(
    "40 kWh bought at 0.20 for the peak at 0.50 save 12 against a resting battery; the rule's and the best's are told")
  func with40KWhBoughtAt020ForThePeakAt050Save12AgainstARestingBatteryTheRulesAnd() throws {
    var day = Day()
    day.run(hours: 0..<1, exchange: 50, battery: -40, price: 0.2)
    day.run(hours: 1..<16, exchange: 10, battery: 0, price: 0.2)
    day.run(hours: 16..<20, exchange: 0, battery: 10, price: 0.5)
    day.run(hours: 20..<24, exchange: 10, battery: 0, price: 0.2)
    let comparison = try #require(day.accountant.finish().comparison)
    #expect(abs(comparison.hours - 24) < 1e-9)
    #expect(abs(comparison.savingAgainstNothing - 12) < 1e-6)
    // An empty battery without sun rests under the rule of a plant that has PV.
    #expect(abs(comparison.savingAgainstRule - 12) < 1e-6)
    // Energy that is left counts at the mean price, 0.25: to be full at the end for 0.20 would have paid 80 × 0.05.
    #expect(abs(comparison.regret - 4) < 0.05)
  }

  @Test func `energy that is stored while export earns nothing and sold while it earns 0.40 has saved that`() throws {
    var day = Day()
    day.run(hours: 0..<4, exchange: 0, battery: -10, price: 0.5, exportPrice: 0)
    day.run(hours: 4..<20, exchange: 0, battery: 0, price: 0.5, exportPrice: 0)
    day.run(hours: 20..<24, exchange: -10, battery: 10, price: 0.5, exportPrice: 0.4)
    let comparison = try #require(day.accountant.finish().comparison)
    #expect(abs(comparison.savingAgainstNothing - 16) < 1e-6)
    // To keep it, at the mean price of import, would have been worth 0.50 a kWh.
    #expect(abs(comparison.regret - 40 * (0.5 - 0.4)) < 0.1)
  }

  @Test func `with a demand charge a flatter import is worth more, and the peak is charged`() throws {
    var day = Day(demandCharge: 2)
    day.run(hours: 0..<20, exchange: 12, battery: -2, price: 0.2)
    day.run(hours: 20..<24, exchange: 12, battery: 10, price: 0.2)
    let account = day.accountant.finish()
    #expect(abs((account.demandCost ?? 0) - 24) < 1e-9)
    let comparison = try #require(account.comparison)
    #expect(abs(comparison.savingAgainstNothing - (22 - 12) * 2) < 0.01)
    #expect(comparison.regret >= 0)
  }

  @Test("a demand charge is not known without a quarter of an hour of import, and nothing where nothing is imported")
  func aDemandChargeIsNotKnownWithoutAQuarterOfAnHourOfImportAndNothingWhere() {
    var day = Day(demandCharge: 2)
    #expect(day.accountant.finish().demandCost == nil && Day().accountant.finish().demandCost == 0)
    day.run(hours: 0..<1, exchange: -5, battery: 0, price: 0.2)
    let account = day.accountant.finish()
    #expect(account.peakKilowatts == 0 && account.demandCost == 0)
  }

  @Test func `what was not measured is in no sum, and the hours that are known are told`() throws {
    var day = Day()
    day.run(hours: 0..<6, exchange: 10, battery: 0, price: 0.2)
    day.run(hours: 18..<24, exchange: 10, battery: 0, price: 0.2)
    day.accountant.record(completenessOf: "load", hours: 12, goodShares: 9)
    let account = day.accountant.finish()
    #expect(abs(account.coveredHours - 12) < 1e-9)
    #expect(abs(account.boughtKilowattHours - 120) < 1e-9)
    #expect(abs(account.coveredShare - 0.5) < 1e-9)
    #expect(account.completeness.map(\.asset) == ["bess", "load", "grid", "pv"])
    #expect(account.completeness[1].presentShare == 0.5 && account.completeness[1].goodShare == 0.375)
    #expect(account.completeness[0].goodShare == 0)
    #expect(try #require(account.goodShare) == 0.375 / 4)
  }

  @Test
  func `without points, without a battery, and with numbers that are none nothing breaks and nothing is claimed`() {
    let day = Day()
    let account = day.accountant.finish()
    #expect(account.coveredHours == 0 && account.energyCost == nil && account.comparison == nil)
    var plant = day.plant
    plant.assets.removeAll { $0.kind == .battery }
    var accountant = MonthlyAccountant(plant: plant, from: Day.midnight, to: Day.midnight + .hours(2))
    accountant.record(quarter(at: Day.midnight, exchange: .nan, battery: .infinity, cost: .nan))
    accountant.record(quarter(at: Day.midnight - .days(400), exchange: 1, battery: 1, cost: 1, carbon: 1))
    accountant.record(quarter(at: Timestamp(nanoseconds: .max), exchange: 1, cost: nil))
    accountant.record(decision: Timestamp(nanoseconds: .min), asset: "x", stateOfCharge: 2, price: .nan)
    let other = accountant.finish()
    #expect(other.coveredHours == 0 && other.fullCycles == nil && other.comparison == nil)
    #expect(MonthlyAccountant(plant: plant, from: Day.midnight, to: .distantPast).finish().elapsedHours == 0)
  }

  @Test func `energy without a known price is in no cost, and told with its hours and its share`() throws {
    var day = Day()
    day.run(hours: 0..<6, exchange: 10, battery: 0, price: 0.2)
    day.run(hours: 6..<9, exchange: -4, battery: 0, price: .nan)
    day.run(hours: 9..<10, exchange: 0, battery: 0, price: .nan)
    day.run(hours: 10..<12, exchange: 10, battery: 0, price: .nan)
    day.run(hours: 12..<24, exchange: 1, battery: 0, price: 0)
    let account = day.accountant.finish()
    #expect(abs((account.energyCost ?? 0) - 12) < 1e-9)
    #expect(abs((account.costCoverage ?? 0) - 72.0 / 104) < 1e-9)
    #expect(account.unpriced.map(\.start) == [Day.midnight + .hours(6), Day.midnight + .hours(10)])
    #expect(account.unpriced.map(\.end) == [Day.midnight + .hours(9), Day.midnight + .hours(12)])
    #expect(zip(account.unpriced, [12, 20]).allSatisfy { abs($0.kilowattHours - $1) < 1e-9 })
  }

  @Test(arguments: [(15, 40.0, 45), (30, 30, 30), (60, 22.5, 0)] as [(Int64, Double, Int64)])
  func `a peak is the mean of the tariff's own interval`(minutes: Int64, peak: Double, from: Int64) {
    var day = Day(demandCharge: 2)
    day.plant.tariff.demandInterval = .minutes(minutes)
    day.accountant = MonthlyAccountant(plant: day.plant, from: Day.midnight, to: Day.midnight + .hours(2))
    for (place, exchange) in [10.0, 20, 20, 40, 30, 0, 0, 0].enumerated() {
      day.accountant.record(quarter(at: Day.midnight + .minutes(Int64(15 * place)), exchange: exchange, cost: 0))
    }
    let account = day.accountant.finish()
    #expect(abs((account.peakKilowatts ?? 0) - peak) < 1e-9)
    #expect(account.peakTime == Day.midnight + .minutes(from))
    #expect(abs((account.demandCost ?? 0) - 2 * peak) < 1e-9)
  }
}
