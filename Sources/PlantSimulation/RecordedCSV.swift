import Glibc
import PlantModel

/// Why a recording cannot be replayed at all; says what would be right.
public struct RecordedCSVError: Error, Equatable, CustomStringConvertible {
  /// What is wrong and what would be right.
  public var description: String
}

/// A recording of sensors as CSV, read row by row: `time,asset.sensor,…`, times in ISO 8601 with a zone.
///
/// Empty cells (also `NaN`, `null`, `NA`) have no reading. A row that cannot be read is left out as a whole, counted and
/// told with its line. Memory does not grow with the file.
public final class RecordedCSV {
  /// A column of readings.
  public struct Column: Hashable, Sendable {
    /// The name in the header.
    public var name: String
    /// The part before the sensor.
    public var asset: String
    /// The part after the asset.
    public var sensor: String
  }

  /// The readings of one moment.
  public struct Row: Sendable {
    /// When.
    public var time: Timestamp
    /// Position in ``RecordedCSV/columns`` and value, for each cell that has one.
    public var values: [(column: Int, value: Double)]
    /// Number of the line, from 1.
    public var line: Int
  }

  /// A row that was left out.
  public struct Problem: Hashable, Sendable {
    /// Number of the line, from 1.
    public var line: Int
    /// What is wrong with it.
    public var reason: String
  }

  /// The columns of readings, in the file's order.
  public let columns: [Column]
  /// How many rows were left out so far.
  public private(set) var malformedCount = 0
  /// The first twenty of them.
  public private(set) var problems: [Problem] = []
  /// Size of the file [bytes], 0 where it is not known.
  public var byteCount: Int64 { reader.byteCount }
  /// How much of it was read [bytes].
  public var bytesRead: Int64 { reader.bytesRead }

  private let reader: LineReader
  private let timeCell: Int
  /// For each cell of a row its column, or -1 for the time and what is left out.
  private let columnOfCell: [Int]
  private var line = 1

  /// Opens a recording and reads its header.
  /// - Parameters:
  ///   - path: The file.
  ///   - assets: Names of the plant's assets, which tell where an asset's name ends when it has dots in it.
  ///   - selected: For each column that is wanted, by its name in the file, the `asset.sensor` that it is; the others
  ///     are left out. `nil` takes every column by its own name.
  /// - Throws: ``RecordedCSVError`` if the file cannot be read or its header makes no sense.
  public init(path: String, assets: [String] = [], selected: [String: String]? = nil) throws(RecordedCSVError) {
    guard let reader = LineReader(path: path) else {
      throw RecordedCSVError(description: "\(path): cannot be read: \(String(cString: strerror(errno)))")
    }
    self.reader = reader
    guard case .text(var header) = reader.next(), !header.isEmpty else {
      throw RecordedCSVError(description: "\(path):1: has no header; expected time,asset.sensor,…")
    }
    if header.starts(with: [0xef, 0xbb, 0xbf]) { header.removeFirst(3) }
    guard let names = RecordedCSV.cells(header) else {
      throw RecordedCSVError(description: "\(path):1: the header has a quotation mark that is not closed")
    }
    guard let timeCell = names.firstIndex(where: { ["time", "timestamp"].contains($0.lowercased()) }) else {
      throw RecordedCSVError(description: "\(path):1: has no column 'time'; expected time,asset.sensor,…")
    }
    self.timeCell = timeCell
    if let missing = selected?.keys.sorted().first(where: { !names.contains($0) }) {
      throw RecordedCSVError(
        description: "\(path):1: has no column '\(missing)'; it has \(names.joined(separator: ", "))")
    }
    var columns: [Column] = []
    var columnOfCell: [Int] = []
    var seen: Set<String> = []
    for (cell, heading) in names.enumerated() {
      guard cell != timeCell, let name = selected.map({ $0[heading] }) ?? heading else {
        columnOfCell.append(-1)
        continue
      }
      guard let column = RecordedCSV.column(name, assets) else {
        throw RecordedCSVError(description: "\(path):1: column '\(name)' is not of the form asset.sensor")
      }
      guard seen.insert(name).inserted else {
        throw RecordedCSVError(description: "\(path):1: column '\(name)' is there twice")
      }
      columnOfCell.append(columns.count)
      columns.append(column)
    }
    guard !columns.isEmpty else {
      throw RecordedCSVError(description: "\(path):1: has no column but the time; expected time,asset.sensor,…")
    }
    self.columns = columns
    self.columnOfCell = columnOfCell
  }

