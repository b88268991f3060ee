import CMosquitto
import Glibc
import SystemCore

/// The floor of any MQTT pipeline on libmosquitto: a subscriber on the library's own loop that only counts messages.
public enum FloorSubscriber {
  /// Cost of the subscriber.
  public struct Outcome: Codable, Sendable {
    /// Number of messages.
    public var messages: Int
    /// Time from the first message to the last [s].
    public var seconds: Double
    /// CPU time of the process [µs a message].
    public var cpuMicroseconds: Double
  }

  private final class State {
    let wanted: Int
    let qos: Int32
    var seen = 0
    var first = 0.0

    init(wanted: Int, qos: Int32) { (self.wanted, self.qos) = (wanted, qos) }
  }

  /// Counts messages on a broker of this machine. It needs a dedicated process, because it measures that process's CPU
  /// time.
  ///
  /// - Parameters:
  ///   - messages: Number of messages to wait for.
  ///   - port: Port of the broker.
  ///   - qos: Quality of service of the subscription.
  /// - Returns: `nil` if the broker goes away.
  public static func count(messages: Int, port: Int, qos: Int) -> Outcome? {
    mosquitto_lib_init()
    guard let client = mosquitto_new(nil, true, nil) else { return nil }
    defer { mosquitto_destroy(client) }
    let state = State(wanted: messages, qos: Int32(qos))
    mosquitto_user_data_set(client, Unmanaged.passUnretained(state).toOpaque())
    mosquitto_connect_callback_set(client) { client, context, _ in
      guard let context else { return }
      let state = Unmanaged<State>.fromOpaque(context).takeUnretainedValue()
      mosquitto_subscribe(client, nil, "#", state.qos)
    }
    mosquitto_message_callback_set(client) { client, context, _ in
      guard let context else { return }
      let state = Unmanaged<State>.fromOpaque(context).takeUnretainedValue()
      if state.seen == 0 { state.first = Double(SystemClock.monotonic()) / 1e9 }
      state.seen += 1
      if state.seen == state.wanted { mosquitto_disconnect(client) }
    }
    guard mosquitto_connect(client, "127.0.0.1", Int32(port), 60) == MOSQ_ERR_SUCCESS.rawValue else { return nil }
    mosquitto_loop_forever(client, -1, 1)
    guard state.seen >= messages else { return nil }
    return Outcome(
      messages: state.seen, seconds: Double(SystemClock.monotonic()) / 1e9 - state.first,
      cpuMicroseconds: Double(SystemClock.processTime()) / 1e9 / Double(state.seen) * 1e6)
  }
}
