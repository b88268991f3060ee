/// Events of a ``BrokerSession``, reported on its thread.
public enum SessionEvent: Sendable, Equatable {
  /// The broker accepted the connection. `sessionPresent` states whether it kept the session and its queued messages.
  case connected(sessionPresent: Bool)
  /// The broker lost the session. Messages that it should have queued meanwhile are lost.
  case forgotten
  /// Every subscription is confirmed.
  case subscribed
  /// The connection ended or failed; another attempt follows.
  case disconnected(reason: String)
  /// The broker refuses a subscription, or the filter is not valid in MQTT. The session then never becomes
  /// `subscribed`.
  case refused(filter: String, reason: String)
  /// The broker does not support MQTT 5, so 3.1.1 is used. Reported once.
  case olderProtocol
  /// A payload exceeded the limit and was acknowledged, dropped and counted. Reported for the first one only.
  case oversized(topic: String, limit: Int)
  /// All messages queued for an unused session were fetched, and the session was ended.
  case drained
  /// The session's filters cannot be stored on disk.
  case memoryFailed(reason: String)
  /// The sink cannot accept the burst. The session disconnects, keeps the burst and reconnects when the sink can.
  case sinkStalled(reason: String)
  /// The sink has accepted the burst that it had refused.
  case sinkResumed
}
