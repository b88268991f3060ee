/// A line of a YAML file as a person wrote it, for messages about slips.
struct SourceLine {
  let text: Substring
  /// Number, from 1.
  let number: Int

  /// Number of characters of a line that are looked at; people write shorter ones.
  private static let longest = 2_000

  init(text: Substring, number: Int) { (self.text, self.number) = (text.prefix(SourceLine.longest), number) }

  /// Creates the line of a position; empty if there is none.
  init(lines: [Substring], mark: Mark) {
    self.init(text: lines.indices.contains(mark.line - 1) ? lines[mark.line - 1] : "", number: mark.line)
  }

  /// Number of blanks at the start.
  var indentation: Int { text.prefix { $0 == " " }.count }

  /// The line without blanks at its ends.
  var trimmed: Substring { SourceLine.trimmed(text) }

  /// Whether the line is empty or a comment.
  var isBlank: Bool { trimmed.isEmpty || trimmed.hasPrefix("#") }

  /// Position of a tab before the first letter.
  var tabInIndentation: Mark? {
    guard let tab = text.firstIndex(of: "\t"), text[..<tab].allSatisfy({ $0 == " " || $0 == "-" }) else { return nil }
    return Mark(line: number, column: text[..<tab].count + 1)
  }

  /// Values behind keys and dashes, with their columns: the texts behind `: ` and `- ` outside quotation marks.
  var values: [(value: Substring, column: Int)] {
    separators.compactMap { next, column in
      let value = text[next...]
      let blanks = value.prefix { $0 == " " }.count
      return blanks == value.count ? nil : (SourceLine.trimmed(value), column + blanks)
    }
  }

  /// Whether the line has a key with a value.
  var hasValue: Bool { values.contains { !$0.value.hasPrefix("#") } && !trimmed.hasSuffix(":") }

  /// Value that has a `: ` of its own behind that of its key, in a line without brackets.
  var secondColon: (value: Substring, column: Int)? {
    values.first { value, column in
      // The text behind the dash of a list is no value yet.
      let before = text.prefix(column - 1).last { $0 != " " }
      return before == ":" && !value.hasPrefix("#") && value.contains(": ")
        && !value.contains { "{[\"'".contains($0) }
    }
  }

  /// Key whose blank is missing behind the colon: `plant:hillside`.
  var gluedKey: (key: Substring, value: Substring, column: Int)? {
    let rest = trimmed.drop { $0 == "-" || $0 == " " || $0 == "{" }
    let key = rest.prefix { $0.isLetter || $0 == "_" }
    guard !key.isEmpty, rest.dropFirst(key.count).first == ":" else { return nil }
    let value = rest.dropFirst(key.count + 1)
    guard let first = value.first, first != " ", first != "/" else { return nil }
    return (key, value.prefix { $0 != "," && $0 != "}" }.prefix(60), text[..<key.startIndex].count + 1)
  }

  /// Column of a quotation mark that begins a value and has no partner in the line.
  var openQuotation: Int? {
    for (value, column) in values {
      guard let mark = value.first, mark == "\"" || mark == "'" else { continue }
      if !value.dropFirst().contains(mark) { return column }
    }
    return nil
  }

  /// Text directly behind a value in quotation marks: `/b` in `match: "a"/b`.
  var textAfterQuotation: (text: Substring, column: Int)? {
    for (value, _) in values {
      guard let mark = value.first, mark == "\"" || mark == "'" else { continue }
      guard let end = value.dropFirst().firstIndex(of: mark) else { continue }
      let rest = value[value.index(after: end)...]
      guard let next = rest.first, !" ,}]:#".contains(next), next != mark else { continue }
      return (rest.prefix { $0 != " " && $0 != "," }, text[..<rest.startIndex].count + 1)
    }
    return nil
  }

  /// Whether there are more closing brackets than opening ones.
  var hasSurplusBracket: Bool {
    text.count { "}]".contains($0) } > text.count { "{[".contains($0) }
  }

