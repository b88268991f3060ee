import Glibc
import Journal
import PlantModel
import StreamCore

/// Why a sink cannot be made.
public enum SinkError: Error, CustomStringConvertible {
  /// libcurl or a thread cannot be started.
  case cannotStart(String)
  /// The spool cannot be opened.
  case spool(JournalError)

  /// What is wrong.
  public var description: String {
    switch self {
    case .cannotStart(let what): "the database sink cannot start: \(what)"
    case .spool(let error): "the database sink's spool cannot be opened: \(error)"
    }
  }
}

/// Writes line protocol to InfluxDB on a thread of its own, in the order of submission.
///
/// While a request is under way the next batches wait; those that fit are merged into the next request, and a batch
/// that is too large is split between lines. Nothing waits to be merged: that the oldest line of a batch is at most a
/// second old is the business of the worker that fills it.
///
/// A batch is accepted when each of its lines is in the database, in a dead-letter file, or in the spool, and there on
/// the disk. Until then it is tried again, and after a crash sent again from the journal; both are harmless, because a
/// point replaces itself. When the spool is full, or there is none, and the queue is full too, ``submit(_:)`` blocks:
/// that is the back-pressure on the journal and the broker.
public final class InfluxSink: Sendable {
  private let queue: BatchQueue
  private let status = SinkStatus()
  private let progress: Progress

  /// Opens the spool and starts the sink's thread, which runs until ``stop(within:)``, or until the sink is released.
  ///
  /// - Parameters:
  ///   - settings: where the database is and how to get in.
  ///   - options: sizes and spans.
  ///   - spool: where points wait while the database is away; without one they wait in memory.
  ///   - directory: folder for `*.lp.zst` files of refused lines; made when needed.
  ///   - note: called on the sink's thread with what a person should be told.
  ///   - stateChanged: called on the sink's thread when the state becomes another.
  ///   - accepted: called on the sink's thread once for each batch, in the order of submission, with its offset.
  public init(
    _ settings: DatabaseSettings, options: SinkOptions = SinkOptions(), spool: SpoolSettings? = nil,
    deadLetters directory: String, note: @escaping @Sendable (String) -> Void = { _ in },
    stateChanged: @escaping @Sendable (SinkState) -> Void = { _ in },
    accepted: @escaping @Sendable (_ upTo: UInt64) -> Void
  ) throws(SinkError) {
    let queue = BatchQueue(mostBytes: options.queueBytes, mostBatches: options.queueBatches)
    let progress = Progress()
    let status = status
    self.queue = queue
    self.progress = progress
    // Unsafe only in name: made here, then touched on the sink's thread alone.
    nonisolated(unsafe) let opened = try Self.open(spool)
    if let opened { status.update { $0.accounts = opened.accountsAtStart } }
    let isStarted = Self.startThread {
      BlockingThread.showName("sink")
      defer { queue.finish() }
      // The connection belongs to the thread and is made there.
      let made = Delivery(
        settings: settings, options: options, deadLetters: directory, status: status,
        isOver: { queue.isPastDeadline }, stateChanged: stateChanged)
      guard let delivery = made else {
        if status.change(to: .away("libcurl cannot start")) { stateChanged(.away("libcurl cannot start")) }
        return
      }
      SinkLoop(
        options: options, queue: queue, status: status, delivery: delivery, spool: opened, progress: progress,
        listener: SinkLoop.Listener(accepted: accepted, note: note)
      ).run()
    }
    if !isStarted { throw .cannotStart("no thread: error \(errno)") }
  }

  deinit { queue.close(within: .zero) }

  /// Hands a batch over, waiting for room in the queue; `false` once the sink is stopped, and then the batch stays with
  /// the caller.
  @discardableResult
  public func submit(_ batch: WriteBatch) -> Bool { hand(batch, over: queue.put) }

  /// Hands a batch over if the queue has room now, for what may be left out rather than waited for.
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

  /// Counters and state, at any time and from any thread.
  public var counts: SinkCounts {
    var counts = status.current
    counts.queueDepth = queue.depth
    return counts
  }

  /// Offset of the last batch that was accepted, if any was.
  public var acceptedUpTo: UInt64? { progress.last }

  /// Takes no more batches, delivers those that wait as far as `span` allows, leaves the others in the spool, and ends
  /// the thread.
  ///
  /// - Returns: the offset of the last batch that was accepted since the start; what came after it must be sent again.
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

  /// Runs `body` on a new thread that takes no signals: handlers run elsewhere, and a connection that breaks while it is
  /// written to gives an error rather than SIGPIPE.
  private static func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let context = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    var thread = pthread_t()
    var every = sigset_t()
    var before = sigset_t()
    sigfillset(&every)
    pthread_sigmask(SIG_SETMASK, &every, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
    guard code == 0 else {
      Unmanaged<ThreadBody>.fromOpaque(context).release()
      errno = code
      return false
    }
    pthread_detach(thread)
    return true
  }

  private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}
