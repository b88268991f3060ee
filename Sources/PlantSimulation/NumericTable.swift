import Glibc
import PlantModel

/// A table of numbers over time, read whole from CSV: a column `time` (also `timestamp`, `datetime`, `date_time`, `date`),
/// the others numbers.
///
/// Cells end at commas, else at semicolons or tabs where the header has no comma; numbers may then have a decimal comma.
/// Times are ISO 8601, one without a zone is taken as UTC, or seconds or milliseconds since 1970. Empty cells are NaN. A row that cannot be read makes the table unreadable, told with its line: rows are what
/// scores are computed from, so that none may vanish.
public struct NumericTable: Sendable {
  /// Names of the columns of numbers.
  public let columns: [String]
  /// Times as the file has them.
  public private(set) var timeTexts: [String] = []
  /// When each row was measured.
  public private(set) var times: [Timestamp] = []
  /// The values of each row, in the order of ``columns``.
  public private(set) var rows: [[Double]] = []

  /// Reads a file; columns in `ignored` are left out, in whatever case.
  /// - Throws: ``RecordedCSVError`` with file and line.
  public init(path: String, ignoring ignored: Set<String> = []) throws(RecordedCSVError) {
    guard let reader = LineReader(path: path) else {
      throw RecordedCSVError(description: "\(path): cannot be read: \(String(cString: strerror(errno)))")
    }
    guard case .text(var header) = reader.next(), !header.isEmpty else {
      throw RecordedCSVError(description: "\(path):1: has no header; expected time,…")
    }
    if header.starts(with: [0xef, 0xbb, 0xbf]) { header.removeFirst(3) }
    let separator = [",", ";", "\t"].map { UInt8(ascii: $0) }.first(where: header.contains) ?? UInt8(ascii: ",")
    let names = RecordedCSV.cells(header, separatedBy: separator) ?? []
    let timeNames = ["time", "timestamp", "datetime", "date_time", "date"]
    guard let timeCell = names.firstIndex(where: { timeNames.contains($0.lowercased()) }) else {
      throw RecordedCSVError(description: "\(path):1: has no column 'time'; it has \(names.joined(separator: ", "))")
    }
    let left = Set(ignored.map { $0.lowercased() })
    let kept = names.indices.filter { $0 != timeCell && !left.contains(names[$0].lowercased()) }
    columns = kept.map { names[$0] }
    guard Set(columns).count == columns.count else {
      throw RecordedCSVError(description: "\(path):1: a column is there twice")
    }
    var line = 1
    while true {
      line += 1
      let text: [UInt8]
      switch reader.next() {
      case .end: return
      case .tooLong: throw RecordedCSVError(description: "\(path):\(line): is longer than a line can be")
      case .text(let bytes): text = bytes
      }
      if text.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
      guard let cells = RecordedCSV.cells(text, separatedBy: separator), cells.count == names.count else {
        throw RecordedCSVError(description: "\(path):\(line): does not have the header's \(names.count) cells")
      }
      guard let time = NumericTable.time(cells[timeCell]) else {
        throw RecordedCSVError(
          description: "\(path):\(line): time '\(cells[timeCell].prefix(40))' is not ISO 8601, as 2024-05-06T10:00:00Z")
      }
      timeTexts.append(cells[timeCell])
      times.append(time)
      rows.append(
        try kept.map { cell throws(RecordedCSVError) in
          guard let value = NumericTable.number(cells[cell], separator) else {
            throw RecordedCSVError(
              description: "\(path):\(line): '\(cells[cell].prefix(40))' in column '\(names[cell])' is not a number; "
                + "leave the column out with --ignore \(names[cell])")
          }
          return value
        })
    }
  }

  /// The position of a column.
  public func column(_ name: String) -> Int? { columns.firstIndex(of: name) }

  private static func time(_ text: String) -> Timestamp? {
    if let time = ISO8601.timestamp(text) ?? ISO8601.timestamp(text.replacing(" ", with: "T") + "Z") { return time }
    // From 1973 to 5138 in seconds, from 1973 on in milliseconds.
    guard let number = Double(text), (1e8..<1e14).contains(number) else { return nil }
    return Timestamp(milliseconds: Int64(number < 1e11 ? number * 1000 : number))
  }

  private static func number(_ text: String, _ separator: UInt8) -> Double? {
    if RecordedCSV.isEmpty(text) { return .nan }
    if let number = Double(text) ?? (separator == UInt8(ascii: ",") ? nil : Double(text.replacing(",", with: "."))) {
      return number
    }
    switch text.lowercased() {
    case "true": return 1
    case "false": return 0
    default: return nil
    }
  }
}
