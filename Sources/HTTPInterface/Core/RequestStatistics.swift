import Pipeline
import SystemCore
import WattlineTime

/// Counts and durations of requests by route.
final class RequestStatistics: Sendable {
  /// Upper bounds of the durations [s].
  static let bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5]

  private struct Key: Hashable {
    var method: String
    var route: String
    var status: Int
  }

  private struct Durations {
    /// Number of requests by bound, not cumulative; the last counts those above all bounds.
    var counts = Array(repeating: UInt64(0), count: RequestStatistics.bounds.count + 1)
    var seconds = 0.0
  }

  private struct State {
    var counts: [Key: UInt64] = [:]
    var durations: [String: Durations] = [:]
    /// Number of requests above the bound of their duration.
    var slow: UInt64 = 0
  }

  private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
  private let state = Locked(State())
  /// Duration above which a request is slow [s].
  private let slowBound: Double

  /// Creates statistics without requests.
  ///
  /// - Parameter slowBound: Duration above which a request is slow; `nil` for never.
  init(slowBound: TimeSpan? = nil) { self.slowBound = slowBound?.inSeconds ?? .infinity }

  /// Records a request.
  ///
  /// - Parameters:
  ///   - method: Method; one that HTTP does not name counts as `other`.
  ///   - route: Path of the endpoint, so that the number of routes is bounded.
  ///   - status: Status code of the response.
  ///   - seconds: Duration [s].
  func record(method: String, route: String, status: Int, seconds: Double) {
    let method = Self.methods.contains(method) ? method : "other"
    state.with { state in
      state.counts[Key(method: method, route: route, status: status), default: 0] += 1
      var durations = state.durations[route] ?? Durations()
      durations.counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
      durations.seconds += seconds
      if seconds > slowBound { state.slow += 1 }
      state.durations[route] = durations
    }
  }

  /// Returns what an administrator must hear of, with the number of jobs that are late.
  func facts(lateJobs: Int) -> InterfaceFacts {
    let state = state.value
    var facts = InterfaceFacts(lateJobs: lateJobs)
    for (key, count) in state.counts {
      facts.requests += count
      if key.status >= 500, key.route != "/health/ready" { facts.failed += count }
      if key.route == "/api/v1/login", key.status == 401 || key.status == 429 { facts.refusedLogins += count }
    }
    facts.slow = state.slow
    return facts
  }

  /// Returns the counts and durations.
  func families() -> [MetricFamily] {
    let state = state.value
    var requests = MetricFamily("wattline_http_requests", kind: .counter, help: "Requests by route and status.")
    let keys = state.counts.keys.sorted { ($0.route, $0.method, $0.status) < ($1.route, $1.method, $1.status) }
    for key in keys {
      requests.append(
        .integer(state.counts[key] ?? 0),
        labels: ["route": key.route, "method": key.method, "status": "\(key.status)"])
    }
    var durations = MetricFamily(
      "wattline_http_request_duration_seconds", kind: .histogram, help: "Time from a request to its response.")
    for (route, own) in state.durations.sorted(by: { $0.key < $1.key }) {
      var sum: UInt64 = 0
      for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], own.counts) {
        sum += count
        durations.append(.integer(sum), labels: ["route": route, "le": bound], suffix: "_bucket")
      }
      durations.append(.decimal(own.seconds), labels: ["route": route], suffix: "_sum")
      durations.append(.integer(sum), labels: ["route": route], suffix: "_count")
    }
    return [requests, durations]
  }
}
