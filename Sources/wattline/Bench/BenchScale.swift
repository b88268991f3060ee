import Foundation
import WattlineBenchmarks

/// `wattline bench scale`: measures start-up, memory and CPU time for fleets of several sizes.
enum BenchScale {
  static let description = CommandDescription(
    name: "bench scale", summary: "start-up, memory and CPU a message as the number of sensors grows",
    options: [
      Option(name: "--sensors", value: "N,…", help: "sizes of the fleet (default: 1000,10000,100000)"),
      Option(name: "--plants", value: "N", help: "plants of each (default: one a hundred sensors)"),
      Option(name: "--rate", value: "R", help: "messages a second (default: 20000)"),
      Option(name: "--messages", value: "N", help: "messages (default: thirty seconds of them)"),
      Option(name: "--workers", value: "N", help: "threads for stages, or auto (default: auto)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      For each size starts a broker, a database and a pipeline of its own; tells an hour of history, so that every sensor
      has the state that it will have, then the load at QoS 1; and starts the pipeline again with the state it saved.
      """,
    examples: ["wattline bench scale", "wattline bench scale --sensors 100000 --plants 1000 --rate 20000"])

  static func run(_ arguments: Arguments) throws {
    var load = LoadGenerator.Load()
    load.rate = try arguments.rate() ?? 20_000
    load.messages = try arguments.messages ?? max(1, Int(load.rate * 30))
    let sizes = (arguments.text("--sensors") ?? "1000,10000,100000").split(separator: ",").map { Int($0) ?? 0 }
    guard !sizes.isEmpty, sizes.allSatisfy({ (1...10_000_000).contains($0) }) else {
      throw Misuse(message: "--sensors needs whole numbers from 1, such as 1000,10000")
    }
    let plants = try arguments.plants
    let scale = Scale(
      program: CommandLine.executable, load: load, workers: arguments.text("--workers") ?? "auto")
    let outcomes = try sizes.map { size in
      try scale.run(Fleet(sensors: size, plants: plants)) { Console.report($0) }
    }
    if arguments.has("--json") { return try Console.print(json: outcomes) }
    Console.print("sensors  plants  start s  restart s  CPU µs a message  memory MiB  bytes a sensor  lost")
    for outcome in outcomes {
      Console.print(
        String(
          format: "%7d %7d %8.2f %10.2f %17.2f %11.0f %15.0f %5d", outcome.sensors, outcome.plants,
          outcome.startSeconds, outcome.restartSeconds, outcome.cpuMicroseconds,
          Double(outcome.residentBytes) / 1_048_576, outcome.bytesPerSensor, outcome.lost))
    }
  }
}

/// `wattline bench memory`: measures heap bytes per sensor.
enum BenchMemory {
  static let description = CommandDescription(
    name: "bench memory", summary: "bytes of the heap that a sensor takes in decoder and stages",
    options: [
      Option(name: "--plants", value: "N", help: "plants with a hundred sensors each (default: 100)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    examples: ["wattline bench memory", "wattline bench memory --plants 1000"])

  static func run(_ arguments: Arguments) throws {
    var steps: [HeapUse.Step] = []
    HeapUse.measure(plants: try arguments.plants ?? 100) { step in
      steps.append(step)
      if !arguments.has("--json") { Console.print(String(format: "%8.0f bytes  %@", step.bytesPerSensor, step.name)) }
    }
    if arguments.has("--json") { try Console.print(json: steps) }
  }
}
