/// Properties in which one kind of asset differs from the next.
///
/// Defaults describe an uncontrolled consumer, so that a literal names only the differences from it.
public final class AssetTraits: Sendable {
  /// Name in plant files: lower-case letters, digits and `_`.
  public let name: String
  /// Role of its power in the plant's balance.
  public let role: PowerRole
  /// Main influence on its power.
  public let driver: PowerDriver
  /// Whether it measures at the grid connection without being it. Its power counts only if no asset is the connection.
  public let isMeter: Bool
  /// Whether vehicles connect to it, with the sensors `connected`, `energy_requested` and `time_left`.
  public let hasVehicles: Bool

  // MARK: Sizes and sensors

  /// Keys of its nominal power, the preferred one first.
  public let sizeKeys: [AssetSizeKey]
  /// Plausible range of its power.
  public let powerRange: PowerRange
  /// Whether its power may stay at any constant value for hours.
  public let powerMayStandStill: Bool
  /// Usual sensors.
  public let sensors: [String]
  /// Profiles of sensors that differ from those of the same name on other assets, by name.
  public let ownProfiles: [String: SensorProfile]
  /// Plausible range of temperatures [°C].
  public let temperatureRange: ClosedRange<Double>
  /// Fastest plausible change of its temperature [K/s].
  public let temperatureRate: Double
  /// Whether its temperature follows the weather and is therefore compared with the same time of past days.
  public let temperatureFollowsWeather: Bool
  /// Words in device names that indicate the kind; used for drafts of plant files.
  public let deviceWords: [String]

  // MARK: Stages

  /// Response to a setpoint; `nil` if it takes no commands.
  public let command: CommandResponse?
  /// Whether its consumption cannot be switched off, so that an import limit must leave room for it.
  public let isAlwaysServed: Bool
  /// Condition under which a sudden drop of its power to zero is a trip.
  public let trip: TripBehaviour
  /// Sensor of the resource that limits its power, irradiance or wind speed; `nil` if there is none.
  public let resourceSensor: String?
  /// Whether its power is forecast.
  public let isForecast: Bool
  /// Whether its power never changes sign, so that forecasts are bounded by zero.
  public let hasOneDirection: Bool
  /// Whether sustained negative power indicates an inverted sign.
  public let isNeverNegative: Bool
  /// Physical model with which its readings are compared.
  public let healthTwin: HealthTwin
  /// Simulation model.
  public let simulation: SimulatedBehaviour
  /// Nominal power in simulation if the plant file gives none [kW].
  public let simulatedSize: Double

  /// Creates traits; omitted ones are those of an uncontrolled consumer. The parameters are the properties of the same
  /// names.
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

/// Main influence on an asset's power.
public enum PowerDriver: Sendable {
  /// The sun: no power in the dark.
  case sun
  /// Wind speed.
  case wind
  /// Habits of people.
  case people
  /// Decisions and events: dispatch, an arriving vehicle, a process.
  case decisions
}

/// Key of a plant file that gives a nominal power.
public enum AssetSizeKey: String, Sendable, CaseIterable {
  /// Nominal power of a generator, load or charger.
  case capacity = "capacity_kw"
  /// Nominal power of a battery or charger.
  case power = "power_kw"
}

/// Plausible range of a power, derived from the asset's size. Margins allow for measurement error and short overshoot.
public enum PowerRange: Sendable {
  /// −5 % to 150 % of the nominal power.
  case oneDirection
  /// ±150 % of the nominal power.
  case bothDirections
  /// Three times the import and export limits, so that an overload raises an alert instead of being cleaned away.
  case connectionLimits
  /// No limits.
  case unbounded
}

/// Response of an asset to a setpoint.
public enum CommandResponse: Sendable {
  /// Holds the setpoint.
  case follows
  /// Treats the setpoint as an upper limit of what it generates or consumes.
  case limits
  /// Draws the whole setpoint, because its demand exceeds it.
  case takesAllowance
}

/// Condition under which a sudden drop of power to zero is a trip.
public enum TripBehaviour: Sendable {
  /// Never: drops are ordinary.
  case none
  /// Any drop from a running power.
  case anyFall
  /// A drop of an asset that has been running without a stop for at least a day.
  case fallOfConstantRunner
}

/// Physical model with which an asset's readings are compared.
public enum HealthTwin: Sendable {
  /// No model.
  case none
  /// Yield from irradiance and temperature, and comparison with similar generators.
  case photovoltaic
  /// State of charge, internal resistance and cell voltages.
  case battery
  /// Power balance of the plant at the grid connection.
  case gridBalance
}

/// Simulation model of an asset.
public enum SimulatedBehaviour: Sendable, CaseIterable {
  /// Modules and an inverter under the simulated sky.
  case photovoltaic
  /// Turbine in the simulated wind.
  case windTurbine
  /// Occupied building.
  case building
  /// Heating and cooling that follow the outdoor temperature.
  case heatPump
  /// Charger with arriving and departing vehicles.
  case charger
  /// Constant process with some noise.
  case process
  /// Battery that covers the plant's demand.
  case battery
  /// Grid connection.
  case connection
  /// Weather station.
  case weatherStation
}

extension Asset {
  /// Nominal power by the size keys of its kind [kW]; `nil` if the plant file gives none.
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
