import PlantModel
import WattlineTime

/// Keep-alive of a connection (MQTT 5.0, section 3.1.2.10). All times are monotonic.
struct KeepAlive {
  /// Need of a connection.
  enum Need {
    case nothing
    case ping
    /// The broker has not been heard for longer than the interval allows.
    case end
  }

  /// Time of the last packet sent.
  private(set) var lastSent: TimeSpan
  /// Time of the last bytes received.
  private(set) var lastHeard: TimeSpan
  /// Interval, at least one second.
  private var interval = TimeSpan.seconds(Int64(OutboundPackets.keepAlive))

  /// Starts with a connection.
  init(at now: TimeSpan) { (lastSent, lastHeard) = (now, now) }

  /// Sets the interval that the broker requires [s].
  mutating func setInterval(_ seconds: Int) { interval = .seconds(Int64(max(1, seconds))) }

  /// Records that packets are sent.
  mutating func recordSent(at now: TimeSpan) { lastSent = now }

  /// Records that bytes were received.
  mutating func recordHeard(at now: TimeSpan) { lastHeard = now }

  /// Returns what the connection needs at a time.
  func need(at now: TimeSpan) -> Need {
    if now - lastHeard > interval + .seconds(10) { return .end }
    // The longer of the two silences triggers a ping, well before the broker's timeout.
    let isSilent = now - min(lastSent, lastHeard) > TimeSpan(nanoseconds: interval.nanoseconds / 3 * 2)
    let isPingDue = now - lastSent > TimeSpan(nanoseconds: interval.nanoseconds / 3)
    return isSilent && isPingDue ? .ping : .nothing
  }
}
