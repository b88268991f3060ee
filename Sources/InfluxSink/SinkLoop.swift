import Journal
import PlantModel

/// The way of every batch, on the sink's thread.
///
/// While the spool is empty a batch goes straight to the database. One that cannot be delivered now goes into the spool,
/// and all that come after it, so that the database receives the versions of a point in the order they were made. The
/// spool drains oldest first; while it is long, a fresh batch is posted at once too, so that the present is seen, and is
/// written again in its turn.
final class SinkLoop {
  /// Whom it tells of batches and troubles.
  struct Listener: Sendable {
    var accepted: @Sendable (_ upTo: UInt64) -> Void
    var note: @Sendable (String) -> Void
  }

  static let keepInterval: Int64 = 1_000_000_000

  let options: SinkOptions
  let queue: BatchQueue
  let status: SinkStatus
  let delivery: Delivery
  let spool: Spool?
  let progress: Progress
  let listener: Listener
  /// Why points were refused for good, as far as a person was told of it.
  private var told: Set<RefusalReason> = []
  /// Taken from the queue, and neither delivered nor in the spool.
  var batches: [WriteBatch] = []
  /// In the spool, perhaps not on the disk.
  var unsynced: [WriteBatch] = []
  /// What is being delivered: of ``chunk`` where there is one, else of ``batches``.
  var job: Job?
  var chunk: Spool.Chunk?
  var nextTry: Int64 = 0
  var lastKept: Int64 = 0
  var isOver = false

  init(
    options: SinkOptions, queue: BatchQueue, status: SinkStatus, delivery: Delivery, spool: Spool?, progress: Progress,
    listener: Listener
  ) {
    self.options = options
    self.queue = queue
    self.status = status
    self.delivery = delivery
    self.spool = spool
    self.progress = progress
    self.listener = listener
  }

  /// Works until the queue is closed and what waits is delivered, in the spool or out of time.
  func run() {
    for finding in spool?.findings ?? [] { listener.note("spool: \(finding)") }
    while !isOver {
      if let spool, chunk != nil || !spool.isEmpty { relay(spool) } else { deliverFresh() }
    }
    if let spool { finish(spool) }
  }

  private func deliverFresh() {
    if batches.isEmpty {
      guard let taken = queue.take(lines: options.requestLines, bytes: delivery.requestBytes) else {
        isOver = true
        return
      }
      batches = taken
    }
    var work = job ?? delivery.job(WriteBatch.joined(batches))
    switch delivery.advance(&work, more: takeFurther) {
    case .done:
      job = nil
      settle(work, from: \.queued)
      accept(&unsynced)
      accept(&batches)
    case .later(let span):
      job = work
      if putAside() {
        nextTry = later(span)
      } else if !queue.pause(for: span) {
        isOver = true
      }
    }
  }

  private func takeFurther() -> [UInt8] {
    let more = queue.takeMore(lines: options.requestLines, bytes: delivery.requestBytes)
    batches += more
    return WriteBatch.joined(more)
  }

  /// Moves points of a job from where they waited to where they are now.
  func settle(_ job: Job, from place: WritableKeyPath<SinkAccounts, PointTally>) {
    status.update { counts in
      counts.accounts.written += job.written
      counts.accounts[keyPath: place] = counts.accounts[keyPath: place] - job.written
      for (reason, tally) in job.deadLetters {
        counts.accounts.deadLetters[reason, default: PointTally()] += tally
        counts.accounts[keyPath: place] = counts.accounts[keyPath: place] - tally
      }
    }
    for reason in job.deadLetters.keys where told.insert(reason).inserted {
      listener.note(
        "database: refuses points for good (\(reason.rawValue)); they and others like them are kept: see wattline "
          + "dead-letters list")
    }
  }

  /// Accepts batches in the order of submission. Accounts that one of them wants kept are kept before.
  func accept(_ batches: inout [WriteBatch]) {
    if batches.contains(where: \.keepsAccounts) { keep() }
    for batch in batches {
      progress.accept(batch.upTo)
      listener.accepted(batch.upTo)
    }
    batches = []
  }

  func later(_ span: TimeSpan) -> Int64 {
    BatchQueue.monotonic().addingReportingOverflow(span.nanoseconds).partialValue
  }
}
