import Glibc
import PlantModel

/// Brings lines into the database, whatever it answers. Lives on the sink's thread.
final class Delivery {
  private let settings: DatabaseSettings
  private let options: SinkOptions
  private let queue: BatchQueue
  private let status: SinkStatus
  private let client: HTTPClient
  private let stateChanged: @Sendable (SinkState) -> Void
  private var deadLetters: DeadLetterFile
  private var endpoint: WriteEndpoint?
  private var backoff: Backoff
  private var hasTriedToCreate = false
  /// Most bytes of a request; smaller once the server has called one too large.
  private(set) var requestBytes: Int

  /// Faults of the server on the way: whether any part was accepted since the first, and whether a line waits at the
  /// end because it may be the cause.
  private var faults = (seen: false, acceptedSince: false, hasSuspect: false)

  /// `nil` where libcurl cannot start.
  init?(
    settings: DatabaseSettings, options: SinkOptions, deadLetters directory: String, queue: BatchQueue,
    status: SinkStatus, stateChanged: @escaping @Sendable (SinkState) -> Void
  ) {
    let made = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: options.connectTimeout,
      totalTimeout: options.totalTimeout)
    guard let client = made else { return nil }
    client.shouldAbort = { queue.isPastDeadline }
    self.client = client
    self.settings = settings
    self.options = options
    self.queue = queue
    self.status = status
    self.stateChanged = stateChanged
    deadLetters = DeadLetterFile(directory: directory)
    endpoint = WriteEndpoint.interface(for: settings.version)
      .map { WriteEndpoint(settings, interface: $0, precision: options.precision) }
    backoff = Backoff(shortest: options.shortestBackoff, longest: options.longestBackoff, seed: options.seed)
    requestBytes = options.requestBytes
  }

  /// Sends batches until every line is accepted or in the dead-letter file; more may be taken from the queue to find
  /// out whether a lone line is at fault. `false` when the time given at closing is over.
  func deliver(_ batches: inout [WriteBatch]) -> Bool {
    var parts = Parts()
    // What is added last is sent first.
    for batch in merged(batches).reversed() {
      parts.add(batch, mostLines: options.requestLines, mostBytes: requestBytes)
    }
    faults = (false, false, false)
    while let part = parts.next() {
      guard !queue.isPastDeadline, let endpoint = resolvedEndpoint() else { return false }
      let answer = post(parts.bytes[part.range], to: endpoint)
      let retryAfter = answer.retryAfter.flatMap { RetryAfter.span($0, now: Self.now()) }
      let action = WriteAnswer.classify(status: answer.status, body: answer.body, retryAfter: retryAfter)
      guard act(on: action, answer, part, &parts, &batches) else { return false }
    }
    return true
  }

  /// Closes the dead-letter file.
  func close() { deadLetters.closeFile() }

  /// `false` when the time given at closing is over.
  private func act(
    on action: WriteAction, _ answer: HTTPAnswer, _ part: Parts.Part, _ parts: inout Parts,
    _ batches: inout [WriteBatch]
  ) -> Bool {
    switch action {
    case .accepted:
      status.pointsWritten.add(UInt64(parts.lineCount(part)), ordering: .relaxed)
      faults.acceptedSince = true
      hasTriedToCreate = false
      recovered()
      return true
    case .bisect(let reason, let dropped): return refuse(part, reason, dropped, answer, &parts)
    case .halve:
      if parts.lineCount(part) > 1 { requestBytes = max(min(requestBytes, part.range.count / 2), 4096) }
      return refuse(part, .tooLarge, nil, answer, &parts)
    case .hold(let reason):
      parts.putBack(part)
      return hold(reason, answer)
    case .createDatabase:
      parts.putBack(part)
      return createDatabase(answer)
    case .retry(let after):
      parts.putBack(part)
      return wait(max(backoff.next(), after ?? .zero), answer)
    case .serverFault: return fault(part, answer, &parts, &batches)
    }
  }

  /// Lines are refused: a single one, or a part of which all are, is dead; else its halves are tried.
  private func refuse(
    _ part: Parts.Part, _ reason: RefusalReason, _ dropped: Int?, _ answer: HTTPAnswer, _ parts: inout Parts
  ) -> Bool {
    let lines = parts.lineCount(part)
    guard lines <= 1 || dropped == lines else {
      recovered()
      parts.putHalves(of: part)
      return true
    }
    let isWritten = deadLetters.write(
      parts.bytes[part.range], reason: reason, status: answer.status, words: answer.body, at: Self.now())
    guard isWritten else {
      parts.putBack(part)
      return hold(.deadLetter, HTTPAnswer(status: answer.status, body: String(cString: strerror(errno))))
    }
    status.countDeadLetters(lines, reason)
    recovered()
    return true
  }

  /// The server fails. After some tries lines are suspected, but one is declared dead only when the server has accepted
  /// others meanwhile: if it fails on everything, the lines are not at fault.
  private func fault(
    _ part: Parts.Part, _ answer: HTTPAnswer, _ parts: inout Parts, _ batches: inout [WriteBatch]
  ) -> Bool {
    if !faults.seen { faults = (true, false, faults.hasSuspect) }
    var part = part
    part.faults += 1
    if part.faults < options.faultTries {
      parts.putBack(part)
      return wait(backoff.next(), answer)
    }
    if parts.lineCount(part) > 1 {
      parts.putHalves(of: part, faults: options.faultTries - 1)
      return wait(options.shortestBackoff, answer)
    }
    if faults.acceptedSince { return refuse(part, .serverFault, nil, answer, &parts) }
    part.faults = 0
    if !faults.hasSuspect, !parts.pending.isEmpty || takeMore(&parts, &batches) {
      faults.hasSuspect = true
      parts.putLast(part)
      return wait(options.shortestBackoff, answer)
    }
    parts.putBack(part)
    parts.rejoin(mostBytes: requestBytes)
    faults = (false, false, false)
    return wait(options.longestBackoff, answer)
  }

  private func takeMore(_ parts: inout Parts, _ batches: inout [WriteBatch]) -> Bool {
    let more = queue.takeMore(lines: options.requestLines, bytes: requestBytes)
    batches += more
    for batch in more { parts.add(batch.bytes, mostLines: options.requestLines, mostBytes: requestBytes) }
    return !parts.pending.isEmpty
  }

  private func createDatabase(_ answer: HTTPAnswer) -> Bool {
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
    // Whether it worked is seen by writing again.
    return true
  }

  /// The endpoint, asked of the server where it is not configured; `nil` when the time given at closing is over.
  private func resolvedEndpoint() -> WriteEndpoint? {
    while endpoint == nil {
      let known = WriteEndpoint(settings, interface: .v3)
      let answer = client.send(
        WriteEndpoint.pingURL(settings), body: nil, contentType: "text/plain", authorization: known.authorization,
        basic: known.basicCredentials)
      switch answer.status {
      case 200, 204, 404:
        let interface = WriteEndpoint.interface(versionHeader: answer.influxVersion, body: answer.body)
        endpoint = WriteEndpoint(settings, interface: interface, precision: options.precision)
      case 401, 403:
        guard hold(answer.status == 401 ? .credentials : .permission, answer) else { return nil }
      default:
        guard wait(backoff.next(), answer) else { return nil }
      }
    }
    return endpoint
  }

  private func post(_ lines: ArraySlice<UInt8>, to endpoint: WriteEndpoint) -> HTTPAnswer {
    status.requests.add(1, ordering: .relaxed)
    status.bytes.add(UInt64(lines.count), ordering: .relaxed)
    return lines.withUnsafeBytes {
      client.send(
        endpoint.writeURL, body: $0, contentType: "text/plain; charset=utf-8", authorization: endpoint.authorization,
        basic: endpoint.basicCredentials)
    }
  }

  private func recovered() {
    backoff.reset()
    show(.ok)
  }

  private func hold(_ reason: HoldReason, _ answer: HTTPAnswer) -> Bool {
    // Another version may have taken the server's place; it is asked again.
    if reason == .missing, settings.version == .auto { endpoint = nil }
    show(.held(reason, Self.words(answer)))
    status.retries.add(1, ordering: .relaxed)
    return queue.pause(for: options.slowRetry)
  }

  private func wait(_ span: TimeSpan, _ answer: HTTPAnswer) -> Bool {
    show(.away(Self.words(answer)))
    status.retries.add(1, ordering: .relaxed)
    return queue.pause(for: span)
  }

  private func show(_ state: SinkState) { if status.change(to: state) { stateChanged(state) } }

  /// Lines of small batches in one piece each request; a large batch stays alone.
  private func merged(_ batches: [WriteBatch]) -> [[UInt8]] {
    guard batches.count > 1 else { return batches.map(\.bytes) }
    var all: [UInt8] = []
    all.reserveCapacity(batches.reduce(0) { $0 + $1.bytes.count })
    for batch in batches {
      all += batch.bytes
      if let last = all.last, last != UInt8(ascii: "\n") { all.append(UInt8(ascii: "\n")) }
    }
    return [all]
  }

  private static func words(_ answer: HTTPAnswer) -> String {
    let words = DeadLetterFile.oneLine(answer.body)
    return answer.status == 0 ? words : "\(answer.status) \(words)"
  }

  private static func now() -> Timestamp {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Timestamp(seconds: Int64(now.tv_sec)) + TimeSpan(nanoseconds: Int64(now.tv_nsec))
  }
}
