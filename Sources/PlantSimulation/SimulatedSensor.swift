import PlantModel
import PlantPhysics

/// A sensor of a simulated asset.
///
/// Instruments add a little noise, except power meters, because powers must balance.
struct SimulatedSensor: Sendable {
  /// Name of the sensor.
  let name: String
  /// Returns a large value of the sensor for a rated power of the asset [kW]; faults are scaled by it.
  let magnitude: @Sendable (_ size: Double) -> Double
  /// Returns the current value [canonical unit] for the position of the asset, and whether a grid outage is active.
  let measure: @Sendable (inout PlantSimulator, _ position: Int, _ isOutage: Bool) -> Double

  private init(
    _ name: String, magnitude: @escaping @Sendable (_ size: Double) -> Double,
    measure: @escaping @Sendable (inout PlantSimulator, _ position: Int, _ isOutage: Bool) -> Double
  ) {
    (self.name, self.magnitude, self.measure) = (name, magnitude, measure)
  }

  private init(
    _ name: String, magnitude: Double, measure: @escaping @Sendable (inout PlantSimulator, _ position: Int) -> Double
  ) {
    self.init(name, magnitude: { _ in magnitude }, measure: { plant, position, _ in measure(&plant, position) })
  }

  /// Returns the sensors of a behaviour, in the order of their readings.
  static func all(of behaviour: SimulatedBehaviour) -> [SimulatedSensor] {
    switch behaviour {
    case .photovoltaic: photovoltaic
    case .windTurbine: windTurbine
    case .building, .heatPump, .process: [power]
    case .charger: charger
    case .battery: battery
    case .connection: connection
    case .weatherStation: weatherStation
    }
  }

  private static let power = SimulatedSensor("power", magnitude: { $0 }) { plant, position, _ in
    plant.nesting.power[position]
  }

  private static let photovoltaic = [
    power,
    SimulatedSensor("irradiance", magnitude: 1000) { plant, position in
      plant.assets[position].planeIrradiance * (1 + plant.noise(0.01))
    },
    SimulatedSensor("temperature", magnitude: 40) { plant, position in
      (plant.assets[position].moduleTemperature ?? plant.current.temperature) + plant.noise(0.2)
    },
  ]

  private static let windTurbine = [
    power, SimulatedSensor("wind_speed", magnitude: 15) { plant, position in plant.assets[position].hubWind },
  ]

  private static let charger = [
    power,
    SimulatedSensor("connected", magnitude: 1) { plant, position in plant.assets[position].session == nil ? 0 : 1 },
    SimulatedSensor("energy_requested", magnitude: 50) { plant, position in
      plant.assets[position].session?.requestedKilowattHours ?? 0
    },
    SimulatedSensor("time_left", magnitude: 36_000) { plant, position in
      max(0, plant.assets[position].session?.secondsLeft ?? 0)
    },
  ]

  private static let battery = [
    power,
    SimulatedSensor("soc", magnitude: 100) { plant, position in
      let model = plant.assets[position]
      // Battery management systems report steps of 0.1 %.
      let charge = min(100, max(0, 100 * (model.pack?.stateOfCharge ?? .nan) + model.effects.chargeOffset))
      return (charge * 10).rounded() / 10
    },
    SimulatedSensor("temperature", magnitude: 40) { plant, position in
      (plant.assets[position].pack?.temperature ?? .nan) + plant.noise(0.1)
    },
    SimulatedSensor("voltage", magnitude: 750) { plant, position in
      (plant.assets[position].pack?.voltage ?? .nan) + plant.noise(0.1)
    },
    SimulatedSensor("current", magnitude: { 1.5 * $0 }) { plant, position, _ in
      plant.assets[position].pack?.current ?? .nan
    },
    SimulatedSensor("cell_min_v", magnitude: 4) { plant, position in
      cell(plant.assets[position]) - plant.assets[position].cellSpread / 2 + plant.noise(0.001)
    },
    SimulatedSensor("cell_max_v", magnitude: 4) { plant, position in
      cell(plant.assets[position]) + plant.assets[position].cellSpread / 2 + plant.noise(0.001)
    },
  ]

  /// Returns the mean voltage of a cell [V].
  private static func cell(_ model: AssetModel) -> Double {
    model.pack.map { $0.voltage / $0.cells } ?? .nan
  }

  private static let connection = [
    SimulatedSensor("power", magnitude: { $0 }) { plant, _, _ in plant.nesting.balance.gridExchange },
    SimulatedSensor("voltage", magnitude: { _ in 230 }) { plant, position, isOutage in
      isOutage ? 0 : plant.grid.voltage * (1 + plant.assets[position].effects.voltageRise)
    },
    SimulatedSensor("frequency", magnitude: { _ in 50 }) { plant, _, isOutage in isOutage ? 0 : plant.grid.frequency },
  ]

  private static let weatherStation = [
    SimulatedSensor("temperature", magnitude: 30) { plant, _ in plant.current.temperature + plant.noise(0.1) },
    SimulatedSensor("humidity", magnitude: 100) { plant, _ in
      min(100, max(0, plant.current.humidity + plant.noise(0.5)))
    },
    SimulatedSensor("irradiance", magnitude: 1000) { plant, _ in
      plant.current.irradiance.global * (1 + plant.noise(0.01))
    },
    SimulatedSensor("wind_speed", magnitude: 15) { plant, _ in plant.current.wind },
  ]
}
