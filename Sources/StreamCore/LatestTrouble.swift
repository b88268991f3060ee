import Synchronization

/// What is wrong now with each of several things, so that trouble that goes on is said once.
public final class LatestTrouble: Sendable {
  private let words = Mutex<[String: String]>([:])

  /// Nothing is wrong.
  public init() {}

  /// Whether something is wrong with `thing` that was not said last of it; it is what was said last from now on.
  public func isNew(_ words: String, with thing: String) -> Bool {
    self.words.withLock { $0.updateValue(words, forKey: thing) != words }
  }

  /// Nothing is wrong with `thing` any more; the same trouble would be new.
  public func isOver(with thing: String) { words.withLock { $0[thing] = nil } }
}
