import PlantModel
import PlantPhysics
import Testing
import WattlineTime

@Suite struct ThermalNetworkTests {
  static let network = ThermalNetwork(area: 100, opaque: 80, windows: 30, mass: 165)

  @Test func `an hour of cooling down has the worked values`() {
    let cold = ThermalNetwork.Hour(outdoor: 0, ventilation: 50)
    let result = Self.network.step(mass: 20, hour: cold)
    #expect(abs(result.mass - 19.3191) < 1e-4)
    #expect(abs(result.air - 18.4113) < 1e-4)
  }

  @Test func `the energy of each hour is balanced to rounding, with and without heating`() {
    var random = SeededGenerator(seed: 5)
    var mass = 20.0
    for place in 0..<2000 {
      let hour = ThermalNetwork.Hour(
        outdoor: random.uniform(-20, high: 40), behindOpaque: random.uniform(-20, high: 50),
        supply: random.uniform(-20, high: 40), ventilation: place % 7 == 0 ? 0 : random.uniform(0, high: 300),
        internalGains: random.uniform(0, high: 5000), solarGains: random.uniform(-100, high: 9000))
      let result =
        place % 2 == 0
        ? Self.network.step(mass: mass, hour: hour)
        : Self.network.held(mass: mass, hour: hour, heatTo: 20, coolTo: 24, powers: -3000...4000)
      #expect(abs(Self.network.residual(result, mass: mass, hour: hour)) < 1e-9 * 20_000)
      mass = result.mass
    }
  }

  @Test func `a steady state loses what it gains`() {
    let hour = ThermalNetwork.Hour(outdoor: 0, ventilation: 50)
    var (mass, power) = (20.0, 0.0)
    for _ in 0..<2000 {
      let result = Self.network.held(mass: mass, hour: hour, heatTo: 20, coolTo: 26, powers: -1e5...1e5)
      (mass, power) = (result.mass, result.power)
      #expect(abs(result.air - 20) < 1e-9)
    }
    // Ventilation takes 50 W/K from the air; windows and mass take 110 W/K through 1,552.5 W/K to the surfaces.
    #expect(abs(power - 20 * (50 + 1 / (1 / 1552.5 + 1 / 110.0))) < 1e-6)
  }

  @Test func `a power that is too small leaves the air below the set-point`() {
    let hour = ThermalNetwork.Hour(outdoor: -10, ventilation: 50)
    let result = Self.network.held(mass: 5, hour: hour, heatTo: 20, coolTo: 26, powers: -1e5...1000)
    #expect(result.power == 1000)
    #expect(result.air < 20)
  }

  @Test func `glass lets less light in from the side`() {
    #expect(Glazing.modifier(cosine: 1) == 1)
    #expect(abs(Glazing.modifier(cosine: 0.5) - 0.874) < 1e-3)
    #expect(Glazing.modifier(cosine: 0) == 0)
    #expect(abs(Glazing.diffuseModifier - 0.886) < 2e-2)
  }
}

@Suite struct BuildingModelTests {
  /// Ten days of January at a fixed temperature without sun.
  static func dark(_ temperature: Double, days: Int = 10) -> (weather: BuildingWeather, calendar: BuildingCalendar) {
    let count = 24 * days
    let weather = BuildingWeather(
      start: CivilTime(year: 2024, month: 1, day: 1).utc, temperatures: .init(repeating: temperature, count: count),
      irradiances: .init(repeating: 0, count: count), latitude: 50, longitude: 0)
    let calendar = BuildingCalendar(
      hours: (0..<count).map { $0 % 24 }, days: (0..<count).map { max(0, $0 / 24 % 7 - 4) })
    return (weather, calendar)
  }

  @Test func `half the lamps halve their electricity and raise heating by less than their heat over its efficiency`() {
    let (weather, calendar) = Self.dark(0)
    var description = BuildingDescription(area: 500)
    description.given[.windowSouth] = .init(40, deviation: 0)
    var values = description.values
    let before = BuildingModel(description).use(in: weather, calendar: calendar)
    values[.lighting] = 5.4
    values[.groundTemperature] = 0
    let after = BuildingModel(values: values, schedule: .office, heatingFuel: .gas)
      .use(in: weather, calendar: calendar)
    let lamps = before.electricity.reduce(0, +) - after.electricity.reduce(0, +)
    let heat = after.fuel.reduce(0, +) - before.fuel.reduce(0, +)
    let hours = (0..<240).reduce(0) {
      $0 + BuildingSchedule.office.lighting.share(hour: calendar.hours[$1], day: calendar.days[$1])
    }
    #expect(abs(lamps - 5.4 * 0.5 * hours) < 1e-9)
    #expect(heat > 0.5 * lamps / 0.8 && heat < 1.05 * lamps / 0.8)
  }

  @Test func `electric heating moves the fuel to the meter of electricity`() {
    let (weather, calendar) = Self.dark(-5)
    var description = BuildingDescription(area: 200)
    let gas = BuildingModel(description).use(in: weather, calendar: calendar)
    description.heatingFuel = .electricity
    let electric = BuildingModel(description).use(in: weather, calendar: calendar)
    #expect(electric.fuel.allSatisfy { $0 == 0 })
    let (moved, burnt) = (electric.electricity.reduce(0, +) - gas.electricity.reduce(0, +), gas.fuel.reduce(0, +))
    #expect(abs(moved - burnt) < 1e-9 * burnt)
  }

  @Test func `lamps outside burn while the sun is down`() {
    let (weather, calendar) = Self.dark(15)
    var description = BuildingDescription(area: 200)
    let without = BuildingModel(description).use(in: weather, calendar: calendar)
    description.given[.exteriorLighting] = .init(2, deviation: 0)
    let with = BuildingModel(description).use(in: weather, calendar: calendar)
    // The night of early January at 50° north is 15.8 to 16 hours long.
    let night = (with.electricity.reduce(0, +) - without.electricity.reduce(0, +)) / 20
    #expect(night > 15.5 && night < 16.1)
    #expect(with.electricity[12] == without.electricity[12])
  }

  @Test func `cooling draws more on hotter days`() {
    #expect(BuildingModel.coolingInput(35) == 1)
    #expect(abs(BuildingModel.coolingInput(20) - 0.7) < 1e-12)
    #expect(BuildingModel.coolingInput(-10) == 0.4)
  }
}
