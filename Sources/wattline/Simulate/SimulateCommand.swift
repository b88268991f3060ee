import CommandChannel
import Foundation
import PlantConfig
import PlantModel
import PlantSimulation
import Settings
import WattlineTime

/// `wattline simulate`: publishes the readings of a simulated plant.
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
      With the broker of a demo that runs on this machine it plays nothing, since the demo does: it hands the faults over,
      and their onsets count from that moment.

      Readings carry their own time, which starts now. At a speed above 1 it runs ahead of the clock, and readings more
      than five minutes ahead are of quality 9; start at a speed above 1 for tests of throughput only.

      Batteries, generators, chargers and heat pumps do what comes on wattline/PLANT/ASSET/command, if it is to be carried
      out; the fault `deaf` keeps it from one of them.
      """,
    examples: [
      "wattline simulate --plant riverside",
      "wattline simulate --plant riverside --fault load.power:dropout@60s --for 300",
      "WATTLINE_MQTT_URL=mqtt://127.0.0.1:40123 wattline simulate --fault load:trip@5s",
      "wattline simulate --plant lakeview --fault battery:deaf@10m+1h",
    ])

  static func run(_ arguments: Arguments) throws {
    let speed = try arguments.positiveNumber("--speed") ?? 1
    let step = try arguments.number("--step", in: 0.001...86_400, words: "of seconds from 0.001 to 86400") ?? 1
    let duration = try arguments.positiveNumber("--for")
    let seed = try arguments.count("--seed") ?? 1
    let faults =
      try arguments.text("--fault").map {
        try $0.split(separator: ",", omittingEmptySubsequences: false).map { try FaultSpecification.parse(String($0)) }
      } ?? []
    let signals = SignalWatch()
    let loaded = BrokerAccess.load(arguments.configuration)
    let plants = try BrokerAccess.plants(loaded, named: arguments.text("--plant"))
    let inbox = FaultInbox(port: loaded.settings.mqtt.port)
    if ["127.0.0.1", "localhost"].contains(loaded.settings.mqtt.host), inbox.isServed {
      return try handOver(faults, to: inbox, plants: plants)
    }
    let orders = OrderInbox(plants: plants.map(\.name))
    let publisher = try BrokerAccess.publisher(loaded.settings.mqtt, as: "simulate", orders: orders)
    let start = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)).floored(to: .second)
    var feeds = try plants.map { plant in
      try SensorFeed(
        plant: plant, seed: seed, start: start, step: TimeSpan(nanoseconds: Int64(step * 1e9)), faults: faults,
        publisher: publisher, orders: orders)
    }
    let progress = ProgressBar("simulating \(plants.map(\.name).joined(separator: ", "))", total: duration ?? .infinity)
    try play(
      &feeds, from: start, pace: Pace(speed: speed, step: step, duration: duration), progress: progress,
      signals: signals)
    publisher.flush()
    publisher.stop()
    Console.print("\(feeds.reduce(0) { $0 + $1.published }.counted("message")) published")
  }

  /// Pace of a simulation: its speed in times real time, the time between readings [s], and its length [s].
  private struct Pace {
    var speed: Double
    var step: Double
    var duration: Double?
  }

  /// Publishes the readings of all feeds in the order of time, until the end or a signal.
  ///
  /// - Parameters:
  ///   - feeds: The feeds.
  ///   - start: Time of the first readings.
  ///   - pace: Speed and length.
  ///   - progress: Shows the elapsed time.
  ///   - signals: Ends the simulation.
  private static func play(
    _ feeds: inout [SensorFeed], from start: Timestamp, pace: Pace, progress: consuming ProgressBar,
    signals: SignalWatch
  ) throws {
    let (speed, step, duration) = (pace.speed, pace.step, pace.duration)
    let began = Date()
    var progress = progress
    func isOver() -> Bool { duration.map { Date().timeIntervalSince(began) >= $0 } ?? false }
    playing: while !isOver() {
      let elapsed = Date().timeIntervalSince(began)
      let simulated = start + TimeSpan(nanoseconds: Int64(min(elapsed * speed, 1e9) * 1e9))
      // If the machine cannot reach the speed, this loop never catches up, so it also checks for the end.
      while let latest = feeds.indices.min(by: { feeds[$0].now < feeds[$1].now }), feeds[latest].now <= simulated {
        if isOver() || signals.wait(seconds: 0) == .stop { break playing }
        try feeds[latest].publishStep()
      }
      progress.update(elapsed, note: "\(feeds.reduce(0) { $0 + $1.published }) messages")
      if signals.wait(seconds: min(step / speed, 0.5)) == .stop { break }
    }
    progress.finish()
  }

  /// Passes each fault to the demo for the plants that can have it.
  ///
  /// - Throws: ``FaultError`` if no plant can have the fault.
  private static func handOver(_ faults: [FaultSpecification], to inbox: FaultInbox, plants: [Plant]) throws {
    guard !faults.isEmpty else {
      throw Failure(description: "a demo plays the plants of this broker; say what is to break with --fault")
    }
    for fault in faults {
      var refusal: FaultError?
      var takers: [Plant] = []
      for plant in plants {
        var simulator = PlantSimulator(plant: plant, seed: 1, start: .distantPast, step: .second)
        do throws(FaultError) {
          try simulator.add(fault)
          takers.append(plant)
        } catch { refusal = error }
      }
      if let refusal, takers.isEmpty { throw refusal }
      for plant in takers {
        try inbox.put("\(fault)", plant: plant.name)
        Console.print("the demo breaks \(plant.name): \(fault)")
      }
    }
  }
}
