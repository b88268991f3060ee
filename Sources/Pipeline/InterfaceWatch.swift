import PlantModel
import Settings
import StreamCore
import WattlineTime

/// Judgement of the HTTP interface over the last five minutes.
///
/// Pure: it reads no clock. A share is judged once there are enough requests for it to mean something.
struct InterfaceWatch {
  /// Time over which the interface is judged.
  static let span = TimeSpan.minutes(5)
  /// Least number of requests by which shares are judged.
  static let leastRequests: UInt64 = 20
  /// Share of slow requests from which the 95th percentile is above their bound.
  static let slowShare = 0.05

  private let bounds: HTTPSettings.Bounds
  private var samples: [(time: Timestamp, facts: InterfaceFacts)] = []

  /// Creates a watch with these bounds.
  init(_ bounds: HTTPSettings.Bounds) { self.bounds = bounds }

  /// Judges the facts of a time.
  ///
  /// - Parameters:
  ///   - facts: What the interface knows; `nil` if there is none.
  ///   - now: The current time.
  /// - Returns: Each fault of the interface, or that it does not stand.
  mutating func look(_ facts: InterfaceFacts?, at now: Timestamp) -> [ProcessFault] {
    guard let facts else {
      return [.interface, .errors, .logins, .jobs].map {
        ProcessFault($0, isStanding: false, text: "There is no interface.")
      }
    }
    samples.append((now, facts))
    samples.removeAll { now - $0.time > Self.span }
    let before = samples.first?.facts ?? facts
    let requests = facts.requests &- before.requests
    let latency = bounds.latency ?? .zero
    let shown = latency < .second ? "\(latency.nanoseconds / 1_000_000) ms" : latency.text
    return [
      share(
        facts.slow &- before.slow, of: requests, bound: bounds.latency.map { _ in Self.slowShare }, kind: .interface,
        words: "took longer than \(shown)"),
      share(
        facts.failed &- before.failed, of: requests, bound: bounds.errors, kind: .errors,
        words: "failed for the server's reasons"),
      logins(facts.refusedLogins &- before.refusedLogins), jobs(facts.lateJobs),
    ]
  }

  private func share(
    _ part: UInt64, of requests: UInt64, bound: Double?, kind: ProcessFault.Kind, words: String
  ) -> ProcessFault {
    guard let bound, requests >= Self.leastRequests, Double(part) > bound * Double(requests) else {
      return ProcessFault(kind, isStanding: false, text: "The interface answers as usual.")
    }
    let share = Double(part) / Double(requests)
    return ProcessFault(
      kind, isStanding: true,
      text: "\(Int((share * 100).rounded())) % of the last five minutes' \(requests) requests over HTTP \(words). The "
        + "metrics tell which.", value: share)
  }

  private func logins(_ count: UInt64) -> ProcessFault {
    guard let bound = bounds.refusedLogins, count >= UInt64(clamping: bound) else {
      return ProcessFault(.logins, isStanding: false, text: "Few logins are refused.")
    }
    return ProcessFault(
      .logins, isStanding: true,
      text: "\(count == 1 ? "1 login was" : "\(count) logins were") refused in the last five minutes. The audit has "
        + "names and addresses.", value: Double(count))
  }

  private func jobs(_ late: Int) -> ProcessFault {
    guard let bound = bounds.lateJob, late > 0 else {
      return ProcessFault(.jobs, isStanding: false, text: "No job is late.")
    }
    return ProcessFault(
      .jobs, isStanding: true,
      text: "\(late.counted("job")) of the interface took longer than \(bound.text). An admin can cancel jobs.",
      value: Double(late))
  }
}
