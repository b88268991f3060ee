import Glibc

/// Publishes what a fleet says, at a steady rate, as `{"value":n,"ts":ms}` whose value counts the messages of the sensor.
public enum LoadGenerator {
  /// What is published.
  public struct Load: Sendable {
    /// Who speaks.
    public var fleet = Fleet()
    /// Messages, the sensors in turn.
    public var messages = 250_000
    /// Messages a second; 0 is as fast as it goes.
    public var rate = 25_000.0
    /// Quality of service, 0 or 1.
    public var qos = 1
    /// Event time between the first message and the start, where it is history that is told [s]; 0 tells the present.
    public var history = 0.0

    /// Ten seconds of 25,000 messages a second of a thousand sensors.
    public init() {}
  }

  /// Publishes a load to a broker of this machine and returns once the broker has acknowledged it, with the time that it
  /// took [s]; `nil` when the broker cannot be reached.
  public static func publish(_ load: Load, port: Int) -> Double? {
    guard let publisher = RawPublisher(port: port, qos: load.qos) else { return nil }
    let sensors = load.fleet.sensors
    let topics = (0..<sensors).map(load.fleet.topic)
    let began = FloorSubscriber.seconds(CLOCK_MONOTONIC)
    let start = FloorSubscriber.seconds(CLOCK_REALTIME) - load.history
    var number = 0
    while number < load.messages {
      var due = load.messages
      if load.rate > 0 {
        due = min(due, Int((FloorSubscriber.seconds(CLOCK_MONOTONIC) - began) * load.rate) + 1)
        if due <= number { usleep(1_000) }
      }
      while number < due, publisher.hasRoom {
        let moment = Int64(start * 1e3) + milliseconds(number, load)
        publisher.add(
          topic: topics[number % sensors], payload: Array("{\"value\":\(number / sensors),\"ts\":\(moment)}".utf8))
        number += 1
      }
      guard publisher.send() else { return nil }
    }
    guard publisher.finish() else { return nil }
    return FloorSubscriber.seconds(CLOCK_MONOTONIC) - began
  }

  /// Event time of a message after the first [ms]. A sensor's readings must not share a millisecond, however fast the
  /// load goes.
  private static func milliseconds(_ number: Int, _ load: Load) -> Int64 {
    if load.history > 0 { return Int64(Double(number) / Double(load.messages) * load.history * 1e3) }
    return load.rate > 0 ? Int64(Double(number) / load.rate * 1e3) : Int64(number / load.fleet.sensors)
  }
}
