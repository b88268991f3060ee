import Forecasting
import Foundation
import InfluxSink
import PlantConfig
import PlantModel
import Recordings
import Settings
import SinkCore
import WattlineTime

/// `wattline scenario`: recalculates a recorded time span with additional events.
enum ScenarioCommand {
  static let description = CommandDescription(
    name: "scenario", summary: "runs a recorded span again with a heat wave, a shutdown, a new charger or more PV",
    optionalOperands: ["FILE.csv"],
    options: [
      Option(
        name: "--event", value: "SPEC",
        help: "[asset:]kind[=amount][@onset][+duration], several with commas: heat=+6K@2d+3d"),
      Option(name: "--plant", value: "P", help: "the plant whose history, tariff and zone are meant"),
      CommandDescription.configurationOption,
      Option(name: "--from", value: "DATE", help: "first local day of the span (default: the last days recorded)"),
      Option(name: "--days", value: "N", help: "length of the span (default: 7)"),
      Option(name: "--name", value: "TEXT", help: "the tag `scenario` in the database (default: the events)"),
      Option(name: "--runs", value: "N", help: "how many runs (default: 500)"),
      Option(name: "--seed", value: "N", help: "seed of what is drawn (default: 1)"),
      Option(name: "--zone", value: "TZ", help: "IANA zone without a plant (default: UTC)"),
      Option(name: "--price", value: "PRICE", help: "import price a kWh (default: the plant's, or a column price)"),
      Option(name: "--export", value: "PRICE", help: "payment a kWh exported, with --price (default: 0)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
      Option(name: "--trace", value: "FILE", help: "writes every slot: time,recorded,load,cost,peak with p10,p50,p90"),
      RecordingArguments.columns, RecordingArguments.time,
    ] + RecordingArguments.options,
    details: RecordingArguments.details + """

      The history is a file of columns `asset.sensor`, or of one power or energy, which is load.power; or without one what
      the plant's database has. Each run varies load and generation by the errors that day-ahead forecasts of whole days
      made; the change is with the events less without them in the same run. An asset that is shut down or made larger
      does what it did, slot by slot, and the rest varies. Heat acts through what the plant's own additive model has
      learnt of load and temperature. A battery does what it did. With --plant, every run is kept in the plant's
      database, measurement `scenario`: cost and peak_kw since the start of the span.

      Events:
        heat=+6K                    air that much warmer
        chiller:shutdown            an asset without power
        charger=22kW/40kWh          a new charger, one car a day about 18:00 that takes so much (default: two hours' worth)
        pv1:capacity=+50%           an asset that much larger
      Onset: since the start of the span (36h, 2d) or a local date (2024-07-01, 2024-07-01T14:00); without one, at the
      start. Without a duration, to the span's end. Days are local, of 23 or 25 hours where the clock changes.
      """,
    examples: [
      "wattline scenario home.csv --event heat=+6K@2d+3d --zone America/Los_Angeles",
      "wattline scenario --plant riverside --event 'pv1:capacity=+50%,charger=22kW' --days 28 --json",
      "wattline scenario year.csv --event chiller:shutdown@2024-07-02T08:00+9h --from 2024-07-01",
    ])

  static func run(_ arguments: Arguments) throws {
    if arguments.has("--explain"), !arguments.operands.isEmpty {
      let zone = try ScenarioSetting(arguments).zone.identifier
      _ = try RecordingArguments.isExplained(arguments.operands, arguments: arguments, zone: zone)
      return
    }
    let words: [Substring] = arguments.text("--event")?.split(separator: ",") ?? []
    let events: [ScenarioEvent] = try words.map { word in
      try orMisuse { () throws(ScenarioError) in try ScenarioEvent.parse(String(word)) }
    }
    guard !events.isEmpty else { throw Misuse(message: "scenario needs --event SPEC, such as heat=+6K@2d+3d") }
    let days = try arguments.count("--days", in: 1...Scenario.longestDays) ?? 7
    let runs = try arguments.count("--runs", in: 1...10_000) ?? 500
    let seed = try arguments.count("--seed") ?? 1
    let from: CivilTime? = try arguments.text("--from").map { text in
      try orMisuse { () throws(ScenarioError) in try ScenarioEvent.date(text, in: "--from") }
    }
    let setting = try ScenarioSetting(arguments)
    var progress = ProgressBar("scenario", total: 1)
    let recording = try setting.recording(arguments) { progress.update(0.1 * $0) }
    let scenario = try Scenario(recording, events: events, from: from, days: days, runs: runs, seed: seed)
    let outcome = try scenario.run { progress.update(0.1 + 0.9 * $0) }
    progress.finish()
    let name = arguments.text("--name") ?? events.map { $0.text }.joined(separator: ",")
    if let path = arguments.text("--trace") { try trace(outcome, to: path) }
    if arguments.has("--json") {
      try Console.print(json: ScenarioReport(name: name, scenario: scenario, runs: runs, outcome: outcome))
    } else {
      show(name, scenario: scenario, runs: runs, outcome: outcome, currency: setting.plant?.currency ?? "")
    }
    try setting.keep(outcome, name: name)
  }

  /// Writes the results of a scenario to the plant's database.
  ///
  /// - Parameters:
  ///   - outcome: The results.
  ///   - name: Name of the scenario.
  ///   - plant: The plant.
  ///   - database: Settings of the database.
  static func keep(_ outcome: ScenarioOutcome, name: String, plant: Plant, database: DatabaseSettings) throws {
    _ = try DatabaseReader(database)
    var encoder = LineEncoder()
    encoder.append(outcome.points(name: name), of: PlantRegister(plant: plant))
    let sink = try InfluxSink(database, deadLetters: "scenario-dead-letter", accepted: { _ in })
    sink.submit(encoder.drain(upTo: 0))
    sink.stop(within: .seconds(30))
    guard sink.counts.pointsWritten == UInt64(outcome.slots.count) else {
      throw Failure(description: "the database \(database.url) did not take the run; it is in scenario-dead-letter")
    }
  }

  /// Converts errors in texts of the command line to ``Misuse``.
  private static func orMisuse<Value>(_ read: () throws(ScenarioError) -> Value) throws(Misuse) -> Value {
    do { return try read() } catch { throw Misuse(message: error.description) }
  }

  private static func show(
    _ name: String, scenario: Scenario, runs: Int, outcome: ScenarioOutcome, currency: String
  ) {
    Console.print(
      "\(name): \(scenario.interval.start) to \(scenario.interval.end), \(runs.counted("run")), p50 (p10 to p90)")
    func number(_ value: Double) -> String {
      value.isFinite ? String(format: value.magnitude < 100 ? "%.2f" : "%.0f", value) : "–"
    }
    func cell(_ values: ScenarioOutcome.Quantiles) -> String {
      "\(number(values.p50)) (\(number(values.p10)) to \(number(values.p90)))"
    }
    func padded(_ text: String, width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    func line(_ cells: [String]) {
      Console.print(
        padded(cells[0], width: 14) + padded(cells[1], width: 11) + cells[2...].map { padded($0, width: 32) }.joined())
    }
    line(["", "recorded", "without", "with", "change"])
    let cost = currency.isEmpty ? "cost" : "cost, \(currency)"
    for (name, figure) in [("load, kWh", outcome.energy), (cost, outcome.cost), ("peak, kW", outcome.peak)] {
      line([name, number(figure.recorded), cell(figure.without), cell(figure.with), cell(figure.change)])
    }
    outcome.notes.forEach { Console.print($0) }
  }

  private static func trace(_ outcome: ScenarioOutcome, to path: String) throws {
    let names = ["load_kw", "cost", "peak_kw"].flatMap { name in ["p10", "p50", "p90"].map { "\(name)_\($0)" } }
    var text = "time,recorded_kw,\(names.joined(separator: ","))\n"
    for slot in outcome.slots {
      let values = [slot.load, slot.cost, slot.peak].flatMap { [$0.p10, $0.p50, $0.p90] }
      let cells = ([slot.recorded] + values).map { $0.isFinite ? "\($0)" : "" }
      text += "\(slot.time),\(cells.joined(separator: ","))\n"
    }
    try OutputFile.write(text, to: path)
  }
}

/// Plant of a scenario, with the source of its history and the destination of its results.
private struct ScenarioSetting {
  let plant: Plant?
  private let database: DatabaseSettings?
  private let tariff: Tariff
  let zone: LocalCalendar

  init(_ arguments: Arguments) throws {
    let zoneName: String
    if let name = arguments.text("--plant") {
      let loaded = BrokerAccess.load(arguments.configuration)
      let found = try BrokerAccess.plants(loaded, named: name)[0]
      plant = found
      database = loaded.settings.influxdb
      zoneName = arguments.text("--zone") ?? found.location.timezone
    } else {
      guard !arguments.operands.isEmpty else {
        throw Misuse(message: "scenario needs a recording FILE.csv, or --plant P for what its database has")
      }
      plant = nil
      database = nil
      zoneName = arguments.text("--zone") ?? "UTC"
    }
    guard let zone = LocalCalendar(identifier: zoneName) else {
      throw Misuse(message: "--zone: there is no zone '\(zoneName)'; expected a name such as Europe/Berlin or UTC")
    }
    self.zone = zone
    // Prices may be zero or negative.
    let payment = try arguments.finiteNumber("--export")
    if let price = try arguments.finiteNumber("--price") {
      let period = Tariff.Period(fromMinute: 0, toMinute: 0, price: price)
      tariff = Tariff(importPeriods: [period], exportPrice: payment ?? 0)
    } else if payment != nil {
      throw Misuse(message: "--export needs --price beside it")
    } else {
      tariff = plant?.tariff ?? Tariff()
    }
  }

  func recording(_ arguments: Arguments, progress: (Double) -> Void) throws -> ScenarioRecording {
    if let path = arguments.operands.first {
      let file = try RecordingArguments.open(path, arguments: arguments, zone: zone.identifier)
      return try ScenarioSource(file, plant: plant, selected: RecordingArguments.selection(arguments))
        .recording(plant: plant, tariff: tariff, zone: zone)
    }
    guard let plant, let database else { throw Misuse(message: "scenario needs a recording or --plant") }
    return try ScenarioSource(plant: plant, database: database, progress: progress)
      .recording(plant: plant, tariff: tariff, zone: zone)
  }

  /// Writes the results to the plant's database.
  func keep(_ outcome: ScenarioOutcome, name: String) throws {
    guard let plant, let database else {
      return Console.report("the run is not kept: --plant names the plant in whose database it would be")
    }
    try ScenarioCommand.keep(outcome, name: name, plant: plant, database: database)
  }
}

/// JSON document of `--json`.
struct ScenarioReport: Encodable {
  var scenario: String
  var start: String
  var end: String
  var runs: Int
  var loadKilowattHours: ScenarioOutcome.Figure
  var cost: ScenarioOutcome.Figure
  var peakKilowatts: ScenarioOutcome.Figure
  var notes: [String]

  enum CodingKeys: String, CodingKey {
    case scenario, start, end, runs, cost, notes
    case loadKilowattHours = "load_kwh"
    case peakKilowatts = "peak_kw"
  }

  init(name: String, scenario: Scenario, runs: Int, outcome: ScenarioOutcome) {
    self.scenario = name
    start = "\(scenario.interval.start)"
    end = "\(scenario.interval.end)"
    self.runs = runs
    loadKilowattHours = outcome.energy
    cost = outcome.cost
    peakKilowatts = outcome.peak
    notes = outcome.notes
  }
}
