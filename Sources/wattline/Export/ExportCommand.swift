import Foundation
import InfluxSink
import PlantConfig
import PlantModel
import PointSchema
import Settings
import SystemCore
import WattlineTime

/// `wattline export`: writes a plant's points as CSV.
enum ExportCommand {
  static let description = CommandDescription(
    name: "export", summary: "a plant's points of a span as CSV, from the database",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--plant", value: "P", help: "the plant (default: the only one of the folder)"),
      Option(name: "--from", value: "T", help: "first time"),
      Option(name: "--to", value: "T", help: "time at which it ends, itself left out (default: now)"),
      Option(
        name: "--series", value: "M[:ASSET[.SENSOR]]",
        help: "a measurement, and of what; may be repeated (default: clean)"
      ),
      Option(name: "--tag", value: "NAME=VALUE", help: "only points with this tag, as window=15m; may be repeated"),
      Option(name: "--good", value: nil, help: "only values of quality 0"),
      Option(name: "--wide", value: nil, help: "a row a time, a column asset.sensor a series"),
      Option(name: "--time", value: "FORM", help: "utc, local with offset, or epoch in ms (default: utc)"),
      Option(name: "--out", value: "FILE", help: "the file; .gz and .zst are compressed (default: stdout)"),
      Option(name: "--format", value: "FORMAT", help: "csv, which is the only one"),
    ],
    details: """
      A row is a point: time, tags, fields, and the measurement if there are several. In clean the
      quality stands beside the value. The names are those of the page Series. An absent value is an
      empty cell, never a zero; an empty text is "". Numbers read back exactly. Times have the stored
      precision, at least milliseconds.

      T is a local date or time of the plant (2026-10-25, 2026-10-25T14:00), a time with a zone
      (2026-10-25T12:00:00Z), a span before or after now (-7d, +24h) or now. The span is half-open: from
      --from up to, but without, --to. So --from 2026-10-25 --to 2026-10-26 is one local day, of 23, 24 or 25
      hours. A repeated local hour is its first.

      --wide is what `replay`, `backtest` and `scenario` read. raw is in the units of the sensors, as
      replay sends it. clean is in canonical units, estimates included; --good leaves them out. Text
      is quoted as RFC 4180 says, lines end with a line feed. Names are written as they are: a
      spreadsheet may take one that begins with = for a formula.

      Memory does not grow with the span. The file appears under its name when it is whole.
      """,
    examples: [
      "wattline export --plant riverside --from -7d --out week.csv.gz",
      "wattline export --from 2026-10-25 --to 2026-10-26 --series clean:load.power --time local",
      "wattline export --from -30d --series feature --tag window=15m --out windows.csv.zst",
      "wattline export --from -1d --series forecast_eval --series health --out models.csv",
      "wattline export --from -90d --good --wide --out home.csv",
      "wattline backtest home.csv --target load.power --zone America/Los_Angeles",
    ])

  static func run(_ arguments: Arguments) throws {
    if let format = arguments.text("--format"), format != "csv" {
      throw Misuse(message: "--format is csv, not '\(format)'")
    }
    guard let from = arguments.text("--from") else {
      throw Misuse(message: "export needs --from, such as --from -7d or --from 2026-10-25")
    }
    let wanted = try wanted(arguments)
    let filter = try ExportFilter(arguments, measurements: wanted.map(\.measurement))
    if arguments.has("--wide"), wanted.count > 1 { throw Misuse(message: "--wide takes one measurement") }
    let loaded = BrokerAccess.load(arguments.configuration)
    let plants = try BrokerAccess.plants(loaded, named: arguments.text("--plant"))
    guard plants.count == 1 else {
      let names = plants.map(\.name).joined(separator: ", ")
      throw Misuse(message: "export needs --plant; the folder has \(names)")
    }
    let plant = plants[0]
    guard var calendar = LocalCalendar(identifier: plant.location.timezone) else {
      throw Failure(description: "plant '\(plant.name)': there is no zone '\(plant.location.timezone)'")
    }
    let times = try times(arguments, calendar: calendar)
    let span = try ExportSpan(
      from: from, to: arguments.text("--to"), calendar: &calendar, now: SystemClock.now())
    let export = Export(plant: plant, span: span, filter: filter, reader: try DatabaseReader(loaded.settings.influxdb))
    try export.run(
      wanted, isWide: arguments.has("--wide"), text: CSVText(times: times), path: arguments.text("--out") ?? "-")
  }

  /// Returns the measurements of `--series` in order, each with its texts of series; none stands for all.
  private static func wanted(_ arguments: Arguments) throws(Misuse) -> [(
    measurement: PointSchema.Measurement, series: [String]
  )] {
    var wanted: [(measurement: PointSchema.Measurement, series: [String])] = []
    let texts = arguments.texts("--series")
    for text in texts.isEmpty ? [Measurement.clean.name] : texts {
      let (measurement, series) = try ExportSelection.parts(text)
      guard let place = wanted.firstIndex(where: { $0.measurement == measurement }) else {
        wanted.append((measurement, series.map { [$0] } ?? []))
        continue
      }
      // All of a measurement includes any part of it.
      let isAll = wanted[place].series.isEmpty || series == nil
      wanted[place].series = isAll ? [] : wanted[place].series + (series.map { [$0] } ?? [])
    }
    return wanted
  }

  private static func times(_ arguments: Arguments, calendar: LocalCalendar) throws(Misuse) -> CSVText.Times {
    switch arguments.text("--time") ?? "utc" {
    case "utc": return .utc
    case "local": return .local(calendar)
    case "epoch": return .epoch
    case let text: throw Misuse(message: "--time is utc, local or epoch, not '\(text)'")
    }
  }
}

