import Synchronization

/// What a session has received, since it was made.
///
/// `messages` = handed to the sink + `duplicates` + `oversized` + those of a burst that the sink has not taken yet.
public struct SessionCounters: Sendable, Equatable {
  /// Messages received, re-delivered ones included.
  public var messages = 0
  /// Bytes of their topics and payloads; of payloads that were too long, only those that were looked at.
  public var bytes = 0
  /// Messages that the broker sent again although they had been appended; they were not handed to the sink again.
  public var duplicates = 0
  /// Messages whose payload is longer than allowed; they were acknowledged and dropped.
  public var oversized = 0
  /// Connections that the broker accepted, after the first.
  public var reconnects = 0

  /// Both together.
  static func + (a: SessionCounters, b: SessionCounters) -> SessionCounters {
    var sum = a
    sum.messages += b.messages
    sum.bytes += b.bytes
    sum.duplicates += b.duplicates
    sum.oversized += b.oversized
    sum.reconnects += b.reconnects
    return sum
  }
}

/// The counters as the session's thread writes them; one writer, relaxed order, read by anyone.
final class SharedSessionCounters: Sendable {
  private let messages = Atomic(0)
  private let bytes = Atomic(0)
  private let duplicates = Atomic(0)
  private let oversized = Atomic(0)
  let connections = Atomic(0)

  /// Adds what was received; not the connections.
  func add(_ received: SessionCounters) {
    messages.add(received.messages, ordering: .relaxed)
    bytes.add(received.bytes, ordering: .relaxed)
    duplicates.add(received.duplicates, ordering: .relaxed)
    oversized.add(received.oversized, ordering: .relaxed)
  }

  var value: SessionCounters {
    SessionCounters(
      messages: messages.load(ordering: .relaxed), bytes: bytes.load(ordering: .relaxed),
      duplicates: duplicates.load(ordering: .relaxed), oversized: oversized.load(ordering: .relaxed),
      reconnects: max(0, connections.load(ordering: .relaxed) - 1))
  }
}
