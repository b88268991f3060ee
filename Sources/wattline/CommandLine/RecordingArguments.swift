import PlantModel
import Recordings

/// Options of all commands that read a recording.
enum RecordingArguments {
  /// Options for properties that a file may not reveal itself.
  static let options = [
    Option(
      name: "--delimiter", value: "NAME", help: "what ends a cell: comma, semicolon, tab or pipe (default: found)"),
    Option(name: "--decimal", value: "MARK", help: "the decimal mark: point or comma (default: found)"),
    Option(
      name: "--dates", value: "ORDER", help: "dates like 03/04/2025 are day-first or month-first (default: found)"),
    Option(name: "--unit", value: "[COL=]UNIT,…", help: "units of columns that tell none: W, kW, MW, Wh, kWh or MWh"),
    Option(name: "--explain", value: nil, help: "prints what was understood of the file, and does nothing else"),
  ]
  static let time = Option(name: "--time", value: "COL", help: "the column of times (default: found)")
  static let zone = Option(name: "--zone", value: "TZ", help: "IANA zone of times without an offset (default: UTC)")
  static let columns = Option(
    name: "--columns", value: "LIST", help: "what columns are, as NAME=asset.sensor with commas between")

  /// Part about recordings in the help of a command.
  static let details = """
    A file is a table of text: cells end at commas, semicolons, tabulators or pipes; headings may stand below other
    lines; times are ISO 8601, day or month first, a spreadsheet's days or numbers since 1970, in one column or two, with
    or without an offset; a line may hold a day. Units in headings count: an energy of an interval, as kWh, is taken as
    the mean power. Of rows of one time the later line counts.
    """

  /// Opens a file with the given options.
  ///
  /// - Parameters:
  ///   - path: Path of the file.
  ///   - arguments: Arguments of the command.
  ///   - zone: Zone of times without an offset, unless `--zone` is given.
  ///   - needsTimes: Whether a column of times is required.
  static func open(
    _ path: String, arguments: Arguments, zone: String? = nil, needsTimes: Bool = true
  ) throws -> RecordingFile {
    var options = RecordingOptions()
    options.delimiter = try choice(arguments, name: "--delimiter")
    options.decimal = try choice(arguments, name: "--decimal")
    options.dates = try choice(arguments, name: "--dates")
    options.time = arguments.text("--time")
    options.zone = arguments.text("--zone") ?? zone
    options.units = try units(arguments)
    options.needsTimes = needsTimes
    return try RecordingFile(path: path, options: options)
  }

  /// Prints the interpretation of the files if `--explain` is given; returns whether it is.
  ///
  /// - Parameters:
  ///   - paths: Paths of the files.
  ///   - arguments: Arguments of the command.
  ///   - zone: Zone of times without an offset, unless `--zone` is given.
  ///   - needsTimes: Whether a column of times is required.
  static func isExplained(
    _ paths: [String], arguments: Arguments, zone: String? = nil, needsTimes: Bool = true
  ) throws -> Bool {
    guard arguments.has("--explain") else { return false }
    for path in paths {
      let file = try open(path, arguments: arguments, zone: zone, needsTimes: needsTimes)
      let numbers = file.columns.indices.filter { !file.columns[$0].isText }
      file.explanation(file.rows(of: numbers).ordered()).forEach { Console.print($0) }
    }
    return true
  }

  /// Prints the defects of a file's rows on stderr.
  static func report(_ recording: Recording, of path: String) {
    let tally = recording.tally
    if let problem = tally.problems.first {
      Console.report("\(path):\(problem.line): left out: \(problem.reason) (\(tally.unreadable) such lines)")
    }
    let sound = Recording.Tally(rows: tally.rows, unreadable: tally.unreadable, problems: tally.problems)
    guard tally != sound else { return }
    let findings = RecordingFile.findings(recording).dropFirst().filter { line in
      !line.hasPrefix("line ") && !line.contains("cannot be read")
    }
    findings.forEach { Console.report("\(path): \($0)") }
  }

  /// Returns the columns of `--columns`, a list of `NAME` or `NAME=asset.sensor`, and their targets.
  static func selection(_ arguments: Arguments) throws(Misuse) -> [(column: String, target: String)]? {
    guard let list = arguments.text("--columns") else { return nil }
    var columns: [(column: String, target: String)] = []
    for entry in list.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(trimmed)
      guard let name = parts.first, let target = parts.last, !name.isEmpty, !target.isEmpty else {
        throw Misuse(message: "--columns takes NAME or NAME=asset.sensor with commas between, not '\(list)'")
      }
      columns.append((name, target))
    }
    return columns
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  private static func choice<Value: RawRepresentable & CaseIterable>(
    _ arguments: Arguments, name: String
  ) throws(Misuse) -> Value? where Value.RawValue == String {
    guard let text = arguments.text(name) else { return nil }
    if let value = Value(rawValue: text) { return value }
    let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
    throw Misuse(message: "\(name) is one of \(known), not '\(text)'")
  }

  private static func units(_ arguments: Arguments) throws(Misuse) -> [String: String] {
    var units: [String: String] = [:]
    for text in arguments.texts("--unit") {
      for entry in text.split(separator: ",") {
        let parts = entry.split(separator: "=", maxSplits: 1).map(trimmed)
        guard let unit = parts.last, ColumnUnit.isKnown(unit) else {
          throw Misuse(message: "--unit takes W, kW, MW, Wh, kWh or MWh, alone or as COL=UNIT, not '\(entry)'")
        }
        units[parts.count > 1 ? parts[0] : ""] = unit
      }
    }
    return units
  }
}
