import DispatchPolicy
import PlantModel
import PlantPhysics
import Testing
import WattlineTime

@Suite("Dispatch rule and prices")
struct DispatchRuleTests {
  @Test func `5 kW for 2 h from 40 kWh with a minimum of 10 % needs 35 %, and no reserve lies outside the limits`() {
    let battery = BatteryModel(energyKilowattHours: 40, powerKilowatts: 10, efficiency: 1)
    let rule = DispatchRule(hasGeneration: true)
    #expect(abs(rule.reserveStateOfCharge(netDemand: 5, battery: battery, hours: 2) - 0.35) < 1e-12)
    #expect(rule.reserveStateOfCharge(netDemand: 1e6, battery: battery, hours: 24) == 0.95)
    #expect(rule.reserveStateOfCharge(netDemand: 0, battery: battery, hours: 5) == 0.1)
  }

  private static let midnight = CivilTime(year: 2026, month: 3, day: 4).utc

  private static func plant(_ tariff: Tariff) -> Plant {
    Plant(name: "p", location: Location(latitude: 50, longitude: 8, timezone: "UTC"), tariff: tariff)
  }

  @Test func `the outlook of a tariff tells what is still to come today`() {
    var curve = PriceCurve(
      plant: Self.plant(
        Tariff(importPeriods: [
          Tariff.Period(fromMinute: 0, toMinute: 0, price: 0.2),
          Tariff.Period(fromMinute: 960, toMinute: 1200, price: 0.5),
        ])))
    let morning = curve.outlook(at: Self.midnight + .hours(8), now: 0.2)
    #expect(morning.higherHours == 4 && morning.highestLater == 0.5 && morning.lowest == 0.2)
    #expect(abs(morning.mean - 0.25) < 1e-12)
    let evening = curve.outlook(at: Self.midnight + .hours(21), now: 0.2)
    #expect(evening.higherHours == 0 && evening.highestLater == 0.2)
  }

  @Test func `a price that was seen takes the place of the tariff's periods the next day too; no number does not`() {
    var curve = PriceCurve(plant: Self.plant(Tariff(exportPrice: 0.1)))
    curve.observe(0.7, at: Self.midnight + .minutes(75))
    curve.observe(export: -0.2, at: Self.midnight + .minutes(75))
    curve.observe(.nan, at: Self.midnight + .minutes(90))
    #expect(curve.price(at: Self.midnight + .minutes(89)) == 0.7)
    #expect(curve.price(at: Self.midnight + .day + .minutes(75)) == 0.7)
    #expect(curve.price(at: Self.midnight + .minutes(90)) == 0)
    #expect([75, 90].map { curve.exportPrice(at: Self.midnight + .minutes($0)) } == [-0.2, 0.1])
  }

  @Test func `a price by date is known better than the one that was seen yesterday`() {
    var tariff = Tariff(importPeriods: [Tariff.Period(fromMinute: 0, toMinute: 0, price: 0.2)])
    tariff.schedule = PriceSchedule([
      PriceSchedule.Slot(start: Self.midnight + .hours(1), importPrice: 0.9, exportPrice: -0.1)
    ])
    var curve = PriceCurve(plant: Self.plant(tariff))
    curve.observe(0.7, at: Self.midnight + .hours(1))
    #expect([60, 119, 120].map { curve.price(at: Self.midnight + .minutes($0)) } == [0.9, 0.9, 0.2])
    #expect(curve.exportPrice(at: Self.midnight + .minutes(60)) == -0.1)
  }
}
