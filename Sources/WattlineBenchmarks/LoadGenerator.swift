import CMosquitto
import Glibc
import Synchronization

/// Many sensors that speak in turn at a steady rate: topics `plant0/asset0/s0` and so on, a hundred a plant, payloads
/// `{"value":n,"ts":ms}` whose value counts the messages of the sensor.
public enum LoadGenerator {
  /// Messages that may wait for the broker's word.
  private static let window = 20_000

  /// Publishes `messages` to a broker of this machine, `rate` a second (0: as fast as it goes), and returns once the
  /// broker has acknowledged all of them; `false` when it cannot be reached.
  public static func publish(messages: Int, rate: Double, sensors: Int, port: Int, qos: Int) -> Bool {
    mosquitto_lib_init()
    let acknowledged = Atomic<Int>(0)
    return withUnsafePointer(to: acknowledged) { counter -> Bool in
      guard let client = mosquitto_new(nil, true, UnsafeMutableRawPointer(mutating: counter)) else { return false }
      defer { mosquitto_destroy(client) }
      mosquitto_publish_callback_set(client) { _, context, _ in
        context?.assumingMemoryBound(to: Atomic<Int>.self).pointee.add(1, ordering: .relaxed)
      }
      mosquitto_max_inflight_messages_set(client, 2_000)
      guard mosquitto_connect(client, "127.0.0.1", Int32(port), 60) == MOSQ_ERR_SUCCESS.rawValue else { return false }
      mosquitto_loop_start(client)
      defer {
        mosquitto_disconnect(client)
        mosquitto_loop_stop(client, false)
      }
      let sent = { counter.pointee.load(ordering: .relaxed) }
      send(messages, rate, sensors, qos: Int32(qos), client, acknowledged: sent)
      while sent() < messages { usleep(1_000) }
      return true
    }
  }

  private static func send(
    _ messages: Int, _ rate: Double, _ sensors: Int, qos: Int32, _ client: OpaquePointer, acknowledged: () -> Int
  ) {
    let topics = (0..<sensors).map { "plant\($0 / 100)/asset\($0 / 10 % 10)/s\($0 % 10)" }
    let began = FloorSubscriber.seconds(CLOCK_MONOTONIC)
    let epoch = FloorSubscriber.seconds(CLOCK_REALTIME)
    for number in 0..<messages {
      // A sensor's readings must not share a millisecond, however fast the load goes.
      let moment = Int64(epoch * 1e3) + Int64(rate > 0 ? Double(number) / rate * 1e3 : Double(number / sensors))
      let payload = "{\"value\":\(number / sensors),\"ts\":\(moment)}"
      while number - acknowledged() > window { usleep(200) }
      while true {
        let code = mosquitto_publish(
          client, nil, topics[number % sensors], Int32(payload.utf8.count), payload, qos, false)
        // Without a connection the library has queued a message of QoS 1 already when it says so.
        if code == MOSQ_ERR_SUCCESS.rawValue || (code == MOSQ_ERR_NO_CONN.rawValue && qos > 0) { break }
        usleep(200)
      }
      if rate > 0, number % 50 == 0 {
        let ahead = began + Double(number) / rate - FloorSubscriber.seconds(CLOCK_MONOTONIC)
        if ahead > 0 { usleep(UInt32(ahead * 1e6)) }
      }
    }
  }
}
