/// A part of a line between two delimiters, blanks around it left out.
struct Cell: Sendable, Equatable {
  /// Its bytes in the file's text.
  var range: Range<Int>
  /// Whether it stood in quotation marks and has doubled ones in it.
  var hasDoubledQuotes = false

  var isEmpty: Bool { range.isEmpty }
}

/// Goes through a text line by line and cuts each into cells after RFC 4180: in quotation marks a cell may hold the
/// delimiter, doubled quotation marks and ends of lines. A line ends at `\n`, `\r\n` or `\r`. A cell of several lines is
/// short: a quotation mark that is never closed must not swallow the file.
struct CellScanner {
  /// What a line turned out to be.
  enum Line: Equatable {
    /// Cells, which are in ``CellScanner/cells``.
    case cells
    /// Nothing but blanks and delimiters, or a comment after `#`.
    case blank
    /// A quotation mark is opened and not closed.
    case unclosed
    /// More than ``CellScanner/longestLine`` bytes.
    case tooLong
  }

  /// Longest line [bytes].
  static let longestLine = 1 << 20
  /// Most bytes of a cell after its first line.
  private static let longestRest = 400

  let bytes: [UInt8]
  let delimiter: UInt8
  /// Where the next line starts.
  private(set) var position: Int
  /// Number of the latest line, from 1.
  private(set) var line: Int
  /// Number of the last line that the latest one takes.
  var lastLine: Int { line + innerLines }
  /// Ends of lines within cells of the latest line.
  private var innerLines = 0
  /// Where the latest line started.
  private(set) var start = 0
  /// The cells of the latest line.
  private(set) var cells: [Cell] = []

  /// A scanner before the line that starts at `position` and comes after the line `line`.
  init(_ bytes: [UInt8], delimiter: UInt8, position: Int = 0, line: Int = 0) {
    self.bytes = bytes
    self.delimiter = delimiter
    self.position = position
    self.line = line
  }

  /// Reads the next line; `nil` at the end of the text.
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
        cells.append(trimmed(cell, place, hasQuotes))
        hasQuotes = false
        cell = place + 1
      case 32, 9: break
      default: hasContent = true
      }
      place += 1
    }
    if place == count, isQuoted { isUnclosed = true }
    cells.append(trimmed(cell, place, hasQuotes))
    let end = place
    if place < count { place += bytes[place] == 13 && place + 1 < count && bytes[place + 1] == 10 ? 2 : 1 }
    position = place
    if end - start > CellScanner.longestLine { return .tooLong }
    if !hasContent || (cells[0].range.first.map { bytes[$0] } == UInt8(ascii: "#")) { return .blank }
    return isUnclosed ? .unclosed : .cells
  }

  /// Whether a quotation mark that ends a cell comes soon, and none before it that opens another.
  private func isClosed(after place: Int) -> Bool {
    let end = min(bytes.count, place + CellScanner.longestRest)
    guard let quote = (place..<end).first(where: { bytes[$0] == 34 }) else { return false }
    let next = (quote + 1..<max(quote + 1, end)).first { !isBlank(bytes[$0]) }
    return next.map { [10, 13, delimiter].contains(bytes[$0]) } ?? (quote + 1 == bytes.count)
  }

  private func trimmed(_ start: Int, _ end: Int, _ hasQuotes: Bool) -> Cell {
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

  /// A cell's text.
  func text(_ cell: Cell) -> String { CellScanner.text(cell, bytes) }

  /// A cell's text, doubled quotation marks made one.
  static func text(_ cell: Cell, _ bytes: [UInt8]) -> String {
    let text = String(decoding: bytes[cell.range], as: UTF8.self)
    guard cell.hasDoubledQuotes else { return text }
    return text.replacing("\"\"", with: "\u{0}").replacing("\"", with: "").replacing("\u{0}", with: "\"")
  }

  /// The cell's place in its line in characters, from 1.
  func column(of cell: Cell) -> Int { String(decoding: bytes[start..<cell.range.lowerBound], as: UTF8.self).count + 1 }
}
