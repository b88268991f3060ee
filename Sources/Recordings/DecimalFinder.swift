/// Tells the decimal mark from how numbers are written.
struct DecimalFinder {
  /// Lines that are looked at.
  private static let most = 5_000

  let file: String
  let bytes: [UInt8]
  let options: RecordingOptions

  /// The decimal mark; a point where no number has a mark.
  func mark(_ layout: RecordingLayout) throws(RecordingError) -> DecimalMark {
    if let told = options.decimal { return told }
    var scanner = CellScanner(
      bytes, delimiter: layout.delimiter.byte, position: layout.start.position, line: layout.start.line)
    let times = layout.times
    let taken = [times?.cell, times?.timeOfDay, times?.end].compactMap { $0 }
    // A spreadsheet's days may have decimals as well.
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
    // In a file of commas a point is never between thousands, nor the other way round.
    if layout.delimiter == .comma { return open.text.contains(",") ? .comma : .point }
    throw RecordingError(
      file, "'\(open.text)' may have decimals or thousands, and no number of the file tells which", line: open.line,
      column: open.column,
      question: RecordingError.Question(
        option: "decimal", values: open.text.contains(",") ? ["comma", "point"] : ["point", "comma"]))
  }

  private enum Evidence { case none, point, comma, either }

  /// What a cell tells: the last of two different marks is the decimal one, one of several is not, and a mark that is
  /// followed by other than three digits, or is after more than three or a lone zero, is.
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
    // Thousands twice: the other mark would be the decimal one.
    if points + commas > 1 { return isComma ? .point : .comma }
    let after = cell.range.upperBound - last - 1
    let isZero = digitsBefore == 1 && cell.range.contains { bytes[$0] == 48 && $0 < last }
    if after != 3 || digitsBefore > 3 || digitsBefore == 0 || isZero { return isComma ? .comma : .point }
    return .either
  }
}
