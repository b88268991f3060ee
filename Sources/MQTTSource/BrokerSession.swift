import Foundation
import PlantModel
public import Settings
public import StreamCore
import Synchronization
import SystemCore

/// A persistent session with the broker that acknowledges messages only after the sink has appended them.
///
/// It uses MQTT 5, or 3.1.1 if the broker does not support 5. The session's thread reads until the connection is
/// drained, for at most 5 ms. It then passes the burst to the sink, and only after that sends the acknowledgements. If
/// the sink has no room, the session disconnects without acknowledging that burst. It reconnects when there is room;
/// meanwhile the broker queues messages.
///
/// Subscriptions use QoS 1 even if the settings request 2. At QoS 2 a message lost between its two handshakes cannot be
/// requested again. At QoS 1 every acknowledged message is kept, and re-delivered messages are recognised
/// (``SourceCounters/duplicates``).
public final class BrokerSession: Sendable {
  private let control: SessionControl
  private let prepared: Mutex<SessionPreparation?>
  private let mustWait = Mutex(false)

  /// Creates a session that is idle until ``start()``.
  ///
  /// - Parameters:
  ///   - settings: the broker; the persistent session belongs to `clientID`.
  ///   - subscriptions: topic filters.
  ///   - memory: stored filters of the broker's session; those no longer in `subscriptions` are unsubscribed.
  ///   - sink: stores the bursts.
  ///   - onEvent: called on the session's thread; must not call ``stop()``.
  public convenience init(
    settings: BrokerSettings, subscriptions: [String], memory: SessionMemory? = nil, sink: any BurstSink,
    onEvent: @escaping @Sendable (SessionEvent) -> Void = { _ in }
  ) {
    self.init(
      SessionPreparation(settings: settings, memory: memory, sink: sink, onEvent: onEvent),
      control: SessionControl(subscriptions))
  }

  init(_ preparation: SessionPreparation, control: SessionControl) {
    self.control = control
    prepared = Mutex(preparation)
  }

  deinit { stop() }

  /// Whether the session is connected and every subscription is confirmed.
  public var isSubscribed: Bool { control.isSubscribed.load(ordering: .sequentiallyConsistent) }

  /// Counters of everything received so far.
  public var counters: SourceCounters { control.counters.value }

  /// Records a message at the end of the journal, oldest first, before ``start()``. The broker sends it again if it
  /// missed the acknowledgement. Messages at QoS 0 (`packetID` 0) are ignored. Has no effect after the start.
  public func recordAppended(packetID: UInt16, hash: UInt64) {
    prepared.withLock { $0?.duplicates.record(packetID: packetID, hash: hash) }
  }

  /// Connects and keeps reconnecting. A second call has no effect.
  public func start() {
    guard let preparation = prepared.withLock({ $0.take() }) else { return }
    let control = control
    let thread = Thread {
      BlockingThread.showName("mqtt-session")
      MessageLoop(preparation, control: control).run()
      control.ended.signal()
    }
    mustWait.withLock { $0 = true }
    thread.start()
  }

  /// Replaces the list of filters on the same connection: first subscribes to new ones, then unsubscribes from removed
  /// ones. ``SessionEvent/subscribed`` follows when both are confirmed.
  public func update(subscriptions: [String]) {
    control.replace(subscriptions)
  }

  /// Connects anew, with the credentials as they are then.
  public func reconnect() { control.reconnect() }

  /// Disconnects cleanly and waits for the thread to end; the broker keeps the session. Messages that the sink has not
  /// accepted stay unacknowledged. A stopped session cannot be started again.
  public func stop() {
    prepared.withLock { $0 = nil }
    control.stop()
    let waits = mustWait.withLock { state in
      defer { state = false }
      return state
    }
    if waits { control.ended.wait() }
  }
}

/// State shared between callers and the session's thread.
final class SessionControl: Sendable {
  let isSubscribed = Atomic(false)
  let isSettled = Atomic(false)
  let counters = SharedSessionCounters()
  let ended = DispatchSemaphore(value: 0)
  let pipe = WakePipe()
  private let stopping = Atomic(false)
  private let reconnecting = Atomic(false)
  private let subscriptions: Mutex<(list: [String], isNew: Bool)>

  init(_ subscriptions: [String]) { self.subscriptions = Mutex((subscriptions, true)) }

  var isStopping: Bool { stopping.load(ordering: .acquiring) }

  func stop() {
    stopping.store(true, ordering: .releasing)
    pipe.wake()
  }

  /// Whether the connection is to be made anew.
  var isReconnecting: Bool { reconnecting.load(ordering: .acquiring) }

  func reconnect() {
    reconnecting.store(true, ordering: .releasing)
    pipe.wake()
  }

  /// Records that a new connection begins.
  func beginConnection() { reconnecting.store(false, ordering: .releasing) }

  func replace(_ list: [String]) {
    subscriptions.withLock { $0 = (list, true) }
    // The new list is unconfirmed from now on, even before the loop reads it.
    isSubscribed.store(false, ordering: .sequentiallyConsistent)
    pipe.wake()
  }

  /// Whether a new list is waiting to be read.
  var hasNewSubscriptions: Bool { subscriptions.withLock { $0.isNew } }

  /// Returns the list of filters once after each change.
  func drainSubscriptions() -> [String]? {
    subscriptions.withLock { state in
      guard state.isNew else { return nil }
      state.isNew = false
      return state.list
    }
  }
}
