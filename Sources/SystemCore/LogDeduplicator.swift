import Synchronization

/// The last problem reported per subject, used to log a persisting problem once.
public final class LogDeduplicator: Sendable {
  private let words = Mutex<[String: String]>([:])

  /// Creates an instance without problems.
  public init() {}

  /// Records a problem of `thing`. Returns whether it differs from the last one recorded.
  public func isNew(_ words: String, with thing: String) -> Bool {
    self.words.withLock { $0.updateValue(words, forKey: thing) != words }
  }

  /// The last problem of each subject that has one.
  public var current: [String: String] { words.withLock { $0 } }

  /// Clears the problem of `thing`; the same problem would be new again.
  public func isOver(with thing: String) { words.withLock { $0[thing] = nil } }
}
