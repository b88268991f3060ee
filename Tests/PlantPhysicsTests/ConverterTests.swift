import PlantModel
import PlantPhysics
import Testing

private func near(_ a: Double, b: Double, within tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance }

@Suite("Photovoltaics and wind")
struct GeneratorTests {
  @Test func `DC power, inverter and temperatures have their worked values`() {
    let dc = PhotovoltaicModel.dcPower(irradiance: 900, cellTemperature: 30, nominal: 100, coefficient: -0.003)
    #expect(near(dc, b: 88.65))
    #expect(near(PhotovoltaicModel.acPower(dc: 90, rating: 95, efficiency: 0.95), b: 85.58556604752516))
    #expect(near(PhotovoltaicModel.moduleTemperature(irradiance: 900, air: 20, wind: 5), b: 35.203, within: 1e-3))
    #expect(near(PhotovoltaicModel.cellTemperature(irradiance: 800, air: 20), b: 45))
  }

  @Test func `output is clipped at the inverter's rating, zero in the dark, and falls with temperature`() {
    let pv = PhotovoltaicModel(inverterKilowatts: 100, nominalKilowatts: 150)
    #expect(pv.power(irradiance: 1000, cellTemperature: 25) == 100)
    #expect(pv.power(irradiance: 0, cellTemperature: 5) == 0)
    #expect(pv.power(irradiance: 400, cellTemperature: 60) < pv.power(irradiance: 400, cellTemperature: 10))
    #expect(PhotovoltaicModel(inverterKilowatts: 0).power(irradiance: 800, cellTemperature: 20) == 0)
  }

  @Test(arguments: [(2.0, 0.0), (8, 28.5126), (12, 100), (15, 100), (26, 0), (Double.nan, 0)] as [(Double, Double)])
  func `a turbine follows the cube of the wind between cut-in and rated speed`(wind: Double, expected: Double) {
    #expect(near(WindTurbine(ratedKilowatts: 100).power(windSpeed: wind), b: expected, within: 1e-3))
  }
}

@Suite("Battery")
struct BatteryModelTests {
  let battery = BatteryModel(energyKilowattHours: 100, powerKilowatts: 50, efficiency: 0.81)

  @Test func `an hour of charging and of discharging moves the state of charge by the worked values`() {
    let charged = battery.stateOfCharge(after: -10, from: 0.5, hours: 1)
    #expect(near(charged, b: 0.59))
    #expect(near(battery.stateOfCharge(after: 9, from: charged, hours: 1), b: 0.49))
  }

  @Test func `what comes back of energy put in is the round-trip efficiency`() {
    let full = battery.stateOfCharge(after: -20, from: 0.3, hours: 1)
    let back =
      battery.dischargeLimit(stateOfCharge: full, hours: 1) - battery.dischargeLimit(stateOfCharge: 0.3, hours: 1)
    #expect(near(back / 20, b: 0.81))
  }

  @Test func `no request leads out of the limits, whatever the step`() {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<20_000 {
      let battery = BatteryModel(
        energyKilowattHours: generator.uniform(1, high: 500), powerKilowatts: generator.uniform(0, high: 300),
        efficiency: generator.uniform(0.5, high: 1), minimumStateOfCharge: generator.uniform(0, high: 0.4),
        maximumStateOfCharge: generator.uniform(0.5, high: 1))
      let soc = generator.uniform(battery.minimumStateOfCharge, high: battery.maximumStateOfCharge)
      let hours = generator.uniform(0.001, high: 3)
      let power = battery.feasible(power: generator.uniform(-1000, high: 1000), stateOfCharge: soc, hours: hours)
      let after = battery.stateOfCharge(after: power, from: soc, hours: hours)
      #expect(abs(power) <= battery.powerKilowatts)
      #expect(after >= battery.minimumStateOfCharge - 1e-9 && after <= battery.maximumStateOfCharge + 1e-9)
    }
  }

  @Test func `sizes that make no sense neither crash nor give power`() {
    let odd = BatteryModel(
      energyKilowattHours: .nan, powerKilowatts: -5, efficiency: 7, minimumStateOfCharge: 2, maximumStateOfCharge: -1)
    #expect(odd.feasible(power: 10, stateOfCharge: 0.5, hours: 1) == 0)
    #expect(battery.feasible(power: .nan, stateOfCharge: 0.5, hours: 1) == 0)
    #expect(BatteryModel(Asset(name: "b", kind: .battery)) == nil)
  }
}

@Suite("Load and balance")
struct LoadTests {
  @Test("at night a load is at its base, in the evening above it, at a weekend's noon lower than on a working day's")
  func atNightALoadIsAtItsBaseInTheEveningAboveItAtAWeekendsNoonLowerThanOnA() {
    let profile = LoadProfile()
    #expect(near(profile.share(hour: 3, weekday: 2, temperature: 18), b: 0.25))
    #expect(profile.share(hour: 19, weekday: 2, temperature: 18) > 0.45)
    #expect(
      profile.share(hour: 12, weekday: 7, temperature: 18) < profile.share(hour: 12, weekday: 3, temperature: 18))
    #expect(near(profile.share(hour: 3, weekday: 2, temperature: 32), b: 0.25 + 10 * 0.012))
  }

  @Test func `the grid takes up what consumption, generation and batteries leave`() {
    var balance = PowerBalance()
    balance.add(50, as: .consumption)
    balance.add(30, as: .generation)
    balance.add(15, as: .storage)
    balance.add(999, as: .gridExchange)
    #expect(balance.gridExchange == 5)
    #expect(balance.netDemand == 20)
  }
}

@Suite("Seeded numbers")
struct SeededGeneratorTests {
  @Test func `SplitMix64 gives its published numbers`() {
    var generator = SplitMix64(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
  }

  @Test func `the same seed gives the same numbers, another seed or name gives others`() {
    var a = SeededGenerator(seed: 7)
    var b = SeededGenerator(seed: 7)
    var c = SeededGenerator(seed: 8)
    var d = SeededGenerator(seed: 7, name: "pv1")
    let numbers = (0..<100).map { _ in a.next() }
    let same = (0..<100).map { _ in b.next() }
    let others = [(0..<100).map { _ in c.next() }, (0..<100).map { _ in d.next() }]
    #expect(numbers == same)
    #expect(!others.contains(numbers))
  }

  @Test func `uniform numbers lie in 0..<1 and normal ones have mean 0 and deviation 1`() {
    var generator = SeededGenerator(seed: 99)
    var sum = 0.0
    var squares = 0.0
    for _ in 0..<100_000 {
      let number = generator.uniform()
      #expect((0..<1).contains(number))
      let deviate = generator.normal()
      sum += deviate
      squares += deviate * deviate
    }
    #expect(abs(sum / 1e5) < 0.02)
    #expect(abs(squares / 1e5 - 1) < 0.02)
  }

  @Test(arguments: [1.0, 60, 3600])
  func `noise keeps its deviation at any step and forgets within its time constant`(step: Double) {
    var generator = SeededGenerator(seed: 5)
    var noise = AutoregressiveNoise(standardDeviation: 2, timeConstant: 60)
    #expect(near(noise.persistence(over: 60), b: 0.36788, within: 1e-5))
    var squares = 0.0
    for _ in 0..<200_000 { squares += { $0 * $0 }(noise.advance(by: step, using: &generator)) }
    #expect(abs((squares / 200_000).squareRoot() - 2) < 0.2)
  }
}
