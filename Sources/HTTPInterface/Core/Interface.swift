public import Accounts
public import Pipeline
public import Settings
public import SystemCore
public import WebServer

/// The facts about the program that the interface tells.
public struct ProgramFacts: Sendable {
  /// Version of the program, such as `0.1.0`.
  public var version: String
  /// Commit from which it was built.
  public var commit: String

  /// Creates the facts.
  public init(version: String, commit: String) { (self.version, self.commit) = (version, commit) }
}

/// The HTTP interface of a running pipeline.
///
/// It reads snapshots of the pipeline, and what it changes goes through the journal. It never touches the stages.
public struct Interface: Sendable {
  private let router: Router
  private let statistics: RequestStatistics
  private let limiter: RateLimiter?
  private let origins: [String]
  private let isEncrypted: Bool
  private let gate: Gate?
  private let memory: IdempotencyMemory
  private let feed: LiveCounts
  let jobs: Jobs?

  /// Creates an interface of health and metrics alone.
  ///
  /// - Parameters:
  ///   - settings: Who may ask how often, from which pages.
  ///   - program: What the interface tells of the program.
  ///   - status: Returns the pipeline's counters and state.
  public init(
    settings: HTTPSettings, program: ProgramFacts, status: @escaping @Sendable () -> PipelineStatus
  ) {
    self.init(settings: settings, program: program, status: status, api: nil, gate: nil)
  }

  /// Creates a whole interface.
  ///
  /// - Parameters:
  ///   - settings: Who may ask how often, from which pages.
  ///   - program: What the interface tells of the program.
  ///   - pipeline: The pipeline.
  ///   - accounts: Who may do what.
  ///   - services: Long work.
  ///   - audit: Receives each entry of the audit after it is stored.
  /// - Throws: `SystemError` if a thread cannot be created.
  public init(
    settings: HTTPSettings, program: ProgramFacts, pipeline: PipelineAccess, accounts: Authenticator,
    services: InterfaceServices, audit: @escaping @Sendable (AuditEntry) -> Void = { _ in }
  ) throws(SystemError) {
    let api = API(
      pipeline: pipeline, accounts: accounts, services: services, jobs: try Jobs(late: settings.alerts.lateJob))
    self.init(
      settings: settings, program: program, status: pipeline.status, api: api, gate: Gate(accounts: accounts))
    accounts.store.observeAudit(audit)
  }

  private init(
    settings: HTTPSettings, program: ProgramFacts, status: @escaping @Sendable () -> PipelineStatus, api: API?,
    gate: Gate?
  ) {
    let (statistics, feed) = (RequestStatistics(slowBound: settings.alerts.latency), LiveCounts())
    let monitoring = MonitoringEndpoints(program: program, status: status, statistics: statistics, feed: feed)
    var endpoints = monitoring.endpoints
    if let api, let gate {
      endpoints += api.endpoints + ActPages(api: api, gate: gate, isEncrypted: settings.certificate != nil).endpoints
    }
    router = Router(endpoints, program: program)
    (self.statistics, self.gate, jobs) = (statistics, gate, api?.jobs)
    (self.feed, memory) = (feed, IdempotencyMemory(gate?.accounts.store))
    limiter = settings.rate.map { RateLimiter($0) }
    origins = settings.origins
    isEncrypted = settings.certificate != nil
  }

  /// Returns what the interface knows about itself.
  @Sendable public func facts() -> InterfaceFacts { statistics.facts(lateJobs: jobs?.lateCount ?? 0) }

  /// Lets the metrics have the counts of WebSockets of the server that uses the interface.
  public func watch(webSockets counts: @escaping @Sendable () -> WebSocketCounts) { feed.source.set(counts) }

  /// All operations.
  var endpoints: [Endpoint] { router.endpoints }

  /// Ends the jobs.
  public func stop() { jobs?.stop() }

  /// Decides who a client of the live feed is and what it may do.
  public func authenticateLive(_ request: HTTPRequest) -> Result<LiveAccess, LiveRefusal> {
    if let limited = limit(NetworkAddress.network(request.address), named: request.address) {
      return .failure(LiveRefusal(limited))
    }
    return gate?.enterLive(request) ?? .failure(LiveRefusal(.problem(503, "there are no accounts")))
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
    if let limited = limit(NetworkAddress.network(request.address), named: request.address) {
      return ("limited", limited)
    }
    guard Self.isStreamSafe(request) else { return ("refused", .problem(400, StreamSafeText.words)) }
    if request.method == "OPTIONS", let origin = request.headers["origin"] { return ("preflight", preflight(origin)) }
    switch router.target(of: request) {
    case .refused(let route, let problem): return (route, problem.response)
    case .endpoint(let endpoint, let parameters):
      let response = perform(endpoint, request: request, parameters: parameters)
      return (endpoint.path.description, response)
    }
  }

  private static func isStreamSafe(_ request: HTTPRequest) -> Bool {
    StreamSafeText.holds(request.body) && StreamSafeText.holds(request.path.utf8)
      && request.query.allSatisfy { StreamSafeText.holds($0.name.utf8) && StreamSafeText.holds($0.value.utf8) }
      && request.headers.values.allSatisfy { StreamSafeText.holds($0.utf8) }
  }

  private func limit(_ key: String, named name: String) -> HTTPResponse? {
    guard let limiter, let wait = limiter.wait(of: key, at: SystemClock.monotonic()) else { return nil }
    var problem = Problem(429, "too many requests from \(name); ask again in \(wait) s")
    problem.headers.append(("retry-after", "\(wait)"))
    return problem.response
  }