  /// The next row that can be read, or `nil` at the end.
  public func next() -> Row? {
    while true {
      line += 1
      switch reader.next() {
      case .end: return nil
      case .tooLong: refuse("longer than \(LineReader.maximumLength) bytes")
      case .text(let bytes):
        if bytes.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
        if let row = row(bytes) { return row }
      }
    }
  }

  private func row(_ bytes: [UInt8]) -> Row? {
    guard let cells = RecordedCSV.cells(bytes) else { return refuse("a quotation mark is not closed") }
    guard cells.count == columnOfCell.count else {
      return refuse("\(cells.count) cells where the header has \(columnOfCell.count)")
    }
    guard let time = ISO8601.timestamp(cells[timeCell]) else {
      return refuse("time '\(cells[timeCell].prefix(40))' is not ISO 8601 with Z or an offset")
    }
    var row = Row(time: time, values: [], line: line)
    row.values.reserveCapacity(columns.count)
    for (cell, column) in zip(cells, columnOfCell) where column >= 0 && !RecordedCSV.isEmpty(cell) {
      guard let value = Double(cell), value.isFinite else {
        return refuse("'\(cell.prefix(40))' in column '\(columns[column].name)' is not a number")
      }
      row.values.append((column, value))
    }
    return row
  }

  @discardableResult
  private func refuse(_ reason: String) -> Row? {
    malformedCount += 1
    if problems.count < 20 { problems.append(Problem(line: line, reason: reason)) }
    return nil
  }

  static func isEmpty(_ cell: String) -> Bool {
    cell.isEmpty || (cell.utf8.count <= 4 && ["nan", "null", "na", "n/a"].contains(cell.lowercased()))
  }

  private static func column(_ name: String, _ assets: [String]) -> Column? {
    let declared = assets.filter { name.hasPrefix($0 + ".") }.max { $0.utf8.count < $1.utf8.count }
    if let declared {
      let sensor = String(name.dropFirst(declared.count + 1))
      return sensor.isEmpty ? nil : Column(name: name, asset: declared, sensor: sensor)
    }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name.index(after: dot) != name.endIndex else {
      return nil
    }
    return Column(name: name, asset: String(name[..<dot]), sensor: String(name[name.index(after: dot)...]))
  }

  /// The cells of a line after RFC 4180, blanks around them cut; `nil` if a quotation mark is not closed.
  static func cells(_ line: [UInt8]) -> [String]? {
    let quote = UInt8(ascii: "\"")
    var cells: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    var position = 0
    while position < line.count {
      let byte = line[position]
      if isQuoted, byte == quote, position + 1 < line.count, line[position + 1] == quote {
        cell.append(quote)
        position += 1
      } else if byte == quote {
        isQuoted.toggle()
      } else if byte == UInt8(ascii: ","), !isQuoted {
        cells.append(text(cell))
        cell.removeAll(keepingCapacity: true)
      } else {
        cell.append(byte)
      }
      position += 1
    }
    cells.append(text(cell))
    return isQuoted ? nil : cells
  }

  private static func text(_ bytes: [UInt8]) -> String {
    var slice = bytes[...]
    while let first = slice.first, first == 32 || first == 9 { slice.removeFirst() }
    while let last = slice.last, last == 32 || last == 9 { slice.removeLast() }
    return String(decoding: slice, as: UTF8.self)
  }
}
