public import Pipeline
public import Settings
import SystemCore
public import WebServer

/// What the interface tells of the program.
public struct ProgramFacts: Sendable {
  /// Version of the program, such as `0.1.0`.
  public var version: String
  /// Commit from which it was built.
  public var commit: String

  /// Creates the facts.
  public init(version: String, commit: String) { (self.version, self.commit) = (version, commit) }
}

/// The HTTP interface of a running pipeline: health, metrics, and their document.
///
/// It reads snapshots of the pipeline's counters and state, and never touches its stages.
public struct Interface: Sendable {
  private let router: Router
  private let statistics: RequestStatistics
  private let limiter: RateLimiter?
  private let origins: [String]
  private let isEncrypted: Bool

  /// Creates an interface.
  ///
  /// - Parameters:
  ///   - settings: Who may ask how often, from which pages.
  ///   - program: What the interface tells of the program.
  ///   - status: Returns the pipeline's counters and state.
  public init(
    settings: HTTPSettings, program: ProgramFacts, status: @escaping @Sendable () -> PipelineStatus
  ) {
    let statistics = RequestStatistics()
    let pages = MonitoringEndpoints(program: program, status: status, statistics: statistics)
    router = Router(pages.endpoints, program: program)
    self.statistics = statistics
    limiter = settings.rate.map { RateLimiter($0) }
    origins = settings.origins
    isEncrypted = settings.certificate != nil
  }

  /// Answers a request.
  @Sendable public func answer(_ request: HTTPRequest) -> HTTPResponse {
    let start = SystemClock.monotonic()
    let (route, response) = respond(to: request)
    let seconds = Double(SystemClock.monotonic() - start) / 1e9
    statistics.record(method: request.method, route: route, status: response.status, seconds: seconds)
    return secured(response, origin: request.headers["origin"])
  }

  private func respond(to request: HTTPRequest) -> (route: String, HTTPResponse) {
    if let limiter, let wait = limiter.wait(of: request.address, at: SystemClock.monotonic()) {
      var response = HTTPResponse.problem(429, "too many requests from \(request.address); ask again in \(wait) s")
      response.headers.append(("retry-after", "\(wait)"))
      return ("limited", response)
    }
    if request.method == "OPTIONS", let origin = request.headers["origin"] { return ("preflight", preflight(origin)) }
    return router.answer(request)
  }

  /// Answers a browser that asks whether a page of another origin may send requests.
  private func preflight(_ origin: String) -> HTTPResponse {
    guard origins.contains(origin) else {
      return .problem(403, "pages of \(origin) may not read this interface; http.cors lists those that may")
    }
    var response = HTTPResponse.text("", status: 204)
    response.headers = [
      ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
      ("access-control-allow-headers", "authorization, content-type"), ("access-control-max-age", "600"),
    ]
    return response
  }

  /// Adds the headers that every response has.
  private func secured(_ response: HTTPResponse, origin: String?) -> HTTPResponse {
    var response = response
    response.headers += [
      ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY"),
      ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
      ("cache-control", "no-store"),
    ]
    if isEncrypted { response.headers.append(("strict-transport-security", "max-age=31536000")) }
    if !origins.isEmpty { response.headers.append(("vary", "origin")) }
    if let origin, origins.contains(origin) { response.headers.append(("access-control-allow-origin", origin)) }
    return response
  }
}
