import PlantModel

/// Finder of a text's layout from its first lines, and from all lines if dates or decimal marks require it.
struct LayoutFinder {
  let file: String
  let bytes: [UInt8]
  let options: RecordingOptions

  func layout(_ encoding: TextEncoding) throws(RecordingError) -> RecordingLayout {
    let (told, position, line) = statedDelimiter()
    let sample = try sample(told, at: position, line: line)
    guard !sample.lines.isEmpty else {
      throw RecordingError(
        file, message: "is empty; expected a header such as time,load.power and a row a moment", line: 1)
    }
    let rows = try HeaderFinder(file: file, sample: sample, options: options).rows()
    var layout = RecordingLayout(
      encoding: encoding, delimiter: sample.delimiter, decimal: .point, headerLine: rows.headerLine, columns: [],
      zone: options.zone ?? "UTC", width: rows.width, start: (rows.start, rows.lineBefore))
    let finder = TimesFinder(file: file, sample: sample, rows: rows, options: options)
    layout.times = try options.needsTimes ? finder.times() : finder.possibleTimes()
    layout.wide = layout.times.flatMap { WideFinder(sample: sample, rows: rows, times: $0).wide() }
    layout.decimal = try DecimalFinder(file: file, bytes: bytes, options: options).mark(layout)
    if let times = layout.times, times.clock == .text {
      let found = try DateFinder(file: file, bytes: bytes, options: options).dates(layout, times: times)
      (layout.dates, layout.hasOffsets) = (found.order, found.hasOffsets)
    } else if layout.times != nil {
      layout.hasOffsets = layout.times?.clock != .serial
    }
    layout.columns = try columns(layout, sample: sample, rows: rows)
    return layout
  }

  /// Returns the delimiter of Excel's first line `sep=;`, and the position and line number from which the text
  /// continues.
  private func statedDelimiter() -> (Delimiter?, position: Int, line: Int) {
    let start = bytes.prefix(6)
    guard start.count >= 5, String(decoding: start.prefix(4), as: UTF8.self).lowercased() == "sep=" else {
      return (nil, 0, 0)
    }
    var place = 5
    while place < bytes.count, bytes[place] != 10 { place += 1 }
    return (Delimiter.allCases.first { $0.byte == start[4] }, min(bytes.count, place + 1), 1)
  }

  private func sample(_ told: Delimiter?, at position: Int, line: Int) throws(RecordingError) -> Sample {
    if let given = options.delimiter ?? told { return Sample(bytes, delimiter: given, from: position, after: line) }
    var best: (sample: Sample, score: (Int, Int, Int))?
    for delimiter in Delimiter.allCases {
      let sample = Sample(bytes, delimiter: delimiter, from: position, after: line)
      let score = sample.score(needsTimes: options.needsTimes)
      if best.map({ $0.score < score }) ?? true { best = (sample, score) }
    }
    guard let best else { return Sample(bytes, delimiter: .comma, from: position, after: line) }
    if best.score.0 > 0 { return best.sample }
    // Without any time, the delimiter that gives the most cells is the likeliest.
    let even = Delimiter.allCases.map { Sample(bytes, delimiter: $0, from: position, after: line) }
    return even.max { $0.score(needsTimes: false).2 < $1.score(needsTimes: false).2 } ?? best.sample
  }

  private func columns(
    _ layout: RecordingLayout, sample: Sample, rows: HeaderFinder.Rows
  ) throws(RecordingError) -> [RecordingColumn] {
    var columns: [RecordingColumn] = []
    let times = layout.times
    let taken = Set([times?.cell, times?.timeOfDay, times?.period?.cell, times?.end].compactMap { $0 })
    let wideCells = layout.wide?.cells ?? 0..<0
    if let wide = layout.wide {
      // The unit is in the headings, above them, or in a separate column.
      var unit = rows.units[wide.cells.lowerBound] ?? ColumnUnit.split(rows.headings[wide.cells.lowerBound]).unit
      unit = unit ?? rows.preambleUnit ?? rows.unitInCells(sample, except: wide.cells)
      let told = options.units["value"] ?? options.units[""]
      columns.append(
        RecordingColumn(
          heading: "value", name: "value", unit: told.map { ColumnUnit(named: $0) } ?? unit, isText: false, cell: -1))
    }
    for (cell, heading) in rows.headings.prefix(rows.width).enumerated()
    where !taken.contains(cell) && !wideCells.contains(cell) {
      let kinds = rows.data.compactMap { $0.cells.count > cell ? $0.kinds[cell] : nil }
      if heading.isEmpty, kinds.allSatisfy({ $0 == .empty }) { continue }
      let isText = 2 * kinds.count { $0 != .number && $0 != .empty } > kinds.count { $0 != .empty }
      let split = ColumnUnit.split(heading)
      let told = options.units[heading] ?? options.units[split.name]
      let known = told.map { ColumnUnit(named: $0) } ?? split.unit ?? rows.units[cell]
      let name = heading.isEmpty ? "column \(cell + 1)" : split.name
      columns.append(
        RecordingColumn(
          heading: heading.isEmpty ? name : heading, name: name,
          unit: known ?? (isText ? nil : options.units[""].map { ColumnUnit(named: $0) }), isText: isText, cell: cell))
    }
    var seen: Set<String> = []
    for column in columns where !seen.insert(column.heading).inserted {
      throw RecordingError(
        file, message: "column '\(column.heading)' is there twice; give each a name of its own", line: rows.headerLine)
    }
    return columns
  }
}
