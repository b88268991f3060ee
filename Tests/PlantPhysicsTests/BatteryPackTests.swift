import PlantPhysics
import Testing

private func near(_ a: Double, b: Double, within tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance }

@Suite("Battery circuit")
struct BatteryPackTests {
  private let model = BatteryModel(energyKilowattHours: 100, powerKilowatts: 50, efficiency: 0.9025)

  @Test func `cells, voltages and sizes have their worked values`() {
    let pack = BatteryPack(model)
    #expect(pack.cells == 197 && near(pack.capacityAmpereHours, b: 133.4, within: 0.1))
    #expect(near(LithiumIonCell.openCircuitVoltage(stateOfCharge: 0.5), b: 3.80336, within: 1e-5))
    #expect(near(LithiumIonCell.openCircuitVoltage(stateOfCharge: 1), b: 4.1029, within: 1e-9))
    #expect(near(LithiumIonCell.openCircuitSlope(stateOfCharge: 0.5), b: 0.337875, within: 1e-5))
    let mean = (0..<10_000).reduce(0) {
      $0 + LithiumIonCell.openCircuitVoltage(stateOfCharge: (Double($1) + 0.5) / 10_000) / 10_000
    }
    #expect(near(mean, b: LithiumIonCell.meanVoltage, within: 1e-4))
  }

  @Test func `every step's energy is that of the cells and the losses, to the last digit that counts`() {
    var pack = BatteryPack(model)
    var random = SeededGenerator(seed: 3)
    for _ in 0..<20_000 {
      let request = random.uniform(-60, high: 60)
      let power = pack.feasible(power: request, within: 0.1...0.95, seconds: 5)
      let before = pack.stateOfCharge
      let cells = LithiumIonCell.openCircuitVoltage(stateOfCharge: before) * pack.cells
      pack.advance(power: power, seconds: 5, ambient: 22)
      let chemical = cells * pack.current / 1000
      #expect(near(chemical, b: power + pack.lossKilowatts, within: 1e-9 * max(1, abs(chemical))))
      #expect((0.1 - 1e-9...0.95 + 1e-9).contains(pack.stateOfCharge))
    }
  }

  @Test func `a round trip at rated power gives back what the rated efficiency says`() {
    var pack = BatteryPack(model, stateOfCharge: 0.3)
    let start = pack.stateOfCharge
    var (taken, given) = (0.0, 0.0)
    for _ in 0..<3600 { pack.advance(power: -50, seconds: 1, ambient: 22); taken += 50 }
    while pack.stateOfCharge > start { pack.advance(power: 50, seconds: 1, ambient: 22); given += 50 }
    #expect(near(given / taken, b: 0.9025, within: 0.01))
  }

  @Test func `without cooling it grows warm, with it it stays near what cools it`() {
    func temperature(cooling: Double) -> Double {
      var pack = BatteryPack(model)
      for hour in 0..<8 {
        for _ in 0..<3600 { pack.advance(power: hour % 2 == 0 ? 50 : -50, seconds: 1, ambient: 22, cooling: cooling) }
      }
      return pack.temperature
    }
    #expect((22..<32).contains(temperature(cooling: 1)))
    #expect(temperature(cooling: 0) > temperature(cooling: 1) + 10)
  }

  @Test func `a year at 25 °C with 200 cycles loses 3 %, and warmth ages faster`() {
    var mild = BatteryAgeing()
    var warm = BatteryAgeing()
    for _ in 0..<366 { mild.advance(seconds: 86_223.5, temperature: 25, cycleShare: 200.0 / 366) }
    for _ in 0..<366 { warm.advance(seconds: 86_223.5, temperature: 35, cycleShare: 200.0 / 366) }
    #expect(near(mild.calendarLoss, b: 0.02, within: 1e-5) && near(mild.cycleLoss, b: 0.01))
    #expect(near(mild.stateOfHealth, b: 0.97, within: 1e-5))
    #expect((1.7...2.2).contains(warm.calendarLoss / mild.calendarLoss))
  }

  @Test func `no request, however absurd, leads to a value that is not finite`() {
    for energy in [1e-6, 1, 1e12] {
      var pack = BatteryPack(BatteryModel(energyKilowattHours: energy, powerKilowatts: 0, efficiency: 0.01))
      for request in [Double.nan, .infinity, -.infinity, 1e300, -1e300, 0] {
        for seconds in [0.0, 1, 86_400] {
          let power = pack.feasible(power: request, within: 0...1, seconds: seconds)
          pack.advance(power: power, seconds: seconds, ambient: 22)
          let values = [power, pack.stateOfCharge, pack.temperature, pack.voltage]
          #expect(values.allSatisfy { $0.isFinite })
        }
      }
    }
  }
}

@Suite("Sessions, dust and walls")
struct SlowProcessTests {
  @Test func `a car tapers above four fifths, ends when full, and gets what it was given`() {
    #expect(near(ChargingSession.demand(stateOfCharge: 0.87), b: 0.36788, within: 1e-5))
    #expect(ChargingSession.demand(stateOfCharge: 0.3) == 1 && ChargingSession.demand(stateOfCharge: 1) == 0)
    var car = ChargingSession(capacityKilowattHours: 60, stateOfCharge: 0.2, secondsLeft: 36_000)
    var energy = 0.0
    var last = 22.0
    for _ in 0..<36_000 {
      let power = car.advance(limit: 22, seconds: 1)
      #expect(power <= last)
      last = power
      energy += power / 3600
    }
    #expect(car.stateOfCharge > 0.99 && last == 0)
    #expect(near(energy * ChargingSession.efficiency, b: (car.stateOfCharge - 0.2) * 60, within: 1e-6))
  }

  @Test func `dust and walls have their worked values`() {
    var soiling = Soiling()
    soiling.advance(seconds: 20 * 86_400)
    #expect(near(soiling.loss, b: 0.01))
    soiling.advance(seconds: 0, isRaining: true)
    #expect(near(soiling.loss, b: 0.001))
    var walls = ThermalMass(timeConstant: 3600)
    #expect(walls.advance(air: 10, seconds: 60) == 10)
    #expect(near(walls.advance(air: 20, seconds: 3600), b: 16.3212, within: 1e-4))
    #expect(near(WindTurbine.airDensity(temperature: 15, elevation: 0), b: 1.225, within: 1e-3))
    let turbine = WindTurbine(ratedKilowatts: 100)
    #expect(turbine.power(windSpeed: 8, airDensity: 1.0) < turbine.power(windSpeed: 8))
  }
}
