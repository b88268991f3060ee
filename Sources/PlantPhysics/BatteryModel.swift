import PlantModel

/// A battery as store and converter: energy, power, losses. Positive power is discharge.
///
/// The round-trip efficiency η is shared by both ways: charging stores `√η` of the energy taken in, discharging
/// delivers `√η` of the energy taken out. Energy is balanced exactly: `E Δsoc = −P Δt / √η` when discharging and
/// `−P Δt √η` when charging.
///
/// Worked value: 100 kWh with η = 0.81 at 50 %: an hour at −10 kW leads to 59 %, an hour at 9 kW from there to 49 %.
public struct BatteryModel: Hashable, Sendable {
  /// Energy between empty and full [kWh], positive.
  public var energyKilowattHours: Double
  /// Greatest power in both directions [kW], not negative.
  public var powerKilowatts: Double
  /// Round-trip efficiency, 0 < … ≤ 1.
  public var efficiency: Double
  /// Lowest state of charge to be used, 0...1.
  public var minimumStateOfCharge: Double
  /// Highest state of charge to be used, 0...1.
  public var maximumStateOfCharge: Double

  /// Efficiency of one way.
  public var oneWayEfficiency: Double { efficiency.squareRoot() }

  /// A battery; sizes that make no sense are held at the nearest that does.
  public init(
    energyKilowattHours: Double, powerKilowatts: Double, efficiency: Double = Asset.usualEfficiency,
    minimumStateOfCharge: Double = Asset.usualMinimumStateOfCharge,
    maximumStateOfCharge: Double = Asset.usualMaximumStateOfCharge
  ) {
    func held(_ value: Double, _ low: Double, _ high: Double) -> Double {
      value.isNaN ? low : min(high, max(low, value))
    }
    self.energyKilowattHours = held(energyKilowattHours, 1e-6, 1e12)
    self.powerKilowatts = held(powerKilowatts, 0, 1e12)
    self.efficiency = held(efficiency, 0.01, 1)
    self.minimumStateOfCharge = held(minimumStateOfCharge, 0, 1)
    self.maximumStateOfCharge = max(self.minimumStateOfCharge, held(maximumStateOfCharge, 0, 1))
  }

  /// The battery that a plant's asset describes; `nil` unless it tells energy and power.
  public init?(_ asset: Asset) {
    guard let energy = asset.energyKilowattHours, let power = asset.nominalKilowatts,
      energy > 0, power >= 0
    else { return nil }
    self.init(
      energyKilowattHours: energy, powerKilowatts: power, efficiency: asset.efficiency ?? Asset.usualEfficiency,
      minimumStateOfCharge: asset.minimumStateOfCharge ?? Asset.usualMinimumStateOfCharge,
      maximumStateOfCharge: asset.maximumStateOfCharge ?? Asset.usualMaximumStateOfCharge)
  }

  /// Greatest power that can be delivered all through a step without going below the lowest state of charge [kW].
  public func dischargeLimit(stateOfCharge soc: Double, hours: Double) -> Double {
    guard hours > 0 else { return 0 }
    return max(0, soc - minimumStateOfCharge) * energyKilowattHours * oneWayEfficiency / hours
  }

  /// Greatest power that can be taken in all through a step without going above the highest state of charge [kW].
  public func chargeLimit(stateOfCharge soc: Double, hours: Double) -> Double {
    guard hours > 0 else { return 0 }
    return max(0, maximumStateOfCharge - soc) * energyKilowattHours / (oneWayEfficiency * hours)
  }

  /// The power nearest to a request that the battery can hold all through a step [kW].
  public func feasible(power request: Double, stateOfCharge soc: Double, hours: Double) -> Double {
    guard request.isFinite else { return 0 }
    let upper = min(powerKilowatts, dischargeLimit(stateOfCharge: soc, hours: hours))
    let lower = -min(powerKilowatts, chargeLimit(stateOfCharge: soc, hours: hours))
    return min(upper, max(lower, request))
  }

  /// The state of charge after a step at a power [kW] that was found feasible.
  public func stateOfCharge(after power: Double, from soc: Double, hours: Double) -> Double {
    let stored = power > 0 ? -power / oneWayEfficiency : -power * oneWayEfficiency
    return soc + stored * hours / energyKilowattHours
  }
}
