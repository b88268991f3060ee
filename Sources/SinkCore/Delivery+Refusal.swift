import Glibc
import PlantModel
import SystemCore
import WattlineTime

/// Handling of lines that the database refuses or fails on.
extension Delivery {
  /// Handles a refusal. A single line, or a part refused as a whole, becomes a dead letter. Otherwise the part is split
  /// in halves.
  ///
  /// - Parameters:
  ///   - part: the refused part.
  ///   - reason: category of the refusal.
  ///   - count: number of refused lines, if the server states it.
  ///   - answer: the server's answer.
  ///   - job: the job of the part.
  /// - Returns: the time to wait before the next request, or `nil` to continue at once.
  func refuse(
    _ part: RequestSplitter.Part, reason: WriteRefusalReason, count: Int?, answer: SinkAnswer, job: inout WriteTask
  ) -> TimeSpan? {
    let tally = job.parts.tally(part)
    guard tally.points <= 1 || count.map(UInt64.init(clamping:)) == tally.points else {
      recovered()
      job.parts.putHalves(of: part)
      return nil
    }
    guard deadLetter(part, reason: reason, code: answer.status, words: answer.message, job: &job) else {
      job.parts.putBack(part)
      return holdLetter(answer)
    }
    recovered()
    return nil
  }

  /// Writes the lines that the server names to the dead-letter file and counts all others of the part as written.
  ///
  /// - Parameters:
  ///   - named: the refused lines.
  ///   - part: the refused part.
  ///   - answer: the server's answer.
  ///   - job: the job of the part.
  /// - Returns: the time to wait before the next request, or `nil` to continue at once.
  func refuse(
    _ named: [RefusedLine], of part: RequestSplitter.Part, answer: SinkAnswer, job: inout WriteTask
  ) -> TimeSpan? {
    let lines = job.parts.lines(of: part)
    let (before, refused) = (job.parts.tally(part), job.deadLetters)
    var dead = PointTally()
    for line in named where lines.indices.contains(line.position) {
      guard deadLetter(lines[line.position], reason: line.reason, code: answer.status, words: line.message, job: &job)
      else {
        // The whole part is sent and evaluated again.
        job.deadLetters = refused
        job.parts.putBack(part)
        return holdLetter(answer)
      }
      dead += job.parts.tally(lines[line.position])
    }
    job.written += before - dead
    job.faults.acceptedSince = true
    recovered()
    return nil
  }

  /// Writes a part to the dead-letter file; `false` with `errno` if that failed.
  ///
  /// - Parameters:
  ///   - part: the part.
  ///   - reason: category of the refusal.
  ///   - code: HTTP status of the answer.
  ///   - words: the server's message.
  ///   - job: the job of the part.
  private func deadLetter(
    _ part: RequestSplitter.Part, reason: WriteRefusalReason, code: Int, words: String, job: inout WriteTask
  ) -> Bool {
    let letter = DeadLetter(
      time: SystemClock.now(), reason: reason, status: code, words: words, lines: Array(job.parts.bytes[part.range]))
    guard deadLetters.write(letter) else { return false }
    job.deadLetters[reason, default: PointTally()] += job.parts.tally(part)
    let removed = deadLetters.filesRemoved
    status.update { $0.deadLetterFilesRemoved = removed }
    return true
  }

  private func holdLetter(_ answer: SinkAnswer) -> TimeSpan {
    hold(
      .deadLetter,
      answer: SinkAnswer(.hold(.deadLetter), status: answer.status, message: String(cString: strerror(errno))))
  }

  /// Handles a server fault. After `faultTries` tries the lines themselves are suspected. A line becomes a dead letter
  /// only if the server has accepted others meanwhile. If the server fails on everything, the lines are not the cause.
  ///
  /// - Parameters:
  ///   - part: the part that failed.
  ///   - answer: the server's answer.
  ///   - job: the job of the part.
  ///   - more: provides further lines to test whether a single line is at fault.
  /// - Returns: the time to wait before the next request, or `nil` to continue at once.
  func fault(_ part: RequestSplitter.Part, answer: SinkAnswer, job: inout WriteTask, more: () -> [UInt8]) -> TimeSpan? {
    if !job.faults.seen { job.faults = (true, false, job.faults.hasSuspect) }
    var part = part
    part.faults += 1
    if part.faults < options.faultTries {
      job.parts.putBack(part)
      return wait(backoff.next(), answer: answer)
    }
    if job.parts.lineCount(part) > 1 {
      job.parts.putHalves(of: part, faults: options.faultTries - 1)
      return wait(options.shortestBackoff, answer: answer)
    }
    if job.faults.acceptedSince { return refuse(part, reason: .serverFault, count: nil, answer: answer, job: &job) }
    part.faults = 0
    if !job.faults.hasSuspect, !job.parts.pending.isEmpty || append(more(), job: &job) {
      job.faults.hasSuspect = true
      job.parts.putLast(part)
      return wait(options.shortestBackoff, answer: answer)
    }
    job.parts.putBack(part)
    job.parts.rejoin(mostBytes: requestBytes)
    job.faults = (false, false, false)
    return wait(options.longestBackoff, answer: answer)
  }

  private func append(_ lines: [UInt8], job: inout WriteTask) -> Bool {
    job.parts.add(lines, mostLines: options.requestLines, mostBytes: requestBytes)
    return !lines.isEmpty
  }
}
