import Glibc
import PlantModel
import PlantPhysics

/// The consumption of a building.
struct BuildingSimulation {
  private let size: Double
  private let profile = LoadProfile()
  private var walls = ThermalMass()

  /// Creates a building of a rated power [kW].
  init(size: Double) { self.size = size }

  /// Advances by a step; returns the power [kW]. `noise` is a relative deviation.
  mutating func advance(_ now: Conditions, noise: Double) -> Double {
    let felt = walls.advance(air: now.weather.temperature, seconds: now.seconds)
    let share = profile.share(hour: now.hour, weekday: now.weekday, temperature: felt)
    return size * min(1.2, max(0.02, share * (1 + noise)))
  }
}

/// A heat pump that heats below 16 °C and cools above 23 °C.
struct HeatPumpSimulation {
  private let size: Double
  private var walls = ThermalMass()

  /// Creates a heat pump of a rated power [kW].
  init(size: Double) { self.size = size }

  /// Advances by a step; returns the power [kW]. `noise` is a relative deviation.
  mutating func advance(_ now: Conditions, noise: Double) -> Double {
    let felt = walls.advance(air: now.weather.temperature, seconds: now.seconds)
    let need = max(0, 16 - felt) / 24 + max(0, felt - 23) / 15
    return size * min(1, max(0.01, need * (1 + noise)))
  }
}

/// A charging point with one vehicle at a time.
struct ChargerSimulation {
  /// The session of the connected vehicle; `nil` if there is none.
  private(set) var session: ChargingSession?
  private let size: Double

  /// Creates a charging point of a rated power [kW].
  init(size: Double) { self.size = size }

  /// Advances by a step.
  ///
  /// - Parameters:
  ///   - now: conditions of the step.
  ///   - allowance: largest power [kW].
  ///   - generator: source of random numbers.
  /// - Returns: the power [kW].
  mutating func advance(_ now: Conditions, allowance: Double, using generator: inout SeededGenerator) -> Double {
    if let car = session, car.secondsLeft <= 0 {
      session = nil
    } else if session == nil {
      // Arrival rate of vehicles [1/h]: high before work and in the evening, low otherwise.
      let rate = (7..<10).contains(now.hour) ? 0.7 : (17..<21).contains(now.hour) ? 0.5 : 0.06
      if generator.uniform() < 1 - exp(-rate * now.seconds / 3600) {
        session = ChargingSession(
          capacityKilowattHours: generator.uniform(40, high: 80), stateOfCharge: generator.uniform(0.2, high: 0.7),
          secondsLeft: generator.uniform(3, high: 9) * 3600)
      }
    }
    return session?.advance(limit: min(size, allowance), seconds: now.seconds) ?? 0
  }
}
