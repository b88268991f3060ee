import PlantModel
import PlantPhysics
import PlantSimulation
import Testing
import WattlineTime

private func utc(_ month: Int, day: Int, hour: Int = 0) -> Timestamp {
  CivilTime(year: 2026, month: month, day: day, hour: hour).utc
}

/// A plant of random assets, some within others.
private func randomPlant(_ generator: inout SeededGenerator) -> Plant {
  let count = 1 + Int(generator.uniform() * 9)
  let assets = (0..<count).map { position in
    let kind = AssetKind.allCases[Int(generator.uniform() * Double(AssetKind.allCases.count))]
    var asset = Asset(name: "a\(position)", kind: kind)
    if generator.uniform() < 0.3 { asset.within = "a\(Int(generator.uniform() * Double(count)))" }
    if generator.uniform() < 0.5 { asset.capacityKilowatts = generator.uniform(0, high: 200) }
    if generator.uniform() < 0.5 { asset.powerKilowatts = generator.uniform(0, high: 100) }
    if generator.uniform() < 0.5 { asset.energyKilowattHours = generator.uniform(1, high: 400) }
    return asset
  }
  let location = Location(
    latitude: generator.uniform(-60, high: 60), longitude: generator.uniform(-180, high: 180), timezone: "Europe/Berlin"
  )
  return Plant(name: "p", location: location, assets: assets + [Asset(name: "grid", kind: .grid)])
}

private func demoPlant() -> Plant {
  var pv = Asset(name: "pv1", kind: .pv)
  pv.capacityKilowatts = 120
  var battery = Asset(name: "bess", kind: .battery)
  battery.energyKilowattHours = 250
  battery.powerKilowatts = 100
  battery.efficiency = 0.81
  let kinds: [(String, AssetKind)] = [
    ("load", .load), ("grid", .grid), ("car", .evCharger), ("heat", .heatPump), ("wind", .wind), ("sky", .weather),
  ]
  return Plant(
    name: "riverside", location: Location(latitude: 34.06, longitude: -117.45, timezone: "America/Los_Angeles"),
    assets: [pv, battery] + kinds.map { Asset(name: $0.0, kind: $0.1) })
}

/// The values of one sensor over some steps.
private func course(_ simulator: inout PlantSimulator, name: String, steps: Int) -> [(Timestamp, Double)] {
  var values: [(Timestamp, Double)] = []
  var buffer: [SimulatedReading] = []
  for _ in 0..<steps {
    simulator.advance(into: &buffer)
    for reading in buffer where simulator.channels[reading.channel].name == name {
      values.append((reading.time, reading.value))
    }
  }
  return values
}

@Suite("Plant simulator")
struct PlantSimulatorTests {
  @Test func `the grid takes up exactly what is left, at every step of random plants`() {
    var generator = SeededGenerator(seed: 11)
    var worst = 0.0
    for plantNumber in 0..<200 {
      let plant = randomPlant(&generator)
      var simulator = PlantSimulator(plant: plant, seed: UInt64(plantNumber), start: utc(5, day: 1), step: .minutes(15))
      for _ in 0..<100 {
        var balance = PowerBalance()
        var exchange = Double.nan
        for reading in simulator.advance() where reading.sensor == "power" {
          if reading.asset == "grid" { exchange = reading.value }
          let asset = plant.assets.first { $0.name == reading.asset }
          if let asset, asset.within == nil { balance.add(reading.value, as: asset.kind.role) }
        }
        worst = max(worst, exchange.isFinite ? abs(exchange - balance.gridExchange) : .infinity)
      }
    }
    #expect(worst < 1e-9)
  }

  @Test func `the same seed gives the same readings, another seed gives others`() {
    func readings(_ seed: UInt64) -> [SimulatedReading] {
      var simulator = PlantSimulator(plant: demoPlant(), seed: seed, start: utc(6, day: 1), step: .minute)
      return (0..<500).flatMap { _ in simulator.advance() }
    }
    #expect(readings(1) == readings(1))
    #expect(readings(1) != readings(2))
  }

  @Test func `photovoltaics rest at night and reach a plausible power on some summer noon`() {
    var simulator = PlantSimulator(plant: demoPlant(), seed: 3, start: utc(6, day: 1), step: .minutes(5))
    let values = course(&simulator, name: "pv1.power", steps: 14 * 288)
    let sunny = values.filter {
      SolarPosition(at: $0.0, latitude: 34.06, longitude: -117.45).elevationDegrees > 0
    }
    #expect(values.count - sunny.count > 1000)
    for (time, power) in values where SolarPosition(at: time, latitude: 34.06, longitude: -117.45).zenithDegrees > 90 {
      #expect(power == 0)
    }
    let greatest = values.map(\.1).max() ?? 0
    #expect((80...120).contains(greatest))
  }

  @Test func `every reading is plausible by the catalogue over a year at a quarter of an hour`() {
    let plant = demoPlant()
    var register = PlantRegister(plant: plant)
    var simulator = PlantSimulator(plant: plant, seed: 5, start: utc(1, day: 1), step: .minutes(15))
    let ranges = simulator.channels.map { channel in
      let index = register.admit(asset: channel.asset, sensor: channel.sensor)
      return register.series[index.position].profile.range
    }
    var outside: Set<String> = []
    var buffer: [SimulatedReading] = []
    for _ in 0..<365 * 96 {
      simulator.advance(into: &buffer)
      #expect(buffer.count == simulator.channels.count)
      for reading in buffer where !ranges[reading.channel].contains(reading.value) {
        outside.insert(simulator.channels[reading.channel].name)
      }
    }
    #expect(outside.isEmpty)
  }

