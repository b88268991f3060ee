import CommandChannel
import Foundation
import PlantConfig
import PlantModel
import PlantSimulation
import Recordings
import Settings
import WattlineTime

/// `wattline replay`: publishes a recording with its own times, or runs a journal through the stages again.
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
      RecordingArguments.time,
      Option(name: "--zone", value: "TZ", help: "IANA zone of times without an offset (default: the plant's)"),
    ] + RecordingArguments.options,
    details: RecordingArguments.details + """

      Columns are named `asset.sensor`, or --columns says what they are. Rows are published in the file's order, each with
      its own time; empty cells are left out. Values are published as they are, as the plant's file says their units; a
      unit in a heading counts for a power. Lines that cannot be read are counted and the first of them told.

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
    let selected = try RecordingArguments.selection(arguments)
    let signals = SignalWatch()
    let loaded = BrokerAccess.load(arguments.configuration)
    let plant = try BrokerAccess.plants(loaded, named: name)[0]
    let (path, zone) = (arguments.operands[0], plant.location.timezone)
    if try RecordingArguments.isExplained([path], arguments: arguments, zone: zone) { return }
    let recording = try ReplaySource(
      RecordingArguments.open(path, arguments: arguments, zone: zone), plant: plant, selected: selected)
    let topics = try SensorTopic(plant: plant, decimals: nil)
    let publisher = try BrokerAccess.publisher(loaded.settings.mqtt, as: "replay")
    let published = try publish(recording, topics: topics, publisher: publisher, speed: speed, signals: signals)
    let isConfirmed = publisher.flush(timeout: .seconds(60))
    publisher.stop()
    guard isConfirmed else {
      throw Failure(
        description: "the broker has not acknowledged every message; replay again, nothing is counted twice")
    }
    report(recording.tally, of: path)
    guard published.messages > 0 else {
      let rows = published.rows == 0 ? "no row that can be read" : "no value that a topic of '\(name)' brings"
      throw Failure(description: "\(path): nothing was published: it has \(rows)")
    }
    Console.print("\(published.rows.counted("row")), \(published.messages.counted("message")) published")
  }

  /// Reports rows and cells of a recording that could not be read or stand out.
  private static func report(_ tally: Recording.Tally, of path: String) {
    if tally.unreadable > 0 {
      Console.report("lines or cells that could not be read: \(tally.unreadable)")
      for problem in tally.problems.prefix(5) { Console.report("\(path):\(problem.line): \(problem.reason)") }
    }
    if tally.duplicates + tally.unsorted > 0 {
      Console.report(
        "\(path): rows with a time that is there already: \(tally.duplicates); not in the order of time: "
          + "\(tally.unsorted); published as they stand")
    }
  }

  private static func publish(
    _ recording: ReplaySource, topics: SensorTopic, publisher: Publisher, speed: Double?, signals: SignalWatch
  ) throws -> (rows: Int, messages: Int) {
    var progress = ProgressBar("replaying", total: Double(recording.times.count))
    defer { progress.finish() }
    let began = Date()
    var messages = 0
    for (row, time) in recording.times.enumerated() {
      if let speed {
        let due = (time - recording.times[0]).inSeconds / speed
        while true {
          let wait = due - Date().timeIntervalSince(began)
          if wait <= 0 { break }
          if signals.wait(seconds: min(wait, 1)) == .stop { return (row, messages) }
        }
      } else if row % 256 == 0, signals.wait(seconds: 0) == .stop {
        return (row, messages)
      }
      for (sensor, values) in zip(recording.sensors, recording.values) where !values[row].isNaN {
        guard
          let message = topics.message(asset: sensor.asset, sensor: sensor.sensor, value: values[row], time: time)
        else { continue }
        try publisher.publish(topic: message.topic, payload: message.payload)
        messages += 1
      }
      progress.update(Double(row), note: "\(messages) messages")
    }
    return (recording.times.count, messages)
  }
}
