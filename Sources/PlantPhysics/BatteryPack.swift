import Glibc

/// A battery as an equivalent circuit with a converter: open-circuit voltage, a series resistance, one RC pair, a
/// thermal mass with cooling, ageing. Positive current and power are discharge.
///
/// `V = N·OCV(s) − I·R₀ − V₁`, `ds = −I dt / (3600 Q)`; `V₁` relaxes towards `I·R₁` with τ. Energy is conserved:
/// `N·OCV·I = V·I + I²R₀ + I·V₁`, and the converter loses `1 − η` of its throughput. At rated power, half of a
/// direction's loss is in the converter and half in the cells.
///
/// Worked value: for 100 kWh, 50 kW and an efficiency of 0.9025, 750 V make 197 cells in series of 133.4 Ah.
public struct BatteryPack: Hashable, Sendable {
  /// Cells in series.
  public let cells: Double
  /// Capacity when new [Ah].
  public let capacityAmpereHours: Double
  /// Series resistance [Ω].
  public let seriesOhms: Double
  /// Resistance of the RC pair [Ω].
  public let polarizationOhms: Double
  /// Time constant of the RC pair [s].
  public let polarizationSeconds = 60.0
  /// Efficiency of the converter in either direction, 0...1.
  public let converterEfficiency: Double
  /// Heat capacity [J/K]: 6.5 kJ/K per kWh, for cells of some 150 Wh/kg.
  public let heatCapacity: Double

  /// State of charge, 0...1.
  public private(set) var stateOfCharge: Double
  /// Temperature of the cells [°C].
  public private(set) var temperature: Double
  /// Terminal voltage [V].
  public private(set) var voltage: Double
  /// Current [A], positive discharge.
  public private(set) var current = 0.0
  /// Voltage of the RC pair [V].
  public private(set) var polarizationVolts = 0.0
  /// Ageing since the battery was new.
  public private(set) var ageing = BatteryAgeing()
  /// Losses of the last step, cells and converter [kW].
  public private(set) var lossKilowatts = 0.0
  /// Additional loss of capacity, 0...1, set by a simulated fault.
  public var fadedShare = 0.0

  /// Creates the circuit of a battery model.
  ///
  /// - Parameters:
  ///   - model: Size and efficiency of the battery.
  ///   - stateOfCharge: Initial state of charge, 0...1.
  ///   - temperature: Initial temperature of the cells [°C].
  public init(_ model: BatteryModel, stateOfCharge: Double = 0.5, temperature: Double = 22) {
    let nominal = model.energyKilowattHours < 30 ? 400.0 : 750
    cells = (nominal / LithiumIonCell.meanVoltage).rounded()
    let mean = cells * LithiumIonCell.meanVoltage
    capacityAmpereHours = model.energyKilowattHours * 1000 / mean
    let loss = min(0.2, (1 - model.oneWayEfficiency) / 2)
    let ratedCurrent = max(1e-6, model.powerKilowatts * 1000 / mean)
    let resistance = max(1e-9, loss * mean / ratedCurrent)
    seriesOhms = 0.7 * resistance
    polarizationOhms = 0.3 * resistance
    converterEfficiency = min(1, model.oneWayEfficiency / (1 - loss))
    heatCapacity = 6_500 * model.energyKilowattHours
    self.stateOfCharge = min(1, max(0, stateOfCharge))
    self.temperature = temperature
    voltage = cells * LithiumIonCell.openCircuitVoltage(stateOfCharge: stateOfCharge)
  }

  /// Present capacity [Ah].
  public var usableAmpereHours: Double {
    max(0.01, ageing.stateOfHealth * (1 - min(0.99, max(0, fadedShare)))) * capacityAmpereHours
  }

  /// Returns the power at the converter's AC side [kW] for a current [A] that is held through a step.
  public func power(current: Double) -> Double {
    let direct = current * (restVoltage - current * seriesOhms) / 1000
    return direct > 0 ? direct * converterEfficiency : direct / converterEfficiency
  }

  /// Returns the power nearest to a request that keeps the state of charge in a range throughout a step [kW].
  ///
  /// - Parameters:
  ///   - request: Requested power [kW], positive discharge.
  ///   - range: Allowed states of charge, within 0...1.
  ///   - seconds: Length of the step [s].
  public func feasible(power request: Double, within range: ClosedRange<Double>, seconds: Double) -> Double {
    guard request.isFinite, seconds > 0 else { return 0 }
    let charge = 3600 * usableAmpereHours / seconds
    // Above half of the short-circuit current, more current gives less power.
    let strongest = min(max(0, stateOfCharge - range.lowerBound) * charge, restVoltage / (2 * seriesOhms))
    let weakest = -max(0, range.upperBound - stateOfCharge) * charge
    return min(power(current: strongest), max(power(current: weakest), request))
  }

  /// Advances the battery by a step.
  ///
  /// - Parameters:
  ///   - power: Feasible power [kW], positive discharge.
  ///   - seconds: Length of the step [s].
  ///   - ambient: Temperature of the cooling medium [°C].
  ///   - cooling: Share of the cooling that works, 0...1; without any, a tenth of the heat still leaves.
  ///   - heating: External heating rate, as from a fault [K/h].
  public mutating func advance(
    power: Double, seconds: Double, ambient: Double, cooling: Double = 1, heating: Double = 0
  ) {
    current = current(power: power)
    let rest = restVoltage
    voltage = rest - current * seriesOhms
    let heat = current * current * seriesOhms + current * polarizationVolts
    lossKilowatts = heat / 1000 + abs(power - current * voltage / 1000)
    let moved = current * seconds / (3600 * usableAmpereHours)
    stateOfCharge = min(1, max(0, stateOfCharge - moved))
    let kept = exp(-seconds / polarizationSeconds)
    polarizationVolts = polarizationVolts * kept + current * polarizationOhms * (1 - kept)
    advanceTemperature(
      heat: max(0, heat), seconds: seconds, ambient: ambient, cooling: min(1, max(0, cooling)), heating: heating)
    ageing.advance(seconds: seconds, temperature: temperature, cycleShare: moved / 2)
  }

  /// Open-circuit voltage minus the voltage of the RC pair [V].
  private var restVoltage: Double {
    cells * LithiumIonCell.openCircuitVoltage(stateOfCharge: stateOfCharge) - polarizationVolts
  }

  /// Returns the lesser root of `P = I (E − I R₀)`.
  private func current(power: Double) -> Double {
    let direct = 1000 * (power > 0 ? power / converterEfficiency : power * converterEfficiency)
    let rest = restVoltage
    let root = max(0, rest * rest - 4 * seriesOhms * direct).squareRoot()
    // The conjugate form is exact for small powers too.
    return 2 * direct / (rest + root)
  }

  /// Applies Newton's law of cooling, exact over the step: a time constant of one hour with cooling, ten hours without.
  ///
  /// - Parameters:
  ///   - heat: Heat from losses [W].
  ///   - seconds: Length of the step [s].
  ///   - ambient: Temperature of the cooling medium [°C].
  ///   - cooling: Share of the cooling that works, 0...1.
  ///   - heating: External heating rate [K/h].
  private mutating func advanceTemperature(
    heat: Double, seconds: Double, ambient: Double, cooling: Double, heating: Double
  ) {
    let timeConstant = 3600 / (0.1 + 0.9 * cooling)
    let settled = ambient + (heat / heatCapacity + heating / 3600) * timeConstant
    temperature = min(400, settled + (temperature - settled) * exp(-seconds / timeConstant))
  }
}
