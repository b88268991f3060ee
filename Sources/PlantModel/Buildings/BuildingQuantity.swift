/// Quantity of a building that its physical twin knows, with the name that the plant file gives it.
public enum BuildingQuantity: String, CaseIterable, Sendable, Hashable {
  /// Conditioned floor area.
  case area
  /// Clear height of a storey.
  case height
  /// Number of storeys.
  case storeys
  /// Opaque area of the outer walls.
  case wallArea = "wall_area"
  /// Heat transmission of the outer walls.
  case wallU = "wall_u"
  /// Area of the roof, or of the ceiling below an unheated attic.
  case roofArea = "roof_area"
  /// Heat transmission of the roof.
  case roofU = "roof_u"
  /// Heat transmission of the floor to the ground.
  case floorU = "floor_u"
  /// Temperature of the ground below the floor.
  case groundTemperature = "ground_temperature"
  /// Swing of the temperature of the ground over the year, around its mean; negative if it is coldest after summer.
  case groundSwing = "ground_swing"
  /// Area of the windows to the north.
  case windowNorth = "window_north"
  /// Area of the windows to the east.
  case windowEast = "window_east"
  /// Area of the windows to the south.
  case windowSouth = "window_south"
  /// Area of the windows to the west.
  case windowWest = "window_west"
  /// Heat transmission of the windows.
  case windowU = "window_u"
  /// Total solar energy transmittance of the glass at normal incidence.
  case windowG = "window_g"
  /// Share of the sunlight on windows that frames, overhangs and blinds let through.
  case shading
  /// Share of the sunlight on walls and roof that they absorb.
  case absorptance
  /// Heat capacity of the fabric for a day's swing, of each square metre of floor.
  case mass
  /// Air changes by leaks while the ventilation is off; a quarter of it while it runs.
  case infiltration
  /// Outdoor air for each person while the ventilation runs.
  case ventilation
  /// Share of the heat of the exhaust air that is recovered.
  case heatRecovery = "heat_recovery"
  /// Floor area of each person.
  case areaPerPerson = "area_per_person"
  /// Installed power of lamps.
  case lighting
  /// Installed power of appliances.
  case plugs
  /// Installed power of lamps outside, which burn from dusk to dawn.
  case exteriorLighting = "exterior_lighting"
  /// Energy for the hot water that is drawn on a working day.
  case hotWater = "hot_water"
  /// Energy for the constant heat loss of the store and pipes of hot water.
  case hotWaterLosses = "hot_water_losses"
  /// Set-point of heating during operation.
  case heatingSetpoint = "heating_setpoint"
  /// Set-point of heating outside operation.
  case heatingSetback = "heating_setback"
  /// Set-point of cooling during operation.
  case coolingSetpoint = "cooling_setpoint"
  /// Set-point of cooling outside operation.
  case coolingSetback = "cooling_setback"
  /// Heat delivered from each unit of the heating fuel; above 1 for a heat pump.
  case heatingEfficiency = "heating_efficiency"
  /// Coefficient of performance of cooling at 35 °C outdoors.
  case coolingCOP = "cooling_cop"
  /// Power of fans and pumps while the system operates.
  case fans
  /// Greatest heating power.
  case heatingCapacity = "heating_capacity"
  /// Greatest cooling power.
  case coolingCapacity = "cooling_capacity"
}

extension BuildingQuantity {
  /// Meaning of numbers of a quantity.
  public struct Profile: Sendable, Hashable {
    /// Unit, as written in messages and reports; empty for a pure number.
    public let unit: String
    /// Accepted values.
    public let range: ClosedRange<Double>
    /// Value if none is given; `nil` where it follows from others.
    public let usual: Double?
    /// Usual standard deviation of a given value: a share of it, or in the unit for temperatures; 0 for one that a
    /// calibration leaves alone.
    public let spread: Double
    /// Whether the spread and a change in percent make sense, as they do not for temperatures.
    public let isRatio: Bool
  }

  /// Unit, range, usual value and spread.
  ///
  /// Usual values are those of the DOE reference small office of 90.1-2004 (M. Deru et al., NREL/TP-5500-46861, 2011)
  /// and of ISO 13790:2008. Spreads are judgements of what an audit leaves open.
  public var profile: Profile {
    switch self {
    case .area: .ratio("m²", 10...1e6, nil, 0)
    case .height: .ratio("m", 2...30, 3.05, 0)
    case .storeys: .ratio("", 1...200, 1, 0)
    case .wallArea, .roofArea: .ratio("m²", 0...1e6, nil, 0)
    case .wallU: .ratio("W/m²K", 0.05...6, 0.7, 0.2)
    case .roofU: .ratio("W/m²K", 0.02...6, 0.2, 0.2)
    case .floorU: .ratio("W/m²K", 0...6, 0.5, 0.3)
    case .groundTemperature: .temperature(-10...40, nil, 1.5)
    case .groundSwing: .temperature(-15...15, 0, 1.5)
    case .windowNorth, .windowEast, .windowSouth, .windowWest: .ratio("m²", 0...1e5, 0, 0)
    case .windowU: .ratio("W/m²K", 0.3...7, 3.2, 0.1)
    case .windowG: .ratio("", 0.05...0.95, 0.4, 0.1)
    case .shading: .ratio("", 0.01...1, 0.8, 0.2)
    case .absorptance: .ratio("", 0...1, 0.6, 0)
    case .mass: .ratio("kJ/m²K", 20...2000, 165, 0.3)
    case .infiltration: .ratio("1/h", 0...20, 0.3, 0.4)
    case .ventilation: .ratio("l/s per person", 0...100, 10, 0.25)
    case .heatRecovery: .ratio("", 0...0.95, 0, 0)
    case .areaPerPerson: .ratio("m²", 1...1000, 18.6, 0.2)
    case .lighting: .ratio("W/m²", 0...100, 10.8, 0.1)
    case .plugs: .ratio("W/m²", 0...1000, 10.8, 0.2)
    case .exteriorLighting: .ratio("kW", 0...1e4, 0, 0.1)
    case .hotWater: .ratio("kWh/day", 0...1e6, 0, 0.5)
    case .hotWaterLosses: .ratio("kW", 0...1e4, 0, 0.5)
    case .heatingSetpoint: .temperature(5...30, 21, 0.5)
    case .heatingSetback: .temperature(0...30, 15.6, 1)
    case .coolingSetpoint: .temperature(15...40, 24, 0.5)
    case .coolingSetback: .temperature(15...60, 26.7, 1)
    case .heatingEfficiency: .ratio("", 0.2...8, 0.8, 0.05)
    case .coolingCOP: .ratio("", 0.5...15, 3.2, 0.2)
    case .fans: .ratio("W/m²", 0...100, 2, 0.3)
    case .heatingCapacity: .ratio("W/m²", 0...1e4, 150, 0)
    case .coolingCapacity: .ratio("W/m²", 0...1e4, 150, 0)
    }
  }
}

extension BuildingQuantity.Profile {
  fileprivate static func ratio(
    _ unit: String, _ range: ClosedRange<Double>, _ usual: Double?, _ spread: Double
  ) -> Self {
    Self(unit: unit, range: range, usual: usual, spread: spread, isRatio: true)
  }

  fileprivate static func temperature(_ range: ClosedRange<Double>, _ usual: Double?, _ spread: Double) -> Self {
    Self(unit: "°C", range: range, usual: usual, spread: spread, isRatio: false)
  }
}
