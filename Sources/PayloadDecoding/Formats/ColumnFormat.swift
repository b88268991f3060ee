import PlantModel

/// Rows of columns: each line of the payload is a record. Columns are numbered from 0; in a text of the rule, a column
/// is written `/0`.
enum ColumnFormat: PayloadFormat {
  static let name = PayloadFormatName.csv
  static let summary = "rows of columns; places are column numbers from 0"
  static let examplePlace = "0"
  static let hasRecords = true

  static func mistake(inPlace place: String) -> String? {
    column(place) == nil ? "is no column; write its number, from 0 to 99999" : nil
  }

  /// Returns the number of a column.
  static func column(_ place: String) -> Int? {
    let digits = place.hasPrefix("/") ? place.dropFirst() : place[...]
    guard !digits.isEmpty, digits.utf8.count <= 5, digits.utf8.allSatisfy(ByteText.isDigit) else { return nil }
    return Int(digits)
  }

  /// Returns the separator between columns.
  static func separator(of rule: TopicRule) -> UInt8 { rule.separator?.utf8.first ?? UInt8(ascii: ",") }

  static func reader(for plan: ReadingPlan) -> PayloadReader {
    var plan = plan
    // Without listed values, a named sensor takes the first column.
    if plan.rule.values.isEmpty, plan.naming == .single {
      plan.rule.values = [TopicRule.Value(name: "", path: "0", detail: plan.rule.detail)]
    }
    // Columns have no usual place of a time, so a nonexistent column is used.
    if plan.rule.time == nil { plan.rule.time = "/99999" }
    return ColumnReader(plan)
  }
}

private final class ColumnReader: PayloadReader {
  private var source: RowSource
  private var recordReader: PayloadRecordReader

  override init(_ plan: ReadingPlan) {
    let records = RecordPlan(plan)
    recordReader = PayloadRecordReader(records)
    source = RowSource(records)
    super.init(plan)
  }

  override func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    source.payload = payload
    defer { source.payload = UnsafeRawBufferPointer(start: nil, count: 0) }
    for line in TextLines(payload) {
      guard source.split(line) else { return .tooLarge }
      if let refusal = recordReader.read(&source, into: &scope) { return refusal }
    }
    return nil
  }

  override func places(in payload: UnsafeRawBufferPointer) -> [String] {
    source.payload = payload
    defer { source.payload = UnsafeRawBufferPointer(start: nil, count: 0) }
    guard let line = TextLines(payload).first(where: { _ in true }), source.split(line) else { return [] }
    return source.cells.indices.map(String.init)
  }
}

/// The current row, as the ranges of its cells.
private struct RowSource: RecordSource {
  /// Maximum number of columns read.
  static let maximumColumns = 4_096

  var payload = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Cells without surrounding white space and quotation marks.
  private(set) var cells: [Range<Int>] = []
  private let columns: [Int]
  private let separator: UInt8

  init(_ plan: RecordPlan) {
    columns = plan.places.map { ColumnFormat.column($0) ?? -1 }
    separator = ColumnFormat.separator(of: plan.plan.rule)
  }

  /// Splits a row into cells. Returns `false` if it has too many columns. A separator between quotation marks does not
  /// count.
  mutating func split(_ row: Range<Int>) -> Bool {
    cells.removeAll(keepingCapacity: true)
    var start = row.lowerBound
    while start <= row.upperBound {
      guard cells.count < Self.maximumColumns else { return false }
      var end = start
      var isQuoted = false
      while end < row.upperBound, isQuoted || payload[end] != separator {
        if payload[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
        end += 1
      }
      // A single quotation mark is an ordinary character.
      if isQuoted {
        end = start
        while end < row.upperBound, payload[end] != separator { end += 1 }
      }
      cells.append(inner(start..<end))
      start = end + 1
    }
    return true
  }

  private func inner(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    func isAround(_ byte: UInt8) -> Bool { ByteText.isSpace(byte) || byte == UInt8(ascii: "\"") }
    while start < end, isAround(payload[start]) { start += 1 }
    while end > start, isAround(payload[end - 1]) { end -= 1 }
    return start..<end
  }

  var recordStart: Int { cells.first?.lowerBound ?? 0 }

  func value(at place: Int, outwards: Bool) -> JSONValue {
    let column = columns[place]
    guard column >= 0, column < cells.count else { return JSONValue() }
    // An empty cell is a missing value.
    return JSONValue(kind: cells[column].isEmpty ? .null : .string, range: cells[column])
  }

  func memberName(level: Int) -> JSONValue { JSONValue() }
  func tag(_ name: String) -> JSONValue { JSONValue() }

  func bytes(_ range: Range<Int>, body: (UnsafeRawBufferPointer) -> Void) {
    body(ByteText.slice(payload, range: range))
  }

  func forEachLeaf(_ body: (UnsafeRawBufferPointer, JSONValue) -> Void) {
    var name = Array("column_".utf8)
    for (column, cell) in cells.enumerated() where !cell.isEmpty {
      name.removeLast(name.count - 7)
      name.append(contentsOf: "\(column)".utf8)
      name.withUnsafeBytes { body($0, JSONValue(kind: .string, range: cell)) }
    }
  }
}
