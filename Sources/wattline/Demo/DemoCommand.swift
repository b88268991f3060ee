import Foundation
import Pipeline
import PlantConfig
import PlantModel
import WattlineTime

/// `wattline demo`: runs the whole system without setup.
enum DemoCommand {
  /// History that is played before real time.
  private static let history = TimeSpan.days(14)
  /// Time between readings in the history.
  private static let historyStep = TimeSpan.minute

  static let description = CommandDescription(
    name: "demo", summary: "the whole system with no setup: broker, database, two plants, boards",
    options: [
      Option(name: "--for", value: "SECONDS", help: "ends after so many seconds of real time (default: on Ctrl-C)"),
      Option(name: "--keep", value: "DIR", help: "keeps the database in DIR/influxdb and the journal in DIR/journal"),
      Option(name: "--config", value: "DIR", help: "plants to play (default: pipelines)"),
      Option(name: "--seed", value: "N", help: "seed of weather and people (default: 1)"),
    ] + Log.options,
    details: """
      Starts a broker and InfluxDB of its own on free loopback ports, plays two weeks of one-minute history of every plant
      at full speed, then real time. Grafana is started too where `grafana-server` is found; the address of its home board
      is said first. In its first two minutes the voltage of one plant rises and falls, what more PV and a charger would
      have brought is computed, and the other plant's battery follows its commands. Ends clean on Ctrl-C.
      With --log-format or --log-level, what its pipeline says is a log as that of `wattline run`.
      """,
    examples: [
      "wattline demo", "wattline demo --for 60 --keep /tmp/demo", "wattline demo --log-level warning",
    ])

  static func run(_ arguments: Arguments) throws {
    let duration = try arguments.positiveNumber("--for")
    let seed = try arguments.count("--seed") ?? 1
    let log = try Log(arguments, environment: ProcessInfo.processInfo.environment)
    let isLogged = Log.options.contains { arguments.text($0.name) != nil }
    let signals = SignalWatch()
    let demo = try Demo(
      directory: arguments.configuration, keep: arguments.text("--keep"), seed: seed,
      note: { if isLogged { log.write($0) } else { Console.report("wattline: \($0)") } })
    defer { demo.stop() }
    guard try demo.playHistory(history, step: historyStep, signals: signals) else { return }
    try demo.playLive(seconds: duration, signals: signals)
  }
}
