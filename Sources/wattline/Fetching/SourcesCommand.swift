import DataSources
import Foundation
import Journal
import PlantConfig
import PlantModel
import Settings
import SystemCore
import WattlineTime

/// `wattline sources`: lists what does not come over MQTT.
enum SourcesCommand {
  static let description = CommandDescription(
    name: "sources", summary: "lists the sources that do not come over MQTT, and what they do",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      The states: waiting for the next fetch, fetching, failing and trying again, refused by the other side's check of
      credentials, stopped by a person, off without a process. Rows are those that had something new.
      """,
    examples: [
      "wattline sources --config /etc/wattline",
      "wattline sources --json | jq '.sources[] | select(.error)'",
    ])

  static func run(_ arguments: Arguments) throws {
    let list = try KnownSources(directory: arguments.configuration).statuses
    if arguments.has("--json") { return try Console.print(json: SourceList(list)) }
    if list.isEmpty { return Console.print("no plant has 'sources'") }
    for line in lines(list) { Console.print(line) }
  }

  /// Returns the table for people.
  static func lines(_ list: [SourceStatus]) -> [String] {
    let rows =
      [["source", "state", "last success", "next", "rows"]]
      + list.map {
        ["\($0.plant)/\($0.name)", $0.state.rawValue, $0.lastSuccess ?? "-", $0.next ?? "-", String($0.rows)]
      }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.enumerated().flatMap { number, row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
      let error = number > 0 ? list[number - 1].error : nil
      return [line] + (error.map { ["  \($0)"] } ?? [])
    }
  }
}

/// `wattline sources stop` and `wattline sources start`.
enum SourceOrderCommand {
  static let stop = description(
    "stop", summary: "stops a source that does not come over MQTT, until it is started",
    details: "It fetches nothing until it is started, also after a restart.")
  static let start = description(
    "start", summary: "starts a source that was stopped, or whose credentials were refused",
    details: "It fetches at once. One that is not stopped fetches now instead of at its next time.")

  private static func description(_ word: String, summary: String, details: String) -> CommandDescription {
    CommandDescription(
      name: "sources \(word)", summary: summary, operands: ["NAME"], options: [CommandDescription.configurationOption],
      details: details + " NAME is that of the source, or PLANT/NAME if several plants have one of that name.",
      examples: [
        "wattline sources \(word) utility --config /etc/wattline", "wattline sources \(word) riverside/utility",
      ])
  }

  static func runStop(_ arguments: Arguments) throws { try order(arguments, isStopped: true) }
  static func runStart(_ arguments: Arguments) throws { try order(arguments, isStopped: false) }

  private static func order(_ arguments: Arguments, isStopped: Bool) throws {
    let known = try KnownSources(directory: arguments.configuration)
    let name = arguments.operands[0]
    let found = known.statuses.filter { $0.name == name || "\($0.plant)/\($0.name)" == name }
    guard let source = found.first, found.count == 1 else {
      let names = (found.isEmpty ? known.statuses : found).map { "\($0.plant)/\($0.name)" }
      let words = names.isEmpty ? "no plant has 'sources'" : "there are \(names.joined(separator: ", "))"
      throw Failure(
        description: found.isEmpty ? "there is no source '\(name)'; \(words)" : "'\(name)' is not one; \(words)")
    }
    let key = SourceControl.key(plant: source.plant, source: source.name)
    do { try known.control.order(key, isStopped: isStopped) } catch {
      throw Failure(
        description: "\(known.control.folder)/orders.json cannot be written (\(error.localizedDescription)); run it as "
          + "the user of `wattline run`, or as root")
    }
    let end = known.isRunning ? "within a second" : "with the next `wattline run`"
    Console.print("\(key) is \(isStopped ? "stopped" : "started") \(end)")
  }
}

/// The sources of a folder of configuration, with the states that a process has written.
struct KnownSources {
  let control: SourceControl
  let isRunning: Bool
  /// The sources, by plant and name.
  let statuses: [SourceStatus]

  /// Reads a folder of configuration and the states.
  ///
  /// - Throws: ``Failure`` if the configuration does not load, or the journal's folder may not be read.
  init(directory: String) throws {
    let loaded = ConfigurationLoader.load(
      directory: directory, environment: ProcessInfo.processInfo.environment)
    guard loaded.isValid else {
      throw Failure(description: loaded.diagnostics.map(\.description).joined(separator: "\n"))
    }
    control = SourceControl(journal: loaded.settings.journal.path)
    do throws(JournalError) { isRunning = try Journal.isHeld(loaded.settings.journal.path) } catch {
      throw Failure(description: "\(error); run it as the user of `wattline run`, or as root")
    }
    let (states, orders, runs) = (control.states(), control.orders(), isRunning)
    statuses = loaded.plants.flatMap { plant in
      plant.sources.map { source in
        let key = SourceControl.key(plant: plant.name, source: source.name)
        var status =
          states.first { $0.plant == plant.name && $0.name == source.name }
          ?? SourceStatus(name: source.name, plant: plant.name, state: .off)
        if !runs {
          status.state = orders?.stopped.contains(key) ?? false ? .stopped : .off
          status.next = nil
        }
        return status
      }
    }.sorted { ($0.plant, $0.name) < ($1.plant, $1.name) }
  }
}
