import PlantModel

/// Kind of a cell's content.
enum CellKind: Equatable {
  case empty, dateTime, date, timeOfDay, number, text

  init(_ bytes: [UInt8], cell: Cell) {
    guard let first = cell.range.first else { self = .empty; return }
    let lead = bytes[first]
    let isNumberLike = lead == 45 || lead == 43 || lead == 46 || (48...57).contains(lead)
    if (48...57).contains(lead) || (lead | 32) &- 97 < 26 || lead >= 0x80, cell.range.count >= 4,
      let text = CivilText(bytes, range: cell.range),
      !text.hasDate || text.local(.dayFirst) ?? text.local(.monthFirst) != nil
    {
      self = !text.hasDate ? .timeOfDay : text.timeOfDay == nil ? .date : .dateTime
    } else if let value = NumberText.number(bytes, range: cell.range, mark: .point) {
      self = value.isNaN && !isNumberLike ? .empty : .number
    } else {
      self = .text
    }
  }
}

/// The first lines of a text, split at a delimiter.
struct Sample {
  /// Maximum number of lines to examine.
  static let most = 300

  struct Line {
    var number: Int
    /// Byte position of the next line. ``last`` is the number of the last line included in this one.
    var next: Int
    var last: Int
    var cells: [Cell]
    var kinds: [CellKind]
    /// Number of cells up to the last that is not empty.
    var width: Int { (kinds.lastIndex { $0 != .empty } ?? -1) + 1 }

    /// Returns whether a cell holds a date, or the first may be a time as a number.
    func hasMoment(_ bytes: [UInt8]) -> Bool {
      kinds.contains { $0 == .dateTime || $0 == .date }
        || (kinds[0] == .number && Sample.clock(of: cells[0], bytes: bytes) != nil)
    }
  }

  let bytes: [UInt8]
  let delimiter: Delimiter
  private(set) var lines: [Line] = []
  /// Most frequent number of cells of a line.
  private(set) var width = 0

  /// Byte position of the first line. ``lineBefore`` is the number of the line before.
  let start: Int
  let lineBefore: Int

  init(_ bytes: [UInt8], delimiter: Delimiter, from position: Int, after line: Int) {
    self.bytes = bytes
    (start, lineBefore) = (position, line)
    self.delimiter = delimiter
    var scanner = CellScanner(bytes, delimiter: delimiter.byte, position: position, line: line)
    while lines.count < Sample.most, let found = scanner.next() {
      guard found == .cells else { continue }
      let kinds = scanner.cells.map { CellKind(bytes, cell: $0) }
      lines.append(
        Line(number: scanner.line, next: scanner.position, last: scanner.lastLine, cells: scanner.cells, kinds: kinds))
    }
    let counts = Dictionary(lines.map { ($0.width, 1) }, uniquingKeysWith: +)
    width = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 0
  }

  /// Returns how well the delimiter fits, in order of importance.
  ///
  /// - Returns: The number of lines with a time and the usual cells, their non-text cells minus text cells, and the
  ///   number of cells.
  func score(needsTimes: Bool) -> (Int, Int, Int) {
    guard width > 1 else { return (0, 0, width) }
    let usual = lines.filter { $0.width == width && (!needsTimes || $0.hasMoment(bytes)) }
    let sense = usual.reduce(0) { sum, line in
      sum + line.kinds.count { $0 != .text && $0 != .empty } - line.kinds.count { $0 == .text }
    }
    return (usual.count, sense, width)
  }

  /// Returns how a number would encode time: seconds to nanoseconds since 1970, or days of a spreadsheet (1954 to
  /// 2099).
  static func clock(of cell: Cell, bytes: [UInt8]) -> RecordingLayout.Clock? {
    guard let value = NumberText.number(bytes, range: cell.range, mark: .point)
    else {
      return nil
    }
    switch value {
    case 1e8..<1e11: return .epoch(1_000_000_000)
    case 1e11..<1e14: return .epoch(1_000_000)
    case 1e14..<1e17: return .epoch(1_000)
    case 1e17..<4e18: return .epoch(1)
    case 20_000..<73_000: return .serial
    default: return nil
    }
  }
}
