import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// A bounded queue between the workers and the sink's thread. The sink's thread also waits here.
final class BatchQueue: @unchecked Sendable {
  // Sendable: every variable is accessed inside `monitor.locked` only; the rest is constant and Sendable.
  private let monitor = Monitor()
  private let mostBytes: Int
  private let mostBatches: Int
  private var waiting: [WriteBatch] = []
  private var bytes = 0
  private var isClosed = false
  private var isFinished = false
  /// Time at which a closed queue gives up its batches.
  private var deadline: Monitor.Deadline?

  init(mostBytes: Int, mostBatches: Int) {
    self.mostBytes = mostBytes
    self.mostBatches = mostBatches
  }

  /// Number of waiting batches.
  var depth: Int { monitor.locked { waiting.count } }

  /// Whether the queue is closed and the time given to ``close(within:)`` has passed.
  var isPastDeadline: Bool { monitor.locked { isPastDeadlineNow } }

  /// Adds a batch and waits for room. A batch larger than the queue is added as soon as the queue is empty.
  ///
  /// - Returns: `false` if the queue is closed; the batch is then not added.
  func put(_ batch: WriteBatch) -> Bool {
    monitor.locked {
      while !isClosed, !waiting.isEmpty, bytes + batch.bytes.count > mostBytes || waiting.count >= mostBatches {
        _ = monitor.wait()
      }
      guard !isClosed else { return false }
      add(batch)
      return true
    }
  }

  /// Adds a batch only if there is room now. Returns `false` if the queue is full or closed.
  func putNow(_ batch: WriteBatch) -> Bool {
    monitor.locked {
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
  func dequeue(lines: Int, bytes limit: Int) -> [WriteBatch]? {
    monitor.locked {
      while waiting.isEmpty, !isClosed { _ = monitor.wait() }
      if waiting.isEmpty || isPastDeadlineNow { return nil }
      let taken = dequeueFitting(lines: lines, bytes: limit)
      return taken.isEmpty ? dequeueFirst(1) : taken
    }
  }

  /// Removes the batches that fit, without waiting; empty if the first one does not fit.
  func dequeueMore(lines: Int, bytes limit: Int) -> [WriteBatch] {
    monitor.locked { dequeueFitting(lines: lines, bytes: limit) }
  }

  /// Does the same as ``dequeue(lines:bytes:)`` without waiting; empty if no batch is waiting.
  func dequeueNow(lines: Int, bytes limit: Int) -> [WriteBatch] {
    monitor.locked {
      let taken = dequeueFitting(lines: lines, bytes: limit)
      return taken.isEmpty ? dequeueFirst(min(1, waiting.count)) : taken
    }
  }

  /// Waits for a time span. Ends early if `count` batches or half of the queue's bytes are waiting, or if it is closed.
  func wait(for span: TimeSpan, orBatches count: Int) {
    let end = Monitor.Deadline(in: span)
    monitor.locked {
      while !isClosed, waiting.count < count, bytes < mostBytes / 2, monitor.wait(until: end) {}
    }
  }

  /// Whether the queue is closed and empty.
  var isDone: Bool { monitor.locked { isClosed && waiting.isEmpty } }

  /// Whether the queue is closed to new batches.
  var isClosing: Bool { monitor.locked { isClosed } }

  /// Waits for a time span, or until the queue is closed. Returns `false` if the deadline for closing has passed.
  func pause(for span: TimeSpan) -> Bool {
    monitor.locked {
      // After closing, retries follow each other quickly, because the deadline ends them.
      var end = Monitor.Deadline(in: isClosed ? min(span, .milliseconds(250)) : span)
      if let deadline { end = min(end, deadline) }
      let wasClosed = isClosed
      while isClosed == wasClosed, monitor.wait(until: end) {}
      return !isPastDeadlineNow
    }
  }

  /// Refuses further batches. Waiting ones may still be delivered within `span`.
  func close(within span: TimeSpan) {
    monitor.locked {
      guard !isClosed else { return }
      isClosed = true
      deadline = Monitor.Deadline(in: span)
      monitor.broadcast()
    }
  }

  /// Marks the sink's thread as finished and closes the queue.
  func finish() {
    monitor.locked {
      isFinished = true
      isClosed = true
      monitor.broadcast()
    }
  }

  /// Waits until the sink's thread is done.
  func waitUntilFinished() { monitor.locked { while !isFinished { _ = monitor.wait() } } }

  private var isPastDeadlineNow: Bool { isClosed && deadline?.hasPassed == true }

  private func add(_ batch: WriteBatch) {
    waiting.append(batch)
    bytes += batch.bytes.count
    monitor.broadcast()
  }

  private func dequeueFitting(lines: Int, bytes limit: Int) -> [WriteBatch] {
    var count = 0
    var sum = (lines: 0, bytes: 0)
    for batch in waiting {
      sum = (sum.lines + batch.lines, sum.bytes + batch.bytes.count)
      if sum.lines > lines || sum.bytes > limit { break }
      count += 1
    }
    return dequeueFirst(count)
  }

  private func dequeueFirst(_ count: Int) -> [WriteBatch] {
    guard count > 0 else { return [] }
    let taken = Array(waiting[..<count])
    waiting.removeFirst(count)
    for batch in taken { bytes -= batch.bytes.count }
    monitor.broadcast()
    return taken
  }
}
