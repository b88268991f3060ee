import DispatchPolicy
import PlantPhysics
import Testing

@Suite("Safety shield")
struct SafetyShieldTests {
  @Test("the worked value: 4 kW for a quarter of an hour empty 10 kWh from 20 to 10 %")
  func workedValue() {
    let battery = BatteryModel(
      energyKilowattHours: 10, powerKilowatts: 5, efficiency: 1, minimumStateOfCharge: 0.1, maximumStateOfCharge: 1)
    let outcome = SafetyShield(battery: battery)
      .project(wish: 5, stateOfCharge: 0.2, netDemand: .nan, hours: 0.25)
    #expect(abs(outcome.power - 4) < 1e-12)
    #expect(outcome.binding == .minimumStateOfCharge)
    #expect(outcome.slack == nil)
  }

  @Test("over 100,000 steps of random plants every limit holds, or the grid's is named as slack at the physical bound")
  func limitsHold() {
    var generator = SeededGenerator(seed: 20_260_304)
    var violations = 0
    var slackSeen = 0
    for _ in 0..<1000 {
      let shield = SafetyShieldTests.randomShield(&generator)
      let battery = shield.battery
      var soc = generator.uniform(battery.minimumStateOfCharge, battery.maximumStateOfCharge)
      for _ in 0..<100 {
        let net = generator.uniform(-300, 300)
        let outcome = shield.project(
          wish: generator.uniform(-500, 500), stateOfCharge: soc, netDemand: net, hours: 0.25)
        let exchange = net - outcome.power
        let isOutside = exchange > shield.importLimitKilowatts + 1e-6 || -exchange > shield.exportLimitKilowatts + 1e-6
        let towards = exchange > 0 ? 1e9 : -1e9
        let best = battery.feasible(power: towards, stateOfCharge: soc, hours: 0.25)
        if isOutside {
          slackSeen += 1
          if outcome.slack == nil || abs(best - outcome.power) > 1e-9 { violations += 1 }
        }
        if abs(outcome.power) > battery.powerKilowatts { violations += 1 }
        soc = battery.stateOfCharge(after: outcome.power, from: soc, hours: 0.25)
        if soc < battery.minimumStateOfCharge - 1e-9 || soc > battery.maximumStateOfCharge + 1e-9 { violations += 1 }
      }
    }
    #expect(violations == 0)
    #expect(slackSeen > 1000)
  }

  @Test("a wish inside all limits passes unchanged and unnamed")
  func passes() {
    let shield = SafetyShield(battery: BatteryModel(energyKilowattHours: 100, powerKilowatts: 50))
    let outcome = shield.project(wish: 7.25, stateOfCharge: 0.5, netDemand: 10, hours: 0.25)
    #expect(outcome.power == 7.25)
    #expect(outcome.binding == nil)
  }

  @Test("what is not finite gives no power")
  func notFinite() {
    let shield = SafetyShield(battery: BatteryModel(energyKilowattHours: 100, powerKilowatts: 50))
    #expect(shield.project(wish: .nan, stateOfCharge: 0.5, netDemand: 1, hours: 0.25).power == 0)
    #expect(shield.project(wish: 10, stateOfCharge: .nan, netDemand: 1, hours: 0.25).power == 0)
    #expect(shield.project(wish: .infinity, stateOfCharge: 0.5, netDemand: .nan, hours: 0.25).power == 0)
  }

  static func randomShield(_ generator: inout SeededGenerator) -> SafetyShield {
    let low = generator.uniform(0, 0.4)
    return SafetyShield(
      battery: BatteryModel(
        energyKilowattHours: generator.uniform(5, 500), powerKilowatts: generator.uniform(1, 250),
        efficiency: generator.uniform(0.6, 1), minimumStateOfCharge: low,
        maximumStateOfCharge: generator.uniform(low + 0.1, 1)),
      importLimitKilowatts: generator.uniform() < 0.3 ? .infinity : generator.uniform(0, 300),
      exportLimitKilowatts: generator.uniform() < 0.3 ? .infinity : generator.uniform(0, 200))
  }
}
