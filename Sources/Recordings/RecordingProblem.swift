/// A row that was skipped.
public struct RecordingProblem: Hashable, Sendable {
  /// Kind of a row's defect.
  public enum Kind: Hashable, Sendable {
    /// The line as a whole: it is too long, or a quotation mark is not closed.
    case line
    /// A number of cells that differs from that of the headings.
    case width(Int)
    /// A cell that is not a time.
    case time(String)
    /// A cell that is not a number.
    case number(String, heading: String)
  }

  /// Number of the line, from 1.
  public var line: Int
  /// Position in the line in characters, from 1.
  public var column: Int
  /// Kind of the defect.
  public var kind: Kind
  /// Description of the defect.
  public var reason: String
}
