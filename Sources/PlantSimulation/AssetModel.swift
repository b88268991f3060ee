import PlantModel
import PlantPhysics

/// The conditions of one step, common to all assets of a plant.
struct Conditions {
  /// Length of the step [s].
  var seconds: Double
  var sun: SolarPosition
  var weather: Weather
  /// Hours since local midnight.
  var hour: Double
  /// Day of the week, 1 (Monday) to 7.
  var weekday: Int
}

/// The physical model of one asset. Sizes missing in the plant file have the defaults of ``defaultSize(of:)``.
struct AssetModel {
  let asset: Asset
  /// Power in the asset's own direction, without assets within it [kW].
  private(set) var ownPower = 0.0
  /// State of the asset's kind.
  private(set) var state: SimulatedState
  /// Commanded power of a battery, or power limit of any other asset [kW]. Without it a battery covers demand.
  var setpoint: Double?
  /// Whether it was shut down by a command.
  var isOff = false
  /// Effects of the active faults in this step.
  var effects = FaultEffects()

  private var generator: SeededGenerator
  private var noise: AutoregressiveNoise

  /// Creates the model of an asset.
  ///
  /// - Parameters:
  ///   - asset: the asset.
  ///   - size: rated power without that of assets within it [kW].
  ///   - location: location of the plant.
  ///   - seed: seed of its random numbers.
  init(asset: Asset, size: Double, location: Location, seed: UInt64) {
    self.asset = asset
    generator = SeededGenerator(seed: seed, name: "asset " + asset.name)
    let behaviour = asset.kind.traits.simulation
    noise = AutoregressiveNoise(standardDeviation: behaviour == .building ? 0.04 : 0.06, timeConstant: 900)
    state = SimulatedState(asset: asset, size: size, location: location)
  }

  /// Returns the rated power of an asset [kW]; a default of its kind if the plant file has none.
  static func defaultSize(of asset: Asset) -> Double {
    if let told = asset.nominalKilowatts, told.isFinite, told >= 0 { return told }
    let traits = asset.kind.traits
    if traits.role == .storage, let energy = asset.energyKilowattHours { return max(0, energy / 2) }
    return max(traits.simulatedSize, asset.importLimitKilowatts ?? 0)
  }

  /// Whether a fault or a command keeps the asset off.
  private var isStopped: Bool { effects.isTripped || isOff }

  /// Advances the asset by a step. Batteries follow once demand and generation are known.
  mutating func advance(_ now: Conditions) {
    noise.advance(by: now.seconds, using: &generator)
    if let power = state.advance(now, effects: effects, noise: noise.value, allowance: allowance, using: &generator) {
      ownPower = power
    }
    if asset.kind.role != .storage, let setpoint { ownPower = min(ownPower, max(0, setpoint)) }
    if isStopped { ownPower = 0 }
  }

  /// Largest power that commands and faults leave to a charger [kW].
  private var allowance: Double {
    isStopped || effects.isContactorOpen ? 0 : max(0, setpoint ?? .infinity)
  }

  /// Sets a battery's power for this step: its setpoint, or else the power that covers `netDemand` [kW], within its
  /// limits.
  mutating func dispatchBattery(netDemand: Double, seconds: Double) {
    guard case .battery(var battery) = state else { return }
    ownPower = battery.dispatch(
      request: isStopped ? 0 : setpoint ?? netDemand, fadedShare: effects.fadedShare, seconds: seconds)
    state = .battery(battery)
  }

  /// Applies a battery's power for the step. Called after the readings are taken.
  mutating func settleBattery(_ now: Conditions) {
    guard case .battery(var battery) = state else { return }
    battery.settle(power: ownPower, now: now, selfHeating: effects.selfHeating)
    state = .battery(battery)
  }
}

// MARK: - Quantities of one kind

extension AssetModel {
  /// Irradiance on the modules of a photovoltaic system [W/m²]; 0 for any other asset.
  var planeIrradiance: Double {
    if case .photovoltaic(let system) = state { system.planeIrradiance } else { 0 }
  }

  /// Temperature of the modules of a photovoltaic system [°C]; `nil` before the first step.
  var moduleTemperature: Double? {
    if case .photovoltaic(let system) = state { system.moduleTemperature } else { nil }
  }

  /// Wind speed at the hub of a wind turbine [m/s]; 0 for any other asset.
  var hubWind: Double {
    if case .windTurbine(let turbine) = state { turbine.hubWind } else { 0 }
  }

  /// Session of the vehicle that is connected to a charger; `nil` if there is none.
  var session: ChargingSession? {
    if case .charger(let charger) = state { charger.session } else { nil }
  }

  /// Electrical and thermal model of a battery; `nil` for any other asset.
  var pack: BatteryPack? {
    if case .battery(let battery) = state { battery.pack } else { nil }
  }

  /// Voltage difference between the strongest and the weakest cell of a battery [V].
  var cellSpread: Double { 0.008 + effects.cellSpread / 1000 }
}
