/// What is different from one kind of asset to the next.
///
/// Defaults describe an uncontrolled consumer that nothing more is known of, so that a literal names what is special.
public final class AssetTraits: Sendable {
  /// The name in plant files: small letters, digits and `_`.
  public let name: String
  /// The part of its power in the plant's balance.
  public let role: PowerRole
  /// What decides how its power moves.
  public let driver: PowerDriver
  /// Whether it measures the grid connection from beside it: its power counts if no asset is the connection itself.
  public let isMeter: Bool
  /// Whether vehicles connect to it, with `connected`, `energy_requested` and `time_left`.
  public let hasVehicles: Bool

  // MARK: Sizes and sensors

  /// The keys that give its nominal power, the more telling one first.
  public let sizeKeys: [AssetSizeKey]
  /// The plausible range of its power.
  public let powerRange: PowerRange
  /// Whether its power may stand at any value for hours.
  public let powerMayStandStill: Bool
  /// The sensors that are usual for it.
  public let sensors: [String]
  /// Profiles of sensors that are not what they are on other assets, by name.
  public let ownProfiles: [String: SensorProfile]
  /// Plausible temperatures [°C].
  public let temperatureRange: ClosedRange<Double>
  /// Fastest plausible change of its temperature [K/s].
  public let temperatureRate: Double
  /// Whether its temperature follows the weather, so that it is compared with the same time of past days.
  public let temperatureFollowsWeather: Bool
  /// Words in names of devices that stand for the kind, for drafts of plant files.
  public let deviceWords: [String]

  // MARK: Stages

  /// How it answers a setpoint; `nil` if it takes no commands.
  public let command: CommandResponse?
  /// Whether its consumption cannot be switched off, so that an import limit has to leave room for it.
  public let isAlwaysServed: Bool
  /// Whether a sudden fall of its power to zero is a trip.
  public let trip: TripBehaviour
  /// The sensor that tells how much it could give: light or wind; `nil` if it does not depend on one.
  public let resourceSensor: String?
  /// Whether its power is forecast.
  public let isForecast: Bool
  /// Whether its power never changes sign, so that forecasts end at zero.
  public let hasOneDirection: Bool
  /// Whether a negative power of some length shows that its sign is inverted.
  public let isNeverNegative: Bool
  /// The physics with which its readings are compared.
  public let healthTwin: HealthTwin
  /// How it is simulated.
  public let simulation: SimulatedBehaviour
  /// Nominal power if the plant file gives none [kW]; in simulation only.
  public let simulatedSize: Double

  /// Traits; what is not named is that of an uncontrolled consumer.
  init(
    name: String, role: PowerRole = .consumption, driver: PowerDriver = .decisions, isMeter: Bool = false,
    hasVehicles: Bool = false, sizeKeys: [AssetSizeKey] = [.capacity, .power],
    powerRange: PowerRange = .oneDirection, powerMayStandStill: Bool = false,
    sensors: [String] = ["power", "energy", "voltage", "current", "temperature"],
    ownProfiles: [String: SensorProfile] = [:], temperatureRange: ClosedRange<Double> = -60...150,
    temperatureRate: Double = 1, temperatureFollowsWeather: Bool = false, deviceWords: [String] = [],
    command: CommandResponse? = nil, isAlwaysServed: Bool = false, trip: TripBehaviour = .none,
    resourceSensor: String? = nil, isForecast: Bool = true, hasOneDirection: Bool = true,
    isNeverNegative: Bool = false, healthTwin: HealthTwin = .none, simulation: SimulatedBehaviour = .process,
    simulatedSize: Double = 5
  ) {
    (self.name, self.role, self.driver, self.isMeter, self.hasVehicles) = (name, role, driver, isMeter, hasVehicles)
    (self.sizeKeys, self.powerRange, self.powerMayStandStill) = (sizeKeys, powerRange, powerMayStandStill)
    (self.sensors, self.ownProfiles, self.deviceWords) = (sensors, ownProfiles, deviceWords)
    (self.temperatureRange, self.temperatureRate) = (temperatureRange, temperatureRate)
    self.temperatureFollowsWeather = temperatureFollowsWeather
    (self.command, self.isAlwaysServed, self.trip) = (command, isAlwaysServed, trip)
    (self.resourceSensor, self.isForecast, self.hasOneDirection) = (resourceSensor, isForecast, hasOneDirection)
    (self.isNeverNegative, self.healthTwin) = (isNeverNegative, healthTwin)
    (self.simulation, self.simulatedSize) = (simulation, simulatedSize)
  }
}

/// What decides how the power of an asset moves.
public enum PowerDriver: Sendable {
  /// The sun: nothing in the dark.
  case sun
  /// The wind.
  case wind
  /// The habits of people.
  case people
  /// Decisions and events: dispatch, an arriving vehicle, a process.
  case decisions
}

/// A key of a plant file that gives a nominal power.
public enum AssetSizeKey: String, Sendable, CaseIterable {
  /// `capacity_kw`
  case capacity = "capacity_kw"
  /// `power_kw`
  case power = "power_kw"
}

/// The plausible range of a power, from the asset's size. Margins leave room for measuring error and short overshoot.
public enum PowerRange: Sendable {
  /// −5 % to 150 % of the nominal power.
  case oneDirection
  /// ±150 % of the nominal power.
  case bothDirections
  /// Three times the import and export limits: an overload must be an alert rather than cleaned away.
  case connectionLimits
  /// Any value.
  case unbounded
}

/// How an asset answers a setpoint.
public enum CommandResponse: Sendable {
  /// It holds the setpoint.
  case follows
  /// It gives or takes no more than the setpoint.
  case limits
  /// It takes what the setpoint allows, since it would take more.
  case takesAllowance
}

/// Whether a sudden fall of a power to zero is a trip.
public enum TripBehaviour: Sendable {
  /// A fall is ordinary.
  case none
  /// Any fall from a running power.
  case anyFall
  /// A fall of an asset that has not stood for a day.
  case fallOfConstantRunner
}

/// The physics with which an asset's readings are compared.
public enum HealthTwin: Sendable {
  /// None.
  case none
  /// Yield by irradiance and temperature, and that of its peers.
  case photovoltaic
  /// Charge, resistance and cells.
  case battery
  /// The plant's balance at the connection.
  case gridBalance
}

/// How an asset is simulated.
public enum SimulatedBehaviour: Sendable, CaseIterable {
  /// Modules and an inverter under the simulated sky.
  case photovoltaic
  /// A turbine in the simulated wind.
  case windTurbine
  /// A building with people in it.
  case building
  /// Heating and cooling that follow the temperature.
  case heatPump
  /// Vehicles that come and go.
  case charger
  /// A steady process with some noise.
  case process
  /// A battery that covers what the plant needs.
  case battery
  /// The connection to the grid.
  case connection
  /// A weather station.
  case weatherStation
}

extension Asset {
  /// Nominal power by the keys that count for its kind [kW]; `nil` if the plant file gives none.
  public var nominalKilowatts: Double? { nominalPower(of: kind.traits.sizeKeys) }

  private func nominalPower(of keys: [AssetSizeKey]) -> Double? {
    for key in keys {
      switch key {
      case .capacity: if let capacityKilowatts { return capacityKilowatts }
      case .power: if let powerKilowatts { return powerKilowatts }
      }
    }
    return nil
  }
}
