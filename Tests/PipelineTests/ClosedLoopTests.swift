import PlantModel
import PlantSimulation
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

/// A simulated plant and all stages, in simulated time: what is commanded is done, as far as devices hear it.
private final class Loop {
  var line: PlantPipeline
  var simulator: PlantSimulator
  var commands: [Command] = []
  var alerts: [AlertTransition] = []
  var health: [AssetHealth] = []
  var powers: [String: [Double]] = [:]
  private let register: PlantRegister
  private let series: [SeriesIndex]
  private var readings: [SimulatedReading] = []

  /// A plant from an hour of a day in June on, 48 °N, told every minute.
  init(
    _ assets: [Asset], hour: Int,
    tariff: Tariff = Tariff(importPeriods: [.init(fromMinute: 0, toMinute: 0, price: 0.3)])
  ) {
    var plant = Plant(
      name: "p", location: Location(latitude: 48, longitude: 0, timezone: "UTC"), assets: assets, tariff: tariff)
    plant.commands.mode = .automatic
    simulator = PlantSimulator(
      plant: plant, seed: 3, start: CivilTime(year: 2026, month: 6, day: 3, hour: hour).utc, step: .minute)
    var register = PlantRegister(plant: plant)
    series = simulator.channels.map { register.admit(asset: $0.asset, sensor: $0.sensor) }
    self.register = register
    line = PlantPipeline(plant: plant)
  }

  static func asset(_ name: String, kind: AssetKind, kilowatts: Double, energy: Double? = nil) -> Asset {
    var asset = Asset(name: name, kind: kind)
    (asset.capacityKilowatts, asset.powerKilowatts, asset.energyKilowattHours) = (kilowatts, kilowatts, energy)
    return asset
  }

  func run(minutes: Int) {
    for _ in 0..<minutes {
      let now = simulator.now
      simulator.advance(into: &readings)
      var batch = ReadingBatch()
      for reading in readings {
        let unit = register.series[series[reading.channel].position].profile.unit
        batch.append(
          series: series[reading.channel], time: reading.time, raw: reading.value,
          value: unit?.canonical(reading.value) ?? reading.value, hasSourceTime: true)
        if reading.sensor == "power" { powers[reading.asset, default: []].append(reading.value) }
      }
      var given: [Command] = []
      var changed: [AlertTransition] = []
      var judged: [AssetHealth] = []
      let take = { (frame: borrowing Frame) in
        given += frame.commands
        changed += frame.alerts
        judged += frame.health
      }
      line.step(batch, received: now, in: register, emit: take)
      line.tick(now, in: register, emit: take)
      commands += given
      alerts += changed
      health += judged
      for command in given where command.state == .issued {
        simulator.obey(
          command.action, setpoint: command.setpoint, asset: register.assets[command.asset.position].name)
      }
    }
  }

  func acknowledge(_ id: String) {
    let instruction = Instruction(subject: "alerts", members: ["id": id, "action": "acknowledge"])
    var changed: [AlertTransition] = []
    line.instruct([instruction], received: simulator.now, in: register) { changed += $0.alerts }
    alerts += changed
  }

  /// The commands of an asset that were given, and what became of them.
  func told(_ asset: String) -> [String] {
    commands.filter { register.assets[$0.asset.position].name == asset }.map {
      "\($0.action.rawValue) \($0.state.rawValue)"
    }
  }

  /// Alerts as `rule asset status`.
  var spoken: [String] {
    alerts.map { "\($0.rule) \($0.asset.map { register.assets[$0.position].name } ?? "-") \($0.status.rawValue)" }
  }
}

@Suite("Commands to a plant that does what it hears")
struct ClosedLoopTests {
  @Test func `PV above the export limit is held back and let go again, and nobody takes that for a fault`() throws {
    var grid = Asset(name: "grid", kind: .grid)
    grid.exportLimitKilowatts = 20
    let loop = Loop(
      [
        Loop.asset("pv", kind: .pv, kilowatts: 100), Loop.asset("load", kind: .load, kilowatts: 15), grid,
      ], hour: 9)
    loop.run(minutes: 11 * 60)
    #expect(loop.told("pv").contains("OPTIMIZE followed"))
    let exports = try #require(loop.powers["grid"])
    // A quarter of an hour passes before what the sun adds is seen.
    #expect(exports.count { $0 < -20 - 5 } < exports.count / 20)
    let setpoints = loop.commands.compactMap(\.setpoint)
    #expect(setpoints.contains { $0 < 60 } && setpoints.last == 100)
    #expect(!loop.spoken.contains { $0.contains(" pv ") })
  }

