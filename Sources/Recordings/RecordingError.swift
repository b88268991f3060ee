/// Why a recording cannot be read, or what has to be told by an option first.
public struct RecordingError: Error, Equatable, CustomStringConvertible {
  /// What the file cannot tell, and the option that does.
  public struct Question: Hashable, Sendable {
    /// The option's name without dashes, such as `dates`.
    public var option: String
    /// What may be written for it, the likeliest first.
    public var values: [String]
  }

  /// The file as it was named.
  public var file: String
  /// Number of the line, from 1; `nil` for the file as a whole.
  public var line: Int?
  /// Position in the line in characters, from 1; `nil` for the line as a whole.
  public var column: Int?
  /// What is wrong, and what would be right.
  public var message: String
  /// What an option would settle.
  public var question: Question?

  init(_ file: String, _ message: String, line: Int? = nil, column: Int? = nil, question: Question? = nil) {
    self.file = file
    self.message = message
    self.line = line
    self.column = column
    self.question = question
  }

  /// `file:line:column: what is wrong; write --option value`.
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if let column, line != nil { place += ":\(column)" }
    guard let question else { return "\(place): \(message)" }
    let options = question.values.map { "--\(question.option) \($0)" }
    return "\(place): \(message); write \(options.joined(separator: " or "))"
  }
}
