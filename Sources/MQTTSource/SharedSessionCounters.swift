import StreamCore
import Synchronization

/// Counters with one writer, the session's thread, and any number of readers; relaxed memory order.
final class SharedSessionCounters: Sendable {
  private let messages = Atomic(0)
  private let bytes = Atomic(0)
  private let duplicates = Atomic(0)
  private let oversized = Atomic(0)
  let connections = Atomic(0)

  /// Adds received counts, excluding connections.
  func add(_ received: SourceCounters) {
    messages.add(received.messages, ordering: .relaxed)
    bytes.add(received.bytes, ordering: .relaxed)
    duplicates.add(received.duplicates, ordering: .relaxed)
    oversized.add(received.oversized, ordering: .relaxed)
  }

  var value: SourceCounters {
    SourceCounters(
      messages: messages.load(ordering: .relaxed), bytes: bytes.load(ordering: .relaxed),
      duplicates: duplicates.load(ordering: .relaxed), oversized: oversized.load(ordering: .relaxed),
      reconnects: max(0, connections.load(ordering: .relaxed) - 1))
  }
}
