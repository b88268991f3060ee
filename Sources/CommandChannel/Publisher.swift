import CMosquitto
import Foundation
import PlantModel
public import Settings
import StreamCore
import Synchronization
import SystemCore
public import WattlineTime

/// MQTT publisher with a dedicated connection, so that neither a flood of readings nor its acknowledgements delay a
/// command.
///
/// Messages are passed to the publisher's thread. At most `window` of them are unconfirmed by the broker (QoS 1) or not
/// yet written to the connection (QoS 0). While the broker is away, messages wait. QoS 1 messages in flight are sent
/// again.
public final class Publisher: Sendable {
  /// Counters of the publisher.
  public struct Counters: Sendable, Equatable {
    /// Messages confirmed by the broker, or written to the connection at QoS 0.
    public var confirmed = 0
    /// QoS 0 messages lost with a connection, and messages refused by the library.
    public var lost = 0
    /// Connections accepted by the broker.
    public var connections = 0
  }

  private let queue: PublishQueue
  private let control: PublisherControl
  private let window: Int

  /// Creates a publisher that connects at once and keeps trying.
  ///
  /// - Parameters:
  ///   - settings: The broker. `clientID` is used unchanged, so each client of a process needs a different one.
  ///   - will: Published by the broker if the connection is lost, and by ``stop(timeout:)``.
  ///   - window: Maximum number of unconfirmed messages, 1...20,000.
  ///   - filters: Topics to subscribe to at QoS 1 with each connection, as a device does for its commands.
  ///   - onEvent: Called on the publisher's thread.
  ///   - onMessage: Called on the publisher's thread with each message received on `filters`.
  ///   - renewedWill: Returns the will before each connection, on the publisher's thread; replaces `will`.
  public init(
    settings: BrokerSettings, will: PublishedMessage? = nil, window: Int = 1_000, filters: [String] = [],
    onEvent: @escaping @Sendable (PublisherEvent) -> Void = { _ in },
    onMessage: @escaping @Sendable (PublishedMessage) -> Void = { _ in },
    renewedWill: (@Sendable () -> PublishedMessage)? = nil
  ) {
    self.window = min(max(window, 1), 20_000)
    queue = PublishQueue(limit: self.window)
    control = PublisherControl(will: will)
    let (queue, control, limit) = (queue, control, self.window)
    let thread = Thread {
      BlockingThread.showName("mqtt-publish")
      PublisherLoop(
        settings: settings, renewedWill: renewedWill, window: limit, filters: filters, queue: queue, control: control,
        onEvent: onEvent, onMessage: onMessage
      ).run()
      control.ended.signal()
    }
    thread.start()
  }

  deinit { stop(timeout: .zero) }

  /// Whether the connection is accepted by the broker and still open.
  public var isConnected: Bool { control.isConnected.load(ordering: .relaxed) }

  /// Counters since the publisher was created.
  public var counters: Counters {
    Counters(
      confirmed: control.confirmed.load(ordering: .relaxed), lost: control.lost.load(ordering: .relaxed),
      connections: control.connections.load(ordering: .relaxed))
  }

  /// Passes a message to the publisher; waits while the window is full.
  ///
  /// - Parameters:
  ///   - topic: Topic of the message.
  ///   - payload: Payload of the message; copied.
  ///   - qos: Quality of service: 0 or 1.
  ///   - retain: Whether the broker keeps the message for later subscribers.
  ///   - timeout: Maximum waiting time; unlimited if `nil`.
  /// - Throws: ``PublishError`` if the message was not accepted.
  public func publish(
    topic: String, payload: UnsafeRawBufferPointer, qos: Int = 1, retain: Bool = false, timeout: TimeSpan? = nil
  ) throws(PublishError) {
    guard PublisherLoop.isValid(topic: topic, payloadSize: payload.count) else { throw .invalid(topic: topic) }
    let deadline = timeout.map { Date(timeIntervalSinceNow: $0.inSeconds) }
    if try queue.add(topic: topic, payload: payload, qos: qos, retain: retain, until: deadline) { control.wake() }
  }

