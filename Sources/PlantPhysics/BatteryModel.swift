public import PlantModel

/// A battery as a store with a converter: energy, power, losses. Positive power is discharge.
///
/// The round-trip efficiency η is shared by both directions. Charging stores `√η` of the energy taken in. Discharging
/// delivers `√η` of the energy taken out. Energy is balanced exactly: `E Δsoc = −P Δt / √η` when discharging and `−P Δt
/// √η` when charging.
///
/// Worked value: a battery of 100 kWh with η = 0.81 stands at 50 %. An hour at −10 kW leads to 59 %, an hour at 9 kW
/// from there to 49 %.
public struct BatteryModel: Hashable, Sendable {
  /// Energy between empty and full [kWh], positive.
  public var energyKilowattHours: Double
  /// Greatest power in both directions [kW], not negative.
  public var powerKilowatts: Double
  /// Round-trip efficiency, 0 < … ≤ 1.
  public var efficiency: Double
  /// Lower limit of the state of charge in use, 0...1.
  public var minimumStateOfCharge: Double
  /// Upper limit of the state of charge in use, 0...1.
  public var maximumStateOfCharge: Double

  /// Efficiency of one direction, `√η`.
  public var oneWayEfficiency: Double { efficiency.squareRoot() }

  /// Creates a battery. Invalid values are clamped to the nearest valid one.
  ///
  /// - Parameters:
  ///   - energyKilowattHours: Energy between empty and full [kWh], positive.
  ///   - powerKilowatts: Greatest power in both directions [kW], not negative.
  ///   - efficiency: Round-trip efficiency, 0.01...1.
  ///   - minimumStateOfCharge: Lower limit of the state of charge in use, 0...1.
  ///   - maximumStateOfCharge: Upper limit of the state of charge in use, 0...1.
  public init(
    energyKilowattHours: Double, powerKilowatts: Double, efficiency: Double = Asset.usualEfficiency,
    minimumStateOfCharge: Double = Asset.usualMinimumStateOfCharge,
    maximumStateOfCharge: Double = Asset.usualMaximumStateOfCharge
  ) {
    func held(_ value: Double, low: Double, high: Double) -> Double {
      value.isNaN ? low : min(high, max(low, value))
    }
    self.energyKilowattHours = held(energyKilowattHours, low: 1e-6, high: 1e12)
    self.powerKilowatts = held(powerKilowatts, low: 0, high: 1e12)
    self.efficiency = held(efficiency, low: 0.01, high: 1)
    self.minimumStateOfCharge = held(minimumStateOfCharge, low: 0, high: 1)
    self.maximumStateOfCharge = max(self.minimumStateOfCharge, held(maximumStateOfCharge, low: 0, high: 1))
  }

  /// Creates the battery that an asset describes; `nil` if the asset has no energy or power.
  public init?(_ asset: Asset) {
    guard let energy = asset.energyKilowattHours, let power = asset.nominalKilowatts,
      energy > 0, power >= 0
    else { return nil }
    self.init(
      energyKilowattHours: energy, powerKilowatts: power, efficiency: asset.efficiency ?? Asset.usualEfficiency,
      minimumStateOfCharge: asset.minimumStateOfCharge ?? Asset.usualMinimumStateOfCharge,
      maximumStateOfCharge: asset.maximumStateOfCharge ?? Asset.usualMaximumStateOfCharge)
  }

  /// Returns the greatest power that can be delivered throughout a step without falling below the lower limit [kW].
  public func dischargeLimit(stateOfCharge soc: Double, hours: Double) -> Double {
    guard hours > 0 else { return 0 }
    return max(0, soc - minimumStateOfCharge) * energyKilowattHours * oneWayEfficiency / hours
  }

  /// Returns the greatest power that can be charged throughout a step without exceeding the upper limit [kW].
  public func chargeLimit(stateOfCharge soc: Double, hours: Double) -> Double {
    guard hours > 0 else { return 0 }
    return max(0, maximumStateOfCharge - soc) * energyKilowattHours / (oneWayEfficiency * hours)
  }

  /// Returns the power nearest to a request that the battery can hold throughout a step [kW].
  ///
  /// - Parameters:
  ///   - request: Requested power [kW], positive discharge.
  ///   - soc: State of charge at the start, 0...1.
  ///   - hours: Length of the step [h].
  public func feasible(power request: Double, stateOfCharge soc: Double, hours: Double) -> Double {
    guard request.isFinite else { return 0 }
    let upper = min(powerKilowatts, dischargeLimit(stateOfCharge: soc, hours: hours))
    let lower = -min(powerKilowatts, chargeLimit(stateOfCharge: soc, hours: hours))
    return min(upper, max(lower, request))
  }

  /// Returns the state of charge after a step.
  ///
  /// - Parameters:
  ///   - power: Feasible power [kW], positive discharge.
  ///   - soc: State of charge at the start, 0...1.
  ///   - hours: Length of the step [h].
  public func stateOfCharge(after power: Double, from soc: Double, hours: Double) -> Double {
    let stored = power > 0 ? -power / oneWayEfficiency : -power * oneWayEfficiency
    return soc + stored * hours / energyKilowattHours
  }
}
