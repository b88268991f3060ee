public import Journal
import Synchronization
public import WattlineTime

/// State of the connection to the database.
public enum SinkState: Sendable, Equatable {
  /// Writing, or nothing to write.
  case ok
  /// No answer, or a busy or failing server, with the message. The sink retries on its own.
  case away(String)
  /// Valid data is held until an operator acts, with the server's message.
  case held(HoldReason, String)
}

/// Counters of a sink at one time.
public struct SinkCounts: Sendable, Equatable {
  /// Where every submitted point is.
  public var accounts = SinkAccounts()
  /// Requests sent, including those without an answer.
  public var requests: UInt64 = 0
  /// Bytes of bodies sent, including those without an answer.
  public var bytes: UInt64 = 0
  /// Requests that had to be repeated as a whole.
  public var retries: UInt64 = 0
  /// Points posted before older ones while the spool drained. Each is written again in its turn and counted then.
  public var pointsAhead: UInt64 = 0
  /// Batches waiting in memory.
  public var queueDepth = 0
  /// Size of the spool on disk [bytes].
  public var spoolBytes = 0
  /// Whether the spool is full and refuses points.
  public var isSpoolFull = false
  /// Places of the spool that were unreadable and skipped.
  public var spoolDamage = JournalDamage()
  /// Dead-letter files removed to make room for newer ones.
  public var deadLetterFilesRemoved: UInt64 = 0
  /// State of the connection to the database.
  public var state = SinkState.ok
  /// Time of the database less that of this machine, at the last answer that stated one.
  public var clockDifference: TimeSpan?

  /// Creates counters at zero.
  public init() {}

  /// Lines accepted by the database.
  public var pointsWritten: UInt64 { accounts.written.points }
  /// Lines in dead-letter files, by reason; reasons without lines are omitted.
  public var deadLetters: [WriteRefusalReason: UInt64] { accounts.deadLetters.mapValues(\.points) }
}

/// Counters written by the sink's thread and readable from any thread.
final class SinkStatus: Sendable {
  private let counts = Mutex(SinkCounts())

  /// Current counters.
  var current: SinkCounts { counts.withLock { $0 } }

  /// Current accounts.
  var accounts: SinkAccounts { counts.withLock { $0.accounts } }

  /// Changes several counters atomically.
  func update(_ change: (inout sending SinkCounts) -> Void) { counts.withLock { change(&$0) } }

  /// Sets the state; `true` if it changed.
  func change(to new: SinkState) -> Bool {
    counts.withLock { counts in
      defer { counts.state = new }
      return counts.state != new
    }
  }
}
