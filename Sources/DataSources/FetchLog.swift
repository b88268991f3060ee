import WattlineTime

/// The log into which fetched readings go. The pipeline's journal stands behind it.
public protocol FetchLog: AnyObject, Sendable {
  /// Offset after the last record.
  var endOffset: UInt64 { get }

  /// Appends messages of a topic, all or none; safe against the end of the process once it returns.
  ///
  /// - Parameters:
  ///   - payloads: Payloads of the messages.
  ///   - topic: Their topic.
  /// - Returns: The reason if they are not in the log; `nil` if they are.
  func append(_ payloads: [[UInt8]], topic: String) -> String?

  /// Waits until everything appended is safe against power loss.
  ///
  /// - Returns: The reason if it is not; `nil` if it is.
  func bringToDisk() -> String?

  /// Calls `body` with each message of a source from an offset on.
  ///
  /// - Parameters:
  ///   - offset: Offset of the first record.
  ///   - body: Receives topic and payload of a message, and the offset after its record.
  func forEachFetched(from offset: UInt64, _ body: (String, UnsafeRawBufferPointer, UInt64) -> Void)
}

/// Why a fetch has ended before its end.
struct FetchError: Error, Equatable {
  /// All that a further try can do.
  enum Kind: Equatable {
    /// The same may succeed later.
    case passing
    /// The other side refuses the credentials. Further tries may lock the account.
    case refused
    /// The source is being stopped.
    case stopped
  }

  var kind: Kind
  /// All that is wrong, and where.
  var words: String
  /// Wait for which the other side asks.
  var wait: TimeSpan?
  /// Whether the same request may succeed within seconds.
  var isBrief = false

  static func passing(_ words: String, wait: TimeSpan? = nil, isBrief: Bool = false) -> FetchError {
    FetchError(kind: .passing, words: words, wait: wait, isBrief: isBrief)
  }
}

/// Outcome of a fetch that has come to its end.
struct FetchResult: Equatable {
  /// Rows that had something new.
  var rows = 0
  /// Rows that cannot be read.
  var unreadable = 0
  /// All that is wrong with the first of them, or another hint for people.
  var hint: String?

  /// Adds what came of a document.
  mutating func add(_ news: SourceIntake.News) {
    rows += news.rows
    unreadable += news.refused
    hint = hint ?? news.hint
  }
}
