import Synchronization

/// Counts of a server's WebSockets since its start.
public struct WebSocketCounts: Sendable, Equatable {
  /// Sessions that are open.
  public var open = 0
  /// Sessions that were opened.
  public var opened = 0
  /// Requests that were refused, by the program or by a limit.
  public var refused = 0
  /// Sessions that were ended because the client read too slowly.
  public var slow = 0
  /// Sessions that were ended because the client gave no sign of life.
  public var silent = 0
  /// Sessions that were ended because the client broke the protocol.
  public var violations = 0
  /// Texts received.
  public var received = 0
  /// Messages sent.
  public var sent = 0

  /// Creates counts of zero.
  public init() {}
}

/// The counters of a server's WebSockets.
final class WebSocketCounters: Sendable {
  let open = Atomic<Int>(0)
  let opened = Atomic<Int>(0)
  let refused = Atomic<Int>(0)
  let slow = Atomic<Int>(0)
  let silent = Atomic<Int>(0)
  let violations = Atomic<Int>(0)
  let received = Atomic<Int>(0)
  let sent = Atomic<Int>(0)

  /// The counts.
  var counts: WebSocketCounts {
    var counts = WebSocketCounts()
    counts.open = open.load(ordering: .relaxed)
    counts.opened = opened.load(ordering: .relaxed)
    counts.refused = refused.load(ordering: .relaxed)
    counts.slow = slow.load(ordering: .relaxed)
    counts.silent = silent.load(ordering: .relaxed)
    counts.violations = violations.load(ordering: .relaxed)
    counts.received = received.load(ordering: .relaxed)
    counts.sent = sent.load(ordering: .relaxed)
    return counts
  }
}
