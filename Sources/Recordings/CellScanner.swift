/// A part of a line between two delimiters, without the blanks around it.
struct Cell: Sendable, Equatable {
  /// Byte range in the file's text.
  var range: Range<Int>
  /// Whether the cell may contain quotation marks that are to be resolved.
  var hasDoubledQuotes = false

  var isEmpty: Bool { range.isEmpty }
}

/// Scanner that splits a text into lines and cells, following RFC 4180.
///
/// A quoted cell may contain delimiters, doubled quotation marks and line ends. A line ends at `\n`, `\r\n` or `\r`.
/// The length of a multi-line cell is limited, so that an unclosed quotation mark does not swallow the file.
struct CellScanner {
  /// Kind of a line.
  enum Line: Equatable {
    /// A line with cells, which are in ``CellScanner/cells``.
    case cells
    /// Only blanks and delimiters, or a comment that starts with `#`.
    case blank
    /// A line with an unclosed quotation mark.
    case unclosed
    /// A line of more than ``CellScanner/longestLine`` bytes.
    case tooLong
  }

  /// Maximum length of a line [bytes].
  static let longestLine = 1 << 20
  /// Maximum distance from a line end within a cell to the closing quotation mark [bytes].
  private static let longestRest = 400

  let bytes: [UInt8]
  let delimiter: UInt8
  /// Byte position of the next line.
  private(set) var position: Int
  /// Number of the current line, from 1.
  private(set) var line: Int
  /// Number of the last line that the current one includes.
  var lastLine: Int { line + innerLines }
  /// Number of line ends within cells of the current line.
  private var innerLines = 0
  /// Byte position of the current line.
  private(set) var start = 0
  /// Cells of the current line.
  private(set) var cells: [Cell] = []

  /// Creates a scanner.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - delimiter: Byte between cells.
  ///   - position: Byte position of the first line to read.
  ///   - line: Number of the line before it.
  init(_ bytes: [UInt8], delimiter: UInt8, position: Int = 0, line: Int = 0) {
    self.bytes = bytes
    self.delimiter = delimiter
    self.position = position
    self.line = line
  }

  /// Reads the next line; returns `nil` at the end of the text.
  mutating func next() -> Line? {
    guard position < bytes.count else { return nil }
    start = position
    line += 1 + innerLines
    innerLines = 0
    cells.removeAll(keepingCapacity: true)
    var cell = position
    var isQuoted = false
    var isUnclosed = false
    var hasQuotes = false
    var hasContent = false
    var place = position
    let count = bytes.count
    scanning: while place < count {
      let byte = bytes[place]
      switch byte {
      case 10 where isQuoted && isClosed(after: place): innerLines += 1
      case 13 where isQuoted && isClosed(after: place): break
      case 10, 13:
        isUnclosed = isQuoted
        break scanning
      case 34:
        isQuoted.toggle()
        hasQuotes = true
        hasContent = true
      case delimiter where !isQuoted:
        cells.append(trimmed(cell, end: place, hasQuotes: hasQuotes))
        hasQuotes = false
        cell = place + 1
      case 32, 9: break
      default: hasContent = true
      }
      place += 1
    }
    if place == count, isQuoted { isUnclosed = true }
    cells.append(trimmed(cell, end: place, hasQuotes: hasQuotes))
    let end = place
    if place < count { place += bytes[place] == 13 && place + 1 < count && bytes[place + 1] == 10 ? 2 : 1 }
    position = place
    if end - start > CellScanner.longestLine { return .tooLong }
    if !hasContent || (cells[0].range.first.map { bytes[$0] } == UInt8(ascii: "#")) { return .blank }
    return isUnclosed ? .unclosed : .cells
  }

  /// Returns whether the next quotation mark is near and ends its cell.
  private func isClosed(after place: Int) -> Bool {
    let end = min(bytes.count, place + CellScanner.longestRest)
    guard let quote = (place..<end).first(where: { bytes[$0] == 34 }) else { return false }
    let next = (quote + 1..<max(quote + 1, end)).first { !isBlank(bytes[$0]) }
    return next.map { [10, 13, delimiter].contains(bytes[$0]) } ?? (quote + 1 == bytes.count)
  }

  private func trimmed(_ start: Int, end: Int, hasQuotes: Bool) -> Cell {
    var (start, end) = (start, end)
    func cut() {
      while start < end, isBlank(bytes[start]) { start += 1 }
      while end > start, isBlank(bytes[end - 1]) { end -= 1 }
    }
    cut()
    guard hasQuotes, end - start >= 2, bytes[start] == 34, bytes[end - 1] == 34 else {
      return Cell(range: start..<end, hasDoubledQuotes: hasQuotes)
    }
    start += 1
    end -= 1
    cut()
    return Cell(range: start..<end, hasDoubledQuotes: bytes[start..<end].contains(34))
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (byte == 9 && delimiter != 9) }

  /// Returns a cell's text.
  func text(_ cell: Cell) -> String { CellScanner.text(cell, bytes: bytes) }

  /// Returns a cell's text, with doubled quotation marks resolved.
  static func text(_ cell: Cell, bytes: [UInt8]) -> String {
    let text = String(decoding: bytes[cell.range], as: UTF8.self)
    guard cell.hasDoubledQuotes else { return text }
    return text.replacing("\"\"", with: "\u{0}").replacing("\"", with: "").replacing("\u{0}", with: "\"")
  }

  /// Returns the position of a cell in its line [characters], from 1.
  func column(of cell: Cell) -> Int { String(decoding: bytes[start..<cell.range.lowerBound], as: UTF8.self).count + 1 }
}
