import PlantModel

/// Run of a building's model through its weather, hour by hour.
private struct BuildingRun {
  let model: BuildingModel
  let weather: BuildingWeather
  // Numbers of the model, in W and W/K, so that an hour looks nothing up.
  let area: Double
  let people: Double
  let lighting: Double
  let plugs: Double
  let fans: Double
  let infiltration: Double
  let ventilation: Double
  let glass: [Double]
  let skyLoss: Double
  let opaque: Opaque
  let water: Water
  let setpoints: Setpoints
  let plant: Plant

  struct Opaque {
    var (walls, roof, floor) = (0.0, 0.0, 0.0)
    var (ground, swing) = (0.0, 0.0)
    var absorptance = 0.0
  }

  struct Water { var (draw, losses) = (0.0, 0.0) }

  struct Setpoints {
    var (heating, heatingSetback, cooling, coolingSetback) = (0.0, 0.0, 0.0, 0.0)
  }

  struct Plant {
    var (efficiency, cop, heating, cooling, exterior) = (0.0, 0.0, 0.0, 0.0, 0.0)
  }

  /// Outer surface (ISO 13790, 11.3): resistance [m²K/W], radiative transfer [W/m²K], and the sky's colder by this [K].
  static let (outerResistance, radiation, skyDifference) = (0.04, 4.5, 11.0)

  init(_ model: BuildingModel, weather: BuildingWeather) {
    (self.model, self.weather) = (model, weather)
    func value(_ quantity: BuildingQuantity) -> Double { model.values[quantity] ?? 0 }
    area = value(.area)
    people = area / value(.areaPerPerson)
    (lighting, plugs, fans) = (value(.lighting) * area, value(.plugs) * area, value(.fans) * area)
    infiltration = BuildingModel.airHeat * value(.infiltration) * area * value(.height)
    ventilation = BuildingModel.airHeat * 3.6 * value(.ventilation) * people * (1 - value(.heatRecovery))
    let windows = [value(.windowNorth), value(.windowEast), value(.windowSouth), value(.windowWest)]
    glass = windows.map { $0 * value(.windowG) * value(.shading) }
    let exchange = Self.outerResistance * Self.radiation * Self.skyDifference
    skyLoss = 0.5 * exchange * value(.windowU) * windows.reduce(0, +)
    let envelope = BuildingModel.envelope(model.values)
    opaque = Opaque(
      walls: envelope.walls, roof: envelope.roof, floor: envelope.floor,
      ground: model.values[.groundTemperature] ?? weather.meanTemperature, swing: value(.groundSwing),
      absorptance: value(.absorptance))
    let draws = model.schedule.hotWater.workday.reduce(0, +)
    water = Water(draw: draws > 0 ? value(.hotWater) / draws : 0, losses: value(.hotWaterLosses))
    setpoints = Setpoints(
      heating: value(.heatingSetpoint), heatingSetback: value(.heatingSetback), cooling: value(.coolingSetpoint),
      coolingSetback: value(.coolingSetback))
    plant = Plant(
      efficiency: value(.heatingEfficiency), cop: value(.coolingCOP), heating: value(.heatingCapacity) * area,
      cooling: value(.coolingCapacity) * area, exterior: value(.exteriorLighting))
  }

  /// Returns the temperature that the opaque parts meet in an hour [°C].
  func behindOpaque(_ place: Int) -> Double {
    let total = opaque.walls + opaque.roof + opaque.floor
    guard total > 0 else { return weather.temperatures[place] }
    let outdoor = weather.temperatures[place]
    let cold = Self.radiation * Self.skyDifference
    let wall = outdoor + Self.outerResistance * (opaque.absorptance * weather.walls[place] - 0.5 * cold)
    let roof = outdoor + Self.outerResistance * (opaque.absorptance * weather.roof[place] - cold)
    let ground = opaque.ground + opaque.swing * weather.groundCourse[place]
    return (opaque.walls * wall + opaque.roof * roof + opaque.floor * ground) / total
  }

  func solarGains(_ place: Int) -> Double {
    let light = weather.glass
    return glass[0] * light[4 * place] + glass[1] * light[4 * place + 1] + glass[2] * light[4 * place + 2]
      + glass[3] * light[4 * place + 3] - skyLoss
  }
}

