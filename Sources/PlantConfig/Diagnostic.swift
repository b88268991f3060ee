/// A mistake or warning in a configuration file: its position, the problem and the remedy.
public struct Diagnostic: Error, Sendable, Hashable, CustomStringConvertible {
  /// Name of the file within the folder.
  public var file: String
  /// Line, from 1.
  public var line: Int
  /// Column, from 1.
  public var column: Int
  /// The problem and the remedy.
  public var message: String
  /// Whether the entry is accepted and only reported as probably unintended.
  public var isWarning: Bool

  /// Creates a mistake, or a warning, at a position.
  ///
  /// - Parameters:
  ///   - file: Name of the file within the folder.
  ///   - line: Line, from 1.
  ///   - column: Column, from 1.
  ///   - message: The problem and the remedy.
  ///   - isWarning: Whether the entry is accepted.
  public init(file: String, line: Int, column: Int, message: String, isWarning: Bool = false) {
    self.isWarning = isWarning
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  /// `file:line:column: error: message`, or `warning`, always on one line: control characters are escaped.
  public var description: String {
    Words.visible("\(file):\(line):\(column): \(isWarning ? "warning" : "error"): \(message)")
  }
}
