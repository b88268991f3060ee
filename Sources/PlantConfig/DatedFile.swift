import PlantModel
import Recordings

/// Reads a file of rows over time beside the plant's, and tells what is wrong in it with its place.
struct DatedFile {
  /// Most rows; ten years of hours.
  static let maximumCount = 100_000
  /// Mistakes of one file that are told.
  private static let toldMistakes = 5

  /// What the plant's file says of the other one, under `key`.
  struct Source {
    var name: String
    /// Where the plant's file names it.
    var place: Mark
    /// The key that names it.
    var key: String
    /// What a row has, as a line of headings would name it.
    var columns: String
    /// The zone of times without an offset.
    var zone: String
    var dates: DateOrder?
    var decimal: DecimalMark?

    /// A source with what keys beside the file's name tell of it.
    init(_ name: String, at place: Mark, key: String, columns: String, zone: String, told section: Section? = nil) {
      (self.name, self.place, self.key, self.columns, self.zone) = (name, place, key, columns, zone)
      dates = section?.choice("dates")
      decimal = section?.choice("decimal")
    }
  }

  let reading: Reading
  let source: Source
  /// The file; `nil` where it cannot be read, which is told.
  let file: RecordingFile?

  init(_ source: Source, _ reading: Reading) {
    (self.source, self.reading) = (source, reading)
    file = DatedFile.open(source, reading)
  }

  private static func open(_ source: Source, _ reading: Reading) -> RecordingFile? {
    let (name, key) = (source.name, source.key)
    guard name.hasSuffix(".csv"), !name.contains("/") else {
      reading.mistake(source.place, "'\(key)' is '\(name)'; name a .csv file in the same folder")
      return nil
    }
    guard let text = reading.useFile(name) else {
      reading.mistake(source.place, "the file '\(name)' cannot be read; '\(key)' names a CSV of \(source.columns)")
      return nil
    }
    var options = RecordingOptions()
    (options.zone, options.dates, options.decimal) = (source.zone, source.dates, source.decimal)
    if LocalCalendar(identifier: source.zone) == nil { options.zone = nil }
    do throws(RecordingError) {
      return try RecordingFile(name: name, contents: Array(text.utf8), options: options)
    } catch {
      let answers = error.question.map { question in
        "; write " + question.values.map { "\(question.option): \($0)" }.joined(separator: " or ")
          + " beside the file's name, as {\(key == "prices" ? "file" : key): \(name), \(question.option): "
          + "\(question.values[0])}"
      }
      let line = Mark(line: error.line ?? 1, column: error.column ?? 1)
      reading.mistake(line, error.message + (answers ?? ""), in: name)
      return nil
    }
  }

  /// Tells a mistake in the file.
  func mistake(_ line: Int, _ column: Int, _ message: String) {
    reading.mistake(Mark(line: line, column: column), message, in: source.name)
  }

  /// Tells a mistake in a column's heading.
  func mistake(heading column: Int, _ message: String) {
    let place = file?.place(ofHeading: column) ?? (line: 1, column: 1)
    mistake(place.line, place.column, message)
  }

  /// Whether the file's first heading is one of a time; tells it where it is not.
  var hasTimes: Bool {
    guard let file, let heading = file.timeHeading, !RecordingFile.isTimeHeading(heading) else { return true }
    mistake(file.layout.headerLine ?? 1, 1, "the first column is called '\(heading)'; it must be 'time'")
    return false
  }

  /// The rows with some columns, those that cannot be read told with `width` for one with so many cells and `number` for
  /// a text that is none in a column.
  func rows(
    of columns: [Int], width: (_ cells: Int) -> String, number: (_ text: String, _ column: Int) -> String
  ) -> Recording? {
    guard let file else { return nil }
    let rows = file.rows(of: columns, atMost: DatedFile.maximumCount + 1)
    reading.explain(file.explanation(rows.ordered(), hasOptions: false))
    let last = max(rows.lines.last ?? 0, rows.tally.problems.last?.line ?? 0)
    if Set(rows.lines).count + rows.tally.unreadable > DatedFile.maximumCount {
      mistake(last, 1, "more than \(DatedFile.maximumCount) rows; leave out what is past")
      return nil
    }
    for problem in rows.tally.problems.prefix(DatedFile.toldMistakes) {
      switch problem.kind {
      case .line: mistake(problem.line, problem.column, problem.reason)
      case .width(let cells): mistake(problem.line, 1, width(cells))
      case .time(let text):
        mistake(problem.line, problem.column, "'\(text)' is no time; write one with its zone like 2026-10-01T14:00Z")
      case .number(let text, let heading):
        mistake(problem.line, problem.column, number(text, columns.first { file.columns[$0].heading == heading } ?? 0))
      }
    }
    if rows.count == 0, rows.tally.unreadable == 0 {
      mistake(1, 1, "the file has no rows; write \(source.columns)")
    }
    return rows
  }

  /// Tells that values are not what they should be, the first five of them with their places.
  func tellWrong(
    _ rows: Recording, _ wrong: [(row: Int, column: Int)], _ words: (_ text: String, _ column: Int) -> String
  ) {
    for (row, column) in wrong.prefix(DatedFile.toldMistakes) {
      guard let cell = file?.cell(line: rows.lines[row], column) else { continue }
      mistake(rows.lines[row], cell.column, words(cell.text, column))
    }
  }
}
