import CurlTransport
import PlantModel
public import Settings
public import SinkCore
public import SystemCore
import WattlineTime

/// InfluxDB as the endpoint of a sink: version, URL and credentials, posts of line protocol, and what answers mean.
///
/// Creates the database of version 1.x if it is missing. Used by one thread.
public final class InfluxEndpoint: SinkEndpoint {
  private var settings: DatabaseSettings
  private let credentials: Renewable<DatabaseSettings>?
  private var credentialsCount = 0
  private let options: SinkOptions
  private let precision: WritePrecision
  private var client: HTTPClient
  private let isOver: () -> Bool
  /// `nil` until the server's version is known.
  private var endpoint: WriteEndpoint?
  private var hasTriedToCreate = false

  /// Creates the endpoint without a request.
  ///
  /// - Parameters:
  ///   - settings: address, version and credentials of the database.
  ///   - credentials: settings whose credentials are taken up when they change; `nil` if they never do.
  ///   - options: time spans of requests.
  ///   - precision: precision of the timestamps in posted lines.
  ///   - isOver: checked about once a second during a request; `true` aborts it.
  /// - Throws: `SinkError.cannotStart` if libcurl cannot be started.
  public init(
    _ settings: DatabaseSettings, credentials: Renewable<DatabaseSettings>? = nil, options: SinkOptions = SinkOptions(),
    precision: WritePrecision = .milliseconds, isOver: @escaping () -> Bool
  ) throws(SinkError) {
    guard let client = Self.client(settings, options: options, isOver: isOver) else { throw .cannotStart("libcurl") }
    self.client = client
    self.settings = settings
    self.credentials = credentials
    self.options = options
    self.precision = precision
    self.isOver = isOver
    endpoint = WriteEndpoint.interface(for: settings.version)
      .map { WriteEndpoint(settings, interface: $0, precision: precision) }
  }

  private static func client(
    _ settings: DatabaseSettings, options: SinkOptions, isOver: @escaping () -> Bool
  ) -> HTTPClient? {
    let client = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: options.connectTimeout,
      totalTimeout: options.totalTimeout, keptHeaders: [WriteEndpoint.versionHeader, "date"])
    client?.shouldAbort = isOver
    return client
  }

  /// Takes up credentials that have changed, with a connection of their own. The version stays known.
  private func takeUpCredentials() {
    guard let fresh = credentials?.newer(than: &credentialsCount),
      let made = Self.client(fresh, options: options, isOver: isOver)
    else { return }
    (settings, client) = (fresh, made)
    endpoint = endpoint.map { WriteEndpoint(fresh, interface: $0.interface, precision: precision) }
  }

  /// Queries the server for its version unless it is known. Returns the answer if it does not state one.
  public func prepare() -> SinkAnswer? {
    takeUpCredentials()
    if endpoint != nil { return nil }
    let known = WriteEndpoint(settings, interface: .v3)
    let answer = client.send(
      WriteEndpoint.pingURL(settings), body: nil, contentType: "text/plain", authorization: known.authorization,
      basic: known.basicCredentials)
    switch answer.status {
    case 200, 204, 404:
      let interface = WriteEndpoint.interface(
        versionHeader: answer.headers[WriteEndpoint.versionHeader], body: answer.body)
      endpoint = WriteEndpoint(settings, interface: interface, precision: precision)
      return nil
    case 401: return meaning(.hold(.credentials), of: answer)
    case 403: return meaning(.hold(.permission), of: answer)
    default: return meaning(.retry(after: answer.retryAfter), of: answer)
    }
  }

  /// Posts lines and classifies the answer; see ``WriteAnswer``.
  public func post(_ lines: ArraySlice<UInt8>) -> SinkAnswer {
    guard let endpoint else { return SinkAnswer(.retry(after: nil)) }
    let answer = lines.withUnsafeBytes {
      client.send(
        endpoint.writeURL, body: $0, contentType: "text/plain; charset=utf-8", authorization: endpoint.authorization,
        basic: endpoint.basicCredentials)
    }
    if WriteAnswer.isDatabaseMissing(status: answer.status, body: answer.body), createDatabase(endpoint) {
      return meaning(.again, of: answer)
    }
    hasTriedToCreate = false
    var action = WriteAnswer.classify(status: answer.status, body: answer.body, retryAfter: answer.retryAfter)
    if case .refused = action, endpoint.interface == .v3, let named = InfluxEndpoint.refused(in: answer, of: lines) {
      action = named
    }
    // The server may have been replaced by another version, so its version is queried again.
    if action == .hold(.missing), settings.version == .auto { self.endpoint = nil }
    return meaning(action, of: answer)
  }

  /// Requests the creation of the database, once until another answer comes. The next write shows whether it exists.
  ///
  /// - Returns: `false` if it was requested before, or the version creates databases in another way.
  private func createDatabase(_ endpoint: WriteEndpoint) -> Bool {
    guard !hasTriedToCreate, let request = endpoint.createDatabase else { return false }
    hasTriedToCreate = true
    let body = Array(request.body.utf8)
    _ = body.withUnsafeBytes {
      client.send(
        request.url, body: $0, contentType: "application/x-www-form-urlencoded",
        authorization: endpoint.authorization, basic: endpoint.basicCredentials)
    }
    return true
  }

  /// Returns what a partially accepted write means, if the answer names every refused line.
  private static func refused(in answer: HTTPAnswer, of lines: ArraySlice<UInt8>) -> SinkAction? {
    let count = Int(PointTally(counting: lines).points)
    guard count > 1, let named = PartialWrite.refused(in: answer.body, of: count) else { return nil }
    var refused: [RefusedLine] = []
    for line in named {
      switch WriteAnswer.classify(status: 400, body: line.words) {
      case .hold(.limit): return .hold(.limit)
      case .refused(let reason, _):
        refused.append(RefusedLine(position: line.line, reason: reason, message: line.words))
      default: refused.append(RefusedLine(position: line.line, reason: .rejected, message: line.words))
      }
    }
    return .refusedLines(refused)
  }

  private func meaning(_ action: SinkAction, of answer: HTTPAnswer) -> SinkAnswer {
    var meaning = SinkAnswer(action, status: answer.status, message: answer.body)
    meaning.clockDifference = answer.headers["date"].flatMap(RetryAfter.date).map { $0 - SystemClock.now() }
    return meaning
  }
}
