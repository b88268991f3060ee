import CommandChannel
import PlantModel
import PlantSimulation

/// A simulated plant as its sensors and devices: does what it is commanded, steps the physics and publishes what each
/// sensor reads.
struct SensorFeed {
  private var simulator: PlantSimulator
  private let topics: SensorTopic
  private let publisher: Publisher
  private let plant: String
  private let orders: OrderInbox?
  private var readings: [SimulatedReading] = []
  /// Messages handed to the publisher.
  private(set) var published: UInt64 = 0

  /// The time of the next readings.
  var now: Timestamp { simulator.now }
  /// The time between readings.
  var step: TimeSpan {
    get { simulator.step }
    set { simulator.step = newValue }
  }

  /// A plant from `start` on.
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

  /// Adds a fault; its onset counts from the next readings.
  mutating func add(_ fault: FaultSpecification) throws(FaultError) { try simulator.add(fault) }

  /// Publishes what every sensor reads now and moves on, waiting while too many messages are unconfirmed.
  mutating func publishStep() throws {
    for order in orders?.take(plant: plant) ?? [] {
      simulator.obey(order.action, setpoint: order.setpoint, asset: order.asset)
    }
    simulator.advance(into: &readings)
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
