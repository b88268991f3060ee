public import PlantModel

/// Physical twin of a building: one zone by ``ThermalNetwork``, its use and its systems.
///
/// Gains: people 120 W, of which 75 W sensible heat (ASHRAE Fundamentals, office work), lamps, appliances and fans in
/// full. Leaks fall to a quarter during operation, as in the DOE reference buildings. Cooling draws 2 % more for each
/// kelvin outdoors. Walls and roof meet a temperature of air, sun and sky (ISO 13790, 11.3), the floor that of the
/// ground.
public struct BuildingModel: Sendable {
  /// Heat that air carries, for each cubic metre an hour [Wh/m³K].
  static let airHeat = 0.34
  /// Sensible heat of a person [W].
  static let personHeat = 75.0

  /// Thermal network of the zone.
  public let network: ThermalNetwork
  let values: [BuildingQuantity: Double]
  let schedule: BuildingSchedule
  let isHeatedElectrically: Bool
  let isWaterElectric: Bool

  /// Creates the model of a building.
  ///
  /// - Parameters:
  ///   - values: Values of all quantities; those that are missing are usual ones.
  ///   - schedule: Hours of use.
  ///   - heatingFuel: Energy that heats the building.
  ///   - waterFuel: Energy that heats water.
  ///   - massFactor: Effective mass area of each square metre of floor; that of the mass if `nil`.
  ///   - surfaceCoefficient: Heat transfer between air and surfaces [W/m²K].
  public init(
    values: [BuildingQuantity: Double], schedule: BuildingSchedule, heatingFuel: BuildingDescription.HeatingFuel,
    waterFuel: BuildingDescription.HeatingFuel = .gas, massFactor: Double? = nil, surfaceCoefficient: Double = 3.45
  ) {
    var values = values
    var usual = BuildingDescription(area: values[.area] ?? 100)
    for (quantity, value) in values { usual.given[quantity] = .init(value, deviation: 0) }
    for quantity in BuildingQuantity.allCases where values[quantity] == nil && quantity != .groundTemperature {
      values[quantity] = usual.estimate(quantity).value
    }
    (self.values, self.schedule) = (values, schedule)
    (isHeatedElectrically, isWaterElectric) = (heatingFuel == .electricity, waterFuel == .electricity)
    func value(_ quantity: BuildingQuantity) -> Double { values[quantity] ?? 0 }
    let windows = value(.windowNorth) + value(.windowEast) + value(.windowSouth) + value(.windowWest)
    let envelope = Self.envelope(values)
    network = ThermalNetwork(
      area: value(.area), opaque: envelope.walls + envelope.roof + envelope.floor, windows: windows * value(.windowU),
      mass: value(.mass), massArea: massFactor.map { $0 * value(.area) }, surfaceCoefficient: surfaceCoefficient)
  }

  /// Creates the model of a description.
  public init(_ description: BuildingDescription) {
    self.init(
      values: description.values.filter {
        description.given[.groundTemperature] != nil || $0.key != .groundTemperature
      },
      schedule: description.schedule, heatingFuel: description.heatingFuel, waterFuel: description.waterFuel)
  }

  /// Transmission of walls, roof and floor [W/K].
  static func envelope(_ values: [BuildingQuantity: Double]) -> (walls: Double, roof: Double, floor: Double) {
    func value(_ quantity: BuildingQuantity) -> Double { values[quantity] ?? 0 }
    let floor = value(.area) / max(1, value(.storeys))
    return (value(.wallArea) * value(.wallU), value(.roofArea) * value(.roofU), floor * value(.floorU))
  }
}

/// Hourly use of a building by its model.
public struct BuildingUse: Sendable {
  /// Electricity of each hour [kWh].
  public var electricity: [Double]
  /// Gas or other fuel of each hour [kWh].
  public var fuel: [Double]
  /// Heat put into the air of each hour [kWh]; negative for cooling.
  public var heat: [Double]
  /// Mean temperature of the air of each hour [°C].
  public var air: [Double]

  /// Creates the use of hours, all zero.
  public init(hours: Int) {
    let zeros = [Double](repeating: 0, count: hours)
    (electricity, fuel, heat, air) = (zeros, zeros, zeros, zeros)
  }
}

/// Local hours of a simulated time.
public struct BuildingCalendar: Sendable, Equatable {
  /// Hour of the day of each hour, 0...23.
  public var hours: [Int]
  /// Kind of the day of each hour: 0 working, 1 Saturday, 2 Sunday or holiday.
  public var days: [Int]

  /// Creates a calendar.
  ///
  /// - Parameters:
  ///   - hours: Hour of the day of each hour, 0...23.
  ///   - days: Kind of the day of each hour.
  public init(hours: [Int], days: [Int]) { (self.hours, self.days) = (hours, days) }
}
