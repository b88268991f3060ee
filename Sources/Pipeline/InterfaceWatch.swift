import PlantModel
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
  /// Share of failed requests that is a fault.
  static let failedShare = 0.05
  /// Number of refused logins that is a fault.
  static let refusedLogins: UInt64 = 20

  private var samples: [(time: Timestamp, facts: InterfaceFacts)] = []

  /// Judges the facts of a time.
  ///
  /// - Parameters:
  ///   - facts: What the interface knows; `nil` if there is none.
  ///   - now: The current time.
  /// - Returns: The fault of the interface, or that there is none.
  mutating func look(_ facts: InterfaceFacts?, at now: Timestamp) -> ProcessFault {
    guard let facts else { return ProcessFault(.interface, isStanding: false, text: "There is no interface.") }
    samples.append((now, facts))
    samples.removeAll { now - $0.time > Self.span }
    let before = samples.first?.facts ?? facts
    let requests = facts.requests &- before.requests
    var troubles: [(text: String, value: Double)] = []
    func judge(_ part: UInt64, share: Double, words: String) {
      guard requests >= Self.leastRequests, Double(part) > share * Double(requests) else { return }
      let percent = Int((Double(part) / Double(requests) * 100).rounded())
      troubles.append(("\(percent) % of \(requests) requests \(words)", Double(percent) / 100))
    }
    judge(facts.slow &- before.slow, share: Self.slowShare, words: "took longer than 0.5 s")
    judge(facts.failed &- before.failed, share: Self.failedShare, words: "failed for the server's reasons")
    let logins = facts.refusedLogins &- before.refusedLogins
    if logins >= Self.refusedLogins { troubles.append(("\(logins) logins were refused", Double(logins))) }
    if facts.lateJobs > 0 {
      troubles.append(("\(facts.lateJobs.counted("job")) took longer than ten minutes", Double(facts.lateJobs)))
    }
    guard let first = troubles.first else {
      return ProcessFault(.interface, isStanding: false, text: "It answers as usual again.")
    }
    let words = troubles.map(\.text).joined(separator: "; ")
    return ProcessFault(
      .interface, isStanding: true, text: "In the last five minutes: \(words). The audit and the metrics have more.",
      value: first.value)
  }
}
