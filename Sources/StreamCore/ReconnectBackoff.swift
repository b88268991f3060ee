import PlantModel

/// Back-off between connection attempts: doubling from 0.25 s to 30 s. Each pause is shortened randomly by up to half,
/// so that the clients of a restarted server do not reconnect simultaneously.
///
/// The back-off resets only after a connection that lasted longer than its current upper bound. Two clients that take
/// over a session from each other connect successfully each time, and would otherwise never back off.
public struct ReconnectBackoff: Sendable {
  private static let shortest = TimeSpan.milliseconds(250)
  private static let longest = TimeSpan.seconds(30)

  /// Number of consecutive connections that were accepted but short-lived.
  public private(set) var shortLived = 0
  private var ceiling = ReconnectBackoff.shortest

  /// Creates a back-off at its shortest pause.
  public init() {}

  /// Returns the next pause [s], within 0.125...30.
  public mutating func next() -> Double {
    defer { ceiling = min(ReconnectBackoff.longest, ceiling + ceiling) }
    return ceiling.inSeconds * Double.random(in: 0.5...1)
  }

  /// Records that an accepted connection ended after `span`.
  public mutating func ended(after span: TimeSpan) {
    if span > ceiling { reset() } else { shortLived += 1 }
  }

  /// Resets the back-off after a success.
  public mutating func reset() { self = ReconnectBackoff() }
}
