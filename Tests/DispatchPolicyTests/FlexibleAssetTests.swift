import PlantModel
import PlantPhysics
import StreamCore
import Testing
import WattlineTime

@testable import DispatchPolicy

@Suite("Chargers, curtailment, reserve and ramps")
struct FlexibleAssetTests {
  @Test func `30 kW among batteries that can give 50 and 10 kW are 25 and 5 kW, and charging goes by room`() {
    func headroom(_ power: Double, soc: Double, previous: Double = .nan, ramp: Double = .infinity) -> Headroom {
      Headroom(
        BatteryModel(energyKilowattHours: 1000, powerKilowatts: power), reserve: 0, stateOfCharge: soc, hours: 0.25,
        previous: previous, rampKilowattsPerHour: ramp)
    }
    let (large, small) = (headroom(50, soc: 1), headroom(10, soc: 0.5))
    #expect(BatteryFleet.split(30, among: [large, small]) == [25, 5])
    #expect(BatteryFleet.split(-8, among: [large, small]) == [0, -8])
    #expect(BatteryFleet.split(0, among: []) == [])
    // One that may change by 1 kW leaves the rest to the other.
    let slow = headroom(10, soc: 0.5, previous: 0, ramp: 4)
    #expect(
      BatteryFleet.split(40.8, among: [headroom(50, soc: 0.5), slow]).map { ($0 * 1e9).rounded() / 1e9 } == [40, 0.8])
    #expect(BatteryFleet.split(-8, among: [headroom(50, soc: 0.5), slow]) == [-7, -1])
  }

  @Test(
    "a vehicle is charged in the cheapest quarters before it leaves, from surplus, and at any price when it must",
    arguments: [
      (5, [0.3, 0.2, 0.2, 0.4], 0, 0, "charger: wait for a lower price"),
      (5, [0.2, 0.3, 0.2, 0.4], 0, 10, "charger: low price"),
      (5, [0.3, 0.2, 0.2, 0.4], 3, 3, "charger: surplus"),
      (9, [0.5, 0.2, 0.2, 0.2], 0, 6, "charger: departure"),
      (50, [0.5, 0.2], 0, 10, "charger: departure"),
      (0, [0.5], 9, 0, "charger: full"),
      (-3, [0.5], 9, 0, "charger: full"),
      // An unknown price is not waited for, and no reason to wait longer for a known one.
      (5, [0.3, .nan, .nan, .nan], 0, 10, "charger: low price, later prices unknown"),
      (5, [0.3, 0.2, .nan, 0.2], 0, 0, "charger: wait for a lower price, later prices unknown"),
      (5, [.nan, 0.1, .nan], 0, 10, "charger: price unknown, later prices unknown"),
      (5, [.nan, 0.1, 0.2], 0, 10, "charger: price unknown"),
    ] as [(Double, [Double], Double, Double, String)])
  func aVehicleIsChargedInTheCheapestQuartersBeforeItLeavesFromSurplusAndAtAny(
    energy: Double, prices: [Double], surplus: Double, power: Double, reason: String
  ) {
    let plan = ChargerPlan(energy: energy, prices: prices, limit: 10, surplus: surplus)
    #expect(abs(plan.power - power) < 1e-9)
    #expect(plan.reason == reason)
  }

  @Test func `a charger takes no more than the grid connection has left, and what a vehicle then lacks is named`() {
    var plan = ChargerPlan(energy: 2.5, prices: [0.5], limit: 10, surplus: 0)
    plan.shield(headroom: 4)
    #expect(plan.power == 4)
    #expect(plan.reason == "limit: import, slack: departure")
    var relaxed = ChargerPlan(energy: 2.5, prices: [0.1, 0.5], limit: 10, surplus: 0)
    relaxed.shield(headroom: -1)
    #expect(relaxed.power == 0)
    #expect(relaxed.reason == "limit: import")
  }

  @Test("40 kW of generation that exports 30 against a limit of 20 may be 30; at a negative price nothing is exported")
  func atPrices40KWOfGenerationThatExports30AgainstALimitOf20MayBe30AtANegativePrice() {
    let limited = Curtailment(exchange: -30, generation: 40, limit: 20, exportPrice: 0.1, isHeld: false)
    #expect(limited.cap == 30 && limited.reason == "curtail: export")
    let priced = Curtailment(exchange: -30, generation: 40, limit: 20, exportPrice: -0.1, isHeld: false)
    #expect(priced.cap == 10 && priced.reason == "curtail: price")
    #expect(Curtailment(exchange: -20, generation: 40, limit: 20, exportPrice: 0.1, isHeld: false).cap == nil)
    // Held back to the limit, nothing more is seen; it must not be let go for that.
    #expect(Curtailment(exchange: -20, generation: 30, limit: 20, exportPrice: 0.1, isHeld: true).cap == 30)
    // A load that comes on may be covered; when there is little sun, nothing is held.
    #expect(Curtailment(exchange: -15, generation: 30, limit: 20, exportPrice: 0.1, isHeld: true).cap == 35)
    #expect(Curtailment(exchange: -4, generation: 15, limit: 20, exportPrice: 0.1, isHeld: true).cap == nil)
    #expect(Curtailment(exchange: -15, generation: 30, limit: .infinity, exportPrice: 0.1, isHeld: true).cap == nil)
    #expect(Curtailment(exchange: .nan, generation: 30, limit: 20, exportPrice: 0.1, isHeld: true).cap == nil)
    #expect(Curtailment(exchange: -9, generation: 0, limit: 2, exportPrice: 0.1, isHeld: true).cap == nil)
  }

  @Test func `the reserve stops a wish, gives way to the import limit, and is then named as slack`() {
    var shield = SafetyShield(
      battery: BatteryModel(
        energyKilowattHours: 100, powerKilowatts: 50, efficiency: 1, minimumStateOfCharge: 0, maximumStateOfCharge: 1),
      importLimitKilowatts: 60)
    shield.reserveStateOfCharge = 0.3
    let wish = shield.project(request: 40, stateOfCharge: 0.35, netDemand: 50, hours: 0.25)
    #expect(abs(wish.power - 20) < 1e-9 && wish.binding == .reserve && wish.slack == nil)
    let forced = shield.project(request: 0, stateOfCharge: 0.35, netDemand: 90, hours: 0.25)
    #expect(abs(forced.power - 30) < 1e-9 && forced.binding == .gridImport && forced.slack == .reserve)
  }

  @Test func `a ramp bounds the change, gives way to the grid limits, and is then named as slack`() {
    var shield = SafetyShield(
      battery: BatteryModel(energyKilowattHours: 100, powerKilowatts: 50), importLimitKilowatts: 60)
    shield.rampKilowattsPerHour = 40
    let wish = shield.project(request: 40, stateOfCharge: 0.5, netDemand: 50, hours: 0.25, previous: 0)
    #expect(wish.power == 10 && wish.binding == .ramp && wish.slack == nil)
    let forced = shield.project(request: 0, stateOfCharge: 0.5, netDemand: 90, hours: 0.25, previous: 0)
    #expect(forced.power == 30 && forced.slack == .ramp)
    #expect(shield.project(request: 40, stateOfCharge: 0.5, netDemand: 50, hours: 0.25).power == 40)
  }

  @Test func `a charger, a full battery and too much sun are decided in this order, and all of it is written`() throws {
    var plant = Script.plant(exportLimit: 10)
    var charger = Asset(name: "car", kind: .evCharger)
    charger.powerKilowatts = 11
    plant.assets.append(charger)
    var script = Script(plant)
    script.clock = script.clock + .hours(12)
    for (name, value) in [
      ("load.power", 5.0), ("pv.power", 40), ("bess.soc", 90), ("car.power", 0), ("car.connected", 1),
      ("car.energy_requested", 20), ("car.time_left", 4 * 3600),
    ] { script.say(name, value: value) }
    let decisions = script.frame(atMinute: 12 * 60).dispatch
    let names = decisions.map { script.register.assets[$0.asset.position].name }
    #expect(names == ["bess", "car", "pv"])
    #expect(decisions.map(\.recommendedKilowatts) == [0, 11, 26])
    #expect(decisions.map(\.reason) == ["limit: soc_max, slack: export", "charger: low price", "curtail: export"])
  }

  @Test func `a battery that is not well is left to the rule, and the reason says so`() throws {
    var plant = LivePlant()
    plant.run(hours: 80)
    #expect(try #require(plant.reasons.last).hasPrefix("learned"))
    var frame = Frame(cause: .tick, received: plant.script.clock, clock: plant.script.clock)
    frame.health = [
      AssetHealth(
        asset: AssetIndex(0), time: plant.script.clock, index: 38.4, anomaly: 0, drift: 0, contributors: [])
    ]
    plant.script.stage.step(&frame, in: plant.script.register)
    plant.run(hours: 1)
    let reason = try #require(plant.reasons.last)
    #expect(!reason.hasPrefix("learned") && reason.hasSuffix(", health 38"))
  }
}
