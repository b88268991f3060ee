/// Finder of the decimal mark from the notation of numbers.
struct DecimalFinder {
  /// Maximum number of lines to examine.
  private static let most = 5_000

  let file: String
  let bytes: [UInt8]
  let options: RecordingOptions

  /// Returns the decimal mark; a point if no number has a mark.
  ///
  /// - Throws: ``RecordingError`` if the mark remains ambiguous.
  func mark(_ layout: RecordingLayout) throws(RecordingError) -> DecimalMark {
    if let told = options.decimal { return told }
    var scanner = CellScanner(
      bytes, delimiter: layout.delimiter.byte, position: layout.start.position, line: layout.start.line)
    let times = layout.times
    let taken = [times?.cell, times?.timeOfDay, times?.end].compactMap { $0 }
    // Spreadsheet days may have decimals as well.
    let skipped: [Int] = times?.clock == .serial ? [] : taken
    var votes = (point: 0, comma: 0)
    var open: (text: String, line: Int, column: Int)?
    var lines = 0
    while lines < DecimalFinder.most, let line = scanner.next() {
      guard line == .cells else { continue }
      lines += 1
      for (place, cell) in scanner.cells.enumerated() where !skipped.contains(place) {
        switch evidence(cell) {
        case .point: votes.point += 1
        case .comma: votes.comma += 1
        case .either: open = open ?? (scanner.text(cell), scanner.line, scanner.column(of: cell))
        case .none: break
        }
      }
    }
    if votes.point + votes.comma > 0 { return votes.comma > votes.point ? .comma : .point }
    guard let open else { return .point }
    // In a comma-separated file, thousands are not grouped, so any mark is the decimal one.
    if layout.delimiter == .comma { return open.text.contains(",") ? .comma : .point }
    throw RecordingError(
      file, message: "'\(open.text)' may have decimals or thousands, and no number of the file tells which",
      line: open.line,
      column: open.column,
      question: RecordingError.Question(
        option: "decimal", values: open.text.contains(",") ? ["comma", "point"] : ["point", "comma"]))
  }

  private enum Evidence { case none, point, comma, either }

  /// Returns the decimal mark that a cell implies.
  ///
  /// - Of two different marks, the last is the decimal one; a repeated mark separates thousands.
  /// - A single mark is decimal unless three digits follow it and one to three digits, other than a lone zero, precede
  ///   it.
  private func evidence(_ cell: Cell) -> Evidence {
    var (points, commas, last) = (0, 0, -1)
    var digitsBefore = 0
    for place in cell.range {
      switch bytes[place] {
      case UInt8(ascii: "."):
        points += 1
        last = place
      case UInt8(ascii: ","):
        commas += 1
        last = place
      case 48...57: if last < 0 { digitsBefore += 1 }
      case 32, 39, 43, 45, 0xC2, 0xA0, 0xE2, 0x80, 0xAF, 0x89, 0x99: break
      default: return .none
      }
    }
    guard last >= 0 else { return .none }
    let isComma = bytes[last] == UInt8(ascii: ",")
    if points > 0, commas > 0 { return isComma ? .comma : .point }
    // A repeated mark separates thousands, so the other one is decimal.
    if points + commas > 1 { return isComma ? .point : .comma }
    let after = cell.range.upperBound - last - 1
    let isZero = digitsBefore == 1 && cell.range.contains { bytes[$0] == 48 && $0 < last }
    if after != 3 || digitsBefore > 3 || digitsBefore == 0 || isZero { return isComma ? .comma : .point }
    return .either
  }
}
