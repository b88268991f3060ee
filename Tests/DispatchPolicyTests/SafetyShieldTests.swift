import Foundation
import PlantPhysics
import Testing

@testable import DispatchPolicy

@Suite("Safety shield")
struct SafetyShieldTests {
  @Test func `the worked value: 4 kW for a quarter of an hour empty 10 kWh from 20 to 10 %`() {
    let battery = BatteryModel(
      energyKilowattHours: 10, powerKilowatts: 5, efficiency: 1, minimumStateOfCharge: 0.1, maximumStateOfCharge: 1)
    let outcome = SafetyShield(battery: battery)
      .project(request: 5, stateOfCharge: 0.2, netDemand: .nan, hours: 0.25)
    #expect(abs(outcome.power - 4) < 1e-12)
    #expect(outcome.binding == .minimumStateOfCharge)
    #expect(outcome.slack == nil)
  }

  /// Result of a run over random plants, prices and faults.
  struct Tally {
    var steps = 0
    /// A limit broken that could have been held.
    var avoidable = 0
    /// A limit of the grid connection that no feasible power could have held.
    var unavoidable = 0
    /// Unavoidable, but not named as slack; or changed without a reason.
    var silent = 0
  }

  /// Steps of random plants: ten million, a fiftieth of it without optimisation; `WATTLINE_SHIELD_STEPS` in the
  /// environment takes the place of either.
  static let wantedSteps = ProcessInfo.processInfo.environment["WATTLINE_SHIELD_STEPS"].flatMap(Int.init) ?? usualSteps
  #if DEBUG
    private static let usualSteps = 200_000
  #else
    private static let usualSteps = 10_000_000
  #endif

  @Test("over all steps of random plants, prices and faults no limit is broken that could be held, and none silently")
  func overAllStepsOfRandomPlantsPricesAndFaultsNoLimitIsBrokenThatCouldBeHeld() {
    var generator = SeededGenerator(seed: 20_260_304)
    var tally = Tally()
    while tally.steps < SafetyShieldTests.wantedSteps { SafetyShieldTests.runPlant(&generator, tally: &tally) }
    #expect(tally.avoidable == 0)
    #expect(tally.silent == 0)
    #expect(tally.unavoidable > tally.steps / 100)
    if tally.steps > 1_000_000 { print("shield: \(tally)") }
  }

  /// A thousand steps of one plant under the rule, at random prices, and under random wishes; one wish or measurement
  /// in twenty is broken in some way.
  private static func runPlant(_ generator: inout SeededGenerator, tally: inout Tally) {
    let shield = randomShield(&generator)
    let battery = shield.battery
    let rule = DispatchRule(hasGeneration: generator.uniform() < 0.5)
    let hours = [1.0 / 60, 0.25, 1][Int(generator.uniform(0, high: 3))]
    let broken = [Double.nan, .infinity, -.infinity, 1e300, -1e300]
    var soc = generator.uniform(battery.minimumStateOfCharge, high: battery.maximumStateOfCharge)
    var previous = Double.nan
    for _ in 0..<1000 {
      tally.steps += 1
      let net = generator.uniform() < 0.95 ? generator.uniform(-300, high: 300) : .nan
      var wish =
        generator.uniform() < 0.95 ? generator.uniform(-500, high: 500) : broken[Int(generator.uniform(0, high: 5))]
      if generator.uniform() < 0.5 {
        let price = generator.uniform(-0.1, high: 0.6)
        let outlook = PriceCurve.Outlook(
          now: price, lowest: min(price, 0.1), highestLater: 0.6, higherHours: generator.uniform(0, high: 8), mean: 0.3)
        wish = rule.request(netDemand: net, stateOfCharge: soc, battery: battery, outlook: outlook, hours: hours).power
      }
      let outcome = shield.project(
        request: wish, stateOfCharge: soc, netDemand: net, hours: hours, previous: previous)
      if wish.isFinite, abs(outcome.power - wish) > 1e-9, outcome.binding == nil { tally.silent += 1 }
      judge(outcome, shield: shield, soc: soc, net: net, hours: hours, previous: previous, tally: &tally)
      soc = battery.stateOfCharge(after: outcome.power, from: soc, hours: hours)
      if soc < battery.minimumStateOfCharge - 1e-9 || soc > battery.maximumStateOfCharge + 1e-9 { tally.avoidable += 1 }
      // A sensor that is silent for once leaves the ramp unknown.
      previous = generator.uniform() < 0.95 ? outcome.power : .nan
    }
  }

