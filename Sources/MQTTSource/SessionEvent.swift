import PlantModel
import StreamCore

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

/// A sink's answer to a burst.
public enum BurstOutcome: Sendable, Equatable {
  /// The burst is stored; the broker may discard it.
  case accepted
  /// There is no room; nothing of the burst was stored.
  case full
  /// The burst could not be stored, for the given reason.
  case failed(String)
}

/// Stores the bursts of a session. The journal implements it.
public protocol BurstSink: AnyObject, Sendable {
  /// Stores a burst completely or not at all. Acknowledgements are sent after it returns.
  ///
  /// Called on the session's thread, never with an empty burst. After ``BurstOutcome/full`` or
  /// ``BurstOutcome/failed(_:)`` the same burst is offered again with a later time, before anything else is read.
  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome

  /// Whether a retry after ``BurstOutcome/full`` may succeed.
  var hasRoom: Bool { get }

  /// Size at which a burst is passed on before more is read [bytes]. Its last message may exceed this size.
  var burstBytes: Int { get }
}

extension BurstSink {
  /// Default: 4 MiB.
  public var burstBytes: Int { 4 << 20 }
}
