import Glibc
import PlantModel

/// Named columns of a CSV file with a header, read as numbers beside one column of times.
///
/// Empty cells (also `NaN`, `null`, `NA`) are NaN. A line that cannot be read is left out, counted and told.
public struct CSVTable: Sendable {
  /// The moment of each row, in the file's order.
  public private(set) var times: [Timestamp] = []
  /// The values of each wanted column.
  public private(set) var values: [[Double]]
  /// How many lines were left out.
  public private(set) var malformedCount = 0
  /// The first of them: its number from 1, and what is wrong.
  public private(set) var firstProblem: (line: Int, reason: String)?

  /// Reads `columns` of a file.
  ///
  /// - Parameters:
  ///   - time: The column of times: ISO 8601, or seconds since 1970.
  ///   - zone: The zone of times that carry none.
  public init(path: String, time: String, columns: [String], zone: LocalCalendar) throws(RecordedCSVError) {
    values = Array(repeating: [], count: columns.count)
    guard let reader = LineReader(path: path) else {
      throw RecordedCSVError(description: "\(path): cannot be read: \(String(cString: strerror(errno)))")
    }
    guard case .text(var header) = reader.next(), !header.isEmpty else {
      throw RecordedCSVError(description: "\(path):1: has no header; expected column names with commas between them")
    }
    if header.starts(with: [0xef, 0xbb, 0xbf]) { header.removeFirst(3) }
    guard let names = RecordedCSV.cells(header) else {
      throw RecordedCSVError(description: "\(path):1: the header has a quotation mark that is not closed")
    }
    var places: [Int] = []
    for wanted in [time] + columns {
      guard let place = names.firstIndex(of: wanted) else {
        throw RecordedCSVError(
          description: "\(path):1: there is no column '\(wanted)'; there are \(names.joined(separator: ", "))")
      }
      places.append(place)
    }
    var zone = zone
    var line = 1
    while true {
      line += 1
      switch reader.next() {
      case .end: return
      case .tooLong: refuse(line, "longer than \(LineReader.maximumLength) bytes")
      case .text(let bytes):
        if bytes.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
        read(bytes, line, names.count, places, &zone)
      }
    }
  }

  private mutating func read(
    _ bytes: [UInt8], _ line: Int, _ width: Int, _ places: [Int], _ zone: inout LocalCalendar
  ) {
    guard let cells = RecordedCSV.cells(bytes) else { return refuse(line, "a quotation mark is not closed") }
    guard cells.count == width else { return refuse(line, "\(cells.count) cells where the header has \(width)") }
    guard let time = CSVTable.timestamp(cells[places[0]], &zone) else {
      return refuse(line, "time '\(cells[places[0]].prefix(40))' is neither ISO 8601 nor seconds since 1970")
    }
    var numbers: [Double] = []
    for place in places.dropFirst() {
      if RecordedCSV.isEmpty(cells[place]) {
        numbers.append(.nan)
      } else if let number = Double(cells[place]), number.isFinite {
        numbers.append(number)
      } else {
        return refuse(line, "'\(cells[place].prefix(40))' is not a number")
      }
    }
    times.append(time)
    for (column, number) in numbers.enumerated() { values[column].append(number) }
  }

  private mutating func refuse(_ line: Int, _ reason: String) {
    malformedCount += 1
    if firstProblem == nil { firstProblem = (line, reason) }
  }

  private static func timestamp(_ text: String, _ zone: inout LocalCalendar) -> Timestamp? {
    if let moment = ISO8601.timestamp(text) { return moment }
    if let local = ISO8601.timestamp(text + (text.utf8.count == 10 ? "T00:00Z" : "Z")) {
      return zone.moment(of: CivilTime(utc: local))
    }
    guard let seconds = Double(text), seconds.magnitude < 9e9 else { return nil }
    return Timestamp(milliseconds: Int64((seconds * 1000).rounded()))
  }
}
