import Foundation
import PlantModel
public import Settings
import Synchronization
public import WattlineTime

/// The process as a Sparkplug host application: publishes `STATE` on `spBv1.0/STATE/{host id}`.
///
/// Edge nodes learn from it whether a host receives their data (Eclipse Sparkplug 3.0.0, sections 5.3, 5.15 and 5.16).
/// The host has a dedicated connection, since a connection has only one will. Each connection follows the order of the
/// specification: the will `online: false`, the subscription to its own `STATE`, then `online: true`.
///
/// Both messages carry the time of the connection attempt, so that an edge node can distinguish an old will from a new
/// birth. After ``goOnline()``, a received `online: false`, the will of an earlier connection, is answered by `online:
/// true`.
public final class SparkplugHost: Sendable {
  /// Topic of the state, which includes the host ID.
  public let topic: String
  private let shared: Shared
  private let publisher: Publisher

  /// State shared by callers and the publisher's thread.
  private final class Shared: Sendable {
    struct State {
      var time = Timestamp.distantPast
      var isOnline = false
      var publisher: Publisher?
    }
    let state = Mutex(State())
    let topic: String

    init(topic: String) { self.topic = topic }

    func message(_ isOnline: Bool, at time: Timestamp) -> PublishedMessage {
      PublishedMessage(
        topic: topic, payload: "{\"online\":\(isOnline),\"timestamp\":\(time.milliseconds)}", retain: true)
    }

    /// Returns the will of the next connection, and updates the time of an announced birth.
    func renew(at time: Timestamp) -> PublishedMessage {
      state.withLock { state in
        state.time = time
        if state.isOnline { try? state.publisher?.announce(message(true, at: time)) }
        return message(false, at: time)
      }
    }

    func goOnline() {
      state.withLock { state in
        state.isOnline = true
        try? state.publisher?.announce(message(true, at: state.time))
      }
    }

    func handle(_ message: PublishedMessage) {
      struct Word: Decodable { var online: Bool }
      guard message.topic == topic, message.payload.count <= 4_096,
        let word = try? JSONDecoder().decode(Word.self, from: Data(message.payload)), !word.online
      else { return }
      state.withLock { state in
        if state.isOnline { try? state.publisher?.announce(self.message(true, at: state.time)) }
      }
    }
  }

  /// Creates a host application that connects at once and keeps trying. It publishes no state before ``goOnline()``.
  ///
  /// - Parameters:
  ///   - settings: The broker; `clientID` is used for this connection.
  ///   - hostID: Unique name of the host in the topic; `/ + # %` are percent-encoded.
  ///   - now: Returns the time of a connection attempt.
  ///   - onEvent: Called on the publisher's thread.
  public init(
    settings: BrokerSettings, hostID: String, now: @escaping @Sendable () -> Timestamp,
    onEvent: @escaping @Sendable (PublisherEvent) -> Void = { _ in }
  ) {
    topic = SparkplugHost.topic(hostID: hostID)
    let shared = Shared(topic: topic)
    self.shared = shared
    publisher = Publisher(
      settings: settings, filters: [topic], onEvent: onEvent, onMessage: { shared.handle($0) },
      renewedWill: { shared.renew(at: now()) })
    shared.state.withLock { $0.publisher = publisher }
  }

  deinit { stop(timeout: .zero) }

  /// Returns the topic of a host's state: `spBv1.0/STATE/{host id}`.
  public static func topic(hostID: String) -> String { TopicName.join(["spBv1.0", "STATE", hostID]) }

  /// Whether the connection is accepted by the broker and still open.
  public var isConnected: Bool { publisher.isConnected }

  /// Announces the host as online, now and after each connection. Call it once the topics of edge nodes are subscribed.
  public func goOnline() { shared.goOnline() }

  /// Connects anew with the credentials of `settings`.
  public func renew(credentials settings: BrokerSettings) { publisher.renew(credentials: settings) }

  /// Announces the host as offline, waits for the confirmation and closes the connection. A second call does nothing.
  public func stop(timeout: TimeSpan = .seconds(5)) {
    shared.state.withLock { state in
      state.isOnline = false
      state.publisher = nil
    }
    publisher.stop(timeout: timeout)
  }
}
