import PlantModel
import WattlineTime

/// State of one connection to the broker, from CONNECT to its end.
struct ConnectionState {
  /// Monotonic time at which CONNECT was prepared.
  var opened = TimeSpan.zero
  /// Whether the broker has accepted the connection.
  var isAccepted = false
  /// The broker's reason for ending the connection.
  var refusal: String?
  /// Whether messages come from the queue of the time offline, which the broker may mark as retained.
  var isCatchingUp = false
  /// Whether the broker supports shared subscriptions, assumed unless it denies it.
  var knowsSharing = true
}
