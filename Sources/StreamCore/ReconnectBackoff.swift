import PlantModel

/// Pauses between attempts to connect: doubling from 0.25 s to 30 s, each shortened by up to a half so that many clients
/// of a server that comes back do not come at once.
///
/// They are short again only after a connection that stood for longer than the pause that would come next. Two clients
/// that take a session from each other connect well each time, and would do so for ever otherwise.
public struct ReconnectBackoff: Sendable {
  private static let shortest = TimeSpan.milliseconds(250)
  private static let longest = TimeSpan.seconds(30)

  /// Connections in a row that were accepted and did not stand.
  public private(set) var shortLived = 0
  private var ceiling = ReconnectBackoff.shortest

  /// Short pauses.
  public init() {}

  /// The next pause [s], within 0.125...30.
  public mutating func next() -> Double {
    defer { ceiling = min(ReconnectBackoff.longest, ceiling + ceiling) }
    return ceiling.inSeconds * Double.random(in: 0.5...1)
  }

  /// A connection that was accepted has ended after `span`.
  public mutating func ended(after span: TimeSpan) {
    if span > ceiling { reset() } else { shortLived += 1 }
  }

  /// Starts over after a success.
  public mutating func reset() { self = ReconnectBackoff() }
}
