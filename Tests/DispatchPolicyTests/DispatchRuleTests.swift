import DispatchPolicy
import PlantModel
import PlantPhysics
import Testing

@Suite("Dispatch rule and prices")
struct DispatchRuleTests {
  @Test("5 kW for 2 h from 40 kWh with a minimum of 10 % needs 35 %, and no reserve lies outside the limits")
  func reserve() {
    let battery = BatteryModel(energyKilowattHours: 40, powerKilowatts: 10, efficiency: 1)
    let rule = DispatchRule(hasGeneration: true)
    #expect(abs(rule.reserveStateOfCharge(netDemand: 5, battery: battery, hours: 2) - 0.35) < 1e-12)
    #expect(rule.reserveStateOfCharge(netDemand: 1e6, battery: battery, hours: 24) == 0.95)
    #expect(rule.reserveStateOfCharge(netDemand: 0, battery: battery, hours: 5) == 0.1)
  }

  @Test("the outlook of a tariff tells what is still to come today")
  func outlook() {
    let curve = PriceCurve(
      tariff: Tariff(importPeriods: [
        Tariff.Period(fromMinute: 0, toMinute: 0, price: 0.2),
        Tariff.Period(fromMinute: 960, toMinute: 1200, price: 0.5),
      ]))
    let morning = curve.outlook(quarter: 32, now: 0.2)
    #expect(morning.higherHours == 4 && morning.highestLater == 0.5 && morning.lowest == 0.2)
    #expect(abs(morning.mean - 0.25) < 1e-12)
    let evening = curve.outlook(quarter: 84, now: 0.2)
    #expect(evening.higherHours == 0 && evening.highestLater == 0.2)
  }

  @Test("a price that was seen takes the place of the tariff's; one that is no number or no quarter does not")
  func observed() {
    var curve = PriceCurve(tariff: Tariff())
    curve.observe(0.7, quarter: 5)
    curve.observe(.nan, quarter: 6)
    curve.observe(1, quarter: 96)
    #expect([5, 6, 96, -1].map { curve.price(quarter: $0) } == [0.7, 0, 0, 0])
  }
}
