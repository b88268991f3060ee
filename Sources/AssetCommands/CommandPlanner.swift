import PlantModel
import WattlineTime

/// A command that the policy wants, before its effect is tested.
struct PlannedCommand: Equatable {
  var action: Command.Action
  /// Power to hold, in the asset's own direction [kW]; `nil` if the action has none.
  var setpoint: Double?
  /// Reason, for people.
  var reason: String

  /// Returns the command to stay in the present state because of an interlock.
  static func hold(_ interlock: Interlock) -> PlannedCommand {
    PlannedCommand(action: .hold, reason: interlock.reason)
  }
}

/// The policy of commands: a pure function from the situation of one asset to the command it should have.
struct CommandPlanner {
  /// Health index below which an asset is shut down [0...100].
  static let failedHealth = 20.0

  /// The situation of one asset.
  struct Situation {
    var now: Timestamp
    var switching: SwitchingState
    /// Active critical alerts about the asset itself, ordered by rule.
    var alerts: [CriticalAlert]
    /// Health index [0...100]; `nil` if unknown.
    var health: Double?
    /// Measured power in the asset's own direction [kW]; `nil` if unknown.
    var power: Double?
    /// Power limit that was commanded [kW]; `nil` if there is none.
    var limit: Double?
    /// Latest recommendation of dispatch in this step; `nil` if there is none.
    var decision: DispatchDecision?
  }

  var interlocks: CommandInterlocks
  var tolerance: SetpointTolerance

  /// Returns the command that an asset should have; `nil` if it needs none.
  func plan(_ situation: Situation) -> PlannedCommand? {
    if situation.switching.isOff { return start(situation) }
    if let shutdown = shutdown(situation) { return shutdown }
    if let interlock = interlocks.preventingSetpoint(alerts: situation.alerts, decision: situation.decision) {
      return .hold(interlock)
    }
    guard let decision = situation.decision else { return nil }
    let wanted = decision.recommendedKilowatts
    if let power = situation.power, tolerance.agrees(power, setpoint: wanted),
      // The current limit must equal the recommendation too, so that a limited asset is released.
      situation.limit.map({ tolerance.agrees(wanted, setpoint: $0) }) ?? true
    {
      return nil
    }
    return PlannedCommand(action: .optimize, setpoint: wanted, reason: decision.reason)
  }

  private func start(_ situation: Situation) -> PlannedCommand {
    if let interlock = interlocks.preventingStart(
      of: situation.switching, health: situation.health, at: situation.now)
    {
      return .hold(interlock)
    }
    let minutes = (situation.now - situation.switching.changed).nanoseconds / TimeSpan.minute.nanoseconds
    return PlannedCommand(action: .startup, reason: "no critical alert, off for \(minutes) min")
  }

  private func shutdown(_ situation: Situation) -> PlannedCommand? {
    if let alert = situation.alerts.first(where: { !$0.concernsData }) {
      return PlannedCommand(action: .shutdown, setpoint: 0, reason: "alert: \(alert.rule)")
    }
    guard let health = situation.health, health < CommandPlanner.failedHealth else { return nil }
    if let interlock = interlocks.preventingShutdown(of: situation.switching, at: situation.now) {
      return .hold(interlock)
    }
    return PlannedCommand(action: .shutdown, setpoint: 0, reason: "health \(Int(max(0, health.rounded())))")
  }
}
