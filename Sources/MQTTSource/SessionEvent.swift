import PlantModel
import StreamCore

/// What a ``BrokerSession`` reports, on its own thread.
public enum SessionEvent: Sendable, Equatable {
  /// The broker accepted the connection; `sessionPresent` tells whether it kept what came meanwhile.
  case connected(sessionPresent: Bool)
  /// The broker does not have the session that it had: what it should have kept meanwhile is lost.
  case forgotten
  /// Every subscription was confirmed.
  case subscribed
  /// The connection ended or did not come about; another attempt follows.
  case disconnected(reason: String)
  /// The broker refuses a subscription, or the filter is not valid in MQTT. The session is not `subscribed` with it.
  case refused(filter: String, reason: String)
  /// The broker does not speak MQTT 5, so that 3.1.1 is spoken; said once.
  case olderProtocol
  /// A payload was longer than allowed, acknowledged, dropped and counted; said of the first.
  case oversized(topic: String, limit: Int)
  /// What the broker still had for a session that is no longer used has come, and the session is ended.
  case drained
  /// Which filters the session has cannot be kept on disk.
  case memoryFailed(reason: String)
  /// The sink cannot take what was received: the session disconnects, keeps the burst and comes back when it can.
  case sinkStalled(reason: String)
  /// The sink has taken the burst that it had turned away.
  case sinkResumed
}

/// What a sink says to a burst.
public enum BurstOutcome: Sendable, Equatable {
  /// The burst is kept; the broker may forget it.
  case accepted
  /// There is no room for it; nothing of it was kept.
  case full
  /// It could not be kept, for a reason.
  case failed(String)
}

/// Keeps what a session receives; the journal, behind a protocol.
public protocol BurstSink: AnyObject, Sendable {
  /// Keeps a burst, all or nothing; the acknowledgements leave after this returns. Called on the session's thread, never
  /// with an empty burst. After ``BurstOutcome/full`` or ``BurstOutcome/failed(_:)`` the same burst is offered again,
  /// with a later time, before anything else is read.
  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome

  /// Whether trying again after ``BurstOutcome/full`` has a chance.
  var hasRoom: Bool { get }

  /// Size from which on a burst is handed over before more is read [bytes]; its last message may lie beyond.
  var burstBytes: Int { get }
}

extension BurstSink {
  /// 4 MiB.
  public var burstBytes: Int { 4 << 20 }
}
