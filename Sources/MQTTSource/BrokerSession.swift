import Foundation
import PlantModel
import StreamCore
import Synchronization

/// A persistent session with the broker that acknowledges after the sink has appended.
///
/// It speaks MQTT 5, or 3.1.1 with a broker that knows no better. The session's own thread reads until the connection is
/// drained (for 5 ms at most), hands the burst to the sink, and only then lets the acknowledgements leave. When the sink has no room, the session disconnects without acknowledging
/// that burst and comes back when there is room; the broker keeps what comes meanwhile.
///
/// Subscriptions are made at QoS 1 even where the settings say 2: at QoS 2 a message that is lost between its two
/// handshakes cannot be asked for again, and at QoS 1 the promise "acknowledged is kept" holds, while re-delivered
/// messages are recognised (``SessionCounters/duplicates``).
public final class BrokerSession: Sendable {
  private let control: SessionControl
  private let prepared: Mutex<MessageLoop.Preparation?>
  private let mustWait = Mutex(false)

  /// A session that does nothing before ``start()``.
  ///
  /// - Parameters:
  ///   - settings: the broker; the persistent session belongs to `clientID`.
  ///   - subscriptions: topic filters.
  ///   - memory: what the broker's session has; filters that are not among `subscriptions` any more are unsubscribed.
  ///   - sink: keeps the bursts.
  ///   - onEvent: called on the session's thread; must not call ``stop()``.
  public convenience init(
    settings: BrokerSettings, subscriptions: [String], memory: SessionMemory? = nil, sink: any BurstSink,
    onEvent: @escaping @Sendable (SessionEvent) -> Void = { _ in }
  ) {
    self.init(
      MessageLoop.Preparation(settings: settings, memory: memory, sink: sink, onEvent: onEvent),
      control: SessionControl(subscriptions))
  }

  init(_ preparation: MessageLoop.Preparation, control: SessionControl) {
    self.control = control
    prepared = Mutex(preparation)
  }

  deinit { stop() }

  /// Whether the connection stands and every subscription is confirmed.
  public var isSubscribed: Bool { control.isSubscribed.load(ordering: .sequentiallyConsistent) }

  /// What was received so far.
  public var counters: SessionCounters { control.counters.value }

  /// Tells, before ``start()``, what the end of the journal has, oldest first: a broker that missed its acknowledgement
  /// sends it again. Messages at QoS 0 (`packetID` 0) are ignored. Does nothing after the start.
  public func noteAppended(packetID: UInt16, hash: UInt64) {
    prepared.withLock { $0?.duplicates.note(packetID: packetID, hash: hash) }
  }

  /// Connects, and keeps trying. A second call does nothing.
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

  /// Replaces the list of filters: subscribes to new ones and then unsubscribes from those that are gone, on the same
  /// connection. ``SessionEvent/subscribed`` follows when both are confirmed.
  public func update(subscriptions: [String]) {
    control.replace(subscriptions)
  }

  /// Disconnects in good order, the broker keeping the session, and waits for the thread's end. What the sink has not
  /// accepted stays unacknowledged. A stopped session cannot be started again.
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

/// What callers and the session's thread share.
final class SessionControl: Sendable {
  let isSubscribed = Atomic(false)
  let isSettled = Atomic(false)
  let counters = SharedSessionCounters()
  let ended = DispatchSemaphore(value: 0)
  let pipe = WakePipe()
  private let stopping = Atomic(false)
  private let subscriptions: Mutex<(list: [String], isNew: Bool)>

  init(_ subscriptions: [String]) { self.subscriptions = Mutex((subscriptions, true)) }

  var isStopping: Bool { stopping.load(ordering: .acquiring) }

  func stop() {
    stopping.store(true, ordering: .releasing)
    pipe.wake()
  }

  func replace(_ list: [String]) {
    subscriptions.withLock { $0 = (list, true) }
    // Until the loop has taken the list up, nobody may believe that it is confirmed.
    isSubscribed.store(false, ordering: .sequentiallyConsistent)
    pipe.wake()
  }

  /// Whether a list waits to be taken up.
  var hasNewSubscriptions: Bool { subscriptions.withLock { $0.isNew } }

  /// The list of filters, once after each change.
  func takeSubscriptions() -> [String]? {
    subscriptions.withLock { state in
      guard state.isNew else { return nil }
      state.isNew = false
      return state.list
    }
  }
}
