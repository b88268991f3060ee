import PlantModel
import StreamCore

extension AlertRuleID {
  /// An asset does not follow its command.
  static let notFollowed = AlertRuleID("not_followed")
}

/// Rule that evaluates the state of commands. Dispatch compares the behaviour of assets with their commands.
struct CommandRule: AlertRule {
  static let ids = [AlertRuleID.notFollowed]
  static let guide = [
    AlertGuide(
      "an asset does not do what it was commanded; cleared once it does, or nothing is asked of it any more",
      remedy: "Look at whether it is under remote control, and at its connection to the broker.")
  ]
  static let causes = [
    AlertCause(.outage, scope: .plant), AlertCause(.noData, scope: .around), AlertCause(.offline, scope: .asset),
    AlertCause(.trip, scope: .asset),
    AlertCause(.derating, scope: .asset), AlertCause(.unit, scope: .asset),
  ]

  mutating func conclude(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    if frame.commands.isEmpty { return }
    for command in frame.commands {
      let key = AlertKey(rule: .notFollowed, asset: command.asset)
      switch command.state {
      case .notFollowed:
        let message = Self.message(of: command, name: register.assets[command.asset.position].name)
        context.book.raise(key, severity: .warning, at: frame.received, message: message, into: &frame, in: register)
      case .issued where command.action != .hold, .awaiting, .advised: break
      case .followed: context.book.clear(key, at: frame.received, text: "It does what it was commanded.", into: &frame)
      case .issued, .rejected, .expired, .refused:
        context.book.clear(key, at: frame.received, text: "Nothing else is asked of it any more.", into: &frame)
      }
    }
  }

  private static func message(of command: Command, name: String) -> AlertMessage {
    let setpoint = command.setpoint.map { " with \(AlertRegistry.rounded($0)) kW" } ?? ""
    return AlertMessage(
      title: "\(name) does not follow",
      text:
        "\(name) was commanded \(command.action.rawValue)\(setpoint) at \(command.issued) (\(command.reason)) and does "
        + "something else. Look at whether it is under remote control, and at its connection to the broker.",
      value: command.setpoint ?? .nan)
  }
}
