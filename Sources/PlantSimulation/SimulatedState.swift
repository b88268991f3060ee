import PlantModel
import PlantPhysics

/// The state of a simulated asset, by its behaviour.
enum SimulatedState {
  case photovoltaic(PhotovoltaicSimulation)
  case windTurbine(WindSimulation)
  case building(BuildingSimulation)
  case heatPump(HeatPumpSimulation)
  case charger(ChargerSimulation)
  case battery(BatterySimulation)
  /// A machine that runs evenly; `size` is its rated power [kW].
  case process(size: Double)
  /// An asset that only measures.
  case instrument

  /// Creates the first state of an asset.
  ///
  /// - Parameters:
  ///   - asset: the asset.
  ///   - size: rated power without that of assets within it [kW].
  ///   - location: location of the plant.
  init(asset: Asset, size: Double, location: Location) {
    switch asset.kind.traits.simulation {
    case .photovoltaic:
      self = .photovoltaic(PhotovoltaicSimulation(asset: asset, size: size, latitude: location.latitude))
    case .windTurbine: self = .windTurbine(WindSimulation(size: size, elevation: location.elevation))
    case .building: self = .building(BuildingSimulation(size: size))
    case .heatPump: self = .heatPump(HeatPumpSimulation(size: size))
    case .charger: self = .charger(ChargerSimulation(size: size))
    case .battery: self = .battery(BatterySimulation(asset: asset, size: size))
    case .process: self = .process(size: size)
    case .connection, .weatherStation: self = .instrument
    }
  }

  /// Advances the state by a step.
  ///
  /// - Parameters:
  ///   - now: conditions of the step.
  ///   - effects: effects of the active faults.
  ///   - noise: relative deviation of a consumer's power.
  ///   - allowance: largest power of a charger [kW].
  ///   - generator: source of random numbers.
  /// - Returns: the power in the asset's own direction [kW]; `nil` if it is set elsewhere.
  mutating func advance(
    _ now: Conditions, effects: FaultEffects, noise: Double, allowance: Double, using generator: inout SeededGenerator
  ) -> Double? {
    switch self {
    case .photovoltaic(var system):
      defer { self = .photovoltaic(system) }
      return system.advance(now, effects: effects)
    case .windTurbine(var turbine):
      defer { self = .windTurbine(turbine) }
      return turbine.advance(now, effects: effects)
    case .building(var building):
      defer { self = .building(building) }
      return building.advance(now, noise: noise)
    case .heatPump(var pump):
      defer { self = .heatPump(pump) }
      return pump.advance(now, noise: noise)
    case .charger(var charger):
      defer { self = .charger(charger) }
      return charger.advance(now, allowance: allowance, using: &generator)
    case .process(let size): return size * 0.4 * max(0.05, 1 + noise)
    case .battery, .instrument: return nil
    }
  }
}
