import Synchronization

/// How the sink stands with the database.
public enum SinkState: Sendable, Equatable {
  /// Writing, or nothing to write.
  case ok
  /// No answer, or a busy or failing server; the words say which. Tried again by itself.
  case away(String)
  /// Good data is kept back until a person acts; the words are the server's.
  case held(HoldReason, String)
}

/// Counters of a sink at one moment.
public struct SinkCounts: Sendable, Equatable {
  /// Lines that the database accepted.
  public var pointsWritten: UInt64 = 0
  /// Requests sent, those without an answer included.
  public var requests: UInt64 = 0
  /// Bytes of bodies sent, those without an answer included.
  public var bytes: UInt64 = 0
  /// Requests that had to be sent again as a whole.
  public var retries: UInt64 = 0
  /// Lines in the dead-letter file, by reason; reasons without any are left out.
  public var deadLetters: [RefusalReason: UInt64] = [:]
  /// Batches that wait.
  public var queueDepth = 0
  /// How the sink stands with the database.
  public var state = SinkState.ok
}

/// What the sink's thread counts and others read at any time.
final class SinkStatus: Sendable {
  let pointsWritten = Atomic<UInt64>(0)
  let requests = Atomic<UInt64>(0)
  let bytes = Atomic<UInt64>(0)
  let retries = Atomic<UInt64>(0)
  private let deadLetters = Mutex<[RefusalReason: UInt64]>([:])
  private let state = Mutex<SinkState>(.ok)

  func countDeadLetters(_ count: Int, _ reason: RefusalReason) {
    deadLetters.withLock { $0[reason, default: 0] += UInt64(count) }
  }

  /// Sets the state; `true` if it is another than before.
  func change(to new: SinkState) -> Bool {
    state.withLock { old in
      defer { old = new }
      return old != new
    }
  }

  func counts(queueDepth: Int) -> SinkCounts {
    SinkCounts(
      pointsWritten: pointsWritten.load(ordering: .relaxed), requests: requests.load(ordering: .relaxed),
      bytes: bytes.load(ordering: .relaxed), retries: retries.load(ordering: .relaxed),
      deadLetters: deadLetters.withLock { $0 }, queueDepth: queueDepth, state: state.withLock { $0 })
  }
}
