import Synchronization

/// Counters of a session since its creation.
///
/// `messages` = passed to the sink + `duplicates` + `oversized` + those of a burst that the sink has not accepted yet.
public struct SessionCounters: Sendable, Equatable {
  /// Messages received, including re-delivered ones.
  public var messages = 0
  /// Bytes of their topics and payloads; of oversized payloads only the bytes examined.
  public var bytes = 0
  /// Messages re-delivered although already appended; they were not passed to the sink again.
  public var duplicates = 0
  /// Messages with a payload above the limit; they were acknowledged and dropped.
  public var oversized = 0
  /// Connections accepted by the broker, except the first.
  public var reconnects = 0

  /// Adds two sets of counters.
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

/// Counters with one writer, the session's thread, and any number of readers; relaxed memory order.
final class SharedSessionCounters: Sendable {
  private let messages = Atomic(0)
  private let bytes = Atomic(0)
  private let duplicates = Atomic(0)
  private let oversized = Atomic(0)
  let connections = Atomic(0)

  /// Adds received counts, excluding connections.
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
