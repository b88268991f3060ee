public import WattlineTime

/// A log's answer to a burst of messages.
public enum BurstOutcome: Sendable, Equatable {
  /// The burst is stored; the sender may discard it.
  case accepted
  /// There is no room; nothing of the burst was stored.
  case full
  /// The burst could not be stored, for the given reason.
  case failed(String)
}

/// Stores the bursts of a ``MessageSource``. The pipeline's log stands behind it.
public protocol BurstSink: AnyObject, Sendable {
  /// Stores a burst completely or not at all. Acknowledgements are sent after it returns.
  ///
  /// Called on the source's thread, never with an empty burst. After ``BurstOutcome/full`` or
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
