import PlantModel

/// A syntax error of YAML in words that name the slip and what to write.
///
/// libyaml says what its grammar expected; this looks at the line that a person wrote.
struct SyntaxSlip {
  /// Error as libyaml reports it.
  struct Problem {
    /// Words of the error.
    var words: String
    /// Where it was noticed.
    var place: Mark
    /// The node that was being read, such as a quoted text; `nil` if libyaml does not say.
    var context: String?
    /// Where that began.
    var began: Mark
  }

  /// Position of the slip.
  let mark: Mark
  /// The slip, and what would be right.
  let message: String

  private init(_ mark: Mark, _ message: String) { (self.mark, self.message) = (mark, message) }

  /// Finds the slip that a problem arises from.
  ///
  /// - Parameters:
  ///   - problem: Error of libyaml.
  ///   - bytes: The file.
  init(_ problem: Problem, in bytes: UnsafeBufferPointer<UInt8>) {
    if let slip = SyntaxSlip.encoding(problem, in: bytes) {
      self = slip
      return
    }
    let lines = SyntaxSlip.lines(of: bytes)
    let line = SourceLine(lines: lines, mark: problem.place)
    self =
      SyntaxSlip.character(line) ?? SyntaxSlip.quotation(problem, line: line, lines: lines)
      ?? SyntaxSlip.value(line) ?? SyntaxSlip.structure(problem, line: line, lines: lines)
      ?? SyntaxSlip(
        problem.place,
        "\(problem.words) (YAML); look at this line's indentation, colons, brackets and quotation marks")
  }

  private static func lines(of bytes: UnsafeBufferPointer<UInt8>) -> [Substring] {
    String(decoding: bytes, as: UTF8.self).split(omittingEmptySubsequences: false) { $0.isNewline }
  }

  // MARK: Kinds of slips

  /// Bytes that are no text in UTF-8.
  private static func encoding(_ problem: Problem, in bytes: UnsafeBufferPointer<UInt8>) -> SyntaxSlip? {
    let zeros = bytes.prefix(64).count { $0 == 0 }
    if zeros > 8 {
      return SyntaxSlip(Mark(line: 1, column: 1), "the file is UTF-16 without its mark; save it as UTF-8")
    }
    guard problem.words.contains("UTF-8") || problem.words.contains("control characters") else { return nil }
    var mark = Mark(line: 1, column: 1)
    var rest = bytes[...]
    while let byte = rest.first {
      let length = wholeCharacter(rest)
      if length == 0 {
        return SyntaxSlip(
          mark, "this byte is no UTF-8, so the file is perhaps in ISO 8859-1 or a Windows code page; save it as UTF-8")
      }
      if byte < 0x20 && byte != 9 && byte != 10 && byte != 13 || byte == 0x7F {
        return SyntaxSlip(mark, "a control character (code \(byte)) stands here; delete it")
      }
      mark = byte == 10 ? Mark(line: mark.line + 1, column: 1) : Mark(line: mark.line, column: mark.column + 1)
      rest = rest.dropFirst(length)
    }
    return nil
  }

  /// Returns the length of the UTF-8 character at the start; 0 if there is none.
  private static func wholeCharacter(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    guard let first = bytes.first else { return 0 }
    let length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
    guard length > 0, bytes.count >= length, bytes.dropFirst().prefix(length - 1).allSatisfy({ $0 & 0xC0 == 0x80 })
    else { return 0 }
    return length
  }

  /// A tab, or a character that looks like another one.
  private static func character(_ line: SourceLine) -> SyntaxSlip? {
    if let tab = line.tabInIndentation {
      return SyntaxSlip(tab, "a tab indents this line, and YAML wants blanks; write two blanks in place of each tab")
    }
    if let (mark, words) = LookAlike.first(in: line.text, line: line.number) { return SyntaxSlip(mark, words) }
    return nil
  }

  /// Quotation marks that do not pair, and escapes in double ones.
  private static func quotation(_ problem: Problem, line: SourceLine, lines: [Substring]) -> SyntaxSlip? {
    if problem.words.contains("unknown escape") || problem.words.contains("hexdecimal") {
      return SyntaxSlip(
        problem.place, "in double quotation marks '\\' begins an escape; write single ones: '…', or two \\\\")
    }
    if problem.context?.contains("quoted scalar") == true {
      return SyntaxSlip(
        problem.began, "the quotation mark that opens here is never closed; close it at the end of the value")
    }
    for (number, text) in lines.prefix(problem.place.line).enumerated() {
      guard let column = SourceLine(text: text, number: number + 1).openQuotation else { continue }
      return SyntaxSlip(
        Mark(line: number + 1, column: column),
        "the quotation mark that opens here is not closed in its line; close it at the end of the value")
    }
    guard let rest = line.textAfterQuotation else { return nil }
    return SyntaxSlip(
      Mark(line: line.number, column: rest.column),
      "'\(rest.text)' stands behind the quotation marks; put all of the value into them")
  }

