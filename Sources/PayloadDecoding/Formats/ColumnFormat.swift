import PlantModel

/// Rows of columns: each line of the payload is a record. Columns are numbered from 0; as a place in a text of the rule
/// a column is written `/0`.
enum ColumnFormat: PayloadFormat {
  static let name = PayloadFormatName.csv
  static let summary = "rows of columns; places are column numbers from 0"
  static let examplePlace = "0"
  static let hasRecords = true

  static func mistake(inPlace place: String) -> String? {
    column(place) == nil ? "is no column; write its number, from 0 to 99999" : nil
  }

  /// The number of a column.
  static func column(_ place: String) -> Int? {
    let digits = place.hasPrefix("/") ? place.dropFirst() : place[...]
    guard !digits.isEmpty, digits.utf8.count <= 5, digits.utf8.allSatisfy(ByteText.isDigit) else { return nil }
    return Int(digits)
  }

  /// What stands between columns.
  static func separator(of rule: TopicRule) -> UInt8 { rule.separator?.utf8.first ?? UInt8(ascii: ",") }

  static func reader(for plan: ReadingPlan) -> PayloadReader {
    var plan = plan
    // Values without a place take the first column where the sensor is named.
    if plan.rule.values.isEmpty, plan.naming == .single {
      plan.rule.values = [TopicRule.Value(name: "", path: "0", detail: plan.rule.detail)]
    }
    // Columns have no usual place of a time.
    if plan.rule.time == nil { plan.rule.time = "/99999" }
    return ColumnReader(plan)
  }
}

private final class ColumnReader: PayloadReader {
  private var source: RowSource
  private var taker: RecordTaker

  override init(_ plan: ReadingPlan) {
    let records = RecordPlan(plan)
    taker = RecordTaker(records)
    source = RowSource(records)
    super.init(plan)
  }

  override func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    source.payload = payload
    defer { source.payload = UnsafeRawBufferPointer(start: nil, count: 0) }
    for line in TextLines(payload) {
      guard source.split(line) else { return .tooLarge }
      if let refusal = taker.take(&source, into: &scope) { return refusal }
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

/// The row at hand, as the ranges of its cells.
private struct RowSource: RecordSource {
  /// Most columns that are read.
  static let maximumColumns = 4_096

  var payload = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Without the white space and the quotation marks around them.
  private(set) var cells: [Range<Int>] = []
  private let columns: [Int]
  private let separator: UInt8

  init(_ plan: RecordPlan) {
    columns = plan.places.map { ColumnFormat.column($0) ?? -1 }
    separator = ColumnFormat.separator(of: plan.plan.rule)
  }

  /// Takes a row apart; false where it has too many columns. A separator between quotation marks separates nothing.
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
      // A lone quotation mark is a character like any other.
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
    // An empty cell is a value that is not there.
    return JSONValue(kind: cells[column].isEmpty ? .null : .string, range: cells[column])
  }

  func memberName(level: Int) -> JSONValue { JSONValue() }
  func tag(_ name: String) -> JSONValue { JSONValue() }

  func bytes(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) { body(ByteText.slice(payload, range)) }

  func forEachLeaf(_ body: (UnsafeRawBufferPointer, JSONValue) -> Void) {
    var name = Array("column_".utf8)
    for (column, cell) in cells.enumerated() where !cell.isEmpty {
      name.removeLast(name.count - 7)
      name.append(contentsOf: "\(column)".utf8)
      name.withUnsafeBytes { body($0, JSONValue(kind: .string, range: cell)) }
    }
  }
}