  private func perform(
    _ endpoint: Endpoint, request: HTTPRequest, parameters: [String: String]
  ) -> HTTPResponse {
    do throws(Problem) {
      let principal = try gate?.enter(endpoint, request: request)
      if let principal, principal.method == .key, let limited = limit("key \(principal.tokenID)", named: "this key") {
        return limited
      }
      let call = Call(request: request, parameters: parameters, principal: principal)
      if let body = endpoint.body { try Self.check(request, against: body) }
      guard endpoint.isChange else { return Self.revalidated(run(endpoint, call: call), request: request) }
      return once(endpoint, call: call) {
        let response = run(endpoint, call: call)
        gate?.record(endpoint, call: call, response: response)
        return response
      }
    } catch { return error.response }
  }

  private func run(_ endpoint: Endpoint, call: Call) -> HTTPResponse {
    do throws(Problem) { return try endpoint.answer(call) } catch { return error.response }
  }

  /// Refuses a body that is missing, or of another type.
  private static func check(_ request: HTTPRequest, against body: Endpoint.Body) throws(Problem) {
    if request.body.isEmpty {
      if body.isRequired {
        throw Problem(400, "a body of type \(body.contentTypes.joined(separator: " or ")) is needed")
      }
      return
    }
    let type = (request.headers["content-type"] ?? "").prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    guard body.contentTypes.contains(type) else {
      throw Problem(
        415, "the body must be of type \(body.contentTypes.joined(separator: " or ")), not '\(type.prefix(100))'")
    }
  }

  /// Carries a change out, unless its key shows that it was before.
  private func once(_ endpoint: Endpoint, call: Call, change: () -> HTTPResponse) -> HTTPResponse {
    guard let key = call.request.headers["idempotency-key"], !key.isEmpty else { return change() }
    guard key.utf8.count <= 200 else { return .problem(400, "idempotency-key may have 200 characters") }
    let repetition = IdempotencyMemory.Change(key: "\(call.user)\n\(key)", request: call.request, endpoint: endpoint)
    switch memory.begin(repetition, at: SystemClock.now()) {
    case .known(let response): return response
    case .running: return .problem(409, "the first request with this idempotency-key is still being carried out")
    case .other: return .problem(422, "another request had this idempotency-key; each needs one of its own")
    case .interrupted:
      return .problem(
        409,
        "the process ended while the first request with this idempotency-key was carried out; look whether it was, and "
          + "use another key")
    case .untold:
      return .problem(
        409, "it was carried out before the process started, and its answer is not kept; look at what there is now")
    case .unavailable: return .problem(503, "the idempotency-key cannot be stored; send it again later")
    case .new:
      let response = change()
      memory.end(repetition, response: response, at: SystemClock.now())
      return response
    }
  }

  /// Adds the entity tag of a body, and leaves a body out that the client has.
  private static func revalidated(_ response: HTTPResponse, request: HTTPRequest) -> HTTPResponse {
    guard response.status == 200, request.method == "GET" || request.method == "HEAD" else { return response }
    let tag = EntityTag.of(response.body)
    var response = response
    response.headers.append(("etag", tag))
    if let known = request.headers["if-none-match"], EntityTag.matches(known, tag) {
      (response.status, response.body) = (304, [])
    }
    return response
  }

  /// Answers a browser that asks whether a page of another origin may send requests.
  private func preflight(_ origin: String) -> HTTPResponse {
    guard origins.contains(origin) else {
      return .problem(403, "pages of \(origin) may not read this interface; http.cors lists those that may")
    }
    var response = HTTPResponse.text("", status: 204)
    response.headers = [
      ("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
      (
        "access-control-allow-headers",
        "authorization, content-type, x-api-key, idempotency-key, if-match, if-none-match"
      ),
      ("access-control-max-age", "600"),
    ]
    return response
  }

  /// Adds the headers that every response has.
  private func secured(_ response: HTTPResponse, origin: String?) -> HTTPResponse {
    var response = response
    // With the policy no-referrer, browsers send a form of this server's own page with `origin: null`.
    response.headers += [
      ("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("x-frame-options", "DENY"),
      (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
      ),
      ("cache-control", "no-store"),
    ]
    if isEncrypted { response.headers.append(("strict-transport-security", "max-age=31536000")) }
    if !origins.isEmpty { response.headers.append(("vary", "origin")) }
    if let origin, origins.contains(origin) {
      response.headers.append(("access-control-allow-origin", origin))
      response.headers.append(
        ("access-control-expose-headers", "etag, location, retry-after, x-next-cursor"))
    }
    return response
  }
}

extension API {
  /// The endpoints of `/api/v1`.
  var endpoints: [Endpoint] {
    AccountEndpoints(api: self).endpoints + PlantEndpoints(api: self).endpoints + SeriesEndpoints(api: self).endpoints
      + ReadingEndpoints(api: self).endpoints
      + AlertEndpoints(api: self).endpoints + CommandEndpoints(api: self).endpoints
      + ForecastEndpoints(api: self).endpoints + DispatchEndpoints(api: self).endpoints
      + SavingsEndpoints(api: self).endpoints
      + StudyEndpoints(api: self).endpoints + CommunityEndpoints(api: self).endpoints
      + ProcessEndpoints(api: self).endpoints + JobEndpoints(api: self).endpoints
  }
}
