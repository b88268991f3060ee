import PlantModel

/// Reads a CSV file beside the plant's, whose rows start with a time in ISO 8601 with its zone.
struct DatedRows {
  /// Most rows; ten years of hours.
  static let maximumCount = 100_000
  /// Mistakes of one file that are told.
  private static let toldMistakes = 5

  /// What stands between two commas, and where.
  struct Cell {
    var text: String
    var column: Int
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
  /// `time` is handed to `header`.
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
    // By bytes, since a long file is mostly this; a carriage return is white space at the end of its line.
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (position, line) in lines.enumerated() {
      let cells = DatedRows.cells(Substring(line))
      if cells.allSatisfy(\.text.isEmpty) || cells[0].text.hasPrefix("#") { continue }
      if rows.count + mistakes == DatedRows.maximumCount {
        let place = Mark(line: position + 1, column: 1)
        reading.mistake(place, "more than \(DatedRows.maximumCount) rows; leave out what is past", in: name)
        break
      }
      let isHeader = position == 0 && cells[0].text == "time"
      do throws(Wrong) {
        if isHeader {
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

  private static func cells(_ line: Substring) -> [Cell] {
    var column = 1
    return line.split(separator: ",", omittingEmptySubsequences: false).map { text in
      defer { column += text.count + 1 }
      var trimmed = text.drop(while: \.isWhitespace)
      while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
      return Cell(text: String(trimmed), column: column)
    }
  }

  private static func time(_ cell: Cell) throws(Wrong) -> Timestamp {
    if let time = ISO8601.timestamp(cell.text) { return time }
    throw Wrong(column: 1, message: "'\(cell.text)' is no time; write one with its zone like 2026-10-01T14:00Z")
  }
}
