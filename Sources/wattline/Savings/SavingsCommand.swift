import Foundation
import Recordings
import Savings
import WattlineTime

/// `wattline savings`: measures what a building saved against a model of its baseline.
enum SavingsCommand {
  static let description = CommandDescription(
    name: "savings", summary: "what a measure saved, against a model frozen on the year before",
    options: [
      Option(name: "--plant", value: "P", help: "a plant with savings in its file: from the database"),
      CommandDescription.configurationOption,
      Option(name: "--json", value: nil, help: "with --plant: prints one JSON document"),
      Option(name: "--baseline", value: "B.csv", help: "the year before the measure: use and weather"),
      Option(name: "--reporting", value: "R.csv", help: "the time after it"),
      Option(name: "--fuel", value: "FUEL", help: "elec, gas, or the name of the column of use (default: elec)"),
      Option(name: "--confidence", value: "P", help: "probability of intervals (default: 0.9)"),
      Option(name: "--zone", value: "TZ", help: "IANA zone of days and of times without an offset"),
      Option(name: "--measure", value: "DATE[:NAME]", help: "first day of a measure; may be repeated"),
      Option(
        name: "--weather", value: "W.csv", help: "time and temperature or temperature_f, if they are in a file apart"),
      Option(
        name: "--variable", value: "COLUMN", help: "a further independent variable, such as pieces; may be repeated"),
      Option(name: "--holidays", value: "CC", help: "country whose holidays are kept, or none (default: found)"),
      Option(
        name: "--out", value: "FILE", help: "writes the JSON document, or with --placebo the table (default: stdout)"),
      Option(
        name: "--placebo", value: "W.csv", help: "judges windows: baseline,reporting,first,days,estimate,low,high"),
    ],
    details: """
      With --plant, meters, baseline, measures, prices and guarantee are those of savings in the plant's file. Use and
      temperature come from the database. The baseline is frozen when it is first needed, in the folder savings below
      journal.path; wattline savings history lists what is frozen.

      With --baseline and --reporting, both are files. Use is in kWh of an hour, a day or the period of a bill; a period
      of a bill lasts to the next row, and an empty last row closes the last one. Columns of use are found by the fuel's name, those of weather are temperature [°C] or
      temperature_f [°F], and irradiance [W/m²] where there is one. Days are those of --zone; without it they start at
      the time of day of the first row. The model is chosen by cross-validation over the months of the baseline and knows
      nothing of the time after it. A variable such as pieces made or guests is a column of both files; its mean over
      the day counts if it lowers the error too. Meters read by the hour get savings of the monthly peak. Savings are predicted minus actual use. Events are taken out of adjusted_savings_kwh.
      """,
    examples: [
      "wattline savings --plant riverside --config /etc/wattline",
      "wattline savings --baseline 2012.csv --reporting 2013.csv --measure 2013-01-01:lighting",
      "wattline savings --baseline 2023.csv --reporting 2024.csv --variable pieces",
      "wattline savings --baseline bills.csv --reporting after.csv --weather air.csv --fuel gas",
      "wattline savings --placebo windows.csv --fuel elec --confidence 0.9 --out filled.csv",
    ])

  static func run(_ arguments: Arguments) throws {
    if let plant = arguments.text("--plant") {
      return try run(plant: plant, arguments)
    }
    let options = try SavingsOptions(arguments)
    if let windows = arguments.text("--placebo") {
      try PlaceboTable.run(windows, options: options, out: arguments.text("--out") ?? "-")
      return
    }
    guard let baseline = arguments.text("--baseline"), let reporting = arguments.text("--reporting") else {
      throw Misuse(
        message: "savings needs --plant P, or --baseline B.csv and --reporting R.csv, or --placebo windows.csv")
    }
    let study = try SavingsStudy(
      baseline: options.file(baseline), options: options)
    let document = try study.document(options.file(reporting))
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    try OutputFile.write(text, to: arguments.text("--out") ?? "-")
  }

