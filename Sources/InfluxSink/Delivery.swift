import Glibc
import PlantModel

/// Delivery of lines to the database, including all reactions to its answers. Confined to the sink's thread. It never
/// waits itself but returns the time to wait.
final class Delivery {
  /// Outcome of ``advance(_:more:)``.
  enum Step: Equatable {
    /// Every line is in the database or in a dead-letter file.
    case done
    /// The rest may be tried again after this time.
    case later(TimeSpan)
  }

  private let settings: DatabaseSettings
  let options: SinkOptions
  let status: SinkStatus
  private let client: HTTPClient
  private let stateChanged: @Sendable (SinkState) -> Void
  private let isOver: () -> Bool
  var deadLetters: DeadLetterFile
  private(set) var endpoint: WriteEndpoint?
  var backoff: Backoff
  private var hasTriedToCreate = false
  /// Maximum request size [bytes]. Reduced after the server has refused a request as too large.
  private(set) var requestBytes: Int

  /// Creates a delivery; `nil` if libcurl cannot be started.
  ///
  /// - Parameters:
  ///   - directory: folder of the dead-letter files.
  ///   - isOver: checked about once a second during a request; `true` aborts it.
  ///   - stateChanged: called when the sink's state changes.
  init?(
    settings: DatabaseSettings, options: SinkOptions, deadLetters directory: String, status: SinkStatus,
    isOver: @escaping () -> Bool, stateChanged: @escaping @Sendable (SinkState) -> Void
  ) {
    let made = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: options.connectTimeout,
      totalTimeout: options.totalTimeout)
    guard let client = made else { return nil }
    client.shouldAbort = isOver
    self.client = client
    self.settings = settings
    self.options = options
    self.status = status
    self.isOver = isOver
    self.stateChanged = stateChanged
    deadLetters = DeadLetterFile(directory: directory, mostBytes: options.deadLetterBytes)
    endpoint = WriteEndpoint.interface(for: settings.version)
      .map { WriteEndpoint(settings, interface: $0, precision: options.precision) }
    backoff = Backoff(shortest: options.shortestBackoff, longest: options.longestBackoff, seed: options.seed)
    requestBytes = options.requestBytes
  }

  /// Returns a job for lines, divided into requests.
  func job(_ lines: [UInt8]) -> Job { Job(lines, mostLines: options.requestLines, mostBytes: requestBytes) }

  /// Sends until every line is accepted or in a dead-letter file, or until the database accepts no more for now. `more`
  /// provides further lines to test whether a single line is at fault. It may return none.
  func advance(_ job: inout Job, more: () -> [UInt8]) -> Step {
    while let part = job.parts.next() {
      guard !isOver() else {
        job.parts.putBack(part)
        return .later(.zero)
      }
      let (answer, action) = post(job.parts.bytes[part.range])
      if let wait = act(on: action, answer, part, &job, more) { return .later(wait) }
    }
    return .done
  }

  /// Posts lines once, before older ones; `true` if the database accepted all of them.
  func postAhead(_ lines: [UInt8]) -> Bool { post(lines[...]).action == .accepted }

  /// Reason why the database accepts nothing; `nil` while it does.
  var trouble: String? {
    switch status.current.state {
    case .ok: nil
    case .away(let words): words
    case .held(let reason, let words): "\(reason.rawValue): \(words)"
    }
  }

  /// Sets the sink's state and reports a change.
  func show(_ state: SinkState) { if status.change(to: state) { stateChanged(state) } }

  /// Reacts to an answer. Returns the time to wait, or `nil` to continue at once.
  ///
  /// - Parameters:
  ///   - action: classification of the answer.
  ///   - answer: the server's answer.
  ///   - part: the part that was sent.
  ///   - job: the job of the part.
  ///   - more: provides further lines to test whether a single line is at fault.
  private func act(
    on action: WriteAction, _ answer: HTTPAnswer, _ part: Parts.Part, _ job: inout Job, _ more: () -> [UInt8]
  ) -> TimeSpan? {
    switch action {
    case .accepted:
      job.written += job.parts.tally(part)
      job.faults.acceptedSince = true
      hasTriedToCreate = false
      recovered()
      return nil
    case .bisect(let reason, let dropped): return refuse(part, reason, dropped, answer, &job)
    case .halve:
      if job.parts.lineCount(part) > 1 { requestBytes = max(min(requestBytes, part.range.count / 2), 4096) }
      return refuse(part, .tooLarge, nil, answer, &job)
    case .hold(let reason):
      job.parts.putBack(part)
      return hold(reason, answer)
    case .createDatabase:
      job.parts.putBack(part)
      return createDatabase(answer)
    case .retry(let after):
      job.parts.putBack(part)
      return wait(max(backoff.next(), after ?? .zero), answer)
    case .serverFault: return fault(part, answer, &job, more)
    }
  }

  private func createDatabase(_ answer: HTTPAnswer) -> TimeSpan? {
    guard !hasTriedToCreate, let endpoint, let request = endpoint.createDatabase else {
      hasTriedToCreate = false
      return hold(.missing, answer)
    }
    hasTriedToCreate = true
    let body = Array(request.body.utf8)
    _ = body.withUnsafeBytes {
      client.send(
        request.url, body: $0, contentType: "application/x-www-form-urlencoded",
        authorization: endpoint.authorization, basic: endpoint.basicCredentials)
    }
    // The next write shows whether the database was created.
    return nil
  }

  /// Posts lines and classifies the answer. If the server's version is unknown, queries it first. A failure of that
  /// query is returned in place of the answer.
  private func post(_ lines: ArraySlice<UInt8>) -> (answer: HTTPAnswer, action: WriteAction) {
    if endpoint == nil, let refusal = findEndpoint() { return refusal }
    guard let endpoint else { return (HTTPAnswer(), .retry(after: nil)) }
    status.update {
      $0.requests += 1
      $0.bytes += UInt64(lines.count)
    }
    let answer = lines.withUnsafeBytes {
      client.send(
        endpoint.writeURL, body: $0, contentType: "text/plain; charset=utf-8", authorization: endpoint.authorization,
        basic: endpoint.basicCredentials)
    }
    return (
      answer, WriteAnswer.classify(status: answer.status, body: answer.body, retryAfter: Self.retryAfter(answer))
    )
  }

  /// Queries the server for its version. Returns the answer if it does not state one, else `nil`.
  private func findEndpoint() -> (answer: HTTPAnswer, action: WriteAction)? {
    let known = WriteEndpoint(settings, interface: .v3)
    let answer = client.send(
      WriteEndpoint.pingURL(settings), body: nil, contentType: "text/plain", authorization: known.authorization,
      basic: known.basicCredentials)
    switch answer.status {
    case 200, 204, 404:
      let interface = WriteEndpoint.interface(versionHeader: answer.influxVersion, body: answer.body)
      endpoint = WriteEndpoint(settings, interface: interface, precision: options.precision)
      return nil
    case 401: return (answer, .hold(.credentials))
    case 403: return (answer, .hold(.permission))
    default: return (answer, .retry(after: Self.retryAfter(answer)))
    }
  }

  func recovered() {
    backoff.reset()
    show(.ok)
  }

  func hold(_ reason: HoldReason, _ answer: HTTPAnswer) -> TimeSpan {
    // The server may have been replaced by another version, so its version is queried again.
    if reason == .missing, settings.version == .auto { endpoint = nil }
    show(.held(reason, Self.words(answer)))
    status.update { $0.retries += 1 }
    return options.slowRetry
  }

  func wait(_ span: TimeSpan, _ answer: HTTPAnswer) -> TimeSpan {
    show(.away(Self.words(answer)))
    status.update { $0.retries += 1 }
    return span
  }

  private static func words(_ answer: HTTPAnswer) -> String {
    let words = DeadLetter.oneLine(answer.body)
    return answer.status == 0 ? words : "\(answer.status) \(words)"
  }

  private static func retryAfter(_ answer: HTTPAnswer) -> TimeSpan? {
    answer.retryAfter.flatMap { RetryAfter.span($0, now: now()) }
  }

  static func now() -> Timestamp {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Timestamp(seconds: Int64(now.tv_sec)) + TimeSpan(nanoseconds: Int64(now.tv_nsec))
  }
}