  /// A value that begins with a character that means something else, or has one in it.
  private static func value(_ line: SourceLine) -> SyntaxSlip? {
    for (value, column) in line.values {
      let mark = Mark(line: line.number, column: column)
      let shown = value.prefix(60)
      switch value.first {
      case "%", "@", "`":
        return SyntaxSlip(
          mark, "a value cannot begin with '\(value.prefix(1))'; put it into quotation marks: \"\(shown)\"")
      case "*", "&":
        return SyntaxSlip(
          mark, "'\(value.prefix(1))' at the start of a value means something else in YAML; write \"\(shown)\"")
      case "{" where SourceLine.continues(value):
        return SyntaxSlip(
          mark, "a value that begins with '{' is a mapping for YAML; put it into quotation marks: \"\(shown)\"")
      case "|", ">":
        if value.count > 1, !"-+0123456789 ".contains(value.dropFirst().first ?? " ") {
          return SyntaxSlip(
            mark, "'\(value.prefix(1))' begins a text of several lines in YAML; write \"\(shown)\"")
        }
      default: break
      }
    }
    return nil
  }

  /// Colons, dashes, brackets and indentation.
  private static func structure(_ problem: Problem, line: SourceLine, lines: [Substring]) -> SyntaxSlip? {
    if let slip = missingBlank(problem, line: line, lines: lines) { return slip }
    if problem.context?.contains("flow") == true { return bracket(problem, line: line, lines: lines) }
    if line.trimmed.hasPrefix("}") || line.trimmed.hasPrefix("]") || line.hasSurplusBracket {
      return SyntaxSlip(problem.place, "this bracket closes nothing; delete it, or open one before it")
    }
    if problem.words.contains("sequence entries are not allowed") {
      return SyntaxSlip(problem.place, "'- ' must begin a line of its own; break the line before it")
    }
    if let colon = line.secondColon {
      return SyntaxSlip(
        Mark(line: line.number, column: colon.column),
        "a value with ': ' in it needs quotation marks: \"\(colon.value.prefix(60))\"")
    }
    return indentation(problem, line: line, lines: lines)
  }

  private static func missingBlank(_ problem: Problem, line: SourceLine, lines: [Substring]) -> SyntaxSlip? {
    // A key without its blank is a plain text, so that the error is noticed at the next colon.
    let numbers = [line.number, line.number - 1, problem.began.line].filter { (1...max(lines.count, 1)).contains($0) }
    for number in numbers {
      let line = SourceLine(lines: lines, mark: Mark(line: number, column: 1))
      guard let glued = line.gluedKey else { continue }
      if let (mark, words) = LookAlike.first(in: line.text, line: number) { return SyntaxSlip(mark, words) }
      return SyntaxSlip(
        Mark(line: number, column: glued.column),
        "a blank is missing behind the colon; write '\(glued.key): \(glued.value)'")
    }
    guard problem.words.contains("could not find expected ':'") else { return nil }
    let place = problem.began.line > 0 ? problem.began : problem.place
    return SyntaxSlip(place, "this line has no key; write 'key: value', with a colon and a blank")
  }

  private static func bracket(_ problem: Problem, line: SourceLine, lines: [Substring]) -> SyntaxSlip? {
    if line.number > problem.began.line || line.trimmed.isEmpty {
      let isMapping = problem.context?.contains("mapping") == true
      return SyntaxSlip(
        problem.began,
        "the '\(isMapping ? "{" : "[")' that opens here is not closed; write '\(isMapping ? "}" : "]")' "
          + "at its end")
    }
    if line.hasGluedPlaceholder {
      return SyntaxSlip(problem.place, "put a value with braces into quotation marks: \"{asset}/power\"")
    }
    return SyntaxSlip(problem.place, "a comma is missing before this, or a bracket is not closed")
  }

  private static func indentation(_ problem: Problem, line: SourceLine, lines: [Substring]) -> SyntaxSlip? {
    let above = lines.prefix(max(line.number - 1, 0)).enumerated().reversed()
      .map { SourceLine(text: $0.element, number: $0.offset + 1) }.first { !$0.isBlank }
    if problem.words.contains("'-'") {
      return SyntaxSlip(
        problem.place,
        "this line stands at the level of the list's dashes; begin it with '- ', or indent it by two blanks more "
          + "if it belongs to the entry above")
    }
    guard let above else { return nil }
    let theirs = above.indentation
    if line.indentation > theirs, above.hasValue {
      return SyntaxSlip(
        Mark(line: line.number, column: line.indentation + 1),
        "this line is indented by \(line.indentation.counted("blank")), and the one above, with its value, by "
          + "\(theirs); give both the same indentation")
    }
    guard line.indentation != theirs else { return nil }
    return SyntaxSlip(
      Mark(line: line.number, column: line.indentation + 1),
      "this line is indented by \(line.indentation.counted("blank")), which fits no line above it (the last has "
        + "\(theirs)); indent lines that belong together alike")
  }
}
