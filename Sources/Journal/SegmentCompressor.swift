import Glibc
import PlantModel
import StreamCore
import Synchronization

/// Seals complete segments on a thread of its own, at the lowest priority.
final class SegmentCompressor: @unchecked Sendable {
  // Sendable: the stored variables are touched inside `monitor.locked` only; the thread is set before it can be asked.
  private let store: SegmentStore
  private let monitor = Monitor()
  private var hasWork = true
  private var lastFailure: JournalError?
  private let isStopping = Atomic<Bool>(false)
  private var thread: BlockingThread?

  init(_ store: SegmentStore) throws(JournalError) {
    self.store = store
    do { thread = try BlockingThread(name: "journal-seal") { [self] in run() } } catch { throw .system(error) }
  }

  /// What the last attempt failed with; `nil` once one went well.
  var failure: JournalError? { monitor.locked { lastFailure } }

  /// Says that a segment is complete.
  func wake() {
    monitor.locked {
      hasWork = true
      monitor.broadcast()
    }
  }

  /// Ends the thread; what it has begun is given up.
  func stop() {
    isStopping.store(true, ordering: .relaxed)
    wake()
    thread?.join()
  }

  private var goesOn: Bool { !isStopping.load(ordering: .relaxed) }

  private func run() {
    // On Linux the priority is a thread's own.
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    while goesOn {
      do throws(JournalError) {
        while try store.sealOldest(while: { goesOn }) {}
        monitor.locked {
          lastFailure = nil
          while !hasWork { _ = monitor.wait() }
          hasWork = false
        }
      } catch {
        // A disk without room gets some when the journal is trimmed.
        let retry = Monitor.Deadline(in: .seconds(10))
        monitor.locked {
          lastFailure = error
          while goesOn, monitor.wait(until: retry) {}
        }
      }
    }
  }
}