  @Test(
    "a charger that waits for a lower price is not called broken, and its cars have what they wanted when they leave")
  func aChargerThatWaitsForALowerPriceIsNotCalledBrokenAndItsCarsHaveWhatThey() throws {
    let tariff = Tariff(importPeriods: [
      .init(fromMinute: 0, toMinute: 0, price: 0.2), .init(fromMinute: 6 * 60, toMinute: 11 * 60, price: 0.5),
    ])
    let assets = [
      Loop.asset("car", kind: .evCharger, kilowatts: 22), Loop.asset("load", kind: .load, kilowatts: 15),
      Asset(name: "grid", kind: .grid),
    ]
    let loop = Loop(assets, hour: 6, tariff: tariff)
    var alone = loop.simulator
    var uncontrolled: [Double] = []
    loop.run(minutes: 9 * 60)
    for _ in 0..<9 * 60 {
      for reading in alone.advance() where reading.asset == "car" && reading.sensor == "power" {
        uncontrolled.append(reading.value)
      }
    }
    func morning(_ powers: [Double]) -> Double {
      powers.prefix(5 * 60).reduce(0, +)
    }
    let car = loop.powers["car"] ?? []
    #expect(morning(uncontrolled) > 0 && morning(car) < 0.5 * morning(uncontrolled))
    #expect(loop.told("car").contains("OPTIMIZE followed"))
    #expect(car.contains { $0 > 20 })
    #expect(!loop.spoken.contains { $0.contains(" car ") }, "\(loop.spoken)")
  }

  @Test func `a battery that hears nothing is an alert, which is over when it does again what it is told`() throws {
    let loop = Loop(
      [
        Loop.asset("bess", kind: .battery, kilowatts: 20, energy: 40), Loop.asset("load", kind: .load, kilowatts: 15),
        Asset(name: "grid", kind: .grid),
      ],
      hour: 6,
      tariff: Tariff(importPeriods: [
        .init(fromMinute: 0, toMinute: 0, price: 0.2), .init(fromMinute: 16 * 60, toMinute: 20 * 60, price: 0.6),
      ]))
    loop.run(minutes: 120)
    #expect(loop.told("bess").contains("OPTIMIZE followed") && loop.spoken == [], "\(loop.spoken)")
    let fault = FaultSpecification(target: "bess", kind: .deaf, onset: .zero, duration: .hours(3))
    try loop.simulator.add(fault)
    loop.run(minutes: 3 * 60)
    #expect(loop.spoken.contains("not_followed bess raised"))
    // Told again after an hour, since nobody has acknowledged it; never over.
    #expect(!loop.spoken.contains("not_followed bess cleared"), "\(loop.spoken)")
    loop.run(minutes: 40)
    #expect(loop.spoken.last == "not_followed bess cleared")
    #expect(loop.alerts.allSatisfy { $0.severity == .warning })
  }

  @Test
  func `PV that trips is shut down and starts again once a person has acknowledged the trip, not before`() throws {
    let loop = Loop(
      [
        Loop.asset("pv", kind: .pv, kilowatts: 100), Loop.asset("load", kind: .load, kilowatts: 15),
        Asset(name: "grid", kind: .grid),
      ], hour: 10)
    loop.run(minutes: 40)
    try loop.simulator.add(
      FaultSpecification(target: "pv", kind: .trip, onset: .zero, duration: .minutes(10)))
    loop.run(minutes: 30)
    #expect(loop.told("pv") == ["SHUTDOWN issued", "SHUTDOWN followed", "HOLD issued"])
    #expect(loop.powers["pv"]?.last == 0)
    // Its health shows the trip with the alert, and the end of it.
    let trip = try #require(loop.alerts.first { $0.rule.name == "trip" })
    let after = loop.health.filter { $0.asset == trip.asset && $0.time >= trip.time }
    #expect(after.first.map { $0.time - trip.time <= .minutes(2) } == true)
    #expect(!after.isEmpty && after.allSatisfy { $0.index <= 25 && $0.contributors.first == "trip" })
    loop.acknowledge(try #require(loop.alerts.first { $0.rule.name == "trip" }).id)
    loop.run(minutes: 5)
    #expect(loop.told("pv").suffix(2) == ["STARTUP issued", "STARTUP followed"])
    #expect(try #require(loop.powers["pv"]?.last) > 10)
    #expect(loop.health.last { $0.asset == trip.asset }.map { $0.index >= 80 } == true)
    loop.run(minutes: 30)
    #expect(
      loop.spoken.filter { $0.hasPrefix("trip") } == ["trip pv raised", "trip pv acknowledged", "trip pv cleared"])
  }
}
