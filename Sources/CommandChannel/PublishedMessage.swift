/// A message to publish.
public struct PublishedMessage: Sendable, Equatable {
  /// Topic, at most 65,535 bytes of UTF-8 without wildcards; see ``TopicName``.
  public var topic: String
  /// Payload, at most 256 MiB.
  public var payload: [UInt8]
  /// Quality of service: 0 or 1. Higher values are published at 1, because brokers allow few QoS 2 messages in flight.
  public var qos: Int
  /// Whether the broker keeps the message for later subscribers.
  public var retain: Bool

  /// Creates a message with a text payload.
  ///
  /// - Parameters:
  ///   - topic: Topic, at most 65,535 bytes of UTF-8 without wildcards.
  ///   - payload: Payload.
  ///   - qos: Quality of service: 0 or 1.
  ///   - retain: Whether the broker keeps the message for later subscribers.
  public init(topic: String, payload: String, qos: Int = 1, retain: Bool = false) {
    self.init(topic: topic, payload: Array(payload.utf8), qos: qos, retain: retain)
  }

  /// Creates a message with a binary payload.
  ///
  /// - Parameters:
  ///   - topic: Topic, at most 65,535 bytes of UTF-8 without wildcards.
  ///   - payload: Payload, at most 256 MiB.
  ///   - qos: Quality of service: 0 or 1.
  ///   - retain: Whether the broker keeps the message for later subscribers.
  public init(topic: String, payload: [UInt8], qos: Int = 1, retain: Bool = false) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.retain = retain
  }

  /// Retained `online` on `wattline/status`, published once every subscription is confirmed.
  public static let online = PublishedMessage(topic: "wattline/status", payload: "online", retain: true)
  /// Retained `offline` on `wattline/status`: the will, also published at an orderly shutdown.
  public static let offline = PublishedMessage(topic: "wattline/status", payload: "offline", retain: true)
}

/// Reason why a message was not accepted.
public enum PublishError: Error, Equatable, CustomStringConvertible {
  /// The topic is empty, too long, or contains a wildcard or U+0000, or the payload is larger than MQTT allows.
  case invalid(topic: String)
  /// The window of unconfirmed messages stayed full until the timeout.
  case timedOut
  /// The publisher was stopped.
  case stopped

  /// Description of the reason.
  public var description: String {
    switch self {
    case .invalid(let topic): "'\(topic)' cannot be published: the topic or the payload's size is not valid in MQTT"
    case .timedOut: "the broker did not take the message in time"
    case .stopped: "the publisher was stopped"
    }
  }
}

/// Event reported by a ``Publisher`` on its own thread.
public enum PublisherEvent: Sendable, Equatable {
  /// The broker accepted the connection.
  case connected
  /// The connection ended or could not be made; another attempt follows.
  case disconnected(reason: String)
}
