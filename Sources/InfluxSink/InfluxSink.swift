import Glibc
import PlantModel

/// Why a sink cannot be made.
public enum SinkError: Error, CustomStringConvertible {
  /// libcurl or a thread cannot be started.
  case cannotStart(String)

  /// What is wrong.
  public var description: String {
    switch self {
    case .cannotStart(let what): "the database sink cannot start: \(what)"
    }
  }
}

/// Writes line protocol to InfluxDB on a thread of its own, in the order of submission.
///
/// While a request is under way the next batches wait; those that fit are merged into the next request, and a batch
/// that is too large is split between lines. Nothing waits to be merged: that the oldest line of a batch is at most a
/// second old is the business of the worker that fills it.
///
/// A batch is accepted when each of its lines is in the database or in a dead-letter file. Until then it is tried again,
/// and after a crash sent again from the journal; both are harmless, because a point replaces itself. When the queue is
/// full ``submit(_:)`` blocks: that is the back-pressure on the journal and the broker.
public final class InfluxSink: Sendable {
  private let queue: BatchQueue
  private let status = SinkStatus()
  private let progress: Progress

  /// Starts the sink's thread, which runs until ``stop(within:)``, or until the sink is released.
  ///
  /// - Parameters:
  ///   - settings: where the database is and how to get in.
  ///   - options: sizes and spans.
  ///   - directory: folder for `*.lp` files of refused lines; made when needed.
  ///   - stateChanged: called on the sink's thread when the state becomes another.
  ///   - accepted: called on the sink's thread once for each batch, in the order of submission, with its offset.
  public init(
    _ settings: DatabaseSettings, options: SinkOptions = SinkOptions(), deadLetters directory: String,
    stateChanged: @escaping @Sendable (SinkState) -> Void = { _ in },
    accepted: @escaping @Sendable (_ upTo: UInt64) -> Void
  ) throws(SinkError) {
    let queue = BatchQueue(mostBytes: options.queueBytes, mostBatches: options.queueBatches)
    let progress = Progress()
    let status = status
    self.queue = queue
    self.progress = progress
    let isStarted = Self.startThread {
      defer { queue.finish() }
      // The connection belongs to the thread and is made there.
      let made = Delivery(
        settings: settings, options: options, deadLetters: directory, queue: queue, status: status,
        stateChanged: stateChanged)
      guard let delivery = made else {
        if status.change(to: .away("libcurl cannot start")) { stateChanged(.away("libcurl cannot start")) }
        return
      }
      while var batches = queue.take(lines: options.requestLines, bytes: delivery.requestBytes) {
        guard delivery.deliver(&batches) else { break }
        for batch in batches {
          progress.accept(batch.upTo)
          accepted(batch.upTo)
        }
      }
      delivery.close()
    }
    if !isStarted { throw .cannotStart("no thread: error \(errno)") }
  }

  deinit { queue.close(within: .zero) }

  /// Hands a batch over, waiting for room in the queue; `false` once the sink is stopped, and then the batch stays with
  /// the caller.
  @discardableResult
  public func submit(_ batch: WriteBatch) -> Bool { queue.put(batch) }

  /// Counters and state, at any time and from any thread.
  public var counts: SinkCounts { status.counts(queueDepth: queue.depth) }

  /// Offset of the last batch that was accepted, if any was.
  public var acceptedUpTo: UInt64? { progress.last }

  /// Takes no more batches, delivers those that wait as far as `span` allows, and ends the thread.
  ///
  /// - Returns: the offset of the last batch that was accepted since the start; what came after it must be sent again.
  @discardableResult
  public func stop(within span: TimeSpan) -> UInt64? {
    queue.close(within: span)
    queue.waitUntilFinished()
    return progress.last
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
