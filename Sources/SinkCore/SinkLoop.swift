import Journal
import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// The batches that a sink has taken from its queue and not accepted yet.
struct HeldBatches {
  /// Batches neither delivered nor in the spool.
  var fresh: [WriteBatch] = []
  /// Batches in the spool, possibly not yet synced.
  var unsynced: [WriteBatch] = []

  /// Returns the fresh batches and forgets them.
  mutating func takeFresh() -> [WriteBatch] {
    defer { fresh = [] }
    return fresh
  }

  /// Returns the batches in the spool and forgets them.
  mutating func takeUnsynced() -> [WriteBatch] {
    defer { unsynced = [] }
    return unsynced
  }

  /// Records that the fresh batches are in the spool.
  mutating func moveToSpool() {
    unsynced += fresh
    fresh = []
  }
}

/// The progress of draining a spool.
struct SpoolDrainage {
  /// The chunk that is being delivered; `nil` if there is none.
  var chunk: Spool.Chunk?
  /// Time of the next request while the spool has points; `nil` for at once.
  var nextTry: Monitor.Deadline?
  /// Time at which the spool's position is saved again.
  var nextKeep: Monitor.Deadline?
}

/// The processing loop of the sink's thread.
///
/// While the spool is empty, batches go straight to the database. If one cannot be delivered, it goes into the spool,
/// and so do all later ones. The database thus receives the versions of a point in the order of their creation. The
/// spool drains oldest first. While it is long, fresh batches are also posted at once, so that current values are
/// visible. They are written again in their turn.
final class SinkLoop {
  /// Callbacks for accepted batches and messages.
  struct Listener: Sendable {
    var accepted: @Sendable (_ upTo: UInt64) -> Void
    var note: @Sendable (LogEntry) -> Void
  }

  /// Interval at which the spool's position is saved while it drains.
  static let keepInterval = TimeSpan.second

  let options: SinkOptions
  let queue: BatchQueue
  let status: SinkStatus
  let delivery: Delivery
  let spool: Spool?
  let progress: AcceptedOffset
  let listener: Listener
  /// Refusal reasons already logged.
  private var told: Set<WriteRefusalReason> = []
  var batches = HeldBatches()
  /// The running delivery: of the spool's chunk if there is one, else of the fresh batches.
  var job: WriteTask?
  var drainage = SpoolDrainage()
  var isOver = false

  init(
    options: SinkOptions, queue: BatchQueue, status: SinkStatus, delivery: Delivery, spool: Spool?,
    progress: AcceptedOffset,
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

  /// Runs until the queue is closed and its batches are delivered, spooled or past the deadline.
  func run() {
    for finding in spool?.findings ?? [] { listener.note(.warning("spool: \(finding)")) }
    while !isOver {
      if let spool, drainage.chunk != nil || !spool.isEmpty { relay(spool) } else { deliverFresh() }
    }
    if let spool { finish(spool) }
  }

  private func deliverFresh() {
    if batches.fresh.isEmpty {
      guard let taken = queue.dequeue(lines: options.requestLines, bytes: delivery.requestBytes) else {
        isOver = true
        return
      }
      batches.fresh = taken
    }
    var work = job ?? delivery.job(WriteBatch.joined(batches.fresh))
    switch delivery.advance(&work, more: dequeueFurther) {
    case .done:
      job = nil
      settle(work, from: \.queued)
      accept(batches.takeUnsynced())
      accept(batches.takeFresh())
    case .later(let span):
      job = work
      if putAside() {
        drainage.nextTry = Monitor.Deadline(in: span)
      } else if !queue.pause(for: span) {
        isOver = true
      }
    }
  }

  private func dequeueFurther() -> [UInt8] {
    let more = queue.dequeueMore(lines: options.requestLines, bytes: delivery.requestBytes)
    batches.fresh += more
    return WriteBatch.joined(more)
  }

  /// Moves a job's points from their waiting account to the written or refused ones.
  func settle(_ job: WriteTask, from place: WritableKeyPath<SinkAccounts, PointTally>) {
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
        .error(
          "database: refuses points for good (\(reason.rawValue)); they and others like them are kept: see wattline "
            + "dead-letters list", fields: [.reason: reason.rawValue]))
    }
  }

  /// Accepts batches in the order of submission. Saves the accounts before, if one of the batches requires it.
  func accept(_ batches: [WriteBatch]) {
    if batches.contains(where: \.keepsAccounts) { keep() }
    for batch in batches {
      progress.accept(batch.upTo)
      listener.accepted(batch.upTo)
    }
  }
}
