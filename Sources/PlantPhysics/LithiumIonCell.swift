import Glibc

/// What is common to lithium-ion cells: voltage at rest, and how they age.
public enum LithiumIonCell {
  /// Mean of the open-circuit voltage over all states of charge [V].
  public static let meanVoltage = 3.80411

  /// Open-circuit voltage [V] at a state of charge, held within 0...1 (M. Chen and G. Rincón-Mora, 2006,
  /// doi:10.1109/TEC.2006.874229): `−1.031 e^(−35 s) + 3.685 + 0.2156 s − 0.1178 s² + 0.3201 s³`.
  ///
  /// Worked values: 3.80336 V at 0.5, 4.1029 V at 1.
  public static func openCircuitVoltage(stateOfCharge: Double) -> Double {
    let s = min(1, max(0, stateOfCharge))
    return -1.031 * exp(-35 * s) + 3.685 + s * (0.2156 + s * (-0.1178 + s * 0.3201))
  }

  /// The derivative of ``openCircuitVoltage(stateOfCharge:)`` [V]; 0.3379 at 0.5.
  public static func openCircuitSlope(stateOfCharge: Double) -> Double {
    let s = min(1, max(0, stateOfCharge))
    return 36.085 * exp(-35 * s) + 0.2156 + s * (-0.2356 + s * 0.9603)
  }
}

/// The share of a battery's capacity that is lost for good: by time, faster when warm, and by use.
///
/// Calendar loss grows with the square root of time, 2 % in the first year at 25 °C, and doubles its pace with about
/// every 10 K (activation energy 50 kJ/mol); cycle loss is 20 % in 4,000 full cycles. The forms follow M. Schimpe and
/// others, 2018, doi:10.1149/2.1181714jes, in outline.
///
/// Worked value: a year at 25 °C with 200 full cycles loses 2 % + 1 % = 3 %.
public struct BatteryAgeing: Hashable, Sendable {
  /// Square of the calendar loss, which grows evenly with time.
  private var squaredCalendarLoss = 0.0
  /// Loss by use, 0....
  public private(set) var cycleLoss = 0.0

  /// A new battery.
  public init() {}

  /// Loss by time, 0....
  public var calendarLoss: Double { squaredCalendarLoss.squareRoot() }
  /// What is left of the capacity, 0...1.
  public var stateOfHealth: Double { max(0, 1 - calendarLoss - cycleLoss) }

  /// Ages by a time [s] at a temperature [°C] in which a share of a full cycle was moved, one way or the other.
  public mutating func advance(seconds: Double, temperature: Double, cycleShare: Double) {
    let kelvin = min(400, max(200, temperature + 273.15))
    let pace = exp(-50_000 / 8.314 * (1 / kelvin - 1 / 298.15))
    squaredCalendarLoss += 0.02 * 0.02 * pace * pace * max(0, seconds) / 31_557_600
    cycleLoss += 0.2 / 4000 * abs(cycleShare)
  }
}
