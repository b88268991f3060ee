import DispatchPolicy
import Foundation
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

  /// What a run over random plants, wishes and faults came to.
  struct Tally {
    var steps = 0
    /// A limit broken that could have been held.
    var avoidable = 0
    /// A limit of the grid connection that no feasible power could have held.
    var unavoidable = 0
    /// Unavoidable, but not named as slack; or changed without a reason.
    var silent = 0
  }

  /// Steps of random plants: `WATTLINE_SHIELD_STEPS` in the environment takes the place of 200,000.
  static let wantedSteps = ProcessInfo.processInfo.environment["WATTLINE_SHIELD_STEPS"].flatMap(Int.init) ?? 200_000

  @Test("over all steps of random plants, wishes and faults no limit is broken that could be held, and none silently")
  func limitsHold() {
    var generator = SeededGenerator(seed: 20_260_304)
    var tally = Tally()
    while tally.steps < SafetyShieldTests.wantedSteps { SafetyShieldTests.runPlant(&generator, &tally) }
    #expect(tally.avoidable == 0)
    #expect(tally.silent == 0)
    #expect(tally.unavoidable > tally.steps / 100)
    if tally.steps > 1_000_000 { print("shield: \(tally)") }
  }

  /// A thousand steps of one plant; one wish or measurement in twenty is broken in some way.
  private static func runPlant(_ generator: inout SeededGenerator, _ tally: inout Tally) {
    let shield = randomShield(&generator)
    let battery = shield.battery
    let hours = [1.0 / 60, 0.25, 1][Int(generator.uniform(0, 3))]
    let broken = [Double.nan, .infinity, -.infinity, 1e300, -1e300]
    var soc = generator.uniform(battery.minimumStateOfCharge, battery.maximumStateOfCharge)
    for _ in 0..<1000 {
      tally.steps += 1
      let net = generator.uniform() < 0.95 ? generator.uniform(-300, 300) : .nan
      let wish = generator.uniform() < 0.95 ? generator.uniform(-500, 500) : broken[Int(generator.uniform(0, 5))]
      let outcome = shield.project(wish: wish, stateOfCharge: soc, netDemand: net, hours: hours)
      let power = outcome.power
      let upper = battery.feasible(power: 1e9, stateOfCharge: soc, hours: hours)
      let lower = battery.feasible(power: -1e9, stateOfCharge: soc, hours: hours)
      if !(power <= upper && power >= lower) { tally.avoidable += 1 }
      if wish.isFinite, abs(power - wish) > 1e-9, outcome.binding == nil { tally.silent += 1 }
      count(net - power, net - upper, net - lower, shield, outcome, &tally)
      soc = battery.stateOfCharge(after: power, from: soc, hours: hours)
      if soc < battery.minimumStateOfCharge - 1e-9 || soc > battery.maximumStateOfCharge + 1e-9 { tally.avoidable += 1 }
    }
  }

  /// Judges an exchange against the least and the greatest that the battery could have brought about.
  private static func count(
    _ exchange: Double, _ least: Double, _ greatest: Double, _ shield: SafetyShield, _ outcome: SafetyShield.Outcome,
    _ tally: inout Tally
  ) {
    let tolerance = 1e-6
    let isImport = exchange > shield.importLimitKilowatts + tolerance
    guard isImport || -exchange > shield.exportLimitKilowatts + tolerance else { return }
    let couldHold =
      isImport
      ? least <= shield.importLimitKilowatts - tolerance : -greatest <= shield.exportLimitKilowatts - tolerance
    if couldHold { tally.avoidable += 1 } else { tally.unavoidable += 1 }
    if outcome.slack != (isImport ? .gridImport : .gridExport) { tally.silent += 1 }
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
