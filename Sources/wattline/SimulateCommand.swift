import Foundation
import PlantModel
import PlantSimulation

/// `wattline simulate`: a plant's physics, published as its sensors would.
enum SimulateCommand {
  static let description = CommandDescription(
    name: "simulate", summary: "publishes a plant's physics to its broker, as its sensors would",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--plant", value: "P", help: "the plant (default: all of the folder)"),
      Option(name: "--speed", value: "X", help: "times real time (default: 1)"),
      Option(name: "--step", value: "SECONDS", help: "time between readings of a sensor (default: 1)"),
      Option(
        name: "--fault", value: "SPEC",
        help: "target:kind[=severity]@onset[+duration], several with commas: pv1:derating=70@60s"),
      Option(name: "--for", value: "SECONDS", help: "ends after so many seconds (default: on Ctrl-C)"),
      Option(name: "--seed", value: "N", help: "seed of weather, people and noise (default: 1)"),
    ],
    details: """
      Readings carry their own time, which starts now. At a speed above 1 it runs ahead of the clock, and readings more
      than five minutes ahead are of quality 9; start at a speed above 1 for tests of throughput only.
      A demo on the same broker leaves the plant to this command for as long as it runs.
      """,
    examples: [
      "wattline simulate --plant riverside",
      "wattline simulate --plant riverside --fault load.power:dropout@60s --for 300",
      "WATTLINE_MQTT_URL=mqtt://127.0.0.1:PORT wattline simulate --plant lakeview --fault grid:outage@60s+60s --for 180",
    ])

  static func run(_ arguments: Arguments) throws {
    let speed = try arguments.positiveNumber("--speed") ?? 1
    let step = try arguments.positiveNumber("--step") ?? 1
    let duration = try arguments.positiveNumber("--for")
    let seed = try arguments.count("--seed") ?? 1
    let faults =
      try arguments.text("--fault").map {
        try $0.split(separator: ",").map { try FaultSpecification.parse(String($0)) }
      } ?? []
    let signals = SignalWatch()
    let loaded = BrokerAccess.load(arguments.configuration)
    let plants = try BrokerAccess.plants(loaded, named: arguments.text("--plant"))
    let publisher = try BrokerAccess.publisher(loaded.settings.mqtt, as: "simulate", will: SimulationTakeover.nobody)
    try publisher.announce(SimulationTakeover.message(plants))
    let start = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)).floored(to: .second)
    var feeds = try plants.map { plant in
      try SensorFeed(
        plant: plant, seed: seed, start: start, step: TimeSpan(nanoseconds: Int64(step * 1e9)), faults: faults,
        publisher: publisher)
    }
    let began = Date()
    var progress = Progress("simulating \(plants.map(\.name).joined(separator: ", "))", total: duration ?? .infinity)
    while true {
      let elapsed = Date().timeIntervalSince(began)
      if let duration, elapsed >= duration { break }
      let simulated = start + TimeSpan(nanoseconds: Int64(min(elapsed * speed, 1e9) * 1e9))
      for position in feeds.indices {
        while feeds[position].now <= simulated { try feeds[position].publishStep() }
      }
      progress.update(elapsed, note: "\(feeds.reduce(0) { $0 + $1.published }) messages")
      if signals.wait(seconds: min(step / speed, 0.5)) == .stop { break }
    }
    progress.finish()
    publisher.flush()
    publisher.stop()
    Console.print("\(feeds.reduce(0) { $0 + $1.published }) messages published")
  }
}
