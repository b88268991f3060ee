import PlantModel
import StreamCore

extension AlertStage {
  /// Raises an alert about each asset that does not do what it was commanded, and clears it once the asset does, or nothing
  /// is asked of it any more. Comes after dispatch, which compares.
  public mutating func judgeCommands(_ frame: inout Frame, in register: PlantRegister) {
    if frame.commands.isEmpty { return }
    for command in frame.commands {
      let key = AlertKey(rule: .notFollowed, asset: command.asset)
      switch command.state {
      case .notFollowed:
        let message = AlertStage.message(of: command, register.assets[command.asset.position].name)
        book.raise(key, .warning, at: frame.received, message, &frame, register)
      case .issued where command.action != .hold, .awaiting, .advised: break
      case .followed: book.clear(key, at: frame.received, "It does what it was commanded.", &frame)
      case .issued, .rejected, .expired, .refused:
        book.clear(key, at: frame.received, "Nothing else is asked of it any more.", &frame)
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
