import Foundation
import PlantModel
import Synchronization

/// The process as a Sparkplug host application: `STATE` on `spBv1.0/STATE/{host id}`, by which edge nodes know whether
/// anybody takes their data (Eclipse Sparkplug 3.0.0, sections 5.3, 5.15 and 5.16).
///
/// It has a connection of its own, since a connection has one will. The order of each connection is that of the
/// specification: the will `online: false`, the subscription to its own `STATE`, then `online: true`. Both carry the
/// time of the connection attempt, so that an edge node can tell an old will from a new birth. Once ``goOnline()`` was
/// called, an `online: false` that comes back (the will of an earlier connection) is answered by `online: true`.
public final class SparkplugHost: Sendable {
  /// The host id as the topic has it.
  public let topic: String
  private let shared: Shared
  private let publisher: Publisher

  /// What the publisher's thread and callers share.
  private final class Shared: Sendable {
    struct State {
      var time = Timestamp.distantPast
      var isOnline = false
      var publisher: Publisher?
    }
    let state = Mutex(State())
    let topic: String

    init(topic: String) { self.topic = topic }

    func message(_ isOnline: Bool, _ time: Timestamp) -> PublishedMessage {
      PublishedMessage(
        topic: topic, payload: "{\"online\":\(isOnline),\"timestamp\":\(time.milliseconds)}", retain: true)
    }

    /// The will of the next connection; a birth that was announced gets its time.
    func renew(at time: Timestamp) -> PublishedMessage {
      state.withLock { state in
        state.time = time
        if state.isOnline { try? state.publisher?.announce(message(true, time)) }
        return message(false, time)
      }
    }

    func goOnline() {
      state.withLock { state in
        state.isOnline = true
        try? state.publisher?.announce(message(true, state.time))
      }
    }

    func heard(_ message: PublishedMessage) {
      struct Word: Decodable { var online: Bool }
      guard message.topic == topic, message.payload.count <= 4_096,
        let word = try? JSONDecoder().decode(Word.self, from: Data(message.payload)), !word.online
      else { return }
      state.withLock { state in
        if state.isOnline { try? state.publisher?.announce(self.message(true, state.time)) }
      }
    }
  }

  /// A host application that connects at once and keeps trying; nobody hears of it before ``goOnline()``.
  ///
  /// - Parameters:
  ///   - settings: The broker; its `clientID` is that of this connection.
  ///   - hostID: The host's name in the topic, which no other host may have; `/ + # %` are percent-encoded.
  ///   - now: The time of a connection attempt.
  ///   - onEvent: Called on the publisher's thread.
  public init(
    settings: BrokerSettings, hostID: String, now: @escaping @Sendable () -> Timestamp,
    onEvent: @escaping @Sendable (PublisherEvent) -> Void = { _ in }
  ) {
    topic = SparkplugHost.topic(hostID: hostID)
    let shared = Shared(topic: topic)
    self.shared = shared
    publisher = Publisher(
      settings: settings, filters: [topic], onEvent: onEvent, onMessage: { shared.heard($0) },
      renewedWill: { shared.renew(at: now()) })
    shared.state.withLock { $0.publisher = publisher }
  }

  deinit { stop(timeout: .zero) }

  /// `spBv1.0/STATE/{host id}`.
  public static func topic(hostID: String) -> String { TopicName.join(["spBv1.0", "STATE", hostID]) }

  /// Whether the broker has accepted the connection and it stands.
  public var isConnected: Bool { publisher.isConnected }

  /// Announces the host, now and after each connection; to be called once the topics of edge nodes are subscribed to.
  public func goOnline() { shared.goOnline() }

  /// Announces that the host is gone, waits for that and ends the connection. A second call does nothing.
  public func stop(timeout: TimeSpan = .seconds(5)) {
    shared.state.withLock { state in
      state.isOnline = false
      state.publisher = nil
    }
    publisher.stop(timeout: timeout)
  }
}
