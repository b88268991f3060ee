import Journal
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
  /// Where every submitted point is.
  public var accounts = SinkAccounts()
  /// Requests sent, those without an answer included.
  public var requests: UInt64 = 0
  /// Bytes of bodies sent, those without an answer included.
  public var bytes: UInt64 = 0
  /// Requests that had to be sent again as a whole.
  public var retries: UInt64 = 0
  /// Points written ahead of their turn while the spool drained; each is written again in its turn and counted then.
  public var pointsAhead: UInt64 = 0
  /// Batches that wait in memory.
  public var queueDepth = 0
  /// Bytes of the spool on disk.
  public var spoolBytes = 0
  /// Whether the spool is full and takes no more points.
  public var isSpoolFull = false
  /// Places of the spool that could not be read, and were stepped over.
  public var spoolDamage = JournalDamage()
  /// Dead-letter files that were removed because newer ones needed the room.
  public var deadLetterFilesRemoved: UInt64 = 0
  /// How the sink stands with the database.
  public var state = SinkState.ok

  /// Lines that the database accepted.
  public var pointsWritten: UInt64 { accounts.written.points }
  /// Lines in dead-letter files, by reason; reasons without any are left out.
  public var deadLetters: [RefusalReason: UInt64] { accounts.deadLetters.mapValues(\.points) }
}

/// What the sink's thread counts and others read at any time.
final class SinkStatus: Sendable {
  private let counts = Mutex(SinkCounts())

  /// The counters now.
  var current: SinkCounts { counts.withLock { $0 } }

  /// The accounts now.
  var accounts: SinkAccounts { counts.withLock { $0.accounts } }

  /// Changes counters together.
  func update(_ change: (inout sending SinkCounts) -> Void) { counts.withLock { change(&$0) } }

  /// Sets the state; `true` if it is another than before.
  func change(to new: SinkState) -> Bool {
    counts.withLock { counts in
      defer { counts.state = new }
      return counts.state != new
    }
  }
}
