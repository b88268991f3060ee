import PlantModel

/// The accuracy with which an asset fulfils a setpoint.
struct SetpointTolerance {
  /// Error of meters [kW].
  private static let meterError = 0.2
  /// Share of the rated power within which a device fulfils a command.
  private static let deviceShare = 0.05
  /// Share of the rated power within which two setpoints are the same.
  private static let setpointShare = 0.01

  let asset: Asset

  /// Returns whether a power equals a setpoint. Generators and chargers may be below their limit.
  ///
  /// - Parameters:
  ///   - power: power in the asset's own direction [kW].
  ///   - setpoint: setpoint or limit [kW].
  func agrees(_ power: Double, setpoint: Double) -> Bool {
    agrees(power, setpoint: setpoint, within: SetpointTolerance.setpointShare)
  }

  /// Returns whether a measured power fulfils an action, within the accuracy of devices.
  ///
  /// - Parameters:
  ///   - power: measured power in the asset's own direction [kW].
  ///   - action: the action.
  ///   - setpoint: setpoint of `OPTIMIZE` [kW].
  /// - Returns: whether it does.
  func isFulfilled(by power: Double, action: Command.Action, setpoint: Double?) -> Bool {
    let share = SetpointTolerance.deviceShare
    switch action {
    case .shutdown: return abs(power) <= kilowatts(share)
    case .startup: return abs(power) > kilowatts(share)
    case .hold: return true
    case .optimize: return setpoint.map { agrees(power, setpoint: $0, within: share) } ?? true
    }
  }

  private func agrees(_ power: Double, setpoint: Double, within share: Double) -> Bool {
    asset.kind.traits.command == .follows
      ? abs(power - setpoint) <= kilowatts(share) : power <= setpoint + kilowatts(share)
  }

  /// Returns a share of the rated power, at least the error of meters [kW].
  private func kilowatts(_ share: Double) -> Double {
    max(SetpointTolerance.meterError, share * (asset.nominalKilowatts ?? 0))
  }
}
