public import WattlineTime

/// Message that is published regularly, because a device is silent without it.
public struct KeepaliveRequest: Hashable, Sendable {
  /// Topic, without wildcards.
  public var topic: String
  /// Time between two messages, 5 s...1 h.
  public var every: TimeSpan
  /// Payload of each message.
  public var payload: String
  /// Payload of the first message after a start and after each connection; `nil` for ``payload``.
  public var first: String?

  /// Creates a request.
  ///
  /// - Parameters:
  ///   - topic: Topic, without wildcards.
  ///   - every: Time between two messages.
  ///   - payload: Payload of each message.
  ///   - first: Payload of the first message of a connection.
  public init(topic: String, every: TimeSpan = .seconds(30), payload: String = "", first: String? = nil) {
    (self.topic, self.every, self.payload, self.first) = (topic, every, payload, first)
  }
}
