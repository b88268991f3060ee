import PlantModel

/// Reader of a recording's rows in file order, with times as written.
struct RowReader {
  /// Time of a row: UTC, or local clock time.
  struct Moment: Equatable {
    /// Time since 1970 [ns].
    var nanoseconds: Int64
    var isLocal: Bool
    /// Time since local midnight [ns], if the file numbers intervals instead of giving a time of day.
    var elapsed: Int64 = 0

    /// The same time in UTC, assuming that the clock shows UTC.
    var universal: Moment { isLocal ? Moment(nanoseconds: nanoseconds + elapsed, isLocal: false) : self }
  }

  private let layout: RecordingLayout
  /// Cells of the requested columns.
  private let wanted: [Int]
  private let columns: [RecordingColumn]
  private var scanner: CellScanner
  private(set) var timestamp: Moment?
  /// End of the row's interval, if the file has one.
  private(set) var end: Moment?
  /// Numbers of the row, in the order of the requested columns.
  private(set) var values: [Double]
  private(set) var problemCount = 0
  private(set) var problems: [RecordingProblem] = []
  static let toldProblems = 20

  /// Maximum number of lines to read.
  private let most: Int
  private var read = 0

  init(_ bytes: [UInt8], layout: RecordingLayout, columns: [Int], most: Int = .max) {
    self.most = most
    self.layout = layout
    self.columns = columns.map { layout.columns[$0] }
    wanted = self.columns.map(\.cell)
    values = Array(repeating: .nan, count: columns.count)
    scanner = CellScanner(
      bytes, delimiter: layout.delimiter.byte, position: layout.start.position, line: layout.start.line)
  }

  var line: Int { scanner.line }
  /// Number of bytes read.
  var position: Int { scanner.position }
  var cells: [Cell] { scanner.cells }
  var bytes: [UInt8] { scanner.bytes }

  /// Reads the next readable row.
  ///
  /// - Returns: `false` at the end.
  mutating func next() -> Bool {
    while read < most, let line = scanner.next() {
      if line != .blank { read += 1 }
      switch line {
      case .blank: continue
      case .tooLong: refuse(.line, cell: nil, reason: "longer than \(CellScanner.longestLine) bytes")
      case .unclosed: refuse(.line, cell: nil, reason: "a quotation mark is not closed")
      case .cells: if readCells() { return true }
      }
    }
    return false
  }

  private mutating func refuse(_ kind: RecordingProblem.Kind, cell: Cell?, reason: String) {
    problemCount += 1
    guard problems.count < RowReader.toldProblems else { return }
    let column = cell.map { scanner.column(of: $0) } ?? 1
    problems.append(RecordingProblem(line: scanner.line, column: column, kind: kind, reason: reason))
  }

  private mutating func readCells() -> Bool {
    let cells = scanner.cells
    guard hasWidth(cells) else {
      refuse(
        .width(cells.count), cell: nil,
        reason: "\(cells.count) cells where the header has \(layout.width)" + commaHint(cells.count))
      return false
    }
    if let times = layout.times {
      guard let found = timestamp(cells, times: times) else { return false }
      timestamp = found
      if times.isUniversal { timestamp = found.universal }
      end = times.end.flatMap {
        cells.count > $0
          ? RowReader.timestamp(scanner.bytes, cell: cells[$0], layout: layout, date: cells[times.cell]) : nil
      }
      if times.isUniversal { end = end?.universal }
    }
    for (place, cell) in wanted.enumerated() where cell >= 0 {
      guard cell < cells.count else {
        values[place] = .nan
        continue
      }
      guard let value = NumberText.number(scanner.bytes, range: cells[cell].range, mark: layout.decimal) else {
        let text = String(scanner.text(cells[cell]).prefix(40))
        let heading = columns[place].heading
        refuse(
          .number(text, heading: heading), cell: cells[cell], reason: "'\(text)' in column '\(heading)' is not a number"
        )
        return false
      }
      values[place] = value
    }
    return true
  }

  /// Returns whether a line has as many cells as the header. Empty cells at its end may be missing or extra.
  private func hasWidth(_ cells: [Cell]) -> Bool {
    if cells.count == layout.width || layout.wide != nil { return true }
    if cells.count > layout.width { return cells[layout.width...].allSatisfy(\.isEmpty) }
    return layout.headerLine == nil
  }