  /// Goes through the limits in their order, each a range: what a limit leaves of those before it must hold the power;
  /// where it leaves nothing, it could not have been held, and the first such must be named.
  private static func judge(
    _ outcome: SafetyShield.Outcome, shield: SafetyShield, soc: Double, net: Double, hours: Double,
    previous: Double, tally: inout Tally
  ) {
    let battery = shield.battery
    let tolerance = 1e-6
    var low = battery.feasible(power: -1e9, stateOfCharge: soc, hours: hours)
    var high = battery.feasible(power: 1e9, stateOfCharge: soc, hours: hours)
    if !(outcome.power >= low && outcome.power <= high) { tally.avoidable += 1 }
    var kept = battery
    kept.minimumStateOfCharge = max(battery.minimumStateOfCharge, shield.reserveStateOfCharge)
    let change = shield.rampKilowattsPerHour * hours
    let ranges: [(least: Double, greatest: Double, limits: [SafetyShield.Limit])] = [
      (net - shield.importLimitKilowatts, net + shield.exportLimitKilowatts, [.gridImport, .gridExport]),
      (previous - change, previous + change, [.ramp]),
      (-.infinity, kept.feasible(power: 1e9, stateOfCharge: soc, hours: hours), [.reserve]),
    ]
    var isNamed = false
    for range in ranges where !range.least.isNaN && !range.greatest.isNaN {
      let isBroken = outcome.power < range.least - tolerance || outcome.power > range.greatest + tolerance
      if max(low, range.least) <= min(high, range.greatest) {
        if isBroken { tally.avoidable += 1 }
        (low, high) = (max(low, range.least), min(high, range.greatest))
      } else {
        if isBroken {
          tally.unavoidable += 1
          if !isNamed, outcome.slack.map(range.limits.contains) != true { tally.silent += 1 }
          isNamed = true
        }
        // The nearest power to it is all that is left to those after it.
        let nearest = range.least > high ? high : low
        (low, high) = (nearest, nearest)
      }
    }
  }

  @Test func `a wish inside all limits passes unchanged and unnamed`() {
    let shield = SafetyShield(battery: BatteryModel(energyKilowattHours: 100, powerKilowatts: 50))
    let outcome = shield.project(request: 7.25, stateOfCharge: 0.5, netDemand: 10, hours: 0.25)
    #expect(outcome.power == 7.25)
    #expect(outcome.binding == nil)
  }

  @Test func `what is not finite gives no power`() {
    let shield = SafetyShield(battery: BatteryModel(energyKilowattHours: 100, powerKilowatts: 50))
    #expect(shield.project(request: .nan, stateOfCharge: 0.5, netDemand: 1, hours: 0.25).power == 0)
    #expect(shield.project(request: 10, stateOfCharge: .nan, netDemand: 1, hours: 0.25).power == 0)
    #expect(shield.project(request: .infinity, stateOfCharge: 0.5, netDemand: .nan, hours: 0.25).power == 0)
  }

  static func randomShield(_ generator: inout SeededGenerator) -> SafetyShield {
    let low = generator.uniform(0, high: 0.4)
    var shield = SafetyShield(
      battery: BatteryModel(
        energyKilowattHours: generator.uniform(5, high: 500), powerKilowatts: generator.uniform(1, high: 250),
        efficiency: generator.uniform(0.6, high: 1), minimumStateOfCharge: low,
        maximumStateOfCharge: generator.uniform(low + 0.1, high: 1)),
      importLimitKilowatts: generator.uniform() < 0.3 ? .infinity : generator.uniform(0, high: 300),
      exportLimitKilowatts: generator.uniform() < 0.3 ? .infinity : generator.uniform(0, high: 200))
    if generator.uniform() < 0.5 { shield.rampKilowattsPerHour = generator.uniform(1, high: 1000) }
    if generator.uniform() < 0.5 { shield.reserveStateOfCharge = generator.uniform(0, high: 1) }
    return shield
  }
}
