import Glibc

/// Common properties of lithium-ion cells: voltage at rest and ageing.
public enum LithiumIonCell {
  /// Mean of the open-circuit voltage over all states of charge [V].
  public static let meanVoltage = 3.80411

  /// Returns the open-circuit voltage [V] at a state of charge, clamped to 0...1 (M. Chen and G. Rincón-Mora, 2006,
  /// doi:10.1109/TEC.2006.874229): `−1.031 e^(−35 s) + 3.685 + 0.2156 s − 0.1178 s² + 0.3201 s³`.
  ///
  /// Worked values: 3.80336 V at 0.5, 4.1029 V at 1.
  public static func openCircuitVoltage(stateOfCharge: Double) -> Double {
    let s = min(1, max(0, stateOfCharge))
    return -1.031 * exp(-35 * s) + 3.685 + s * (0.2156 + s * (-0.1178 + s * 0.3201))
  }

  /// Returns the derivative of ``openCircuitVoltage(stateOfCharge:)`` [V]; 0.3379 at 0.5.
  public static func openCircuitSlope(stateOfCharge: Double) -> Double {
    let s = min(1, max(0, stateOfCharge))
    return 36.085 * exp(-35 * s) + 0.2156 + s * (-0.2356 + s * 0.9603)
  }
}

/// The permanent loss of a battery's capacity: by time, faster when warm, and by use.
///
/// Calendar loss grows with the square root of time, 2 % in the first year at 25 °C. Its rate doubles with about every
/// 10 K (activation energy 50 kJ/mol). Cycle loss is 20 % in 4,000 full cycles. The forms follow M. Schimpe and others,
/// 2018, doi:10.1149/2.1181714jes, in outline.
///
/// Worked value: a year at 25 °C with 200 full cycles loses 2 % + 1 % = 3 %.
public struct BatteryAgeing: Hashable, Sendable {
  /// Square of the calendar loss, which grows linearly with time.
  private var squaredCalendarLoss = 0.0
  /// Loss by use, a share of the capacity, not negative.
  public private(set) var cycleLoss = 0.0

  /// Creates the ageing of a new battery.
  public init() {}

  /// Loss by time, a share of the capacity, not negative.
  public var calendarLoss: Double { squaredCalendarLoss.squareRoot() }
  /// Remaining share of the capacity, 0...1.
  public var stateOfHealth: Double { max(0, 1 - calendarLoss - cycleLoss) }

  /// Ages the battery by a time.
  ///
  /// - Parameters:
  ///   - seconds: Time [s].
  ///   - temperature: Temperature of the cells [°C].
  ///   - cycleShare: Share of a full cycle moved in that time; the sign is ignored.
  public mutating func advance(seconds: Double, temperature: Double, cycleShare: Double) {
    let kelvin = min(400, max(200, temperature + 273.15))
    let pace = exp(-50_000 / 8.314 * (1 / kelvin - 1 / 298.15))
    squaredCalendarLoss += 0.02 * 0.02 * pace * pace * max(0, seconds) / 31_557_600
    cycleLoss += 0.2 / 4000 * abs(cycleShare)
  }
}
