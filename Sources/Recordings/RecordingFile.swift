import PlantModel

/// A recording of numbers over time in a text file, whatever wrote it: a logger, a spreadsheet, a utility's portal.
///
/// Cells end at commas, semicolons, tabulators or pipes; numbers have a decimal point or comma, and thousands may be
/// apart; text is UTF-8, UTF-16 or Windows-1252. The headings may stand below a preamble. Times are ISO 8601, day or month
/// first, a spreadsheet's days, or seconds to nanoseconds since 1970, in one column or two, with or without an offset; a
/// line may hold a moment or a day. What the file does not tell is asked for, see ``RecordingError/Question``.
///
/// ```
/// Site 4711;;
/// Datum;Uhrzeit;Verbrauch [kWh]
/// 01.06.2025;00:00;0,31
/// 01.06.2025;00:15;0,28
/// ```
///
/// is read as one column `Verbrauch`, an energy, each quarter of an hour from midnight on 1 June 2025 in the zone told.
public struct RecordingFile: Sendable {
  /// The file as it was named.
  public let name: String
  /// How the file is laid out.
  public let layout: RecordingLayout
  private let bytes: [UInt8]

  /// Opens a file and finds out how it is laid out.
  /// - Throws: ``RecordingError`` where it cannot be read, or does not tell enough; says what to write.
  public init(path: String, options: RecordingOptions = RecordingOptions()) throws(RecordingError) {
    try self.init(name: path, contents: RecordingText.contents(of: path), options: options)
  }

  /// Takes the bytes of a file.
  public init(
    name: String, contents: [UInt8], options: RecordingOptions = RecordingOptions()
  ) throws(RecordingError) {
    self.name = name
    if let zone = options.zone, LocalCalendar(identifier: zone) == nil {
      throw RecordingError(
        name, "there is no zone '\(zone)'",
        question: RecordingError.Question(option: "zone", values: ["Europe/Berlin", "UTC"]))
    }
    let text = RecordingText(contents)
    bytes = text.bytes
    layout = try LayoutFinder(file: name, bytes: bytes, options: options).layout(text.encoding)
  }

  /// The columns that are no times.
  public var columns: [RecordingColumn] { layout.columns }

  /// The heading of the first column of times; `nil` where there is none or no headings are.
  public var timeHeading: String? { layout.headerLine == nil ? nil : layout.times?.headings.first }

  /// Whether a heading is a usual one of times.
  public static func isTimeHeading(_ heading: String) -> Bool { TimesFinder.isTimeName(heading) }

  /// Size of the text [bytes].
  public var byteCount: Int { bytes.count }

  /// The position of a column, or an error that names those there are.
  public func column(named name: String) throws(RecordingError) -> Int {
    if let found = layout.column(named: name) { return found }
    let known = ((layout.times?.headings ?? []) + columns.map(\.heading)).joined(separator: ", ")
    throw RecordingError(self.name, "has no column '\(name)'; it has \(known)", line: layout.headerLine ?? 1)
  }

  /// The first column whose heading has one of some words in it, whatever the case; words in order of preference.
  public func column(withWord words: String...) throws(RecordingError) -> Int {
    for word in words {
      if let found = columns.firstIndex(where: { $0.heading.lowercased().contains(word) }) { return found }
    }
    throw RecordingError(
      name,
      "no column has '\(words.joined(separator: "' or '"))' in its name; there are "
        + columns.map(\.heading).joined(separator: ", "), line: layout.headerLine ?? 1)
  }

  /// The text of a file's bytes, whatever they were stored in.
  public static func text(of contents: [UInt8]) -> String {
    String(decoding: RecordingText(contents).bytes, as: UTF8.self)
  }

  /// Where a column's heading stands: line and position in it, from 1.
  public func place(ofHeading column: Int) -> (line: Int, column: Int) {
    place(line: layout.headerLine ?? 1, column) ?? (layout.headerLine ?? 1, 1)
  }

  /// Where a column's cell stands in a line, and its text; `nil` where the line has none.
  public func cell(line: Int, _ column: Int) -> (column: Int, text: String)? {
    var scanner = CellScanner(bytes, delimiter: layout.delimiter.byte)
    while scanner.line < line, scanner.next() != nil {}
    let place = layout.columns[column].cell
    guard scanner.line == line, scanner.cells.indices.contains(place) else { return nil }
    return (scanner.column(of: scanner.cells[place]), scanner.text(scanner.cells[place]))
  }

  private func place(line: Int, _ column: Int) -> (line: Int, column: Int)? {
    cell(line: line, column).map { (line, $0.column) }
  }

  /// Reads rows as they stand in the file, each with the numbers of some columns, in this order; at most so many lines.
  public func rows(of columns: [Int], atMost most: Int = .max) -> Recording {
    let reader = RowReader(bytes, layout, columns: columns, most: most)
    let names = columns.map { layout.columns[$0] }
    var collector = RowCollector(columns: names, layout: layout)
    if layout.wide == nil { collector.take(reader) } else { collector.takeWide(reader, columns: columns) }
    return collector.recording()
  }

  /// The texts of a column in the rows that ``rows(of:atMost:)`` gives for `columns`.
  public func texts(of column: Int, besides columns: [Int]) -> [String] {
    var reader = RowReader(bytes, layout, columns: columns)
    let cell = layout.columns[column].cell
    var texts: [String] = []
    while reader.next() {
      texts.append(reader.cells.indices.contains(cell) ? CellScanner.text(reader.cells[cell], bytes) : "")
    }
    return texts
  }

  /// The times of rows as the file has them, in the rows that ``rows(of:atMost:)`` gives for `columns`.
  public func timeTexts(besides columns: [Int]) -> [String] {
    var reader = RowReader(bytes, layout, columns: columns)
    let cells = [layout.times?.cell, layout.times?.timeOfDay].compactMap { $0 }
    var texts: [String] = []
    while reader.next() {
      texts.append(
        cells.filter(reader.cells.indices.contains).map { CellScanner.text(reader.cells[$0], bytes) }
          .joined(separator: " "))
    }
    return texts
  }
}
