import Glibc
import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// Delivery of lines to the endpoint, including all reactions to its answers. Confined to the sink's thread. It never
/// waits itself but returns the time to wait.
final class Delivery {
  /// Outcome of ``advance(_:more:)``.
  enum Step: Equatable {
    /// Every line is in the database or in a dead-letter file.
    case done
    /// The rest may be tried again after this time.
    case later(TimeSpan)
  }

  let options: SinkOptions
  let status: SinkStatus
  private let endpoint: any SinkEndpoint
  private let stateChanged: @Sendable (SinkState) -> Void
  private let isOver: () -> Bool
  var deadLetters: DeadLetterFile
  var backoff: Backoff
  /// Maximum request size [bytes]. Reduced after the server has refused a request as too large.
  private(set) var requestBytes: Int

  /// Creates a delivery.
  ///
  /// - Parameters:
  ///   - endpoint: the destination.
  ///   - options: sizes and time spans.
  ///   - directory: folder of the dead-letter files.
  ///   - status: receives counters and state.
  ///   - isOver: checked before each request; `true` ends the delivery.
  ///   - stateChanged: called when the sink's state changes.
  init(
    to endpoint: any SinkEndpoint, options: SinkOptions, deadLetters directory: String, status: SinkStatus,
    isOver: @escaping () -> Bool, stateChanged: @escaping @Sendable (SinkState) -> Void
  ) {
    self.endpoint = endpoint
    self.options = options
    self.status = status
    self.isOver = isOver
    self.stateChanged = stateChanged
    deadLetters = DeadLetterFile(directory: directory, mostBytes: options.deadLetterBytes)
    backoff = Backoff(shortest: options.shortestBackoff, longest: options.longestBackoff, seed: options.seed)
    requestBytes = options.requestBytes
  }

  /// Returns a job for lines, divided into requests.
  func job(_ lines: [UInt8]) -> WriteTask { WriteTask(lines, mostLines: options.requestLines, mostBytes: requestBytes) }

  /// Sends until every line is accepted or in a dead-letter file, or until the database accepts no more for now. `more`
  /// provides further lines to test whether a single line is at fault. It may return none.
  func advance(_ job: inout WriteTask, more: () -> [UInt8]) -> Step {
    while let part = job.parts.next() {
      guard !isOver() else {
        job.parts.putBack(part)
        return .later(.zero)
      }
      let answer = post(job.parts.bytes[part.range])
      if let wait = act(on: answer, to: part, of: &job, more: more) { return .later(wait) }
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
  ///   - answer: the destination's answer.
  ///   - part: the part that was sent.
  ///   - job: the job of the part.
  ///   - more: provides further lines to test whether a single line is at fault.
  private func act(
    on answer: SinkAnswer, to part: RequestSplitter.Part, of job: inout WriteTask, more: () -> [UInt8]
  ) -> TimeSpan? {
    switch answer.action {
    case .accepted:
      job.written += job.parts.tally(part)
      job.faults.acceptedSince = true
      recovered()
      return nil
    case .refused(let reason, let count): return refuse(part, reason: reason, count: count, answer: answer, job: &job)
    case .refusedLines(let lines): return refuse(lines, of: part, answer: answer, job: &job)
    case .tooLarge:
      if job.parts.lineCount(part) > 1 { requestBytes = max(min(requestBytes, part.range.count / 2), 4096) }
      return refuse(part, reason: .tooLarge, count: nil, answer: answer, job: &job)
    case .hold(let reason):
      job.parts.putBack(part)
      return hold(reason, answer: answer)
    case .retry(let after):
      job.parts.putBack(part)
      return wait(max(backoff.next(), after ?? .zero), answer: answer)
    case .serverFault: return fault(part, answer: answer, job: &job, more: more)
    case .again:
      job.parts.putBack(part)
      return nil
    }
  }

  /// Posts lines, once the endpoint is ready for them. If it is not, returns the answer that prevents it.
  private func post(_ lines: ArraySlice<UInt8>) -> SinkAnswer {
    if let obstacle = endpoint.prepare() { return obstacle }
    status.update {
      $0.requests += 1
      $0.bytes += UInt64(lines.count)
    }
    let answer = endpoint.post(lines)
    if let difference = answer.clockDifference { status.update { $0.clockDifference = difference } }
    return answer
  }

  func recovered() {
    backoff.reset()
    show(.ok)
  }

  func hold(_ reason: HoldReason, answer: SinkAnswer) -> TimeSpan {
    show(.held(reason, answer.summary))
    status.update { $0.retries += 1 }
    return options.slowRetry
  }

  func wait(_ span: TimeSpan, answer: SinkAnswer) -> TimeSpan {
    show(.away(answer.summary))
    status.update { $0.retries += 1 }
    return span
  }
}
