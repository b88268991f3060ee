import Glibc
import SystemCore
import WattlineTime

/// Publisher of a fleet's messages at a steady rate: `{"value":n,"ts":ms}`, with the message number of the sensor as
/// value.
public enum LoadGenerator {
  /// A load to publish.
  public struct Load: Sendable {
    /// The sensors.
    public var fleet = Fleet()
    /// Number of messages, from the sensors in turn.
    public var messages = 250_000
    /// Rate [messages a second]; 0 is as fast as possible.
    public var rate = 25_000.0
    /// Quality of service, 0 or 1.
    public var qos = 1
    /// Event time between the first message and the start, for a history [s]; 0 for the present.
    public var history = 0.0

    /// Creates a load of 25,000 messages a second from a thousand sensors for ten seconds.
    public init() {}
  }

  /// Publishes a load to a broker of this machine and waits for its acknowledgement.
  ///
  /// - Returns: The time it took [s]; `nil` if the broker cannot be reached.
  public static func publish(_ load: Load, port: Int) -> Double? {
    guard let publisher = RawPublisher(port: port, qos: load.qos) else { return nil }
    let sensors = load.fleet.sensors
    let topics = (0..<sensors).map(load.fleet.topic)
    let began = Double(SystemClock.monotonic()) / 1e9
    let start = Double(SystemClock.now().nanoseconds) / 1e9 - load.history
    var number = 0
    while number < load.messages {
      var due = load.messages
      if load.rate > 0 {
        due = min(due, Int((Double(SystemClock.monotonic()) / 1e9 - began) * load.rate) + 1)
        if due <= number { usleep(1_000) }
      }
      while number < due, publisher.hasRoom {
        let timestamp = Int64(start * 1e3) + milliseconds(number, load: load)
        publisher.add(
          topic: topics[number % sensors], payload: Array("{\"value\":\(number / sensors),\"ts\":\(timestamp)}".utf8))
        number += 1
      }
      guard publisher.send() else { return nil }
    }
    guard publisher.finish() else { return nil }
    return Double(SystemClock.monotonic()) / 1e9 - began
  }

  /// Returns the event time of a message since the first [ms]. A sensor's readings never share a millisecond, at any
  /// rate.
  private static func milliseconds(_ number: Int, load: Load) -> Int64 {
    if load.history > 0 { return Int64(Double(number) / Double(load.messages) * load.history * 1e3) }
    return load.rate > 0 ? Int64(Double(number) / load.rate * 1e3) : Int64(number / load.fleet.sensors)
  }
}
