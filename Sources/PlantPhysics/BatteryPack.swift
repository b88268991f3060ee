import Glibc

/// A battery as an equivalent circuit with a converter: open-circuit voltage, a series resistance, one RC pair, a
/// thermal mass with cooling, ageing. Positive current and power are discharge.
///
/// `V = N·OCV(s) − I·R₀ − V₁`, `ds = −I dt / (3600 Q)`, `V₁` relaxes towards `I·R₁` with τ. Every joule is accounted for:
/// `N·OCV·I = V·I + I²R₀ + I·V₁`, and the converter takes `1 − η` of what passes. Half of a way's loss at rated power is
/// the converter's, half the cells'.
///
/// Worked value: 100 kWh, 50 kW, efficiency 0.9025: 750 V make 197 cells in series of 133.4 Ah.
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
  /// Share of power that the converter lets through, either way.
  public let converterEfficiency: Double
  /// Heat capacity [J/K]: 6.5 kJ/K for each kWh, a kilogram holding some 150 Wh.
  public let heatCapacity: Double

  /// State of charge, 0...1.
  public private(set) var stateOfCharge: Double
  /// Temperature of the cells [°C].
  public private(set) var temperature: Double
  /// Voltage at the terminals [V].
  public private(set) var voltage: Double
  /// Current [A], positive discharge.
  public private(set) var current = 0.0
  /// Voltage of the RC pair [V].
  public private(set) var polarizationVolts = 0.0
  /// Ageing so far.
  public private(set) var ageing = BatteryAgeing()
  /// Losses of the last step, cells and converter [kW].
  public private(set) var lossKilowatts = 0.0
  /// A further loss of capacity, 0...1, which a fault may set.
  public var fadedShare = 0.0

  /// The circuit of a battery of a size, at a state of charge and a temperature [°C].
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

  /// Capacity now [Ah].
  public var usableAmpereHours: Double {
    max(0.01, ageing.stateOfHealth * (1 - min(0.99, max(0, fadedShare)))) * capacityAmpereHours
  }

  /// Power at the converter's AC side [kW] that a current [A] held through a step gives.
  public func power(current: Double) -> Double {
    let direct = current * (restVoltage - current * seriesOhms) / 1000
    return direct > 0 ? direct * converterEfficiency : direct / converterEfficiency
  }

  /// The power nearest to a request [kW] that keeps the state of charge in a range all through a step.
  public func feasible(power request: Double, within range: ClosedRange<Double>, seconds: Double) -> Double {
    guard request.isFinite, seconds > 0 else { return 0 }
    let charge = 3600 * usableAmpereHours / seconds
    // Beyond half of the short-circuit current more current gives less power.
    let strongest = min(max(0, stateOfCharge - range.lowerBound) * charge, restVoltage / (2 * seriesOhms))
    let weakest = -max(0, range.upperBound - stateOfCharge) * charge
    return min(power(current: strongest), max(power(current: weakest), request))
  }

  /// Moves on by a step at a power [kW] that was found feasible.
  /// - Parameters:
  ///   - ambient: Temperature of what cools it [°C].
  ///   - cooling: Share of the cooling that works, 0...1; without any, a tenth of the heat still leaves.
  ///   - heating: Heat from elsewhere, as a fault brings it [K/h].
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
    advanceTemperature(heat: max(0, heat), seconds, ambient, min(1, max(0, cooling)), heating)
    ageing.advance(seconds: seconds, temperature: temperature, cycleShare: moved / 2)
  }

  /// Open-circuit voltage less that of the RC pair [V].
  private var restVoltage: Double {
    cells * LithiumIonCell.openCircuitVoltage(stateOfCharge: stateOfCharge) - polarizationVolts
  }

  /// The lesser root of `P = I (E − I R₀)`.
  private func current(power: Double) -> Double {
    let direct = 1000 * (power > 0 ? power / converterEfficiency : power * converterEfficiency)
    let rest = restVoltage
    let root = max(0, rest * rest - 4 * seriesOhms * direct).squareRoot()
    // The conjugate form, exact for small powers too.
    return 2 * direct / (rest + root)
  }

  /// Newton's cooling, exact over the step: an hour's time constant with cooling, ten without.
  private mutating func advanceTemperature(
    heat: Double, _ seconds: Double, _ ambient: Double, _ cooling: Double, _ heating: Double
  ) {
    let timeConstant = 3600 / (0.1 + 0.9 * cooling)
    let settled = ambient + (heat / heatCapacity + heating / 3600) * timeConstant
    temperature = min(400, settled + (temperature - settled) * exp(-seconds / timeConstant))
  }
}
