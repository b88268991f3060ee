import PlantModel
import StreamCore

/// Brings appended bytes to the disk in intervals, on a thread of its own.
final class DiskSync: @unchecked Sendable {
  // Sendable: the stored variables are touched inside `monitor.locked` only; the thread is set before it can be asked.
  private let monitor = Monitor()
  private var dirty: OpenFile?
  private var failure: JournalError?
  private var stopped = false
  private var thread: BlockingThread?

  init(every interval: TimeSpan) throws(JournalError) {
    do {
      thread = try BlockingThread(name: "journal-sync") { [self] in run(every: max(interval, .milliseconds(1))) }
    } catch { throw .system(error) }
  }

  /// Says that `file` has bytes to bring to the disk. Throws what the last attempt failed with: after a failed sync the
  /// kernel may have dropped what was to be written, so that it must not pass unnoticed.
  func markDirty(_ file: OpenFile) throws(JournalError) {
    let failed = monitor.locked { () -> JournalError? in
      dirty = file
      defer { failure = nil }
      return failure
    }
    if let failed { throw failed }
  }

  /// Brings what is left to the disk and ends the thread.
  func stop() {
    monitor.locked {
      stopped = true
      monitor.broadcast()
    }
    thread?.join()
  }

  private func run(every interval: TimeSpan) {
    var isLast = false
    while !isLast {
      let next = Monitor.Deadline(in: interval)
      let file = monitor.locked { () -> OpenFile? in
        while !stopped, monitor.wait(until: next) {}
        isLast = stopped
        defer { dirty = nil }
        return dirty
      }
      guard let file else { continue }
      do { try file.sync() } catch { monitor.locked { failure = error } }
    }
  }
}
