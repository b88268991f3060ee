import Journal
import PlantModel
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Coordinator that combines the states of all workers into checkpoints.
///
/// Every worker reads the same journal, so each of them passes the end of every record. When a checkpoint is due, the
/// first worker at an offset that no other has passed begins it there. Each worker writes its part of the state at that
/// offset and continues. Once the database has accepted all earlier points, the checkpoint is kept and the journal is
/// trimmed. The combined state at an offset does not depend on the number of workers.
final class CheckpointKeeper: Sendable {
  /// Instruction to a worker at the boundary of a record.
  enum Order {
    /// Process the next record.
    case goOn
    /// Submit all rendered lines, write this worker's part of the state, and call
    /// ``CheckpointKeeper/gave(_:by:nanoseconds:)``.
    case give(CheckpointDraft)
    /// Submit all rendered lines and end.
    case end
  }

  private struct State {
    /// Offset of each worker. ``isMoving`` is whether the worker is processing the record that starts there.
    var positions: [UInt64]
    var isMoving: [Bool]
    /// Offset up to which each worker has submitted its lines to the sink.
    var handedOver: [UInt64]
    /// Whether a checkpoint is due but not yet begun.
    var isWanted = false
    /// The checkpoint being written. ``givers`` are the workers that have written their parts.
    var draft: CheckpointDraft?
    var givers: Set<Int> = []
    var isEnding = false
    var ended = 0

    /// Returns whether no other worker has passed the offset of a worker.
    func isFirst(_ worker: Int, at position: UInt64) -> Bool {
      positions.indices.allSatisfy {
        $0 == worker || positions[$0] < position || (positions[$0] == position && !isMoving[$0])
      }
    }
  }

  /// Minimum interval between checkpoints while the journal is full [ns], so that room is made soon.
  private static let urgentInterval: Int64 = 1_000_000_000
  /// Disk space reserved besides the checkpoint's, for the spool's checkpoint and for folder entries [bytes].
  private static let leastRoom = 2 << 20
  /// Minimum ratio of the checkpoint interval to the time a worker spends writing, so that large states are written
  /// less often.
  private static let share: Int64 = 100

  private let store: CheckpointStore
  private let journal: any RecordLog
  private let redeliveries: RedeliveryMemory
  private let sink: any Sink
  private let beforeKeeping: @Sendable () -> Void
  private let note: @Sendable (LogEntry) -> Void
  private let workers: Int
  private let interval: TimeSpan
  private let state: Locked<State>
  private let monitor = Monitor()
  /// Begin of the last checkpoint [ns of the monotonic clock]. ``slowest`` is the longest time that a worker took for
  /// it [ns].
  private let begun = Counter(Int(SystemClock.monotonic()))
  private let slowest = Counter()
  /// Offset of the last checkpoint that took effect; at first the offset at which the workers started.
  private let kept: Counter
  /// Offset of the last checkpoint.
  var keptOffset: UInt64 { UInt64(clamping: kept.value) }

  /// Creates a keeper for workers that all start at one offset.
  ///
  /// - Parameters:
  ///   - workers: Number of workers, at least 1.
  ///   - position: Journal offset at which all workers start.
  ///   - store: Files of the checkpoints.
  ///   - journal: Journal to trim.
  ///   - redeliveries: Memory of messages that the broker may send again.
  ///   - sink: Sink whose acceptance completes a checkpoint.
  ///   - interval: Minimum time between checkpoints.
  ///   - beforeKeeping: Called before a checkpoint takes effect.
  ///   - note: Receives log lines.
  init(
    workers: Int, from position: UInt64, store: CheckpointStore, journal: any RecordLog,
    redeliveries: RedeliveryMemory, sink: any Sink,
    interval: TimeSpan = .seconds(10),
    beforeKeeping: @escaping @Sendable () -> Void, note: @escaping @Sendable (LogEntry) -> Void
  ) {
    self.workers = workers
    self.interval = interval
    self.store = store
    self.journal = journal
    self.redeliveries = redeliveries
    self.sink = sink
    self.beforeKeeping = beforeKeeping
    self.note = note
    kept = Counter(Int(clamping: position))
    let start = [UInt64](repeating: position, count: workers)
    let isMoving = [Bool](repeating: false, count: workers)
    state = Locked(State(positions: start, isMoving: isMoving, handedOver: start))
    leaveRoom()
  }

  // MARK: Called by workers

  /// Records that a worker is at the boundary of a record, and returns its next instruction.
  func order(for worker: Int, at position: UInt64) -> Order {
    state.with { state in
      state.positions[worker] = position
      state.isMoving[worker] = false
      if state.isWanted, state.isFirst(worker, at: position) { begin(at: position, state: &state) }
      if let draft = state.draft, !state.givers.contains(worker) {
        if position >= draft.offset { return .give(draft) }
      } else if state.isEnding, !state.isWanted {
        return .end
      }
      state.isMoving[worker] = true
      return .goOn
    }
  }

