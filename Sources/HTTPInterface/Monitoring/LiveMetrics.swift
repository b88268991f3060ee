import SystemCore
import WebServer

/// Counts of the WebSockets of the server that uses an interface; the server is made after it.
final class LiveCounts: Sendable {
  /// Returns the counts; `nil` while there is no server.
  let source = Locked<(@Sendable () -> WebSocketCounts)?>(nil)

  /// Returns the counts as metrics.
  func families() -> [MetricFamily] {
    let counts = source.value?() ?? WebSocketCounts()
    var dropped = MetricFamily(
      "wattline_websockets_dropped", kind: .counter, help: "WebSockets that the server ended, by reason.")
    for (reason, count) in [("slow", counts.slow), ("silent", counts.silent), ("violation", counts.violations)] {
      dropped.append(.integer(UInt64(clamping: count)), labels: ["reason": reason])
    }
    func family(_ name: String, _ kind: MetricFamily.Kind, _ value: Int, _ help: String) -> MetricFamily {
      MetricFamily(name, kind: kind, help: help, value: .integer(UInt64(clamping: value)))
    }
    return [
      family("wattline_websockets_open", .gauge, counts.open, "WebSockets that are open."),
      family("wattline_websockets_opened", .counter, counts.opened, "WebSockets that were opened."),
      family("wattline_websockets_refused", .counter, counts.refused, "Requests for a WebSocket that were refused."),
      dropped,
      family("wattline_websocket_received_messages", .counter, counts.received, "Texts that clients sent."),
      family("wattline_websocket_sent_messages", .counter, counts.sent, "Messages that were sent to clients."),
    ]
  }
}
