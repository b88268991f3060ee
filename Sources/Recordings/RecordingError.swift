/// Reason why a recording cannot be read, or a decision that an option must provide first.
public struct RecordingError: Error, Equatable, CustomStringConvertible {
  /// An undecided property of the file, and the option that decides it.
  public struct Question: Hashable, Sendable {
    /// Name of the option without dashes, such as `dates`.
    public var option: String
    /// Possible values of the option, the likeliest first.
    public var values: [String]
  }

  /// Name under which the file was opened.
  public var file: String
  /// Number of the line, from 1; `nil` for the file as a whole.
  public var line: Int?
  /// Position in the line in characters, from 1; `nil` for the line as a whole.
  public var column: Int?
  /// The problem, with the remedy.
  public var message: String
  /// Decision that an option can provide.
  public var question: Question?

  init(_ file: String, message: String, line: Int? = nil, column: Int? = nil, question: Question? = nil) {
    self.file = file
    self.message = message
    self.line = line
    self.column = column
    self.question = question
  }

  /// Text of the form `file:line:column: problem; write --option value`.
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if let column, line != nil { place += ":\(column)" }
    guard let question else { return "\(place): \(message)" }
    let options = question.values.map { "--\(question.option) \($0)" }
    return "\(place): \(message); write \(options.joined(separator: " or "))"
  }
}
