import Glibc
import PlantModel

/// A bounded queue between the workers and the sink's thread. The sink's thread also waits here.
///
/// `@unchecked Sendable`: every stored property that changes is read and written with `mutex` held. The two pthread
/// objects live at fixed addresses until `deinit`.
final class BatchQueue: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let mostBytes: Int
  private let mostBatches: Int
  private var waiting: [WriteBatch] = []
  private var bytes = 0
  private var isClosed = false
  private var isFinished = false
  private var deadline = Int64.max

  init(mostBytes: Int, mostBatches: Int) {
    self.mostBytes = mostBytes
    self.mostBatches = mostBatches
    pthread_mutex_init(mutex, nil)
    // Monotonic, so that setting the wall clock neither shortens nor lengthens a wait.
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Number of waiting batches.
  var depth: Int { locked { waiting.count } }

  /// Whether the queue is closed and the time given to ``close(within:)`` has passed.
  var isPastDeadline: Bool { locked { isClosed && Self.monotonic() >= deadline } }

  /// Adds a batch and waits for room. A batch larger than the queue is added as soon as the queue is empty.
  ///
  /// - Returns: `false` if the queue is closed; the batch is then not added.
  func put(_ batch: WriteBatch) -> Bool {
    locked {
      while !isClosed, !waiting.isEmpty, bytes + batch.bytes.count > mostBytes || waiting.count >= mostBatches {
        pthread_cond_wait(changed, mutex)
      }
      guard !isClosed else { return false }
      add(batch)
      return true
    }
  }

  /// Adds a batch only if there is room now. Returns `false` if the queue is full or closed.
  func putNow(_ batch: WriteBatch) -> Bool {
    locked {
      guard !isClosed, waiting.isEmpty || (bytes + batch.bytes.count <= mostBytes && waiting.count < mostBatches) else {
        return false
      }
      add(batch)
      return true
    }
  }

  /// Removes the batches at the front that fit into one request, at least one. Waits until a batch is present.
  ///
  /// - Returns: `nil` once the queue is closed and either empty or past its deadline.
  func take(lines: Int, bytes limit: Int) -> [WriteBatch]? {
    locked {
      while waiting.isEmpty, !isClosed { pthread_cond_wait(changed, mutex) }
      if waiting.isEmpty || (isClosed && Self.monotonic() >= deadline) { return nil }
      let taken = takeFitting(lines: lines, bytes: limit)
      return taken.isEmpty ? takeFirst(1) : taken
    }
  }

  /// Removes the batches that fit, without waiting; empty if the first one does not fit.
  func takeMore(lines: Int, bytes limit: Int) -> [WriteBatch] { locked { takeFitting(lines: lines, bytes: limit) } }

  /// Does the same as ``take(lines:bytes:)`` without waiting; empty if no batch is waiting.
  func takeNow(lines: Int, bytes limit: Int) -> [WriteBatch] {
    locked {
      let taken = takeFitting(lines: lines, bytes: limit)
      return taken.isEmpty ? takeFirst(min(1, waiting.count)) : taken
    }
  }

  /// Waits for a time span. Ends early if `count` batches or half of the queue's bytes are waiting, or if it is closed.
  func wait(for span: TimeSpan, orBatches count: Int) {
    locked {
      let end = min(Self.monotonic().addingReportingOverflow(max(span, .zero).nanoseconds).partialValue, deadline)
      while !isClosed, waiting.count < count, bytes < mostBytes / 2, Self.monotonic() < end {
        waitChanged(until: end)
      }
    }
  }

  /// Whether the queue is closed and empty.
  var isDone: Bool { locked { isClosed && waiting.isEmpty } }

  /// Whether the queue is closed to new batches.
  var isClosing: Bool { locked { isClosed } }

  /// Waits for a time span, or until the queue is closed. Returns `false` if the deadline for closing has passed.
  func pause(for span: TimeSpan) -> Bool {
    locked {
      // After closing, retries follow each other quickly, because the deadline ends them.
      let wait = isClosed ? min(span, .milliseconds(250)) : span
      let end = min(Self.monotonic().addingReportingOverflow(wait.nanoseconds).partialValue, deadline)
      let wasClosed = isClosed
      while isClosed == wasClosed, Self.monotonic() < end {
        waitChanged(until: end)
      }
      return !(isClosed && Self.monotonic() >= deadline)
    }
  }

  /// Refuses further batches. Waiting ones may still be delivered within `span`.
  func close(within span: TimeSpan) {
    locked {
      guard !isClosed else { return }
      isClosed = true
      let (end, overflow) = Self.monotonic().addingReportingOverflow(max(span, .zero).nanoseconds)
      deadline = overflow ? .max : end
      pthread_cond_broadcast(changed)
    }
  }

  /// Marks the sink's thread as finished and closes the queue.
  func finish() {
    locked {
      isFinished = true
      isClosed = true
      pthread_cond_broadcast(changed)
    }
  }

  /// Waits until the sink's thread is done.
  func waitUntilFinished() { locked { while !isFinished { pthread_cond_wait(changed, mutex) } } }

  private func add(_ batch: WriteBatch) {
    waiting.append(batch)
    bytes += batch.bytes.count
    pthread_cond_broadcast(changed)
  }

  private func waitChanged(until end: Int64) {
    var moment = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
    pthread_cond_timedwait(changed, mutex, &moment)
  }

  private func takeFitting(lines: Int, bytes limit: Int) -> [WriteBatch] {
    var count = 0
    var sum = (lines: 0, bytes: 0)
    for batch in waiting {
      sum = (sum.lines + batch.lines, sum.bytes + batch.bytes.count)
      if sum.lines > lines || sum.bytes > limit { break }
      count += 1
    }
    return takeFirst(count)
  }

  private func takeFirst(_ count: Int) -> [WriteBatch] {
    guard count > 0 else { return [] }
    let taken = Array(waiting[..<count])
    waiting.removeFirst(count)
    for batch in taken { bytes -= batch.bytes.count }
    pthread_cond_broadcast(changed)
    return taken
  }

  private func locked<T>(_ body: () -> T) -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Monotonic clock, unaffected by setting the wall clock [ns].
  static func monotonic() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }
}