extension BuildingModel {
  /// Returns the use of each hour of the weather.
  ///
  /// The mass starts at the set-point of heating; the first two weeks are run twice so that the start is forgotten.
  ///
  /// - Parameters:
  ///   - weather: Weather of the hours.
  ///   - calendar: Local hours, as many as the weather has.
  ///   - freeRunning: Whether neither heating nor cooling works.
  public func use(
    in weather: BuildingWeather, calendar: BuildingCalendar, freeRunning: Bool = false
  ) -> BuildingUse {
    let run = BuildingRun(self, weather: weather)
    var use = BuildingUse(hours: weather.count)
    var mass = run.setpoints.heating
    for place in 0..<min(336, weather.count) {
      mass = hour(place, run: run, calendar: calendar, mass: mass, freeRunning: freeRunning, into: &use)
    }
    for place in 0..<weather.count {
      mass = hour(place, run: run, calendar: calendar, mass: mass, freeRunning: freeRunning, into: &use)
    }
    return use
  }

  /// Simulates an hour and returns the temperature of the mass at its end [°C].
  private func hour(
    _ place: Int, run: BuildingRun, calendar: BuildingCalendar, mass: Double, freeRunning: Bool,
    into use: inout BuildingUse
  ) -> Double {
    let (clock, day) = (calendar.hours[place], calendar.days[place])
    let operation = schedule.operation.share(hour: clock, day: day)
    let lamps = run.lighting * schedule.lighting.share(hour: clock, day: day)
    let appliances = run.plugs * schedule.plugs.share(hour: clock, day: day)
    let people = run.people * schedule.occupancy.share(hour: clock, day: day)
    let fans = run.fans * operation
    let air =
      run.infiltration * (1 - 0.75 * operation)
      + run.ventilation * schedule.ventilation.share(hour: clock, day: day)
    let conditions = ThermalNetwork.Hour(
      outdoor: run.weather.temperatures[place], behindOpaque: run.behindOpaque(place), ventilation: air,
      internalGains: lamps + appliances + fans + Self.personHeat * people, solarGains: run.solarGains(place))
    let result: ThermalNetwork.Result
    if freeRunning {
      result = network.step(mass: mass, hour: conditions)
    } else {
      let heatTo = operation > 0 ? run.setpoints.heating : run.setpoints.heatingSetback
      let coolTo = operation > 0 ? run.setpoints.cooling : run.setpoints.coolingSetback
      result = network.held(
        mass: mass, hour: conditions, heatTo: heatTo, coolTo: max(heatTo, coolTo),
        powers: -run.plant.cooling...run.plant.heating)
    }
    let heating = max(0, result.power) / run.plant.efficiency
    let cooling = max(0, -result.power) * Self.coolingInput(run.weather.temperatures[place]) / run.plant.cop
    let share = schedule.hotWater.share(hour: clock, day: day)
    let water = run.water.draw * share + run.water.losses
    use.electricity[place] =
      (lamps + appliances + fans + cooling + (isHeatedElectrically ? heating : 0)) / 1000
      + run.plant.exterior * run.weather.darkness[place] + (isWaterElectric ? water : 0)
    use.fuel[place] = (isHeatedElectrically ? 0 : heating / 1000) + (isWaterElectric ? 0 : water)
    use.heat[place] = result.power / 1000
    use.air[place] = result.air
    return result.mass
  }

  /// Returns the power of fans that are sized anew after changes of the building, as a multiple of the old one.
  ///
  /// Fans move the air that the greatest cooling needs, exceeded in 0.4 % of the hours, with supply air of 14 °C.
  ///
  /// Worked value: a set-point of 26 instead of 24 °C and the same greatest cooling need 10/12 of the air.
  ///
  /// - Parameters:
  ///   - changed: Model after the changes.
  ///   - weather: Weather of at least a year.
  ///   - calendar: Local hours.
  public func fanFactor(for changed: BuildingModel, in weather: BuildingWeather, calendar: BuildingCalendar) -> Double {
    func air(_ model: BuildingModel) -> Double {
      let cooling = model.use(in: weather, calendar: calendar).heat.map { -$0 }.sorted()
      let greatest = cooling.isEmpty ? 0 : cooling[min(cooling.count - 1, cooling.count * 996 / 1000)]
      return max(0, greatest) / max(2, (model.values[.coolingSetpoint] ?? 24) - 14)
    }
    let before = air(self)
    return before > 0 ? min(3, max(0.1, air(changed) / before)) : 1
  }

  /// Returns the input of cooling at an outdoor temperature [°C], divided by that at 35 °C.
  ///
  /// Worked values: 1 at 35 °C, 0.7 at 20 °C, never below 0.4.
  public static func coolingInput(_ outdoor: Double) -> Double { max(0.4, 1 + 0.02 * (outdoor - 35)) }
}
