import Synchronization

/// What a session has received, since it was made.
///
/// `messages` = handed to the sink + `duplicates` + those of a burst that the sink has not taken yet.
public struct SessionCounters: Sendable, Equatable {
  /// Messages received, re-delivered ones included.
  public var messages = 0
  /// Bytes of their topics and payloads.
  public var bytes = 0
  /// Messages that the broker sent again although they had been appended; they were not handed to the sink again.
  public var duplicates = 0
  /// Connections that the broker accepted, after the first.
  public var reconnects = 0
}

/// The counters as the session's thread writes them; one writer, relaxed order, read by anyone.
final class SharedSessionCounters: Sendable {
  let messages = Atomic(0)
  let bytes = Atomic(0)
  let duplicates = Atomic(0)
  let connections = Atomic(0)

  var value: SessionCounters {
    SessionCounters(
      messages: messages.load(ordering: .relaxed), bytes: bytes.load(ordering: .relaxed),
      duplicates: duplicates.load(ordering: .relaxed), reconnects: max(0, connections.load(ordering: .relaxed) - 1))
  }
}
