/// A row that was left out.
public struct RecordingProblem: Hashable, Sendable {
  /// What is wrong with it.
  public enum Kind: Hashable, Sendable {
    /// The line as a whole: too long, or a quotation mark is not closed.
    case line
    /// It has so many cells, and the headings another number.
    case width(Int)
    /// A cell that tells no time.
    case time(String)
    /// A cell that is no number.
    case number(String, heading: String)
  }

  /// Number of the line, from 1.
  public var line: Int
  /// Position in the line in characters, from 1.
  public var column: Int
  /// What is wrong with it.
  public var kind: Kind
  /// The same in words.
  public var reason: String
}
