/// The state of the HTTP interface at one time. Counts are those since the start.
public struct InterfaceFacts: Sendable, Equatable {
  /// Answered requests.
  public var requests: UInt64
  /// Of them, those that took longer than `http.alerts.latency`.
  public var slow: UInt64
  /// Of them, those that failed for the server's reasons: status codes from 500 on, readiness left out.
  public var failed: UInt64
  /// Refused logins.
  public var refusedLogins: UInt64
  /// Jobs that run for longer than `http.alerts.late_job`.
  public var lateJobs: Int
  /// Address at which people reach it, with a slash at its end; `nil` if unknown.
  public var url: String?

  /// Creates facts; the parameters are the properties of the same names.
  public init(
    requests: UInt64 = 0, slow: UInt64 = 0, failed: UInt64 = 0, refusedLogins: UInt64 = 0, lateJobs: Int = 0
  ) {
    (self.requests, self.slow, self.failed) = (requests, slow, failed)
    (self.refusedLogins, self.lateJobs) = (refusedLogins, lateJobs)
  }
}