  @Test func `the battery stays in its limits, covers what it can, moves by its current, and is used`() {
    var simulator = PlantSimulator(plant: demoPlant(), seed: 8, start: utc(4, day: 1), step: .minutes(5))
    var moved = 0.0
    var first: Double?
    var lowest = 1.0
    var highest = 0.0
    for _ in 0..<7 * 288 {
      let all = simulator.advance()
      func value(_ asset: String, sensor: String) -> Double {
        all.first { $0.asset == asset && $0.sensor == sensor }?.value ?? .nan
      }
      let power = value("bess", sensor: "power")
      let soc = value("bess", sensor: "soc") / 100
      // Demand within its limits is covered, so that nothing is left for the grid.
      if abs(power) < 99, soc > 0.2, soc < 0.85 { #expect(abs(value("grid", sensor: "power")) < 1e-9) }
      #expect(abs(power) <= 100 && soc > 0.1 - 1e-3 && soc < 0.95 + 1e-3)
      // 197 cells in series make 333.6 Ah of 250 kWh; the current reported is that of the step before.
      moved += value("bess", sensor: "current") / 12 / 333.6
      first = first ?? soc
      if let first { #expect(abs(first - moved - soc) < 0.005) }
      (lowest, highest) = (min(lowest, soc), max(highest, soc))
    }
    #expect(highest - lowest > 0.3)
  }

  @Test("a battery holds its setpoint within its limits until it is told otherwise, and rests when it is shut down")
  func aBatteryHoldsItsSetpointWithinItsLimitsUntilItIsToldOtherwiseAndRests() {
    var simulator = PlantSimulator(plant: demoPlant(), seed: 8, start: utc(4, day: 1), step: .minute)
    let isKnown = simulator.obey(.optimize, setpoint: -37, asset: "bess")
    #expect(isKnown)
    let charging = course(&simulator, name: "bess.power", steps: 30)
    #expect(charging.count == 30 && charging.allSatisfy { $0.1 == -37 })
    simulator.obey(.optimize, setpoint: .nan, asset: "bess")
    simulator.obey(.hold, asset: "bess")
    #expect(course(&simulator, name: "bess.power", steps: 1).map(\.1) == [-37])
    simulator.obey(.optimize, setpoint: 1e9, asset: "bess")
    let discharging = course(&simulator, name: "bess.power", steps: 1)
    #expect(discharging.map(\.1) == [100])
    let takesCommands = simulator.obey(.optimize, setpoint: 1, asset: "load")
    #expect(!takesCommands)
    simulator.obey(.shutdown, asset: "bess")
    #expect(course(&simulator, name: "bess.power", steps: 5).allSatisfy { $0.1 == 0 })
  }

  @Test func `an asset's meter counts what is within it: consumption adds, generation lowers`() {
    func load(_ inner: Asset...) -> [[String: Double]] {
      var outer = Asset(name: "load", kind: .load)
      outer.capacityKilowatts = 100
      let plant = Plant(
        name: "p", location: Location(latitude: 34, longitude: -117, timezone: "America/Los_Angeles"),
        assets: [outer] + inner)
      var simulator = PlantSimulator(plant: plant, seed: 6, start: utc(6, day: 1, hour: 16), step: .minutes(10))
      return (0..<20).map { _ in
        Dictionary(uniqueKeysWithValues: simulator.advance().map { ("\($0.asset).\($0.sensor)", $0.value) })
      }
    }
    let alone = load()
    let both = load(Asset(name: "heat", kind: .generic, within: "load"), Asset(name: "pv", kind: .pv, within: "heat"))
    let roof = load(Asset(name: "pv", kind: .pv, within: "load"))
    for step in 0..<20 {
      let sun = roof[step]["pv.power"] ?? 0
      #expect(sun > 0)
      #expect(abs((roof[step]["load.power"] ?? .nan) - (alone[step]["load.power"] ?? .nan) + sun) < 1e-9)
      // Of 100 kW, 5 are those of the asset within; the generator within that one lowers both.
      let own = 0.95 * (alone[step]["load.power"] ?? .nan)
      #expect(abs((both[step]["load.power"] ?? .nan) - own - (both[step]["heat.power"] ?? .nan)) < 1e-9)
    }
  }

  @Test func `a sensor whose values arrive in another unit sends them in that unit`() throws {
    var plant = demoPlant()
    var override = SensorOverride(match: "load.power")
    override.unit = Unit.named("W")
    var simulator = PlantSimulator(plant: plant, seed: 2, start: utc(4, day: 1), step: .minute)
    let kilowatts = course(&simulator, name: "load.power", steps: 3).map(\.1)
    plant.sensors = [override]
    simulator = PlantSimulator(plant: plant, seed: 2, start: utc(4, day: 1), step: .minute)
    let watts = course(&simulator, name: "load.power", steps: 3).map(\.1)
    #expect(zip(watts, kilowatts).allSatisfy { abs($0 / $1 - 1000) < 1e-6 })
  }

  @Test func `sums that run in a circle and steps of no or boundless length do not stop the simulation`() {
    var a = Asset(name: "a", kind: .load, within: "b")
    a.capacityKilowatts = .infinity
    let plant = Plant(
      name: "", location: Location(latitude: 90, longitude: 0, timezone: "Nowhere/Here"),
      assets: [a, Asset(name: "b", kind: .pv, within: "a"), Asset(name: "a", kind: .grid)])
    for span in [TimeSpan.zero, TimeSpan(nanoseconds: .max), TimeSpan(nanoseconds: .min)] {
      var simulator = PlantSimulator(plant: plant, seed: 0, start: Timestamp(nanoseconds: .max), step: span)
      let readings = simulator.advance()
      #expect(readings.allSatisfy { $0.value.isFinite })
    }
  }
}
