import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// Syncs appended bytes to the disk at intervals, on a dedicated thread.
final class DiskSync: @unchecked Sendable {
  // Sendable: the stored variables are accessed inside `monitor.locked` only; `thread` is set in `init` and constant
  // after.
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

  /// Marks `file` as having bytes to sync.
  ///
  /// - Throws: the error of the last failed sync. After it the kernel may have dropped unwritten bytes, so it must be
  ///   reported.
  func markDirty(_ file: OpenFile) throws(JournalError) {
    let failed = monitor.locked { () -> JournalError? in
      dirty = file
      defer { failure = nil }
      return failure
    }
    if let failed { throw failed }
  }

  /// Syncs the remaining bytes and ends the thread.
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
