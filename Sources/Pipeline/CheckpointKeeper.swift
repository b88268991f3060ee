import InfluxSink
import Journal
import PlantModel
import StreamCore

/// Brings the states of all workers together into checkpoints.
///
/// Every worker reads the same journal, so the end of a record is a place that each of them passes. When a checkpoint is
/// wanted, the first worker at a place that no other has passed begins it there; each writes its part of the state when it
/// comes to that place, and goes on. Once the database has accepted what came before, the checkpoint is kept and the
/// journal trimmed. A state of all plants at one offset does not depend on how many workers there were.
final class CheckpointKeeper: Sendable {
  /// What a worker does at the boundary of a record.
  enum Order {
    /// Processes the next record.
    case goOn
    /// Writes its part of the state, hands over what it has, and says so by ``CheckpointKeeper/gave(_:by:)``.
    case give(CheckpointDraft)
    /// Hands over what it has, and ends.
    case end
  }

  private struct State {
    /// Where each worker is, and whether it is on its way from there.
    var positions: [UInt64]
    var isMoving: [Bool]
    /// Up to where each worker has handed its lines to the sink.
    var handedOver: [UInt64]
    /// Whether a checkpoint is to begin.
    var isWanted = false
    /// The checkpoint that is being written, and the workers whose parts it has.
    var draft: CheckpointDraft?
    var givers: Set<Int> = []
    var isEnding = false
    var ended = 0

    /// Whether no worker has passed the place at which one of them is.
    func isFirst(_ worker: Int, at position: UInt64) -> Bool {
      positions.indices.allSatisfy {
        $0 == worker || positions[$0] < position || (positions[$0] == position && !isMoving[$0])
      }
    }
  }

  /// How often where the journal is full, so that there is room again soon.
  private static let urgentInterval: Int64 = 1_000_000_000
  /// Beside the checkpoint, for the spool's own and for names in folders [bytes].
  private static let leastRoom = 2 << 20
  /// Writing takes at most this part of the time, however large the state is.
  private static let share: Int64 = 100

  private let store: CheckpointStore
  private let journal: Journal
  private let redeliveries: RedeliveryMemory
  private let sink: InfluxSink
  private let beforeKeeping: @Sendable () -> Void
  private let note: @Sendable (String) -> Void
  private let workers: Int
  private let interval: TimeSpan
  private let state: Guarded<State>
  private let monitor = Monitor()
  /// When the last checkpoint was begun, and how long the slowest worker took for its part [ns].
  private let begun = Counter(Int(WallClock.monotonic()))
  private let slowest = Counter()

  /// A keeper for workers that all start at `position`, with a checkpoint every `interval` at the most. `beforeKeeping`
  /// is called before a checkpoint takes effect.
  init(
    workers: Int, from position: UInt64, store: CheckpointStore, journal: Journal,
    redeliveries: RedeliveryMemory, sink: InfluxSink,
    interval: TimeSpan = .seconds(10),
    beforeKeeping: @escaping @Sendable () -> Void, note: @escaping @Sendable (String) -> Void
  ) {
    self.workers = workers
    self.interval = interval
    self.store = store
    self.journal = journal
    self.redeliveries = redeliveries
    self.sink = sink
    self.beforeKeeping = beforeKeeping
    self.note = note
    let start = [UInt64](repeating: position, count: workers)
    let isMoving = [Bool](repeating: false, count: workers)
    state = Guarded(State(positions: start, isMoving: isMoving, handedOver: start))
    leaveRoom()
  }

  // MARK: Called by workers

  /// Says that a worker is at the boundary of a record, and what it has to do there.
  func order(for worker: Int, at position: UInt64) -> Order {
    state.with { state in
      state.positions[worker] = position
      state.isMoving[worker] = false
      if state.isWanted, state.isFirst(worker, at: position) { begin(at: position, &state) }
      if let draft = state.draft, !state.givers.contains(worker) {
        if position >= draft.offset { return .give(draft) }
      } else if state.isEnding, !state.isWanted {
        return .end
      }
      state.isMoving[worker] = true
      return .goOn
    }
  }

  /// Says that there is no next record for now.
  func rests(_ worker: Int) { state.with { $0.isMoving[worker] = false } }