/// One export, from the database to a file.
private struct Export {
  let plant: Plant
  let span: ExportSpan
  let filter: ExportFilter
  let reader: DatabaseReader

  /// Writes the points of the wanted series.
  ///
  /// - Parameters:
  ///   - wanted: Measurements with their texts of series.
  ///   - isWide: Whether a row is a time and not a point.
  ///   - text: Empty text that knows the form of times.
  ///   - path: Path of the file; `-` is standard output.
  func run(
    _ wanted: [(measurement: PointSchema.Measurement, series: [String])], isWide: Bool, text: CSVText, path: String
  ) throws {
    let stop = StopRequest(reader)
    var text = text
    do {
      let selections = try wanted.map {
        try ExportSelection($0.measurement, series: $0.series, of: plant, filter: filter, reader: reader)
      }
      let long = LongTable(selections)
      var wide = isWide ? try WideTable(selections[0], filter: filter, span: span, reader: reader) : nil
      let file = path == "-" ? try OutputFile(path) : try OutputFile(replacing: path)
      if let wide { wide.appendHeader(to: &text) } else { long.appendHeader(to: &text) }
      var progress = ProgressBar(
        "exporting \(plant.name)", total: (span.end - span.start).inHours * Double(selections.count))
      var rows = 0
      for (number, selection) in selections.enumerated() {
        var pages = ExportPages(selection, span: span, reader: reader)
        while let page = try pages.next() {
          if wide == nil { long.append(page.table, count: page.count, of: selection.measurement, to: &text) }
          rows += wide?.append(page.table, count: page.count, to: &text) ?? page.count
          try file.write(text.bytes)
          text.removeAll()
          let done = (pages.position - span.start) + (span.end - span.start) * Int64(number)
          progress.update(done.inHours, note: "\(rows) rows")
          try stop.check()
        }
      }
      try file.write(text.bytes)
      try file.close()
      progress.finish()
      try report(rows, selections: selections, path: path)
    } catch {
      try stop.check()
      throw error
    }
  }

  private func report(_ rows: Int, selections: [ExportSelection], path: String) throws {
    if rows > 0 {
      if path != "-" { Console.report("\(path): \(rows.counted("row"))") }
      return
    }
    let names = selections.map(\.measurement.name).joined(separator: ", ")
    var words = "wattline export: nothing of plant '\(plant.name)' in \(names) from \(span.start) up to \(span.end)"
    if let selection = selections.first {
      let ends = try ["ASC", "DESC"].compactMap { order in
        try reader.table(
          "SELECT \(selection.fields.map { "\"\($0)\"" }.joined(separator: ", ")) FROM "
            + "\(selection.measurement.quoted) "
            + (selection.condition.isEmpty ? "" : "WHERE \(selection.condition) ") + "ORDER BY time \(order) LIMIT 1"
        ).times.first.map(Timestamp.init(nanoseconds:))
      }
      words +=
        ends.count == 2
        ? "; \(selection.measurement.name) has points from \(ends[0]) to \(ends[1])"
        : ", nor at any other time"
    }
    Console.report(words)
  }
}

/// Request of the user to stop, by a signal.
private final class StopRequest {
  private let signals = SignalWatch()
  private var isMade = false

  /// Aborts requests of a reader as well.
  init(_ reader: DatabaseReader) {
    reader.shouldAbort = { [weak self] in self?.isStopping ?? false }
  }

  private var isStopping: Bool {
    if signals.wait(seconds: 0) != nil { isMade = true }
    return isMade
  }

  /// Throws if the user wants to stop.
  func check() throws(Failure) {
    if isStopping { throw Failure(description: "stopped before the export was whole") }
  }
}
