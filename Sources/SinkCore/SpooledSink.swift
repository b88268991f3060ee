import Journal
import PlantModel
import StreamCore
public import SystemCore
public import WattlineTime

/// A sink that posts lines to a ``SinkEndpoint`` on a dedicated thread, in the order of submission.
///
/// While a request is running, further batches wait in the queue. Those that fit are merged into the next request; a
/// batch that is too large is split between lines. While the database accepts points, no batch waits to be merged. The
/// worker that fills a batch limits the age of its oldest line to one second.
///
/// A batch is accepted when each of its lines is in the database, in a dead-letter file, or in the synced spool. Until
/// then the sink retries it, and after a crash it is sent again from the journal. Both are harmless, because a
/// rewritten point replaces itself. When the queue is full and there is no room in a spool, ``submit(_:)`` blocks. This
/// back-pressure reaches the journal and the broker.
public final class SpooledSink: Sink {
  private let queue: BatchQueue
  private let status = SinkStatus()
  private let progress: AcceptedOffset
  private let thread: BlockingThread

  /// Opens the spool and starts the sink's thread. It runs until ``stop(within:)`` or the sink's release.
  ///
  /// - Parameters:
  ///   - connect: creates the endpoint, on the sink's thread.
  ///   - options: sizes and time spans.
  ///   - spool: disk storage for points while the database is unavailable; without one they wait in memory.
  ///   - directory: folder for `*.lp.zst` files of refused lines, created when needed.
  ///   - note: called on the sink's thread with messages for the log.
  ///   - stateChanged: called on the sink's thread when the state changes.
  ///   - accepted: called on the sink's thread once for each batch, in the order of submission, with its offset.
  /// - Throws: `SinkError` if the spool cannot be opened or the thread cannot be started.
  public init(
    through connect: @escaping SinkConnector, options: SinkOptions = SinkOptions(), spool: SpoolSettings? = nil,
    deadLetters directory: String, note: @escaping @Sendable (LogEntry) -> Void = { _ in },
    stateChanged: @escaping @Sendable (SinkState) -> Void = { _ in },
    accepted: @escaping @Sendable (_ upTo: UInt64) -> Void
  ) throws(SinkError) {
    let queue = BatchQueue(mostBytes: options.queueBytes, mostBatches: options.queueBatches)
    let progress = AcceptedOffset()
    let status = status
    self.queue = queue
    self.progress = progress
    // Safe: created here and then used by the sink's thread alone.
    nonisolated(unsafe) let opened = try Self.open(spool)
    if let opened { status.update { $0.accounts = opened.accountsAtStart } }
    do throws(SystemError) {
      thread = try BlockingThread(name: "sink") {
        defer { queue.finish() }
        let endpoint: any SinkEndpoint
        do throws(SinkError) { endpoint = try connect { queue.isPastDeadline } } catch {
          let state = SinkState.away(error.obstacle)
          if status.change(to: state) { stateChanged(state) }
          return
        }
        let delivery = Delivery(
          to: endpoint, options: options, deadLetters: directory, status: status, isOver: { queue.isPastDeadline },
          stateChanged: stateChanged)
        SinkLoop(
          options: options, queue: queue, status: status, delivery: delivery, spool: opened, progress: progress,
          listener: SinkLoop.Listener(accepted: accepted, note: note)
        ).run()
      }
    } catch {
      throw .cannotStart("\(error)")
    }
  }

  deinit { queue.close(within: .zero) }

  /// Submits a batch and waits for room in the queue. Returns `false` if the sink is stopped; the batch is then not
  /// taken.
  @discardableResult
  public func submit(_ batch: WriteBatch) -> Bool { hand(batch, over: queue.put) }

  /// Submits a batch only if the queue has room now. Meant for lines that may be omitted instead of waited for.
  @discardableResult
  public func offer(_ batch: WriteBatch) -> Bool { hand(batch, over: queue.putNow) }

  private func hand(_ batch: WriteBatch, over put: (WriteBatch) -> Bool) -> Bool {
    let tally = batch.tally
    status.update {
      $0.accounts.submitted += tally
      $0.accounts.queued += tally
    }
    if put(batch) { return true }
    status.update {
      $0.accounts.submitted = $0.accounts.submitted - tally
      $0.accounts.queued = $0.accounts.queued - tally
    }
    return false
  }

  /// Current counters and state; may be read from any thread.
  public var counts: SinkCounts {
    var counts = status.current
    counts.queueDepth = queue.depth
    return counts
  }

  /// Offset of the last accepted batch, if there is one.
  public var acceptedUpTo: UInt64? { progress.last }

  /// Refuses further batches, delivers waiting ones within `span`, leaves the rest in the spool and ends the thread.
  ///
  /// - Returns: the offset of the last batch accepted since the start. Later batches must be sent again.
  @discardableResult
  public func stop(within span: TimeSpan) -> UInt64? {
    queue.close(within: span)
    queue.waitUntilFinished()
    return progress.last
  }

  private static func open(_ settings: SpoolSettings?) throws(SinkError) -> Spool? {
    guard let settings else { return nil }
    do throws(JournalError) { return try Spool(settings) } catch { throw .spool(error) }
  }
}
