import Foundation
import WattlineBenchmarks

/// `wattline bench end-to-end`: compares the whole pipeline with a subscriber that only counts messages.
enum BenchEndToEnd {
  static let description = CommandDescription(
    name: "bench end-to-end", summary: "CPU a message of the whole pipeline over a subscriber that only counts",
    options: [
      Option(name: "--sensors", value: "N", help: "sensors (default: 1000)"),
      Option(name: "--plants", value: "N", help: "plants (default: one a hundred sensors)"),
      Option(name: "--rate", value: "R", help: "messages a second (default: 25000)"),
      Option(name: "--messages", value: "N", help: "messages of a round (default: ten seconds of them)"),
      Option(name: "--rounds", value: "N", help: "rounds of each; medians are told (default: 5)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      Starts a broker and a database of its own and offers the same load in turn to both, at QoS 0 and at QoS 1. The
      pipeline runs as users run it, with every stage and the journal, and its CPU time is taken until each message is
      in the database; and once more with memory in the journal's place, which tells what the journal costs. Ratios hold
      from machine to machine better than times do.
      """,
    examples: ["wattline bench end-to-end", "wattline bench end-to-end --sensors 10000 --json"])

  static func run(_ arguments: Arguments) throws {
    var load = LoadGenerator.Load()
    load.fleet = try arguments.fleet
    if let rate = try arguments.rate() { load.rate = rate }
    load.messages = try arguments.messages ?? max(1, Int(load.rate * 10))
    let rounds = try arguments.count("--rounds", in: 1...1_000) ?? 5
    let comparison = EndToEnd(program: CommandLine.executable, load: load, rounds: rounds)
    let outcomes = try [0, 1].map { try comparison.run(qos: $0) { Console.report($0) } }
    if arguments.has("--json") { return try Console.print(json: outcomes) }
    Console.print("QoS   floor µs   pipeline µs   ratio   without journal µs   ratio   lost   bytes a sensor")
    for outcome in outcomes {
      Console.print(
        String(
          format: "%3d %10.2f %13.2f %7.2f %20.2f %7.2f %6d %16.0f", outcome.qos, outcome.floor, outcome.pipeline,
          outcome.ratio, outcome.unjournaled, outcome.journalRatio, outcome.lost, outcome.residentBytesPerSensor))
    }
  }
}

/// `wattline bench subscriber`: counts messages and prints their cost.
enum BenchSubscriber {
  static let description = CommandDescription(
    name: "bench subscriber", summary: "counts messages on libmosquitto's own loop: the floor of end-to-end",
    options: [
      Option(name: "--port", value: "P", help: "port of a broker on this machine (default: 1883)"),
      Option(name: "--qos", value: "Q", help: "quality of service (default: 0)"),
      Option(name: "--messages", value: "N", help: "how many to count (default: 100000)"),
    ], examples: ["wattline bench subscriber --port 1883 --qos 1 --messages 250000"])

  static func run(_ arguments: Arguments) throws {
    let outcome = FloorSubscriber.count(
      messages: try arguments.messages ?? 100_000, port: try arguments.port, qos: try arguments.qos ?? 0)
    guard let outcome else { throw Failure(description: "the broker went away") }
    try Console.print(json: outcome)
  }
}

/// `wattline bench load`: publishes the messages of many sensors.
enum BenchLoad {
  static let description = CommandDescription(
    name: "bench load", summary: "publishes the load of end-to-end to a broker",
    options: [
      Option(name: "--port", value: "P", help: "port of a broker on this machine (default: 1883)"),
      Option(name: "--qos", value: "Q", help: "quality of service (default: 0)"),
      Option(name: "--messages", value: "N", help: "how many to publish (default: 100000)"),
      Option(name: "--rate", value: "R", help: "messages a second (default: as fast as it goes)"),
      Option(name: "--sensors", value: "N", help: "sensors (default: 1000)"),
      Option(name: "--plants", value: "N", help: "plants (default: one a hundred sensors)"),
      Option(name: "--history", value: "S", help: "tells the last S seconds instead of the present"),
    ], examples: ["wattline bench load --port 1883 --qos 1 --rate 25000"])

  static func run(_ arguments: Arguments) throws {
    var load = LoadGenerator.Load()
    load.fleet = try arguments.fleet
    load.messages = try arguments.messages ?? 100_000
    load.rate = try arguments.rate(from: 0) ?? 0
    load.qos = try arguments.qos ?? 0
    load.history = try arguments.number("--history", in: 0...3.2e9, words: "of seconds from 0 to 3200000000") ?? 0
    guard let seconds = LoadGenerator.publish(load, port: try arguments.port) else {
      throw Failure(description: "there is no broker")
    }
    Console.print("\(seconds)")
  }
}

extension CommandLine {
  /// Path of this program.
  static var executable: String { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "" }
}
