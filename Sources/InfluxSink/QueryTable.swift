/// Rows of an answer in flat memory, with the digits of numbers as the database wrote them.
///
/// The database writes the shortest digits that read back as the stored number, so that a copy of them is exact.
public struct QueryTable: Sendable {
  /// A value of a row.
  public struct Cell: Sendable {
    /// Type of a value.
    public enum Kind: Sendable { case null, number, boolean, text }
    /// Type of the value.
    public var kind: Kind
    /// Digits of a number, `true` or `false`, or an unescaped text; empty without a value.
    fileprivate var range: Range<Int>
  }

  /// Names of the columns after the time.
  public private(set) var columns: [String] = []
  /// Time of each row since 1970 [ns], in ascending order.
  public private(set) var times: [Int64] = []
  /// Whether the server has left out rows at the end.
  public private(set) var isPartial = false
  /// Error message about the query, beside or in place of rows.
  package private(set) var error: String?
  private var cells: [Cell] = []
  private var bytes: [UInt8] = []

  /// Number of rows.
  public var count: Int { times.count }

  /// Returns a value.
  public func cell(row: Int, column: Int) -> Cell { cells[row * columns.count + column] }

  /// Returns the bytes of a value.
  public func bytes(of cell: Cell) -> ArraySlice<UInt8> { bytes[cell.range] }

  /// Returns the bytes of a value as text.
  public func text(of cell: Cell) -> String { String(decoding: bytes[cell.range], as: UTF8.self) }
}

/// Defect of an answer.
package struct AnswerDefect: Error, Equatable {
  /// The expected text, and its place.
  package var words: String
}

extension QueryTable {
  /// Reads the JSON answer of `/query` to one statement without groups, whose times are in nanoseconds.
  ///
  /// - Throws: ``AnswerDefect`` if the answer is not whole or of another form.
  package init(_ answer: UnsafeBufferPointer<UInt8>) throws(AnswerDefect) {
    var cursor = AnswerCursor(answer)
    var reader = TableReader()
    var isAnswer = false
    try cursor.members { cursor, name throws(AnswerDefect) in
      if name == "error" { reader.table.error = try cursor.text() }
      isAnswer = isAnswer || name == "results" || name == "error"
      guard name == "results" else { return name == "error" ? () : try cursor.skipValue() }
      try cursor.elements { cursor throws(AnswerDefect) in
        try cursor.members { cursor, name throws(AnswerDefect) in
          switch name {
          case "series":
            try cursor.elements { cursor throws(AnswerDefect) in try reader.readSeries(&cursor) }
          case "partial": reader.table.isPartial = try cursor.flag() || reader.table.isPartial
          case "error": reader.table.error = try cursor.text()
          default: try cursor.skipValue()
          }
        }
      }
    }
    try cursor.expectEnd()
    guard isAnswer else { throw AnswerDefect(words: "expected a member 'results'") }
    self = reader.table
  }

  /// Reader of the series of an answer.
  private struct TableReader {
    var table = QueryTable()
    private var columns: [String] = []

    init() {}

    mutating func readSeries(_ cursor: inout AnswerCursor) throws(AnswerDefect) {
      try cursor.members { cursor, name throws(AnswerDefect) in
        switch name {
        case "columns":
          columns = []
          try cursor.elements { cursor throws(AnswerDefect) in columns.append(try cursor.text()) }
          try setColumns(cursor)
        case "values":
          try cursor.elements { cursor throws(AnswerDefect) in try readRow(&cursor) }
        case "partial": table.isPartial = try cursor.flag() || table.isPartial
        default: try cursor.skipValue()
        }
      }
    }

    private mutating func setColumns(_ cursor: AnswerCursor) throws(AnswerDefect) {
      guard columns.first == "time" else { throw cursor.defect("a first column 'time'") }
      guard table.times.isEmpty || table.columns == Array(columns.dropFirst()) else {
        throw cursor.defect("series of the same columns")
      }
      table.columns = Array(columns.dropFirst())
    }

    private mutating func readRow(_ cursor: inout AnswerCursor) throws(AnswerDefect) {
      var width = 0
      try cursor.elements { cursor throws(AnswerDefect) in
        if width == 0 {
          let time = try cursor.integer()
          guard time >= table.times.last ?? .min else { throw cursor.defect("rows in the order of time") }
          table.times.append(time)
        } else {
          let start = table.bytes.count
          let kind = try cursor.scalar(to: &table.bytes)
          table.cells.append(Cell(kind: kind, range: start..<table.bytes.count))
        }
        width += 1
      }
      guard width == columns.count, width > 0 else {
        throw cursor.defect("\(columns.count) values a row, as there are columns")
      }
    }
  }
}
