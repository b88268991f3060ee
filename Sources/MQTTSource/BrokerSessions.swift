import PayloadDecoding
public import PlantModel
public import Settings
public import StreamCore
import Synchronization
public import SystemCore

/// All sessions of a process: one for each connection, and temporarily those of connections no longer in use.
///
/// Connection 0 has the configured client ID; the others append `-2`, `-3` and so on. Each has a dedicated thread. All
/// pass their bursts to one sink, which must be safe to call from several threads. Sessions left at the broker by an
/// earlier configuration are drained: the filters move first, then the queued messages are fetched, then the session
/// ends.
public final class BrokerSessions: MessageSource {
  /// Sessions of the connections in use, followed by those being drained.
  private let sessions: [BrokerSession]
  private let numbers: [Int]
  private let group: SessionGroup

  /// Creates sessions that are idle until ``start()``.
  ///
  /// - Parameters:
  ///   - settings: the broker, the client ID and the number of connections.
  ///   - credentials: what each connection takes in place of the credentials in `settings`; `nil` if they never change.
  ///   - plants: plants whose topics are subscribed to; see ``SubscriptionPlan``.
  ///   - memory: stored filters of the broker's sessions.
  ///   - sink: stores the bursts; called from every session's thread.
  ///   - onEvent: called on a session's thread with the client ID; must not call ``stop()``.
  ///     ``SessionEvent/subscribed`` is
  ///     reported once every session in use is subscribed.
  public init(
    settings: BrokerSettings, credentials: Renewable<BrokerSettings>? = nil, plants: [Plant], memory: SessionMemory?,
    sink: any BurstSink,
    onEvent: @escaping @Sendable (_ clientID: String, SessionEvent) -> Void
  ) {
    let count = min(max(settings.connections, 1), SessionName.maximumConnections)
    let used = (0..<count).map { SessionName.clientID(settings.clientID, number: $0) }
    let left = (memory?.clientIDs ?? []).filter { !used.contains($0) }
    let plan = SubscriptionPlan.filters(of: plants, connections: count)
    let group = SessionGroup(used: plan.map(SessionControl.init), draining: left.map { _ in SessionControl([]) })
    let numbers = (used + left).map { SessionName.number(of: $0, first: settings.clientID) }
    sessions = (used + left).enumerated().map { position, clientID in
      var own = settings
      own.clientID = clientID
      let role = SessionRole(
        connection: numbers[position], isDraining: position >= count, mayUnsubscribe: { group.isSettled },
        settlementChanged: { group.wake() })
      let preparation = SessionPreparation(
        settings: own, credentials: credentials, role: role, memory: memory, sink: sink
      ) { event in
        if event == .subscribed, role.isDraining || !group.isSubscribed { return }
        onEvent(clientID, event)
      }
      return BrokerSession(preparation, control: group.controls[position])
    }
    self.numbers = numbers
    self.group = group
  }

  deinit { stop() }

  /// Whether every connection in use is established and every subscription is confirmed.
  public var isReady: Bool { group.isSubscribed }

  /// Counters of everything received so far over all connections.
  public var counters: SourceCounters { sessions.reduce(SourceCounters()) { $0 + $1.counters } }

  /// Records a message at the end of the journal, oldest first, before ``start()``; see
  /// ``BrokerSession/recordAppended(packetID:hash:)``.
  ///
  /// - Parameters:
  ///   - packetID: MQTT packet identifier, 0 at QoS 0.
  ///   - hash: ``MessageHash`` of topic and payload.
  ///   - connection: number of the connection, 0...127.
  public func recordAppended(packetID: UInt16, hash: UInt64, connection: Int) {
    for (session, number) in zip(sessions, numbers) where number == connection {
      session.recordAppended(packetID: packetID, hash: hash)
    }
  }

  /// Connects and keeps reconnecting. A second call has no effect.
  public func start() {
    for session in sessions { session.start() }
  }

  /// Replaces the plants on the same connections. A filter that moves to another connection is unsubscribed from the
  /// old one only after every new subscription is confirmed.
  public func update(plants: [Plant]) {
    let used = sessions.prefix(group.used.count)
    for (session, filters) in zip(used, SubscriptionPlan.filters(of: plants, connections: used.count)) {
      session.update(subscriptions: filters)
    }
  }

  /// Connects anew, with the credentials as they are then.
  public func reconnect() {
    for session in sessions { session.reconnect() }
  }

  /// Disconnects cleanly and waits for the threads to end; the broker keeps the sessions.
  public func stop() {
    for control in group.controls { control.stop() }
    for session in sessions { session.stop() }
  }
}

/// Shared state of a process's sessions.
final class SessionGroup: Sendable {
  let used: [SessionControl]
  let controls: [SessionControl]

  init(used: [SessionControl], draining: [SessionControl]) {
    self.used = used
    controls = used + draining
  }

  /// Whether every session in use has all answers to its subscriptions.
  var isSettled: Bool {
    used.allSatisfy { $0.isSettled.load(ordering: .sequentiallyConsistent) && !$0.hasNewSubscriptions }
  }

  /// Whether every session in use has all its subscriptions confirmed.
  var isSubscribed: Bool { used.allSatisfy { $0.isSubscribed.load(ordering: .sequentiallyConsistent) } }

  /// Wakes every session's thread.
  func wake() {
    for control in controls { control.pipe.wake() }
  }
}

/// Client IDs of the connections.
enum SessionName {
  static let maximumConnections = 64
  /// Connection number of a session with another configuration's client ID.
  static let stranger = 127

  static func clientID(_ first: String, number: Int) -> String { number == 0 ? first : "\(first)-\(number + 1)" }

  /// Returns the connection number of a client ID, ``stranger`` if it is not derived from `first`.
  static func number(of clientID: String, first: String) -> Int {
    (0..<maximumConnections).first { SessionName.clientID(first, number: $0) == clientID } ?? stranger
  }
}
