import PlantModel
import WattlineTime

/// A condition that forbids a command, so that the asset holds its state instead.
enum Interlock: Equatable {
  /// A critical alert of the plant forbids a start.
  case criticalAlert(rule: String)
  /// The health index forbids a start.
  case health
  /// The asset was not off for the minimum time.
  case minimumOff
  /// The asset was not on for the minimum time.
  case minimumOn
  /// A critical alert doubts the asset's measurements.
  case doubtfulData(rule: String)
  /// Dispatch lacks data; `reason` names them.
  case missingData(reason: String)

  /// Reason of the resulting `HOLD`, for people.
  var reason: String {
    switch self {
    case .criticalAlert(let rule): "interlock: critical alert \(rule)"
    case .health: "interlock: health"
    case .minimumOff: "interlock: min_off"
    case .minimumOn: "interlock: min_on"
    case .doubtfulData(let rule): "alert: \(rule)"
    case .missingData(let reason): reason
    }
  }
}

/// The interlocks of a plant's commands.
package struct CommandInterlocks {
  /// Health index below which an asset is not started [0...100].
  package static let leastHealth = 50.0

  var settings: CommandSettings
  /// Name of one rule with an active critical alert in the plant; `nil` if there is none.
  var criticalRule: String?

  /// Returns the interlock that prevents a start.
  ///
  /// - Parameters:
  ///   - power: switching state of the asset.
  ///   - health: health index of the asset [0...100]; `nil` if unknown.
  ///   - now: current time.
  /// - Returns: the interlock; `nil` if the asset may start.
  func preventingStart(of power: SwitchingState, health: Double?, at now: Timestamp) -> Interlock? {
    if let criticalRule { return .criticalAlert(rule: criticalRule) }
    if let health, health < CommandInterlocks.leastHealth { return .health }
    if now - power.changed < settings.minimumOff { return .minimumOff }
    return nil
  }

  /// Returns the interlock that prevents a shutdown for low health. A critical alert shuts an asset down regardless.
  func preventingShutdown(of power: SwitchingState, at now: Timestamp) -> Interlock? {
    now - power.changed < settings.minimumOn ? .minimumOn : nil
  }

  /// Returns the interlock that prevents a setpoint.
  ///
  /// - Parameters:
  ///   - alerts: active critical alerts about the asset's data.
  ///   - decision: recommendation of dispatch; `nil` if there is none.
  /// - Returns: the interlock; `nil` if the asset may get a setpoint.
  func preventingSetpoint(alerts: [CriticalAlert], decision: DispatchDecision?) -> Interlock? {
    if let alert = alerts.first { return .doubtfulData(rule: alert.rule) }
    if let decision, decision.lacksData { return .missingData(reason: decision.reason) }
    return nil
  }
}
