import Foundation
import PlantModel
import PlantSimulation
import WattlineTime

/// `wattline bench simulation`: measures the speed of the plants' simulation relative to real time.
enum BenchSimulation {
  static let description = CommandDescription(
    name: "bench simulation", summary: "times the plants' physics against the clock",
    options: [
      CommandDescription.configurationOption, Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: "Simulates a day of each plant at steps of 1 and of 5 s, on one thread. Build with -c release.",
    examples: ["wattline bench simulation"])

  private struct Result: Encodable {
    var plant: String
    var sensors: Int
    var stepS: Int64
    var timesRealTime: Double
  }

  static func run(_ arguments: Arguments) throws {
    let plants = try BrokerAccess.plants(BrokerAccess.load(arguments.configuration), named: nil)
    let results = plants.flatMap { plant in [1, 5].map { measure(plant, step: $0) } }
    if arguments.has("--json") { return try Console.print(json: results, keys: .convertToSnakeCase) }
    for result in results {
      Console.print(
        "\(result.plant): \(result.sensors) sensors each \(result.stepS) s, \(Int(result.timesRealTime)) times real time"
      )
    }
  }

  private static func measure(_ plant: Plant, step: Int64) -> Result {
    let start = CivilTime(year: 2025, month: 6, day: 21).utc
    var simulator = PlantSimulator(plant: plant, seed: 1, start: start, step: .seconds(step))
    var readings: [SimulatedReading] = []
    let clock = ContinuousClock()
    let elapsed = clock.measure {
      while simulator.now < start + .day { simulator.advance(into: &readings) }
    }
    return Result(
      plant: plant.name, sensors: simulator.channels.count, stepS: step,
      timesRealTime: 86_400 / (elapsed / .seconds(1)))
  }
}
