import Foundation
public import PlantModel
public import WattlineTime

/// Encoding of commands for devices and people: JSON on `wattline/<plant>/<asset>/command`, at QoS 1 and not retained.
///
/// Only messages with `execute: true` are to be carried out. Advice, and commands that wait for a confirmation, are
/// published with `false`. Messages received after `expires` must be ignored.
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

  /// Returns the message of a command; `nil` for states that are not published.
  ///
  /// - Parameters:
  ///   - command: The command.
  ///   - plant: Name of the plant.
  ///   - asset: Name of the asset.
  ///   - mode: Command mode of the plant.
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

  /// Instruction to a device.
  public struct Order: Sendable, Equatable {
    /// Name of the asset.
    public var asset: String
    /// Action to carry out.
    public var action: Command.Action
    /// Power to hold or not to exceed, in the asset's own direction [kW]; `nil` if the action has none.
    public var setpoint: Double?

    /// Creates an order.
    ///
    /// - Parameters:
    ///   - asset: Name of the asset.
    ///   - action: Action to carry out.
    ///   - setpoint: Power in the asset's own direction [kW].
    public init(asset: String, action: Command.Action, setpoint: Double? = nil) {
      (self.asset, self.action, self.setpoint) = (asset, action, setpoint)
    }
  }

  /// Parses the order in a message.
  ///
  /// - Parameters:
  ///   - message: A received message.
  ///   - plant: Name of the plant whose commands are accepted.
  ///   - now: Current time.
  /// - Returns: `nil` for advice, expired or retained messages, and messages that are not commands.
  public static func order(in message: PublishedMessage, plant: String, at now: Timestamp) -> Order? {
    guard !message.retain, message.payload.count <= 65_536,
      let document = try? JSONDecoder().decode(Document.self, from: Data(message.payload)), document.execute,
      document.plant == plant, message.topic == topic(plant: plant, asset: document.asset),
      let action = Command.Action(rawValue: document.action),
      let expires = ISO8601.timestamp(document.expires), now <= expires
    else { return nil }
    return Order(asset: document.asset, action: action, setpoint: document.setpoint)
  }

  /// Returns the topic filter for all commands of a plant.
  public static func filter(plant: String) -> String {
    TopicName.join(["wattline", plant]) + "/+/command"
  }

  /// Returns the topic `wattline/<plant>/<asset>/command`, with names percent-encoded.
  public static func topic(plant: String, asset: String) -> String {
    TopicName.join(["wattline", plant, asset, "command"])
  }
}
