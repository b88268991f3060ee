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
    AlertCause(.outage, .plant), AlertCause(.noData, .around), AlertCause(.offline, .asset), AlertCause(.trip, .asset),
    AlertCause(.derating, .asset), AlertCause(.unit, .asset),
  ]

  mutating func afterDispatch(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister) {
    if frame.commands.isEmpty { return }
    for command in frame.commands {
      let key = AlertKey(rule: .notFollowed, asset: command.asset)
      switch command.state {
      case .notFollowed:
        let message = Self.message(of: command, register.assets[command.asset.position].name)
        context.book.raise(key, .warning, at: frame.received, message, &frame, register)
      case .issued where command.action != .hold, .awaiting, .advised: break
      case .followed: context.book.clear(key, at: frame.received, "It does what it was commanded.", &frame)
      case .issued, .rejected, .expired, .refused:
        context.book.clear(key, at: frame.received, "Nothing else is asked of it any more.", &frame)
      }
    }
  }

  private static func message(of command: Command, _ name: String) -> AlertMessage {
    let setpoint = command.setpoint.map { " with \(AlertBook.rounded($0)) kW" } ?? ""
    return AlertMessage(
      title: "\(name) does not follow",
      text:
        "\(name) was commanded \(command.action.rawValue)\(setpoint) at \(command.issued) (\(command.reason)) and does "
        + "something else. Look at whether it is under remote control, and at its connection to the broker.",
      value: command.setpoint ?? .nan)
  }
}