  /// Passes a message to the publisher; waits while the window is full, at most `timeout` unless it is `nil`.
  ///
  /// - Throws: ``PublishError`` if the message was not accepted.
  public func publish(_ message: PublishedMessage, timeout: TimeSpan? = nil) throws(PublishError) {
    let (topic, qos, retain) = (message.topic, message.qos, message.retain)
    let result = message.payload.withUnsafeBytes { payload in
      Result { () throws(PublishError) in
        try publish(topic: topic, payload: payload, qos: qos, retain: retain, timeout: timeout)
      }
    }
    try result.get()
  }

  /// Passes a text message to the publisher; waits while the window is full.
  ///
  /// - Parameters:
  ///   - topic: Topic of the message.
  ///   - payload: Payload of the message.
  ///   - qos: Quality of service: 0 or 1.
  ///   - retain: Whether the broker keeps the message for later subscribers.
  ///   - timeout: Maximum waiting time; unlimited if `nil`.
  /// - Throws: ``PublishError`` if the message was not accepted.
  public func publish(
    topic: String, payload: String, qos: Int = 1, retain: Bool = false, timeout: TimeSpan? = nil
  ) throws(PublishError) {
    try publish(PublishedMessage(topic: topic, payload: payload, qos: qos, retain: retain), timeout: timeout)
  }

  /// Publishes a message now and after every reconnection, because the broker has published the will meanwhile.
  ///
  /// A later announcement on the same topic replaces it.
  public func announce(_ message: PublishedMessage) throws(PublishError) {
    guard PublisherLoop.isValid(topic: message.topic, payloadSize: message.payload.count) else {
      throw .invalid(topic: message.topic)
    }
    queue.announce(message)
    control.wake()
  }

  /// Waits until every message is confirmed.
  ///
  /// - Returns: `false` if that took longer than `timeout`.
  @discardableResult
  public func flush(timeout: TimeSpan = .seconds(10)) -> Bool {
    queue.waitUntilConfirmed(until: Date(timeIntervalSinceNow: timeout.inSeconds))
  }

  /// Connects anew with the credentials of `settings`. Announcements are published again.
  public func renew(credentials settings: BrokerSettings) {
    control.renewed.withLock { $0 = settings }
    control.wake()
  }

  /// Announces the will, waits for unconfirmed messages, disconnects and ends the thread. A second call does nothing.
  public func stop(timeout: TimeSpan = .seconds(5)) {
    guard control.beginStop() else { return }
    let will = control.will.withLock { $0 }
    if timeout > .zero, isConnected {
      if let will { try? announce(will) }
      // Without a DISCONNECT the broker publishes the will, so it is published in either case.
      if !flush(timeout: timeout), will != nil { control.leavesSilently.store(true, ordering: .relaxed) }
    } else if will != nil {
      control.leavesSilently.store(true, ordering: .relaxed)
    }
    queue.stop()
    control.wake()
    control.ended.wait()
  }
}

/// State shared by callers and the publisher's thread, besides the queue.
final class PublisherControl: Sendable {
  let isConnected = Atomic(false)
  let leavesSilently = Atomic(false)
  let confirmed = Atomic(0)
  let lost = Atomic(0)
  let connections = Atomic(0)
  let ended = DispatchSemaphore(value: 0)
  let pipe = WakePipe()
  /// Will of the current connection, or of the current attempt.
  let will: Mutex<PublishedMessage?>
  /// Settings with credentials that the next connection takes up.
  let renewed = Mutex<BrokerSettings?>(nil)
  private let stopping = Atomic(false)

  init(will: PublishedMessage?) { self.will = Mutex(will) }

  func wake() { pipe.wake() }
  func beginStop() -> Bool { !stopping.exchange(true, ordering: .relaxed) }
}
