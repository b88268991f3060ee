import Foundation
import PlantModel

/// A command as devices and people get it: JSON on `wattline/<plant>/<asset>/command`, at QoS 1 and not retained.
///
/// `execute` alone says that it is to be carried out: advice, and what waits for a confirmation, is published too and has
/// `false`. What comes after `expires` is to be ignored.
public enum CommandMessage {
  private struct Document: Codable {
    struct Predicted: Codable {
      var power: Double?
      var exchange: Double?
      var soc: Double?
      var cost: Double?

      enum CodingKeys: String, CodingKey {
        case soc, cost
        case power = "power_kw"
        case exchange = "grid_kw"
      }
    }
    var id: String
    var plant: String
    var asset: String
    var action: String
    var setpoint: Double?
    var reason: String
    var mode: String
    var execute: Bool
    var issued: String
    var expires: String
    var predicted: Predicted

    enum CodingKeys: String, CodingKey {
      case id, plant, asset, action, reason, mode, execute, issued, expires, predicted
      case setpoint = "setpoint_kw"
    }
  }

  /// The message of a command; `nil` for one whose state is nothing to tell a device.
  public static func message(
    of command: Command, plant: String, asset: String, mode: CommandSettings.Mode
  ) -> PublishedMessage? {
    switch command.state {
    case .advised, .awaiting, .issued: break
    case .followed, .notFollowed, .rejected, .expired, .refused: return nil
    }
    func known(_ value: Double) -> Double? { value.isFinite ? (value * 1e4).rounded() / 1e4 : nil }
    let document = Document(
      id: command.id, plant: plant, asset: asset, action: command.action.rawValue,
      setpoint: command.setpoint.flatMap(known), reason: command.reason, mode: mode.rawValue,
      execute: command.state == .issued, issued: command.issued.description, expires: command.expires.description,
      predicted: Document.Predicted(
        power: known(command.effect.power), exchange: known(command.effect.exchange),
        soc: known(command.effect.stateOfCharge), cost: known(command.effect.cost)))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let body = try? encoder.encode(document) else { return nil }
    return PublishedMessage(topic: topic(plant: plant, asset: asset), payload: Array(body))
  }

  /// What a device is to do.
  public struct Order: Sendable, Equatable {
    /// The asset's name.
    public var asset: String
    /// What it is to do.
    public var action: Command.Action
    /// The power to hold or not to exceed, in the asset's own direction [kW]; `nil` where the action has none.
    public var setpoint: Double?

    /// An order.
    public init(asset: String, action: Command.Action, setpoint: Double? = nil) {
      (self.asset, self.action, self.setpoint) = (asset, action, setpoint)
    }
  }

  /// What a message asks a device of a plant to do; `nil` for advice, for what has expired or was retained, and for what is
  /// no command.
  public static func order(in message: PublishedMessage, plant: String, at now: Timestamp) -> Order? {
    guard !message.retain, message.payload.count <= 65_536,
      let document = try? JSONDecoder().decode(Document.self, from: Data(message.payload)), document.execute,
      document.plant == plant, message.topic == topic(plant: plant, asset: document.asset),
      let action = Command.Action(rawValue: document.action),
      let expires = ISO8601.timestamp(document.expires), now <= expires
    else { return nil }
    return Order(asset: document.asset, action: action, setpoint: document.setpoint)
  }

  /// The topics on which the commands of a plant come.
  public static func filter(plant: String) -> String {
    TopicName.join(["wattline", plant]) + "/+/command"
  }

  /// `wattline/<plant>/<asset>/command`, names encoded.
  public static func topic(plant: String, asset: String) -> String {
    TopicName.join(["wattline", plant, asset, "command"])
  }
}