  /// Prints the savings of a plant's meters from the database.
  private static func run(plant: String, _ arguments: Arguments) throws {
    let files = ["--baseline", "--reporting", "--placebo", "--weather", "--measure", "--fuel", "--zone", "--variable"]
    if let other = files.first(where: arguments.has) {
      throw Misuse(message: "--plant reads the database and the plant's file; leave \(other) out")
    }
    let savings = try PlantSavings(arguments.configuration, plant: plant)
    let reports = try savings.reports()
    if !reports.isEmpty {
      let text = try SavingsReport.rendered(reports, as: arguments.has("--json") ? .json : .text)
      try OutputFile.write(text, to: "-")
    }
    if reports.count < savings.meterCount {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }
}

/// Parsed options of `wattline savings`.
struct SavingsOptions {
  let fuel: String
  let confidence: Double
  let zoneName: String?
  let calendar: LocalCalendar?
  let measures: [SavingsAssessment.Measure]
  let weather: WeatherRecord?
  /// Countries whose holidays may be kept.
  let countries: [String]
  /// Headings of columns with further independent variables.
  let variables: [String]

  init(_ arguments: Arguments) throws {
    fuel = arguments.text("--fuel") ?? "elec"
    confidence = try arguments.number("--confidence", in: 0.5...0.999, words: "from 0.5 to 0.999, such as 0.9") ?? 0.9
    zoneName = arguments.text("--zone")
    calendar = try SavingsOptions.calendar(zoneName)
    measures = try arguments.texts("--measure").map(SavingsOptions.measure).sorted { $0.date < $1.date }
    countries = try SavingsOptions.countries(arguments.text("--holidays"))
    variables = arguments.texts("--variable")
    weather = try arguments.text("--weather").map { [zoneName] in try MeterFile.weather($0, zone: zoneName) }
  }

  /// Reads a file of a meter.
  func file(_ path: String) throws -> MeterFile {
    try MeterFile(path, fuel: fuel, zone: zoneName, variables: variables)
  }

  /// Options that `wattline savings twin` shares; its measures are those of the building.
  init(twin arguments: Arguments) throws {
    fuel = "elec"
    confidence = 0.9
    measures = []
    variables = []
    zoneName = arguments.text("--zone")
    calendar = try SavingsOptions.calendar(zoneName)
    countries = try SavingsOptions.countries(arguments.text("--holidays"))
    weather = try arguments.text("--weather").map { [zoneName] in try MeterFile.weather($0, zone: zoneName) }
  }

  private static func calendar(_ zone: String?) throws(Misuse) -> LocalCalendar? {
    guard let zone else { return nil }
    guard let calendar = LocalCalendar(identifier: zone) else {
      throw Misuse(message: "--zone: there is no zone '\(zone)'; expected a name such as Europe/Berlin or UTC")
    }
    return calendar
  }

  private static func countries(_ text: String?) throws(Misuse) -> [String] {
    guard let text else { return HolidayCalendar.countries }
    if text == "none" { return [] }
    guard HolidayCalendar.countries.contains(text.uppercased()) else {
      throw Misuse(
        message: "--holidays is none or one of \(HolidayCalendar.countries.joined(separator: ", ")), not '\(text)'")
    }
    return [text.uppercased()]
  }

  /// Returns the measure of `2013-01-01` or `2013-01-01:NAME`.
  static func measure(_ text: String) throws(Misuse) -> SavingsAssessment.Measure {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let date = date(String(parts[0])) else {
      throw Misuse(message: "--measure needs a date and perhaps a name, as 2013-01-01:lighting, not '\(text)'")
    }
    return SavingsAssessment.Measure(date: date, name: parts.count > 1 ? String(parts[1]) : "")
  }

  /// Returns a date such as `2013-01-01` as days since 1970-01-01.
  static func date(_ text: String) -> Int? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2], (1900...2200).contains(year),
      CivilTime(year: year, month: month, day: day).isValid
    else { return nil }
    return CivilTime.daysSinceEpoch(year: year, month: month, day: day)
  }
}
