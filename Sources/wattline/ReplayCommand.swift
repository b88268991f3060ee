import CommandChannel
import Foundation
import PlantModel
import PlantSimulation

/// `wattline replay`: a recording, published with its own times; or a journal, run through the stages again.
enum ReplayCommand {
  static let description = CommandDescription(
    name: "replay", summary: "publishes a recorded CSV to a plant's broker, or runs a journal through the stages again",
    operands: ["FILE"],
    options: [
      CommandDescription.configurationOption,
      Option(name: "--plant", value: "P", help: "the plant whose sensors the columns are"),
      Option(name: "--speed", value: "X", help: "times real time (default: as fast as the broker takes it)"),
      Option(
        name: "--columns", value: "LIST",
        help: "only these, as NAME or NAME=asset.sensor, with commas between (default: all)"),
      Option(name: "--output", value: "FILE", help: "of a journal: line protocol into a file, - for standard output"),
      Option(name: "--database", value: "NAME", help: "of a journal: points into another database"),
      Option(name: "--diff", value: nil, help: "of a journal: what differs from how it was configured when recorded"),
      Option(name: "--json", value: nil, help: "of a journal: prints one JSON document"),
    ],
    details: """
      FILE starts with a line `time,asset.sensor,…`; each further line has a time (ISO 8601) and a value a column. Empty
      cells are left out. Lines that cannot be read are counted and the first of them told.

      Where FILE is the folder of a journal, its messages run through the stages again as they are configured now, into
      a file or another database: deterministic, and beside a pipeline that goes on. --diff tells what changes in
      alerts, qualities, forecasts' scores and cost.
      """,
    examples: [
      "wattline replay year.csv --plant riverside",
      "wattline replay day.csv --plant riverside --speed 60",
      "wattline replay /var/lib/wattline --diff",
      "wattline replay /var/lib/wattline --output points.lp",
      "wattline replay meter.csv --plant riverside --columns demand=load.power,temp=weather.temperature",
    ])

  static func run(_ arguments: Arguments) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: arguments.operands[0], isDirectory: &isFolder), isFolder.boolValue {
      return try ReplayJournal.run(arguments, directory: arguments.operands[0])
    }
    for option in ["--output", "--database", "--diff", "--json"] where arguments.has(option) {
      throw Misuse(message: "\(option) is of a journal's replay, and '\(arguments.operands[0])' is no folder")
    }
    let speed = try arguments.positiveNumber("--speed")
    guard let name = arguments.text("--plant") else {
      throw Misuse(message: "replay needs --plant P: the plant whose sensors the columns are")
    }
    let columns = try arguments.text("--columns").map(selection)
    let signals = SignalWatch()
    let loaded = BrokerAccess.load(arguments.configuration)
    let plant = try BrokerAccess.plants(loaded, named: name)[0]
    let recording = try RecordedCSV(
      path: arguments.operands[0], assets: plant.assets.map(\.name), selected: columns)
    let topics = try SensorTopic(plant: plant, decimals: nil)
    let publisher = try BrokerAccess.publisher(loaded.settings.mqtt, as: "replay")
    let published = try publish(recording, topics, publisher, speed: speed, signals: signals)
    let isConfirmed = publisher.flush(timeout: .seconds(60))
    publisher.stop()
    guard isConfirmed else {
      throw Failure(
        description: "the broker has not acknowledged every message; replay again, nothing is counted twice")
    }
    if recording.malformedCount > 0 {
      Console.note("lines or cells that could not be read: \(recording.malformedCount)")
      for problem in recording.problems.prefix(5) {
        Console.note("\(arguments.operands[0]):\(problem.line): \(problem.reason)")
      }
    }
    guard published.messages > 0 else {
      let rows = published.rows == 0 ? "no row that can be read" : "no value that a topic of '\(name)' brings"
      throw Failure(description: "\(arguments.operands[0]): nothing was published: it has \(rows)")
    }
    Console.print("\(published.rows.counted("row")), \(published.messages.counted("message")) published")
  }

  /// The columns of `NAME` and `NAME=asset.sensor` with commas between, and what each is.
  private static func selection(_ list: String) throws(Misuse) -> [String: String] {
    var columns: [String: String] = [:]
    for entry in list.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard let name = parts.first, let target = parts.last, !name.isEmpty, !target.isEmpty else {
        throw Misuse(message: "--columns takes NAME or NAME=asset.sensor with commas between, not '\(list)'")
      }
      columns[name] = target
    }
    return columns
  }

  private static func publish(
    _ recording: RecordedCSV, _ topics: SensorTopic, _ publisher: Publisher, speed: Double?, signals: SignalWatch
  ) throws -> (rows: Int, messages: Int) {
    var progress = Progress("replaying", total: Double(recording.byteCount))
    defer { progress.finish() }
    let began = Date()
    var first: Timestamp?
    var rows = 0
    var messages = 0
    while let row = recording.next() {
      if let speed {
        let start = first ?? row.time
        first = start
        let due = (row.time - start).inSeconds / speed
        while true {
          let wait = due - Date().timeIntervalSince(began)
          if wait <= 0 { break }
          if signals.wait(seconds: min(wait, 1)) == .stop { return (rows, messages) }
        }
      } else if rows % 256 == 0, signals.wait(seconds: 0) == .stop {
        return (rows, messages)
      }
      rows += 1
      for (column, value) in row.values {
        let series = recording.columns[column]
        guard
          let message = topics.message(asset: series.asset, sensor: series.sensor, value: value, time: row.time)
        else { continue }
        try publisher.publish(topic: message.topic, payload: message.payload)
        messages += 1
      }
      progress.update(Double(recording.bytesRead), note: "\(messages) messages")
    }
    return (rows, messages)
  }
}
