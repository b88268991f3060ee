import PlantModel
import Recordings
import WattlineTime

/// Reader of a file of timed rows in the plant's folder. Reports mistakes with their positions in that file.
struct DatedFile {
  /// Maximum number of rows; more than ten years of hours.
  static let maximumCount = 100_000
  /// Maximum number of mistakes reported for one file.
  private static let toldMistakes = 5

  /// Reference to the file from the plant's file, with the options given beside its name.
  struct Source {
    var name: String
    /// Position of the reference in the plant's file.
    var place: Mark
    /// Key of the reference.
    var key: String
    /// Expected columns, written as a header row.
    var columns: String
    /// Time zone of times without an offset.
    var zone: String
    var dates: DateOrder?
    var decimal: DecimalMark?

    /// Creates a reference.
    ///
    /// - Parameters:
    ///   - name: Name of the file.
    ///   - place: Position of the name in the plant's file.
    ///   - key: Key of the name.
    ///   - columns: Expected columns, written as a header row.
    ///   - zone: Time zone of times without an offset.
    ///   - section: Section with the options `dates` and `decimal`, if any.
    init(_ name: String, at place: Mark, key: String, columns: String, zone: String, told section: Section? = nil) {
      (self.name, self.place, self.key, self.columns, self.zone) = (name, place, key, columns, zone)
      dates = section?.choice("dates")
      decimal = section?.choice("decimal")
    }
  }

  let reading: ConfigurationContext
  let source: Source
  /// The opened file; `nil` if it cannot be read, which has been reported.
  let file: RecordingFile?

  init(_ source: Source, reading: ConfigurationContext) {
    (self.source, self.reading) = (source, reading)
    file = DatedFile.open(source, reading: reading)
  }

  private static func open(_ source: Source, reading: ConfigurationContext) -> RecordingFile? {
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

  /// Reports a mistake in the file.
  ///
  /// - Parameters:
  ///   - line: Line, from 1.
  ///   - column: Column, from 1.
  ///   - message: Description, with the remedy.
  func mistake(_ line: Int, _ column: Int, _ message: String) {
    reading.mistake(Mark(line: line, column: column), message, in: source.name)
  }

  /// Reports a mistake in a column's heading.
  func mistake(heading column: Int, _ message: String) {
    let place = file?.place(ofHeading: column) ?? (line: 1, column: 1)
    mistake(place.line, place.column, message)
  }

  /// Whether the first column is one of times; reports a heading that is not.
  var hasTimes: Bool {
    guard let file, let heading = file.timeHeading, !RecordingFile.isTimeHeading(heading) else { return true }
    mistake(file.layout.headerLine ?? 1, 1, "the first column is called '\(heading)'; it must be 'time'")
    return false
  }

  /// Returns the rows of some columns; reports those that cannot be read.
  ///
  /// - Parameters:
  ///   - columns: Indexes of the columns.
  ///   - width: Returns the message for a row with the wrong number of cells.
  ///   - number: Returns the message for a text that is not a number in its column.
  /// - Returns: `nil` if the file cannot be read or has too many rows.
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

  /// Reports invalid values, the first five with their positions.
  ///
  /// - Parameters:
  ///   - rows: The rows.
  ///   - wrong: Row and column of each invalid value.
  ///   - words: Returns the message for a value.
  func reportMistakes(
    _ rows: Recording, wrong: [(row: Int, column: Int)], words: (_ text: String, _ column: Int) -> String
  ) {
    for (row, column) in wrong.prefix(DatedFile.toldMistakes) {
      guard let cell = file?.cell(line: rows.lines[row], column: column) else { continue }
      mistake(rows.lines[row], cell.column, words(cell.text, column))
    }
  }
}
