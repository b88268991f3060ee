import DispatchPolicy
import Foundation
import InfluxSink
import MonthlyAccounts
import PlantConfig
import PlantModel
import PointSchema
import Settings
import WattlineTime

/// `wattline report`: prints a month's account from the database.
enum ReportCommand {
  static let description = CommandDescription(
    name: "report", summary: "a month's energy, money and savings of each plant, from the database",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--plant", value: "P", help: "the plant (default: all of the folder)"),
      Option(name: "--month", value: "YYYY-MM", help: "the local month (default: the present one, so far)"),
      Option(name: "--format", value: "FORMAT", help: "text, csv or json, with --savings html too (default: text)"),
      Option(name: "--savings", value: nil, help: "verified savings of meters in place of the month's account"),
      Option(name: "--out", value: "FILE", help: "with --savings: writes the report (default: stdout)"),
    ],
    details: """
      Energy, cost, carbon and peak are those of the grid connection (series kpi); a peak is a mean over a quarter of an
      hour. The batteries are compared with resting ones, with the plain rule and with the best that could have been done
      had all been known beforehand, over the hours in which all of it was measured; energy left in them counts at its
      mean price, wear and demand charge are counted. A full cycle is twice the batteries' energy through them. What was
      not measured is in no sum, and the report says how much that is.

      With --savings, the report is that of wattline savings --plant over the whole reporting period of each meter. As
      html it is one page with its plots, for print. It has the checksums of model and data.
      """,
    examples: [
      "wattline report", "wattline report --plant riverside --month 2026-10 --format json",
      "wattline report --savings --plant riverside --format html --out savings.html",
    ])

  /// Output format of the report.
  enum Format: String, CaseIterable { case text, csv, json, html }

  static func run(_ arguments: Arguments) throws {
    let format = try format(arguments)
    if arguments.has("--savings") { return try runSavings(arguments, format: format) }
    if let other = ["--out"].first(where: arguments.has) {
      throw Misuse(message: "\(other) belongs to --savings; redirect the output of a month's report")
    }
    let wanted = try arguments.text("--month").map(month)
    let loaded = BrokerAccess.load(arguments.configuration)
    let plants = try BrokerAccess.plants(loaded, named: arguments.text("--plant"))
    let reader = try DatabaseReader(loaded.settings.influxdb)
    let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    var reports: [MonthlyReport] = []
    for plant in plants {
      let span = try MonthSpan(wanted, of: plant, at: now)
      let report = try MonthReader.report(span, of: plant, from: reader)
      if report.account.coveredHours > 0 || report.account.completeness.contains(where: { $0.presentShare > 0 }) {
        reports.append(report)
      } else {
        Console.report(try nothing(plant, span: span, reader: reader))
      }
    }
    guard !reports.isEmpty else { exit(ExitCode.failed) }
    switch format {
    case .text: Console.print(reports.map(\.text).joined(separator: "\n\n"))
    case .csv: Console.print(([MonthlyReport.csvHeader] + reports.map(\.csv)).joined(separator: "\n"))
    case .json, .html: try Console.print(json: reports.map(\.document))
    }
  }

  /// Prints the savings of the plants' meters.
  private static func runSavings(_ arguments: Arguments, format: Format) throws {
    if arguments.has("--month") {
      throw Misuse(message: "--savings reports the whole reporting period with its months; leave --month out")
    }
    let savings = try PlantSavings(arguments.configuration, plant: arguments.text("--plant"))
    let reports = try savings.reports()
    if !reports.isEmpty {
      try OutputFile.write(try SavingsReport.rendered(reports, as: format), to: arguments.text("--out") ?? "-")
    }
    if reports.count < savings.meterCount {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }

  private static func format(_ arguments: Arguments) throws(Misuse) -> Format {
    guard let text = arguments.text("--format") else { return .text }
    guard let format = Format(rawValue: text), format != .html || arguments.has("--savings") else {
      throw Misuse(message: "--format is text, csv or json, or html with --savings, not '\(text)'")
    }
    return format
  }

  /// Returns the first day of a month such as `2026-10`.
  static func month(_ text: String) throws(Misuse) -> CivilTime {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let year = parts[0], let month = parts[1], (1970...2200).contains(year),
      (1...12).contains(month)
    else { throw Misuse(message: "--month needs a year and a month like 2026-10, not '\(text)'") }
    return CivilTime(year: year, month: month, day: 1)
  }

  /// Returns the reason why there is no report, and the months for which there are readings.
  private static func nothing(_ plant: Plant, span: MonthSpan, reader: DatabaseReader) throws(ReadError) -> String {
    var known: [CivilTime] = []
    for order in ["ASC", "DESC"] {
      let rows = try reader.rows(
        "SELECT \(Measurement.clean.selection(of: [.value])) WHERE \(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name)) "
          + "ORDER BY time \(order) LIMIT 1")
      if let time = rows.first?.number("time") { known.append(CivilTime(utc: Timestamp(milliseconds: Int64(time)))) }
    }
    let words = "wattline report: the database has nothing of plant '\(plant.name)' in \(span.name)"
    guard known.count == 2 else { return words + ", nor in any other month; is it this plant's database?" }
    let names = known.map { MonthSpan.name($0) }
    return words + "; it has readings " + (names[0] == names[1] ? "of" : "from \(names[0]) to") + " \(names[1])"
  }
}

/// Local month of a plant, or its part up to now.
struct MonthSpan {
  /// Name, such as `2026-10`.
  var name: String
  /// Start of the local month.
  var start: Timestamp
  /// End of the month, or the present time if earlier.
  var end: Timestamp
  /// Whether the month has not ended.
  var isRunning: Bool

  init(_ wanted: CivilTime?, of plant: Plant, at now: Timestamp) throws {
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    let month = wanted ?? calendar.civil(at: now)
    name = MonthSpan.name(month)
    let next = month.month == 12 ? (month.year + 1, 1) : (month.year, month.month + 1)
    start = calendar.timestamp(of: CivilTime(year: month.year, month: month.month, day: 1))
    let finish = calendar.timestamp(of: CivilTime(year: next.0, month: next.1, day: 1))
    guard start < now else { throw Failure(description: "\(name) has not begun yet at plant '\(plant.name)'") }
    isRunning = finish > now
    end = min(finish, now)
  }

  static func name(_ month: CivilTime) -> String { "\(month.year)-\(month.month < 10 ? "0" : "")\(month.month)" }
}
