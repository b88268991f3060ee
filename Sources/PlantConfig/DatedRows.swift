import PlantModel

/// Reads a CSV file beside the plant's, whose rows start with a time in ISO 8601 with its zone. Cells end at commas,
/// semicolons or tabulators.
struct DatedRows {
  /// Most rows; ten years of hours.
  static let maximumCount = 100_000
  /// Mistakes of one file that are told.
  private static let toldMistakes = 5

  /// What stands between two separators, and where.
  struct Cell {
    var text: String
    var column: Int

    /// The number that stands there; a comma or a point is its decimal mark, and where both stand, the last one.
    ///
    /// Worked values: `0,31` is 0.31, `1.234,5` and `1,234.5` are 1234.5.
    var number: Double? {
      guard text.utf8.contains(UInt8(ascii: ",")) else { return Double(text) }
      // What stands between thousands goes; the decimal mark is the last of both.
      let mark = text.last { $0 == "," || $0 == "." }
      let plain = text.contains(".") ? text.filter { $0 == mark || ($0 != "," && $0 != ".") } : text
      return Double(plain.replacing(",", with: "."))
    }
  }

  /// What is wrong in a row, and where.
  struct Wrong: Error {
    var column: Int
    var message: String
  }

  let reading: Reading
  /// The key of the plant's file that names this one.
  let key: String
  /// What a row has, as a first row would name it.
  let columns: String

  /// The rows of a file; where the plant's file names it is where a missing file is told. A first row that starts with
  /// a name, which must be that of a time, is handed to `header`.
  func read<Row>(
    _ name: String, at mark: Mark, header: ([Cell]) throws(Wrong) -> Void = { _ throws(Wrong) in },
    row: (Timestamp, ArraySlice<Cell>) throws(Wrong) -> Row
  ) -> [Row] {
    guard name.hasSuffix(".csv"), !name.contains("/") else {
      reading.mistake(mark, "'\(key)' is '\(name)'; name a .csv file in the same folder")
      return []
    }
    guard let text = reading.useFile(name) else {
      reading.mistake(mark, "the file '\(name)' cannot be read; '\(key)' names a CSV of \(columns)")
      return []
    }
    var rows: [Row] = []
    var mistakes = 0
    var isFirst = true
    if text.unicodeScalars.prefix(4).contains("\0") {
      let place = Mark(line: 1, column: 1)
      reading.mistake(place, "the file is no text in UTF-8; save it as CSV UTF-8", in: name)
      return []
    }
    // A byte-order mark is no part of the text.
    let bytes = text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? text.utf8.dropFirst(3) : text.utf8[...]
    // By bytes, since a long file is mostly this; a carriage return is white space at the end of its line.
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var separator: Character?
    for (position, line) in lines.enumerated() {
      let line = Substring(line)
      if isFirst, let told = DatedRows.toldSeparator(line) { separator = told; continue }
      let cells = DatedRows.cells(line, separator ?? DatedRows.separator(of: line))
      if cells.allSatisfy(\.text.isEmpty) || cells[0].text.hasPrefix("#") { continue }
      separator = separator ?? DatedRows.separator(of: line)
      if rows.count + mistakes == DatedRows.maximumCount {
        let place = Mark(line: position + 1, column: 1)
        reading.mistake(place, "more than \(DatedRows.maximumCount) rows; leave out what is past", in: name)
        break
      }
      let isHeader = isFirst && cells[0].text.first?.isLetter == true
      isFirst = false
      do throws(Wrong) {
        if isHeader {
          try DatedRows.checkTime(cells[0])
          try header(cells)
        } else {
          rows.append(try row(DatedRows.time(cells[0]), cells.dropFirst()))
        }
      } catch {
        mistakes += 1
        let place = Mark(line: position + 1, column: error.column)
        if mistakes <= DatedRows.toldMistakes { reading.mistake(place, error.message, in: name) }
        if isHeader { break }
      }
    }
    if rows.isEmpty, mistakes == 0 {
      reading.mistake(Mark(line: 1, column: 1), "the file has no rows; write \(columns)", in: name)
    }
    return rows
  }

  /// Names of the column of times, in small letters.
  private static let timeNames: Set<String> = [
    "time", "timestamp", "date", "datetime", "date_time", "start", "from", "begin", "utc", "zeit", "datum",
  ]

  private static func checkTime(_ cell: Cell) throws(Wrong) {
    if timeNames.contains(cell.text.lowercased()) { return }
    throw Wrong(column: cell.column, message: "the first column is called '\(cell.text)'; it must be 'time'")
  }

  /// The separator that Excel's first line `sep=;` tells.
  private static func toldSeparator(_ line: Substring) -> Character? {
    guard line.utf8.count <= 8, line.lowercased().hasPrefix("sep=") else { return nil }
    return line.dropFirst(4).first
  }

  /// The separator of a line: a semicolon or a tabulator where there is one, else a comma.
  private static func separator(of line: Substring) -> Character {
    line.utf8.contains(UInt8(ascii: ";")) ? ";" : line.utf8.contains(UInt8(ascii: "\t")) ? "\t" : ","
  }

  /// The cells of a line. One in quotes may hold the separator; a doubled quote in it is one.
  private static func cells(_ line: Substring, _ separator: Character) -> [Cell] {
    guard line.utf8.contains(UInt8(ascii: "\"")) else {
      var column = 1
      return line.split(separator: separator, omittingEmptySubsequences: false).map { text in
        defer { column += text.count + 1 }
        return Cell(text: trimmed(text), column: column)
      }
    }
    var cells: [Cell] = []
    var (text, start, isQuoted) = ("", 1, false)
    var previous: Character?
    for (place, character) in line.enumerated() {
      defer { previous = character }
      if character == "\"" {
        isQuoted.toggle()
        // A quote that opens again at once stood for itself.
        if isQuoted, previous == "\"" { text.append(character) }
      } else if character == separator, !isQuoted {
        cells.append(Cell(text: trimmed(text[...]), column: start))
        (text, start) = ("", place + 2)
      } else {
        text.append(character)
      }
    }
    return cells + [Cell(text: trimmed(text[...]), column: start)]
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }

  private static func time(_ cell: Cell) throws(Wrong) -> Timestamp {
    if let time = ISO8601.timestamp(cell.text) { return time }
    throw Wrong(
      column: cell.column, message: "'\(cell.text)' is no time; write one with its zone like 2026-10-01T14:00Z")
  }
}
