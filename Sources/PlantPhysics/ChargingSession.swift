import Glibc

/// A car at a charger: constant power up to a state of charge of 0.8, then a taper as its cells reach their end
/// voltage.
///
/// Above 0.8 the power falls as `exp(−(s − 0.8) / 0.07)`; below a twentieth of its maximum it ends.
///
/// Worked value: at 0.87 a car takes e⁻¹ = 36.8 % of its maximum power.
public struct ChargingSession: Hashable, Sendable {
  /// Capacity of the car's battery [kWh].
  public var capacityKilowattHours: Double
  /// The car's state of charge, 0...1.
  public var stateOfCharge: Double
  /// Time until the car leaves [s].
  public var secondsLeft: Double
  /// Share of the charger's energy that reaches the cells.
  public static let efficiency = 0.92
  /// State of charge that the driver requests, up to which the car takes full power.
  public static let wantedStateOfCharge = 0.8

  /// Creates a session.
  ///
  /// - Parameters:
  ///   - capacityKilowattHours: Capacity of the car's battery [kWh], at least 1.
  ///   - stateOfCharge: The car's state of charge, 0...1.
  ///   - secondsLeft: Time until the car leaves [s].
  public init(capacityKilowattHours: Double, stateOfCharge: Double, secondsLeft: Double) {
    self.capacityKilowattHours = max(1, capacityKilowattHours)
    self.stateOfCharge = min(1, max(0, stateOfCharge))
    self.secondsLeft = secondsLeft
  }

  /// Energy from the charger that is missing from the requested state of charge [kWh].
  ///
  /// Worked value: from 0.34 to 0.8 of 50 kWh are 25 kWh at the charger.
  public var requestedKilowattHours: Double {
    max(0, ChargingSession.wantedStateOfCharge - stateOfCharge) * capacityKilowattHours / ChargingSession.efficiency
  }

  /// Returns the share of the charger's power that the car takes, 0...1.
  public static func demand(stateOfCharge s: Double) -> Double {
    let share = s <= wantedStateOfCharge ? 1 : exp(-(s - wantedStateOfCharge) / 0.07)
    return share < 0.05 || s >= 1 ? 0 : share
  }

  /// Charges for a step of `seconds` with at most `limit` [kW] and returns the mean power [kW].
  public mutating func advance(limit: Double, seconds: Double) -> Double {
    secondsLeft -= seconds
    guard seconds > 0, limit > 0 else { return 0 }
    let hours = seconds / 3600
    let room = (1 - stateOfCharge) * capacityKilowattHours / (ChargingSession.efficiency * hours)
    let power = min(limit * ChargingSession.demand(stateOfCharge: stateOfCharge), room)
    stateOfCharge = min(1, stateOfCharge + power * hours * ChargingSession.efficiency / capacityKilowattHours)
    return power
  }
}
