import CommandChannel
import PlantModel
import PlantSimulation
import WattlineTime

/// Sensors and devices of a simulated plant: they obey commands, advance the simulation and publish readings.
struct SensorFeed {
  private var simulator: PlantSimulator
  private let topics: SensorTopic
  private let publisher: Publisher
  private let plant: String
  private let orders: OrderInbox?
  private var readings: [SimulatedReading] = []
  /// Lets devices obey in a history; `nil` where they obey commands alone.
  var follower: HistoryFollower?
  /// Number of messages passed to the publisher.
  private(set) var published: UInt64 = 0

  /// Time of the next readings.
  var now: Timestamp { simulator.now }
  /// Time between readings.
  var step: TimeSpan {
    get { simulator.step }
    set { simulator.step = newValue }
  }

  /// Creates the feed of a plant.
  ///
  /// - Parameters:
  ///   - plant: Plant to simulate; its own faults are included.
  ///   - seed: Seed of weather, people and noise.
  ///   - start: Time of the first readings.
  ///   - step: Time between readings.
  ///   - faults: Additional faults.
  ///   - publisher: Connection to the broker.
  ///   - orders: Source of commands; `nil` for none.
  /// - Throws: An error if a fault or a topic does not fit the plant.
  init(
    plant: Plant, seed: UInt64, start: Timestamp, step: TimeSpan, faults: [FaultSpecification] = [],
    publisher: Publisher, orders: OrderInbox? = nil
  ) throws {
    simulator = PlantSimulator(plant: plant, seed: seed, start: start, step: step)
    for fault in plant.faults + faults { try simulator.add(fault) }
    topics = try SensorTopic(plant: plant)
    self.publisher = publisher
    self.plant = plant.name
    self.orders = orders
  }

  /// Adds a fault, whose onset counts from the next readings.
  mutating func add(_ fault: FaultSpecification) throws(FaultError) { try simulator.add(fault) }

  /// Publishes the current readings of all sensors and advances by a step. Waits while too many messages are
  /// unconfirmed.
  mutating func publishStep() throws {
    for order in orders?.drain(plant: plant) ?? [] {
      simulator.obey(order.action, setpoint: order.setpoint, asset: order.asset)
    }
    simulator.advance(into: &readings)
    follower?.follow(readings, with: &simulator)
    for reading in readings {
      guard
        let message = topics.message(
          asset: reading.asset, sensor: reading.sensor, value: reading.value, time: reading.time)
      else { continue }
      try publisher.publish(topic: message.topic, payload: message.payload)
      published += 1
    }
  }
}
