import CMosquitto
import Foundation
import PlantModel
import StreamCore
import Synchronization

/// Publishes over a connection of its own, so that a flood of readings does not stand in the way of a command, nor
/// acknowledgements in the way of either.
///
/// Messages are handed to the publisher's thread; at most `window` of them are not confirmed by the broker (QoS 1)
/// or not written to the connection (QoS 0). While the broker is away messages wait, and QoS 1 messages that were
/// on their way are sent again.
public final class Publisher: Sendable {
  /// What happened so far.
  public struct Counters: Sendable, Equatable {
    /// Messages that the broker confirmed, or at QoS 0 were written to the connection.
    public var confirmed = 0
    /// QoS 0 messages that were lost with a connection, and messages that the library refused.
    public var lost = 0
    /// Connections that the broker accepted.
    public var connections = 0
  }

  private let queue: PublishQueue
  private let control: PublisherControl
  private let window: Int

  /// A publisher that connects at once and keeps trying.
  ///
  /// - Parameters:
  ///   - settings: the broker; its `clientID` is used as it is, so that two clients of one process need two of them.
  ///   - will: published by the broker when the connection ends without good-bye, and by ``stop(timeout:)``.
  ///   - window: unconfirmed messages at most, 1...20,000.
  ///   - filters: topics that are subscribed to at QoS 1 with each connection, as a device does with its commands.
  ///   - onEvent: called on the publisher's thread.
  ///   - onMessage: called there with each message that comes on `filters`.
  ///   - renewedWill: gives the will anew before each connection, on the publisher's thread; in place of `will`.
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

  /// Whether the broker has accepted the connection and it stands.
  public var isConnected: Bool { control.isConnected.load(ordering: .relaxed) }

  /// What happened so far.
  public var counters: Counters {
    Counters(
      confirmed: control.confirmed.load(ordering: .relaxed), lost: control.lost.load(ordering: .relaxed),
      connections: control.connections.load(ordering: .relaxed))
  }

  /// Hands a message over; waits while the window is full, for `timeout` at most where one is given.
  public func publish(
    topic: String, payload: UnsafeRawBufferPointer, qos: Int = 1, retain: Bool = false, timeout: TimeSpan? = nil
  ) throws(PublishError) {
    guard PublisherLoop.isValid(topic: topic, payloadSize: payload.count) else { throw .invalid(topic: topic) }
    let deadline = timeout.map { Date(timeIntervalSinceNow: $0.inSeconds) }
    if try queue.add(topic: topic, payload: payload, qos: qos, retain: retain, until: deadline) { control.wake() }
  }

  /// Hands a message over; waits while the window is full, for `timeout` at most where one is given.
  public func publish(_ message: PublishedMessage, timeout: TimeSpan? = nil) throws(PublishError) {
    let (topic, qos, retain) = (message.topic, message.qos, message.retain)
    let result = message.payload.withUnsafeBytes { payload in
      Result { () throws(PublishError) in
        try publish(topic: topic, payload: payload, qos: qos, retain: retain, timeout: timeout)
      }
    }
    try result.get()
  }

  /// Hands a text over; waits while the window is full, for `timeout` at most where one is given.
  public func publish(
    topic: String, payload: String, qos: Int = 1, retain: Bool = false, timeout: TimeSpan? = nil
  ) throws(PublishError) {
    try publish(PublishedMessage(topic: topic, payload: payload, qos: qos, retain: retain), timeout: timeout)
  }

  /// Publishes a message now and again after every reconnection, because the broker has published the will meanwhile.
  /// A later announcement on the same topic takes its place.
  public func announce(_ message: PublishedMessage) throws(PublishError) {
    guard PublisherLoop.isValid(topic: message.topic, payloadSize: message.payload.count) else {
      throw .invalid(topic: message.topic)
    }
    queue.announce(message)
    control.wake()
  }

  /// Waits until every message was confirmed; whether that was so within `timeout`.
  @discardableResult
  public func flush(timeout: TimeSpan = .seconds(10)) -> Bool {
    queue.waitUntilConfirmed(until: Date(timeIntervalSinceNow: timeout.inSeconds))
  }

  /// Announces the will, waits for what is unconfirmed, says good-bye and ends the thread. A second call does nothing.
  public func stop(timeout: TimeSpan = .seconds(5)) {
    guard control.beginStop() else { return }
    let will = control.will.withLock { $0 }
    if timeout > .zero, isConnected {
      if let will { try? announce(will) }
      // Without a good-bye the broker publishes the will, so that it is heard in either case.
      if !flush(timeout: timeout), will != nil { control.leavesSilently.store(true, ordering: .relaxed) }
    } else if will != nil {
      control.leavesSilently.store(true, ordering: .relaxed)
    }
    queue.stop()
    control.wake()
    control.ended.wait()
  }
}

/// What callers and the publisher's thread share besides the queue.
final class PublisherControl: Sendable {
  let isConnected = Atomic(false)
  let leavesSilently = Atomic(false)
  let confirmed = Atomic(0)
  let lost = Atomic(0)
  let connections = Atomic(0)
  let ended = DispatchSemaphore(value: 0)
  let pipe = WakePipe()
  /// The will of the connection that stands, or is tried.
  let will: Mutex<PublishedMessage?>
  private let stopping = Atomic(false)

  init(will: PublishedMessage?) { self.will = Mutex(will) }

  func wake() { pipe.wake() }
  func beginStop() -> Bool { !stopping.exchange(true, ordering: .relaxed) }
}