  /// Records that a worker has reached the end of the journal.
  func rests(_ worker: Int) { state.with { $0.isMoving[worker] = false } }

  /// Records that a worker has written its part and submitted all earlier lines.
  ///
  /// - Parameters:
  ///   - draft: The checkpoint.
  ///   - worker: Number of the worker.
  ///   - nanoseconds: Time spent writing the part [ns].
  func gave(_ draft: CheckpointDraft, by worker: Int, nanoseconds: Int64) {
    slowest.set(max(slowest.value, Int(nanoseconds)))
    let isComplete = state.with { state in
      guard state.draft === draft else { return false }
      state.givers.insert(worker)
      return state.givers.count == workers
    }
    guard isComplete else { return }
    // The marker follows the lines of all workers in the sink's queue. The checkpoint's counts must not be ahead of the
    // sink's.
    var end = WriteBatch(bytes: [], lines: 0, upTo: draft.offset)
    end.keepsAccounts = true
    sink.submit(end)
  }

  /// Gives a checkpoint up because a worker could not write its part.
  func failed(_ draft: CheckpointDraft, error: JournalError) {
    note(.error("the checkpoint could not be written: \(error)"))
    giveUp(draft)
  }

  /// Returns the offset up to which the lines of all workers are in the sink's queue once `worker` has submitted its
  /// batch.
  func completed(by worker: Int, at position: UInt64) -> UInt64 {
    state.with { state in
      state.handedOver.enumerated().reduce(position) { $1.offset == worker ? $0 : min($0, $1.element) }
    }
  }

  /// Records that the sink has all lines of a worker up to `position`.
  func handedOver(by worker: Int, at position: UInt64) { state.with { $0.handedOver[worker] = position } }

  /// Records that a worker has ended.
  func ended() {
    state.with { $0.ended += 1 }
    monitor.locked { monitor.broadcast() }
  }

  // MARK: Called by the keeper's own thread, and after it by the one that ends the process

  /// Requests a checkpoint if one is due, and keeps the current one once it is complete and accepted.
  func advance() {
    let (draft, isComplete) = state.with { ($0.draft, $0.givers.count == workers) }
    if let draft {
      if isComplete, let accepted = sink.acceptedUpTo, accepted >= draft.offset { keep(draft) }
    } else if isDue {
      state.with { $0.isWanted = true }
    }
  }

  /// Ends all workers at one offset, with a checkpoint there; waits at most `span`.
  func end(within span: TimeSpan) {
    state.with { state in
      state.isEnding = true
      state.isWanted = true
      state.draft = nil
    }
    let deadline = Monitor.Deadline(in: span)
    monitor.locked {
      while state.value.ended < workers, monitor.wait(until: deadline) {}
    }
    // Workers that are still blocked end at their own offsets, without a checkpoint.
    state.with { state in
      state.isWanted = false
      if state.givers.count < workers { state.draft = nil }
    }
  }

  private var isDue: Bool {
    let elapsed = SystemClock.monotonic() - Int64(begun.value)
    if elapsed >= CheckpointKeeper.urgentInterval, !journal.hasRoom { return true }
    return elapsed >= max(interval.nanoseconds, Int64(slowest.value) * CheckpointKeeper.share)
  }

  private func begin(at position: UInt64, state: inout State) {
    begun.set(Int(SystemClock.monotonic()))
    slowest.set(0)
    state.isWanted = false
    state.givers = []
    do throws(JournalError) { state.draft = try store.draft(offset: position) } catch {
      note(.error("the checkpoint could not be written: \(error)"))
    }
  }

  /// Makes a draft the latest checkpoint and trims the part of the journal that no checkpoint needs.
  private func keep(_ draft: CheckpointDraft) {
    beforeKeeping()
    defer { leaveRoom() }
    do throws(JournalError) {
      // `unneeded` leaves the previous checkpoint usable.
      let unneeded = try store.keep(draft)
      kept.set(Int(clamping: draft.offset))
      try trim(below: min(unneeded, redeliveries.start(before: draft.offset)), position: draft.offset)
      if !journal.hasRoom { try trim(below: unneeded, position: draft.offset) }
    } catch {
      note(.error("the checkpoint could not be written: \(error)"))
    }
    giveUp(draft)
  }

  /// Trims the journal after saving the identifiers of messages that a broker may send again.
  private func trim(below offset: UInt64, position: UInt64) throws(JournalError) {
    do throws(JournalError) { try redeliveries.keep(below: offset, position: position) } catch {
      // Duplicate messages do less harm than a journal that stays full.
      note(.error("what the broker may send again cannot be written down: \(error)"))
    }
    try journal.trim(below: offset)
  }

  /// Reserves disk space for the next checkpoint; without it, a journal that fills the disk could never be trimmed.
  private func leaveRoom() { journal.leaveFree(bytes: CheckpointKeeper.leastRoom + store.bytesNeeded) }

  private func giveUp(_ draft: CheckpointDraft) {
    state.with { state in
      guard state.draft === draft else { return }
      state.draft = nil
      state.givers = []
    }
  }
}
