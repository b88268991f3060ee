import PlantModel
import WattlineTime

/// A recording of numbers over time in a text file, as loggers, spreadsheets and the portals of utilities write them.
///
/// - Cells are separated by commas, semicolons, tabulators or pipes.
/// - Numbers have a decimal point or comma, and may have group separators.
/// - Text is UTF-8, UTF-16 or Windows-1252. The headings may follow a preamble.
/// - Times are ISO 8601, day or month first, a spreadsheet's days, or seconds to nanoseconds since 1970. They are in
///   one column or two, with or without an offset.
/// - A line holds one time or a whole day.
///
/// If the file leaves something undecided, an error names the option that decides it; see ``RecordingError/Question``.
///
/// ```
/// Site 4711;;
/// Datum;Uhrzeit;Verbrauch [kWh]
/// 01.06.2025;00:00;0,31
/// 01.06.2025;00:15;0,28
/// ```
///
/// is read as one column `Verbrauch`, an energy of each quarter of an hour from midnight on 1 June 2025 in the given
/// zone.
public struct RecordingFile: Sendable {
  /// Name under which the file was opened.
  public let name: String
  /// Layout of the file.
  public let layout: RecordingLayout
  private let bytes: [UInt8]

  /// Opens a file and determines its layout.
  ///
  /// - Throws: ``RecordingError`` if it cannot be read or its layout is undecided, with the option to use.
  public init(path: String, options: RecordingOptions = RecordingOptions()) throws(RecordingError) {
    try self.init(name: path, contents: RecordingText.contents(of: path), options: options)
  }

  /// Opens a file from its bytes and determines its layout.
  ///
  /// - Parameters:
  ///   - name: Name of the file, for messages.
  ///   - contents: Bytes of the file.
  ///   - options: Settings that the file does not determine.
  /// - Throws: ``RecordingError`` if its layout is undecided, with the option to use.
  public init(
    name: String, contents: [UInt8], options: RecordingOptions = RecordingOptions()
  ) throws(RecordingError) {
    self.name = name
    if let zone = options.zone, LocalCalendar(identifier: zone) == nil {
      throw RecordingError(
        name, message: "there is no zone '\(zone)'",
        question: RecordingError.Question(option: "zone", values: ["Europe/Berlin", "UTC"]))
    }
    let text = RecordingText(contents)
    bytes = text.bytes
    layout = try LayoutFinder(file: name, bytes: bytes, options: options).layout(text.encoding)
  }

  /// Columns that hold no times.
  public var columns: [RecordingColumn] { layout.columns }

  /// Heading of the first column of times; `nil` without times or without headings.
  public var timeHeading: String? { layout.headerLine == nil ? nil : layout.times?.headings.first }

  /// Returns whether a heading is a usual one of times.
  public static func isTimeHeading(_ heading: String) -> Bool { TimesFinder.isTimeName(heading) }

  /// Size of the text [bytes of UTF-8].
  public var byteCount: Int { bytes.count }

  /// Returns the index of a column.
  ///
  /// - Throws: ``RecordingError`` that lists the columns.
  public func column(named name: String) throws(RecordingError) -> Int {
    if let found = layout.column(named: name) { return found }
    let known = ((layout.times?.headings ?? []) + columns.map(\.heading)).joined(separator: ", ")
    throw RecordingError(self.name, message: "has no column '\(name)'; it has \(known)", line: layout.headerLine ?? 1)
  }

  /// Returns the first column whose heading contains one of some lowercase words, regardless of case.
  ///
  /// - Parameter words: Words in order of preference.
  /// - Throws: ``RecordingError`` that lists the columns.
  public func column(withWord words: String...) throws(RecordingError) -> Int {
    for word in words {
      if let found = columns.firstIndex(where: { $0.heading.lowercased().contains(word) }) { return found }
    }
    throw RecordingError(
      name,
      message: "no column has '\(words.joined(separator: "' or '"))' in its name; there are "
        + columns.map(\.heading).joined(separator: ", "), line: layout.headerLine ?? 1)
  }

  /// Returns the text of a file's bytes, in any supported encoding.
  public static func text(of contents: [UInt8]) -> String {
    String(decoding: RecordingText(contents).bytes, as: UTF8.self)
  }

  /// Returns the position of a column's heading: line and character, from 1.
  public func place(ofHeading column: Int) -> (line: Int, column: Int) {
    place(line: layout.headerLine ?? 1, column: column) ?? (layout.headerLine ?? 1, 1)
  }

  /// Returns the position and text of a column's cell in a line; `nil` if the line has none.
  public func cell(line: Int, column: Int) -> (column: Int, text: String)? {
    var scanner = CellScanner(bytes, delimiter: layout.delimiter.byte)
    while scanner.line < line, scanner.next() != nil {}
    let place = layout.columns[column].cell
    guard scanner.line == line, scanner.cells.indices.contains(place) else { return nil }
    return (scanner.column(of: scanner.cells[place]), scanner.text(scanner.cells[place]))
  }

  private func place(line: Int, column: Int) -> (line: Int, column: Int)? {
    cell(line: line, column: column).map { (line, $0.column) }
  }

  /// Reads rows in file order, each with the numbers of some columns.
  ///
  /// - Parameters:
  ///   - columns: Indexes of the columns.
  ///   - most: Maximum number of lines to read.
  public func rows(of columns: [Int], atMost most: Int = .max) -> Recording {
    let reader = RowReader(bytes, layout: layout, columns: columns, most: most)
    let names = columns.map { layout.columns[$0] }
    var collector = RowCollector(columns: names, layout: layout)
    if layout.wide == nil { collector.append(reader) } else { collector.appendWide(reader, columns: columns) }
    return collector.recording()
  }

  /// Returns the texts of a column for the rows that ``rows(of:atMost:)`` returns for `columns`.
  public func texts(of column: Int, besides columns: [Int]) -> [String] {
    var reader = RowReader(bytes, layout: layout, columns: columns)
    let cell = layout.columns[column].cell
    var texts: [String] = []
    while reader.next() {
      texts.append(reader.cells.indices.contains(cell) ? CellScanner.text(reader.cells[cell], bytes: bytes) : "")
    }
    return texts
  }

  /// Returns the times as written for the rows that ``rows(of:atMost:)`` returns for `columns`.
  public func timeTexts(besides columns: [Int]) -> [String] {
    var reader = RowReader(bytes, layout: layout, columns: columns)
    let cells = [layout.times?.cell, layout.times?.timeOfDay].compactMap { $0 }
    var texts: [String] = []
    while reader.next() {
      texts.append(
        cells.filter(reader.cells.indices.contains).map { CellScanner.text(reader.cells[$0], bytes: bytes) }
          .joined(separator: " "))
    }
    return texts
  }
}
