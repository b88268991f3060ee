import CommandChannel
import MQTTSource
import StreamCore
import SystemCore

/// Reports the events of the broker's sessions in the log, and announces the process once it receives everything.
struct BrokerEvents: Sendable {
  private let announcer: Publisher
  private let host: SparkplugHosting
  private let note: @Sendable (LogEntry) -> Void
  private let trouble = LogDeduplicator()
  /// Reasons of refused subscriptions by filter.
  private let refusals = Locked<[String: String]>([:])

  /// Creates the listener of all sessions.
  ///
  /// - Parameters:
  ///   - announcer: Publishes that the process is online.
  ///   - host: Goes online as a Sparkplug host.
  ///   - note: Receives log lines.
  init(announcer: Publisher, host: SparkplugHosting, note: @escaping @Sendable (LogEntry) -> Void) {
    (self.announcer, self.host, self.note) = (announcer, host, note)
  }

  /// The reasons that keep the sessions from receiving everything, at most 20.
  var obstacles: [String] {
    let away = trouble.current.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let refused = refusals.value.sorted { $0.key < $1.key }.map { "refuses \($0.key): \($0.value)" }
    return Array((away + refused).prefix(20))
  }

  /// Reports an event of the session with a client ID.
  func report(_ event: SessionEvent, from clientID: String) {
    switch event {
    case .connected(let sessionPresent):
      trouble.isOver(with: clientID)
      note(
        .info(
          "broker: \(clientID) connected\(sessionPresent ? ", the session was kept" : "")", fields: [.client: clientID])
      )
    case .forgotten:
      note(
        .error(
          "broker: it has forgotten the session of \(clientID) and what it kept for it; does it run with persistence?",
          fields: [.client: clientID]))
    case .subscribed:
      refusals.set([:])
      host.goOnline()
      note("broker: every subscription is confirmed")
      try? announcer.announce(.online)
    case .disconnected(let reason):
      if trouble.isNew(reason, with: clientID) {
        note(.warning("broker: \(clientID): \(reason); trying again", fields: [.client: clientID]))
      }
    case .refused(let filter, let reason):
      refusals.with { $0[filter] = reason }
      note(.error("broker: refuses the subscription to \(filter): \(reason)", fields: [.topic: filter]))
    case .olderProtocol: note("broker: does not speak MQTT 5; going on with 3.1.1")
    case .oversized(let topic, let limit):
      note(
        .warning(
          "broker: a payload on \(topic) is longer than \(limit) bytes (mqtt.max_payload); such are dropped and counted",
          fields: [.topic: topic]))
    case .drained:
      note("broker: \(clientID) is not used any more; what waited for it is taken in, its session is ended")
    case .memoryFailed(let reason): note(.error("the list of subscriptions cannot be kept: \(reason)"))
    case .sinkStalled(let reason): note(.warning("reading stops: \(reason)"))
    case .sinkResumed: note("reading goes on")
    }
  }
}
