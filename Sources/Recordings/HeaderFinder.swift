import PlantModel

/// Finder of the header line and the first row.
struct HeaderFinder {
  /// Headings and rows of a sample.
  struct Rows {
    /// Headings, one a cell; empty if there is none.
    var headings: [String]
    /// Number of cells of a row: that of the headings, if there are any.
    var width: Int
    /// Units from a separate line below the headings.
    var units: [ColumnUnit?]
    var headerLine: Int?
    /// First lines of data.
    var data: ArraySlice<Sample.Line>
    /// Byte position at which rows start. ``lineBefore`` is the number of the line before.
    var start: Int
    var lineBefore: Int
    /// Unit of power or energy from the lines above the headings.
    var preambleUnit: ColumnUnit?

    /// Returns the unit that every row names in a separate column.
    func unitInCells(_ sample: Sample, except cells: Range<Int>) -> ColumnUnit? {
      for cell in headings.indices where !cells.contains(cell) {
        let texts = Set(
          data.compactMap { $0.cells.count > cell ? CellScanner.text($0.cells[cell], bytes: sample.bytes) : nil })
        if texts.count == 1, let text = texts.first, ColumnUnit.isKnown(text) { return ColumnUnit(named: text) }
      }
      return nil
    }
  }

  let file: String
  let sample: Sample
  let options: RecordingOptions

  func rows() throws(RecordingError) -> Rows {
    let lines = sample.lines
    let first = firstRow()
    let header = header(above: first)
    let isBelow = header.map { $0 + 1 < first && isUnits(lines[$0 + 1]) } ?? false
    let names = header.map { texts(lines[$0]) } ?? []
    let width = max(sample.width, names.count)
    var units = isBelow ? texts(lines[(header ?? 0) + 1]).map { $0.isEmpty ? nil : ColumnUnit(named: $0) } : []
    units += Array(repeating: nil, count: max(0, width - units.count))
    if first == lines.count, header == nil {
      let there = lines.first.map { texts($0).joined(separator: ", ") } ?? ""
      throw RecordingError(
        file, message: "has no column 'time' and no row with a time; it has \(there)", line: lines.first?.number)
    }
    // Rows start directly below the headings, so that unreadable ones are reported.
    let above = header.map { lines[$0 + (isBelow ? 1 : 0)] }
    let alone = lines[..<(header ?? 0)].flatMap(texts).compactMap { text in
      ColumnUnit.isKnown(text) && text.utf8.count > 1 ? ColumnUnit(named: text) : ColumnUnit.split(text).unit
    }
    return Rows(
      headings: names + Array(repeating: "", count: width - names.count),
      width: names.isEmpty ? sample.width : names.count, units: units,
      headerLine: header.map { lines[$0].number }, data: lines[first...], start: above?.next ?? sample.start,
      lineBefore: above?.last ?? sample.lineBefore,
      preambleUnit: alone.first { if case .other = $0 { false } else { true } })
  }

  private func texts(_ line: Sample.Line) -> [String] { line.cells.map { CellScanner.text($0, bytes: sample.bytes) } }

  /// Returns the index of the header line among those above the first row.
  ///
  /// A preamble has fewer cells than the rows, and an unreadable row contains numbers. A line with a time heading is
  /// preferred, then the nearest.
  private func header(above first: Int) -> Int? {
    let wide = (0..<first).reversed().filter { place in
      let kinds = sample.lines[place].kinds
      return 2 * kinds.count { $0 != .empty } > sample.width && kinds.contains(.text)
    }
    return wide.first { texts(sample.lines[$0]).contains { $0 == options.time || TimesFinder.isTimeName($0) } }
      ?? wide.first { !sample.lines[$0].kinds.contains(.number) && !isUnits(sample.lines[$0]) } ?? wide.first
  }

  /// Returns the index of the first line with a time and the usual cells; without one, that after the line with a time
  /// heading.
  private func firstRow() -> Int {
    let lines = sample.lines
    if options.needsTimes || lines.contains(where: { $0.hasMoment(sample.bytes) }) {
      let usual = lines.firstIndex { $0.width == sample.width && $0.hasMoment(sample.bytes) && hasValue($0) }
      if let found = usual ?? lines.firstIndex(where: { $0.hasMoment(sample.bytes) && $0.cells.count > 1 }) {
        return found
      }
    }
    if options.needsTimes {
      let named = lines.firstIndex { line in
        texts(line).contains { $0 == options.time || TimesFinder.isTimeName($0) }
      }
      return named.map { $0 + 1 } ?? lines.count
    }
    return lines.firstIndex { line in line.width == sample.width && !line.kinds.contains(.text) }
      ?? min(1, lines.count)
  }

  private func hasValue(_ line: Sample.Line) -> Bool {
    line.kinds.contains { $0 == .number || $0 == .empty || $0 == .timeOfDay }
      || line.kinds.count { $0 == .dateTime } > 0
  }

  /// Returns whether a line holds units and empty cells only.
  private func isUnits(_ line: Sample.Line) -> Bool {
    let texts = texts(line).filter { !$0.isEmpty }
    return !texts.isEmpty && texts.allSatisfy { $0.utf8.count <= 12 } && texts.contains { ColumnUnit.isKnown($0) }
  }
}
