/// A message to publish.
public struct PublishedMessage: Sendable, Equatable {
  /// Topic, at most 65,535 bytes of UTF-8 without wildcards; see ``TopicName``.
  public var topic: String
  /// Payload, at most 256 MiB.
  public var payload: [UInt8]
  /// Quality of service: 0 or 1; a higher one is published at 1, because brokers let few QoS 2 messages be under way.
  public var qos: Int
  /// Whether the broker keeps it for those who subscribe later.
  public var retain: Bool

  /// A message with a payload of text.
  public init(topic: String, payload: String, qos: Int = 1, retain: Bool = false) {
    self.init(topic: topic, payload: Array(payload.utf8), qos: qos, retain: retain)
  }

  /// A message with a payload of bytes.
  public init(topic: String, payload: [UInt8], qos: Int = 1, retain: Bool = false) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.retain = retain
  }

  /// Retained `online` on `wattline/status`: every subscription is confirmed.
  public static let online = PublishedMessage(topic: "wattline/status", payload: "online", retain: true)
  /// Retained `offline` on `wattline/status`: the last will, and the last word of a process that ends in good order.
  public static let offline = PublishedMessage(topic: "wattline/status", payload: "offline", retain: true)
}

/// Why a message was not taken.
public enum PublishError: Error, Equatable, CustomStringConvertible {
  /// The topic is empty, too long, has a wildcard or U+0000, or the payload is larger than MQTT allows.
  case invalid(topic: String)
  /// As many messages as allowed wait for the broker, and the time is over.
  case timedOut
  /// The publisher was stopped.
  case stopped

  /// What is wrong.
  public var description: String {
    switch self {
    case .invalid(let topic): "'\(topic)' cannot be published: the topic or the payload's size is not valid in MQTT"
    case .timedOut: "the broker did not take the message in time"
    case .stopped: "the publisher was stopped"
    }
  }
}

/// What a ``Publisher`` reports, on its own thread.
public enum PublisherEvent: Sendable, Equatable {
  /// The broker accepted the connection.
  case connected
  /// The connection ended or did not come about; another attempt follows.
  case disconnected(reason: String)
}
