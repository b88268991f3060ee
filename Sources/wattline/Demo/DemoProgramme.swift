import Forecasting
import Foundation
import PlantModel
import Settings
import SystemCore
import WattlineTime

/// The events that the demo shows by itself: a fault that comes and goes, and what two changes of each plant would have
/// brought.
struct DemoProgramme {
  /// A fault with the plant that has it.
  struct Fault: Equatable {
    var plant: String
    /// Specification of the fault, as of `simulate --fault`.
    var text: String
  }

  /// Runs of each scenario: enough for its quantiles, and quick.
  private static let runs = 100
  /// Age of the newest processed record from which the history counts as processed [s].
  static let longestLag = 15.0

  private let plants: [Plant]

  /// Creates the programme of the demo's plants.
  init(plants: [Plant]) { self.plants = plants }

  /// An overvoltage at the grid connection of a plant that advises only; commands of the others go on meanwhile.
  var fault: Fault? {
    let ordered = plants.filter { $0.commands.mode == .advise } + plants
    return ordered.lazy.compactMap { plant in
      plant.assets.first { $0.kind.role == .gridExchange }.map {
        Fault(plant: plant.name, text: "\($0.name):voltage_spike@15s+45s")
      }
    }.first
  }

  /// Events of the scenarios of a plant: half as much PV again, and a charger.
  static func events(of plant: Plant) -> [String] {
    let generator = plant.assets.first { $0.kind.traits.driver == .sun }?.name
    return (generator.map { ["\($0):capacity=+50%"] } ?? []) + ["charger=22kW"]
  }

  /// Runs the scenarios over the recorded days and keeps them in the database.
  ///
  /// - Parameters:
  ///   - database: Connection to the database that has the history.
  ///   - note: Receives what was kept, or why not.
  /// - Returns: The thread that does so.
  func runScenarios(
    _ database: DatabaseSettings, note: @escaping @Sendable (String) -> Void
  ) throws(SystemError) -> BlockingThread {
    let plants = plants
    return try BlockingThread(name: "scenarios") {
      for plant in plants {
        for events in Self.events(of: plant) {
          do {
            try Self.keep(events, of: plant, database: database)
            note("\(plant.name): the scenario \(events) is on the board What-if")
          } catch {
            note("\(plant.name): the scenario \(events) was not run: \(error)")
          }
        }
      }
    }
  }

  private static func keep(_ text: String, of plant: Plant, database: DatabaseSettings) throws {
    guard let zone = LocalCalendar(identifier: plant.location.timezone) else {
      throw Failure(description: "the system has no zone \(plant.location.timezone)")
    }
    let recording = try ScenarioSource(plant: plant, database: database, progress: { _ in })
      .recording(plant: plant, tariff: plant.tariff, zone: zone)
    let scenario = try Scenario(recording, events: [ScenarioEvent.parse(text)], from: nil, days: 7, runs: runs, seed: 1)
    try ScenarioCommand.keep(scenario.run { _ in }, name: text, plant: plant, database: database)
  }
}