  /// Says that a worker has written its part, and handed over what came before.
  func gave(_ draft: CheckpointDraft, by worker: Int, nanoseconds: Int64) {
    slowest.set(max(slowest.value, Int(nanoseconds)))
    let isComplete = state.with { state in
      guard state.draft === draft else { return false }
      state.givers.insert(worker)
      return state.givers.count == workers
    }
    guard isComplete else { return }
    // Behind the lines of all workers in the sink's queue; the checkpoint's counts must not be ahead of the sink's.
    var end = WriteBatch(bytes: [], lines: 0, upTo: draft.offset)
    end.keepsAccounts = true
    sink.submit(end)
  }

  /// Says that a worker could not write its part.
  func failed(_ draft: CheckpointDraft, _ error: JournalError) {
    note("the checkpoint could not be written: \(error)")
    giveUp(draft)
  }

  /// The offset up to which all is in the sink's queue once it has the batch that a worker is about to submit.
  func completed(by worker: Int, at position: UInt64) -> UInt64 {
    state.with { state in
      state.handedOver.enumerated().reduce(position) { $1.offset == worker ? $0 : min($0, $1.element) }
    }
  }

  /// Says that the sink has all of a worker's lines up to `position`.
  func handedOver(by worker: Int, at position: UInt64) { state.with { $0.handedOver[worker] = position } }

  /// Says that a worker has ended.
  func ended() {
    state.with { $0.ended += 1 }
    monitor.locked { monitor.broadcast() }
  }

  // MARK: Called by the keeper's own thread, and after it by the one that ends the process

  /// Begins a checkpoint where one is due, and keeps one that is complete and accepted.
  func advance() {
    let (draft, isComplete) = state.with { ($0.draft, $0.givers.count == workers) }
    if let draft {
      if isComplete, let accepted = sink.acceptedUpTo, accepted >= draft.offset { keep(draft) }
    } else if isDue {
      state.with { $0.isWanted = true }
    }
  }

  /// Has every worker end at one offset and give its state there. Waits at most `span` for it.
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
    // Those that are held up end where they are, without a checkpoint.
    state.with { state in
      state.isWanted = false
      if state.givers.count < workers { state.draft = nil }
    }
  }

  private var isDue: Bool {
    let elapsed = WallClock.monotonic() - Int64(begun.value)
    if elapsed >= CheckpointKeeper.urgentInterval, !journal.hasRoom { return true }
    return elapsed >= max(interval.nanoseconds, Int64(slowest.value) * CheckpointKeeper.share)
  }

  private func begin(at position: UInt64, _ state: inout State) {
    begun.set(Int(WallClock.monotonic()))
    slowest.set(0)
    state.isWanted = false
    state.givers = []
    do throws(JournalError) { state.draft = try store.draft(offset: position) } catch {
      note("the checkpoint could not be written: \(error)")
    }
  }

  /// Makes a draft the latest checkpoint, and gives up the part of the journal that no checkpoint needs any more.
  private func keep(_ draft: CheckpointDraft) {
    beforeKeeping()
    defer { leaveRoom() }
    do throws(JournalError) {
      // The offset that is returned leaves the checkpoint before this one usable.
      let unneeded = try store.keep(draft)
      try trim(below: min(unneeded, redeliveries.start(before: draft.offset)), position: draft.offset)
      if !journal.hasRoom { try trim(below: unneeded, position: draft.offset) }
    } catch {
      note("the checkpoint could not be written: \(error)")
    }
    giveUp(draft)
  }

  /// Trims, and remembers what a broker may send again.
  private func trim(below offset: UInt64, position: UInt64) throws(JournalError) {
    do throws(JournalError) { try redeliveries.keep(below: offset, position: position) } catch {
      // A message that comes twice is better than a journal that stays full.
      note("what the broker may send again cannot be written down: \(error)")
    }
    try journal.trim(below: offset)
  }

  /// A disk that the journal filled to the end would have no room for the checkpoint that lets it be trimmed.
  private func leaveRoom() { journal.leaveFree(bytes: CheckpointKeeper.leastRoom + store.bytesNeeded) }

  private func giveUp(_ draft: CheckpointDraft) {
    state.with { state in
      guard state.draft === draft else { return }
      state.draft = nil
      state.givers = []
    }
  }
}
