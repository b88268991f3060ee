import Glibc
import PlantModel

/// Handling of lines that the database refuses or fails on.
extension Delivery {
  /// Handles a refusal. Lines that the server names, a single line, or a part refused as a whole become dead letters.
  /// Otherwise the part is split in halves.
  ///
  /// - Parameters:
  ///   - part: the refused part.
  ///   - reason: category of the refusal.
  ///   - dropped: number of refused lines, if the server states it.
  ///   - answer: the server's answer.
  ///   - job: the job of the part.
  /// - Returns: the time to wait before the next request, or `nil` to continue at once.
  func refuse(
    _ part: Parts.Part, _ reason: RefusalReason, _ dropped: Int?, _ answer: HTTPAnswer, _ job: inout Job
  ) -> TimeSpan? {
    let tally = job.parts.tally(part)
    if endpoint?.interface == .v3, tally.points > 1,
      let named = PartialWrite.refused(in: answer.body, of: Int(tally.points))
    {
      return refuse(named, of: part, answer, &job)
    }
    guard tally.points <= 1 || dropped.map(UInt64.init(clamping:)) == tally.points else {
      recovered()
      job.parts.putHalves(of: part)
      return nil
    }
    guard bury(part, reason, answer.status, answer.body, &job) else {
      job.parts.putBack(part)
      return holdLetter(answer)
    }
    recovered()
    return nil
  }

  /// Writes the lines that the server names to the dead-letter file and counts all others of the part as written.
  ///
  /// - Parameters:
  ///   - named: position of each refused line in the part, from 0, and the server's message.
  ///   - part: the refused part.
  ///   - answer: the server's answer.
  ///   - job: the job of the part.
  /// - Returns: the time to wait before the next request, or `nil` to continue at once.
  private func refuse(
    _ named: [(line: Int, words: String)], of part: Parts.Part, _ answer: HTTPAnswer, _ job: inout Job
  ) -> TimeSpan? {
    let reasons = named.map { WriteAnswer.classify(status: 400, body: $0.words) }
    if reasons.contains(.hold(.limit)) {
      job.parts.putBack(part)
      return hold(.limit, answer)
    }
    let lines = job.parts.lines(of: part)
    let (before, refused) = (job.parts.tally(part), job.deadLetters)
    var dead = PointTally()
    for (item, action) in zip(named, reasons) {
      let reason = if case .bisect(let reason, _) = action { reason } else { RefusalReason.rejected }
      guard bury(lines[item.line], reason, answer.status, item.words, &job) else {
        // The whole part is sent and evaluated again.
        job.deadLetters = refused
        job.parts.putBack(part)
        return holdLetter(answer)
      }
      dead += job.parts.tally(lines[item.line])
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
  private func bury(
    _ part: Parts.Part, _ reason: RefusalReason, _ code: Int, _ words: String, _ job: inout Job
  ) -> Bool {
    let letter = DeadLetter(
      time: Self.now(), reason: reason, status: code, words: words, lines: Array(job.parts.bytes[part.range]))
    guard deadLetters.write(letter) else { return false }
    job.deadLetters[reason, default: PointTally()] += job.parts.tally(part)
    let removed = deadLetters.filesRemoved
    status.update { $0.deadLetterFilesRemoved = removed }
    return true
  }

  private func holdLetter(_ answer: HTTPAnswer) -> TimeSpan {
    hold(.deadLetter, HTTPAnswer(status: answer.status, body: String(cString: strerror(errno))))
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
  func fault(_ part: Parts.Part, _ answer: HTTPAnswer, _ job: inout Job, _ more: () -> [UInt8]) -> TimeSpan? {
    if !job.faults.seen { job.faults = (true, false, job.faults.hasSuspect) }
    var part = part
    part.faults += 1
    if part.faults < options.faultTries {
      job.parts.putBack(part)
      return wait(backoff.next(), answer)
    }
    if job.parts.lineCount(part) > 1 {
      job.parts.putHalves(of: part, faults: options.faultTries - 1)
      return wait(options.shortestBackoff, answer)
    }
    if job.faults.acceptedSince { return refuse(part, .serverFault, nil, answer, &job) }
    part.faults = 0
    if !job.faults.hasSuspect, !job.parts.pending.isEmpty || take(more(), &job) {
      job.faults.hasSuspect = true
      job.parts.putLast(part)
      return wait(options.shortestBackoff, answer)
    }
    job.parts.putBack(part)
    job.parts.rejoin(mostBytes: requestBytes)
    job.faults = (false, false, false)
    return wait(options.longestBackoff, answer)
  }

  private func take(_ lines: [UInt8], _ job: inout Job) -> Bool {
    job.parts.add(lines, mostLines: options.requestLines, mostBytes: requestBytes)
    return !lines.isEmpty
  }
}