  private func commaHint(_ count: Int) -> String {
    guard layout.delimiter == .comma, count > layout.width else { return "" }
    return "; if the decimal mark is a comma, cells must be separated by a semicolon"
  }

  private mutating func timestamp(_ cells: [Cell], times: RecordingLayout.Times) -> Moment? {
    guard cells.count > times.cell else {
      refuse(.time(""), cell: nil, reason: "there is no time")
      return nil
    }
    let cell = cells[times.cell]
    guard var timestamp = RowReader.timestamp(scanner.bytes, cell: cell, layout: layout, date: nil) else {
      let text = String(scanner.text(cell).prefix(40))
      refuse(.time(text), cell: cell, reason: "time '\(text)' is not \(expected)")
      return nil
    }
    if let clock = times.timeOfDay {
      guard cells.count > clock, let text = CivilText(scanner.bytes, range: cells[clock].range),
        let part = text.timeOfDay
      else {
        refuse(
          .time(""), cell: cells.count > clock ? cells[clock] : nil, reason: "there is no time of day such as 14:15")
        return nil
      }
      timestamp.nanoseconds += part
      if let offset = text.offset {
        timestamp = Moment(nanoseconds: timestamp.nanoseconds - Int64(offset) * 60_000_000_000, isLocal: false)
      }
    } else if let period = times.period {
      guard cells.count > period.cell,
        let number = NumberText.number(scanner.bytes, range: cells[period.cell].range, mark: layout.decimal),
        number.isFinite,
        (0...1500).contains(number)
      else {
        refuse(
          .time(""), cell: cells.count > period.cell ? cells[period.cell] : nil,
          reason: "there is no number of the interval in its day")
        return nil
      }
      timestamp.elapsed = (Int64(number) - period.first) * period.length
    }
    return timestamp
  }

  private var expected: String {
    switch layout.times?.clock {
    case .epoch: "a number of seconds since 1970, as the rows above have it"
    case .serial: "a spreadsheet's number of days, as the rows above have it"
    case .text, nil: "ISO 8601 as 2024-05-06T10:00:00Z, nor a date and time in another order"
    }
  }

  /// Returns the time in a cell.
  ///
  /// - Parameters:
  ///   - bytes: Text of the file.
  ///   - cell: The cell.
  ///   - layout: Layout of the file.
  ///   - date: Cell of the date, for a cell that holds a time of day only.
  private static func timestamp(_ bytes: [UInt8], cell: Cell, layout: RecordingLayout, date: Cell?) -> Moment? {
    switch layout.times?.clock {
    case .epoch(let unit):
      guard let value = NumberText.number(bytes, range: cell.range, mark: layout.decimal), value.isFinite,
        abs(value) * Double(unit) < 4e18
      else { return nil }
      // Seconds and milliseconds keep their fraction to a millionth, microseconds to a nanosecond.
      let whole = value.rounded(.down)
      let parts = Double(min(unit, 1_000_000))
      let fraction = Int64(((value - whole) * parts).rounded()) * max(1, unit / 1_000_000)
      return Moment(nanoseconds: Int64(whole) * unit + fraction, isLocal: false)
    case .serial:
      guard let value = NumberText.number(bytes, range: cell.range, mark: layout.decimal), (0..<73_000).contains(value)
      else {
        return nil
      }
      // Days since 1899-12-30, rounded to seconds.
      return Moment(nanoseconds: (Int64((value * 86_400).rounded()) - 25_569 * 86_400) * 1_000_000_000, isLocal: true)
    case .text, nil:
      guard let text = CivilText(bytes, range: cell.range) else { return nil }
      if !text.hasDate {
        guard let date, let day = CivilText(bytes, range: date.range)?.local(layout.dates ?? .dayFirst) else {
          return nil
        }
        return Moment(nanoseconds: day + (text.timeOfDay ?? 0), isLocal: true)
      }
      guard let local = text.local(layout.dates ?? .dayFirst) else { return nil }
      guard let offset = text.offset else { return Moment(nanoseconds: local, isLocal: true) }
      return Moment(nanoseconds: local - Int64(offset) * 60_000_000_000, isLocal: false)
    }
  }
}
