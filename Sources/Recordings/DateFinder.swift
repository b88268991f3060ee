import PlantModel
import WattlineTime

/// Finder of the order of day and month in ambiguous dates.
struct DateFinder {
  let file: String
  let bytes: [UInt8]
  let options: RecordingOptions

  /// Returns the order, `nil` if no date is ambiguous, and whether times have an offset.
  ///
  /// - Throws: ``RecordingError`` if the order remains ambiguous.
  func dates(
    _ layout: RecordingLayout, times: RecordingLayout.Times
  ) throws(RecordingError) -> (order: DateOrder?, hasOffsets: Bool) {
    var scanner = CellScanner(
      bytes, delimiter: layout.delimiter.byte, position: layout.start.position, line: layout.start.line)
    var days: [(first: Int, second: Int, year: Int)] = []
    var example: (text: String, line: Int, column: Int)?
    var looked = 0
    var offsets = 0
    while let line = scanner.next() {
      guard line == .cells, scanner.cells.count > times.cell else { continue }
      let cell = scanner.cells[times.cell]
      guard let text = CivilText(bytes, range: cell.range), text.hasDate else { continue }
      looked += 1
      if text.offset != nil || offset(times, scanner: scanner) { offsets += 1 }
      if text.isOrdered {
        // A file writes all its dates in the same way, so 200 unambiguous ones suffice.
        if looked > 200, example == nil { break }
        continue
      }
      if options.dates != nil { return (options.dates, offsets > 0) }
      if text.first > 12 { return (.dayFirst, offsets > 0) }
      if text.second > 12 { return (.monthFirst, offsets > 0) }
      example = example ?? (scanner.text(cell), scanner.line, scanner.column(of: cell))
      if days.last.map({ $0 != (text.first, text.second, text.year) }) ?? true {
        days.append((text.first, text.second, text.year))
      }
    }
    guard let example else { return (nil, offsets > 0) }
    if let order = evenOrder(days, isDaily: looked < 2 * days.count) { return (order, offsets > 0) }
    throw RecordingError(
      file, message: "the date '\(example.text)' may be day first or month first, and no row tells which",
      line: example.line,
      column: example.column,
      question: RecordingError.Question(option: "dates", values: DateOrder.allCases.map(\.rawValue)))
  }

  private func offset(_ times: RecordingLayout.Times, scanner: CellScanner) -> Bool {
    guard let cell = times.timeOfDay, scanner.cells.count > cell else { return false }
    return CivilText(bytes, range: scanner.cells[cell].range)?.offset != nil
  }

  /// Returns the order in which most days follow one another.
  ///
  /// - Returns: `nil` if both orders or neither give consecutive days, or if daily rows might be the first days of
  ///   months.
  private func evenOrder(_ days: [(first: Int, second: Int, year: Int)], isDaily: Bool) -> DateOrder? {
    guard days.count >= 3 else { return nil }
    func isEven(_ order: DateOrder) -> Bool {
      let numbers = days.map { day in
        order == .dayFirst
          ? CivilTime.daysSinceEpoch(year: day.year, month: day.second, day: day.first)
          : CivilTime.daysSinceEpoch(year: day.year, month: day.first, day: day.second)
      }
      let steps = zip(numbers.dropFirst(), numbers).map { abs($0 - $1) }
      return steps.count { $0 == 1 } * 10 >= steps.count * 8
    }
    let mayBeMonths = isDaily && (days.allSatisfy { $0.first == 1 } || days.allSatisfy { $0.second == 1 })
    let (isDayFirst, isMonthFirst) = (isEven(.dayFirst), isEven(.monthFirst))
    guard isDayFirst != isMonthFirst, !mayBeMonths else { return nil }
    return isDayFirst ? .dayFirst : .monthFirst
  }
}
