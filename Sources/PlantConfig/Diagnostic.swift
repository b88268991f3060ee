/// A mistake in a file of configuration: where it stands, what is wrong and what would be right.
public struct Diagnostic: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file's name within the folder.
  public var file: String
  /// Line, from 1.
  public var line: Int
  /// Column, from 1.
  public var column: Int
  /// What is wrong and what would be right.
  public var message: String
  /// Whether it is taken as it stands, and is only told because it is probably not meant.
  public var isWarning: Bool

  /// A mistake, or a warning, at a place.
  public init(file: String, line: Int, column: Int, message: String, isWarning: Bool = false) {
    self.isWarning = isWarning
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  /// `file:line:column: error: message`, or `warning`, one line whatever the file's names hold.
  public var description: String {
    Words.visible("\(file):\(line):\(column): \(isWarning ? "warning" : "error"): \(message)")
  }
}
