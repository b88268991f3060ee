import PayloadDecoding
import PlantModel
import StreamCore

/// The sessions of a process: one for each connection, and for a time those of connections that are no longer used.
///
/// Connection 0 has the configured client id, the others have it with `-2`, `-3` and so on. Each has a thread of its own;
/// all hand their bursts to one sink, which must bear being called from several threads. Sessions that an earlier
/// configuration left at the broker are drained: the filters move first, then what is queued is fetched, then the session
/// is ended.
public final class BrokerSessions: Sendable {
  /// Those of the connections in use, then those that are drained.
  private let sessions: [BrokerSession]
  private let numbers: [Int]
  private let group: SessionGroup

  /// Sessions that do nothing before ``start()``.
  ///
  /// - Parameters:
  ///   - settings: the broker, the client id and how many connections.
  ///   - plants: whose topics are subscribed to; see ``SubscriptionPlan``.
  ///   - memory: what the broker's sessions have.
  ///   - sink: keeps the bursts; called from every session's thread.
  ///   - onEvent: called on a session's thread with the client's id; must not call ``stop()``.
  ///     ``SessionEvent/subscribed`` is told when every session in use is.
  public init(
    settings: BrokerSettings, plants: [Plant], memory: SessionMemory?, sink: any BurstSink,
    onEvent: @escaping @Sendable (_ clientID: String, SessionEvent) -> Void
  ) {
    let count = min(max(settings.connections, 1), SessionName.maximumConnections)
    let used = (0..<count).map { SessionName.clientID(settings.clientID, $0) }
    let left = (memory?.clientIDs ?? []).filter { !used.contains($0) }
    let plan = SubscriptionPlan.filters(of: plants, connections: count)
    let group = SessionGroup(used: plan.map(SessionControl.init), draining: left.map { _ in SessionControl([]) })
    let numbers = (used + left).map { SessionName.number(of: $0, settings.clientID) }
    sessions = (used + left).enumerated().map { position, clientID in
      var own = settings
      own.clientID = clientID
      let role = SessionRole(
        connection: numbers[position], isDraining: position >= count, mayUnsubscribe: { group.isSettled },
        settlementChanged: { group.wake() })
      let preparation = MessageLoop.Preparation(settings: own, role: role, memory: memory, sink: sink) { event in
        if event == .subscribed, role.isDraining || !group.isSubscribed { return }
        onEvent(clientID, event)
      }
      return BrokerSession(preparation, control: group.controls[position])
    }
    self.numbers = numbers
    self.group = group
  }

  deinit { stop() }

  /// Whether every connection in use stands and every subscription is confirmed.
  public var isSubscribed: Bool { group.isSubscribed }

  /// What was received so far over all connections.
  public var counters: SessionCounters { sessions.reduce(SessionCounters()) { $0 + $1.counters } }

  /// Tells, before ``start()``, what the end of the journal has, oldest first; see
  /// ``BrokerSession/noteAppended(packetID:hash:)``.
  public func noteAppended(packetID: UInt16, hash: UInt64, connection: Int) {
    for (session, number) in zip(sessions, numbers) where number == connection {
      session.noteAppended(packetID: packetID, hash: hash)
    }
  }

  /// Connects, and keeps trying. A second call does nothing.
  public func start() {
    for session in sessions { session.start() }
  }

  /// Takes other plants up, on the same connections. A filter that moves is unsubscribed where it was once every new
  /// subscription is confirmed.
  public func update(plants: [Plant]) {
    let used = sessions.prefix(group.used.count)
    for (session, filters) in zip(used, SubscriptionPlan.filters(of: plants, connections: used.count)) {
      session.update(subscriptions: filters)
    }
  }

  /// Disconnects in good order, the broker keeping the sessions, and waits for the threads' ends.
  public func stop() {
    for control in group.controls { control.stop() }
    for session in sessions { session.stop() }
  }
}

/// How the sessions of a process know of each other.
final class SessionGroup: Sendable {
  let used: [SessionControl]
  let controls: [SessionControl]

  init(used: [SessionControl], draining: [SessionControl]) {
    self.used = used
    controls = used + draining
  }

  /// Whether every session in use has the broker's answers.
  var isSettled: Bool {
    used.allSatisfy { $0.isSettled.load(ordering: .sequentiallyConsistent) && !$0.hasNewSubscriptions }
  }

  /// Whether every session in use has what it wants.
  var isSubscribed: Bool { used.allSatisfy { $0.isSubscribed.load(ordering: .sequentiallyConsistent) } }

  /// Makes every session's thread look around.
  func wake() {
    for control in controls { control.pipe.wake() }
  }
}

/// Client ids of the connections.
enum SessionName {
  static let maximumConnections = 64
  /// The number of a session that another configuration's client id belongs to.
  static let stranger = 127

  static func clientID(_ first: String, _ number: Int) -> String { number == 0 ? first : "\(first)-\(number + 1)" }

  /// The connection that a client id names, ``stranger`` where it is none of `first`.
  static func number(of clientID: String, _ first: String) -> Int {
    (0..<maximumConnections).first { SessionName.clientID(first, $0) == clientID } ?? stranger
  }
}