  /// Whether text stands directly behind or before braces, as in `{asset}/power`.
  var hasGluedPlaceholder: Bool {
    text.indices.contains { index in
      guard text[index] == "}", let next = text[text.index(after: index)...].first else { return false }
      return !" ,}]:#\"'".contains(next)
    }
  }

  /// Returns whether a value goes on behind the brace that closes its first one.
  static func continues(_ value: Substring) -> Bool {
    guard let close = value.firstIndex(of: "}") else { return false }
    let rest = value[value.index(after: close)...]
    return rest.first.map { !" ,}]#".contains($0) } ?? false
  }

  /// Positions behind each `:` and `-` outside quotation marks that a blank follows, with the blank's column.
  private var separators: [(end: Substring.Index, column: Int)] {
    var found: [(Substring.Index, Int)] = []
    var quotation: Character?
    var before: Character = " "
    var (index, column) = (text.startIndex, 1)
    while index < text.endIndex {
      let character = text[index]
      let next = text.index(after: index)
      if let mark = quotation {
        if character == mark { quotation = nil }
      } else if character == "\"" || character == "'", " [{,".contains(before) {
        quotation = character
      } else if character == ":" || character == "-" && before == " ", next < text.endIndex, text[next] == " " {
        found.append((next, column + 1))
      }
      before = character
      (index, column) = (next, column + 1)
    }
    return found
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" && $0 != "\r" }) else { return start.prefix(0) }
    return start[...last]
  }
}

/// Characters that look like those of YAML and are others, as word processors and web pages make them.
enum LookAlike {
  private static let known: [Unicode.Scalar: (name: String, right: String)] = [
    "\u{A0}": ("a no-break space", "a blank"), "\u{202F}": ("a no-break space", "a blank"),
    "\u{2003}": ("a wide space", "a blank"), "\u{3000}": ("a wide space", "a blank"),
    "\u{200B}": ("an invisible space", "nothing"), "\u{200E}": ("an invisible mark", "nothing"),
    "\u{FEFF}": ("a byte order mark inside the text", "nothing"),
    "\u{201C}": ("a curly quotation mark", "\""), "\u{201D}": ("a curly quotation mark", "\""),
    "\u{201E}": ("a low quotation mark", "\""), "\u{2018}": ("a curly quotation mark", "'"),
    "\u{2019}": ("a curly quotation mark", "'"), "\u{2013}": ("an en dash", "-"), "\u{2014}": ("an em dash", "-"),
    "\u{2212}": ("a minus sign", "-"), "\u{FF1A}": ("a wide colon", ":"),
  ]

  /// Returns the first such character before a comment, with its position and what to write.
  static func first(in text: Substring, line: Int) -> (mark: Mark, words: String)? {
    var column = 0
    var before: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      column += 1
      if scalar == "#", before == " " { return nil }
      before = scalar
      guard let (name, right) = known[scalar] else { continue }
      let code = String(scalar.value, radix: 16, uppercase: true)
      return (
        Mark(line: line, column: column),
        "\(name) (U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code)) stands here; write \(right) in its "
          + "place"
      )
    }
    return nil
  }

  /// Returns what is odd about a value or key that begins or ends with such a character.
  static func oddity(of text: String) -> String? {
    let scalars = Array(text.unicodeScalars)
    let hidden = scalars.first { scalar in
      known[scalar].map { !["\"", "'", "-", ":"].contains($0.right) } ?? false
    }
    let ends = [scalars.first, scalars.last].compactMap(\.self).first { scalar in
      known[scalar].map { ["\"", "'"].contains($0.right) } ?? false
    }
    guard let scalar = hidden ?? ends, let (name, right) = known[scalar] else { return nil }
    let code = String(scalar.value, radix: 16, uppercase: true)
    return
      "'\(text.prefix(60))' has \(name) (U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code)); write "
      + "\(right) in its place"
  }
}
