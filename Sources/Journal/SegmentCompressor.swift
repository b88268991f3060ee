import Glibc
import PlantModel
import Synchronization
import SystemCore
import WattlineTime

/// Seals complete segments on a dedicated thread at the lowest priority.
final class SegmentCompressor: @unchecked Sendable {
  // Sendable: the stored variables are accessed inside `monitor.locked` only; `thread` is set in `init` and constant
  // after.
  private let store: SegmentStore
  private let monitor = Monitor()
  private var hasWork = true
  private let isStopping = Atomic<Bool>(false)
  private var thread: BlockingThread?

  init(_ store: SegmentStore) throws(JournalError) {
    self.store = store
    do { thread = try BlockingThread(name: "journal-seal") { [self] in run() } } catch { throw .system(error) }
  }

  /// Signals that a segment is complete.
  func wake() {
    monitor.locked {
      hasWork = true
      monitor.broadcast()
    }
  }

  /// Ends the thread and abandons the segment in progress.
  func stop() {
    isStopping.store(true, ordering: .relaxed)
    wake()
    thread?.join()
  }

  private var goesOn: Bool { !isStopping.load(ordering: .relaxed) }

  private func run() {
    // On Linux the priority applies to the calling thread only.
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    while goesOn {
      do throws(JournalError) {
        while try store.sealOldest(while: { goesOn }) {}
        monitor.locked {
          while !hasWork { _ = monitor.wait() }
          hasWork = false
        }
      } catch {
        // A full disk may gain space when the journal is trimmed, so retry.
        let retry = Monitor.Deadline(in: .seconds(10))
        monitor.locked {
          while goesOn, monitor.wait(until: retry) {}
        }
      }
    }
  }
}
