import CommandChannel
import Foundation
import PlantModel
import PlantSimulation

/// A simulated plant as its sensors: steps the physics and publishes what each sensor reads.
struct SensorFeed {
  private var simulator: PlantSimulator
  private let topics: SensorTopic
  private let publisher: Publisher
  /// Messages published.
  private(set) var published: UInt64 = 0
  /// The simulation's clock: the time of the next readings.
  var time: Timestamp { simulator.time }

  /// A plant from `start` on, a reading of every sensor each `step`.
  init(plant: Plant, seed: UInt64, start: Timestamp, step: TimeSpan, publisher: Publisher) throws {
    simulator = PlantSimulator(plant: plant, seed: seed, start: start, step: step)
    topics = try SensorTopic(plant: plant)
    self.publisher = publisher
  }

  /// Changes the step, for real time after history.
  mutating func setStep(_ step: TimeSpan) { simulator.setStep(step) }

  /// Publishes one step's readings, waiting while too many are unacknowledged.
  mutating func step() throws {
    for reading in simulator.step() {
      let message = topics.message(for: reading)
      try publisher.publish(topic: message.topic, payload: message.payload, qos: 1, retain: false)
      published += 1
    }
  }
}
