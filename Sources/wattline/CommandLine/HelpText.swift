/// Text of help that fits a terminal.
enum HelpText {
  /// Longest line [characters].
  static let width = 100

  /// Breaks long lines at spaces. What is left over goes to the start of the next line of the same paragraph.
  ///
  /// A line with two spaces within is a row of a table, whose continuation is indented.
  ///
  /// - Parameters:
  ///   - text: Lines.
  ///   - hanging: Indentation of continuations; `nil` for that of the line itself.
  static func wrapped(_ text: String, hanging: Int? = nil) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var result: [String] = []
    var place = 0
    while place < lines.count {
      let line = lines[place]
      place += 1
      guard line.count > width, let (head, rest) = broken(line) else {
        result.append(line)
        continue
      }
      result.append(head)
      let indent = hanging ?? continuation(of: line)
      let isParagraph = hanging == nil && place < lines.count && isProse(lines[place]) && isProse(line)
      if isParagraph, indentation(lines[place]) == indent {
        lines[place] = String(repeating: " ", count: indent) + rest + " " + lines[place].dropFirst(indent)
      } else {
        lines.insert(String(repeating: " ", count: indent) + rest, at: place)
      }
    }
    return result.joined(separator: "\n")
  }

  /// Splits a line at the last space that leaves a whole line; `nil` if there is none after its indentation.
  private static func broken(_ line: String) -> (head: String, rest: String)? {
    let limit = line.index(line.startIndex, offsetBy: width)
    let start = line.index(line.startIndex, offsetBy: indentation(line))
    guard let space = line[...limit].lastIndex(of: " "), space > start else { return nil }
    return (String(line[..<space]), String(line[line.index(after: space)...]))
  }

  private static func indentation(_ line: String) -> Int { line.prefix { $0 == " " }.count }

  /// Whether a line is text, and not empty or a row of a table.
  private static func isProse(_ line: String) -> Bool {
    let words = line.dropFirst(indentation(line))
    return !words.isEmpty && !words.contains("  ")
  }

  /// Indentation of what follows a row of a table: its last column.
  private static func continuation(of line: String) -> Int {
    let words = line.dropFirst(indentation(line))
    guard let gap = words.ranges(of: #/ {2,}/#).first else { return indentation(line) }
    return line.distance(from: line.startIndex, to: gap.upperBound)
  }
}
