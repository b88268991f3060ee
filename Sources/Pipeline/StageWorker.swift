import InfluxSink
import Journal
import PlantConfig
import PlantModel
import StreamCore

/// What the worker and the rest of the process share.
final class WorkerLink: Sendable {
  /// Set to end the worker at the next record boundary.
  let isStopping = Flag()
  /// Refreshed once a second.
  let views = Guarded<[PlantView]>([])
  /// Refreshed once a second.
  let ledger = Guarded(Ledger())
  /// Readings that the sink had before the start and that the journal hands over again.
  let redelivered = Counter()
  /// Readings by quality code, refreshed once a second.
  let qualityCounts = Guarded<[UInt64]>([])
  /// Offset up to which the journal was read.
  let processed = Counter()
  /// Receive time of the record that was processed last [ns].
  let processedTime = Counter()
}

/// Reads the journal, has its records processed and hands rendered points to the sink: one thread, and the only owner of
/// all that it holds.
struct StageWorker {
  private static let checkpointInterval: Int64 = 10_000_000_000
  /// How often where the journal is full, so that there is room again soon.
  private static let urgentCheckpointInterval: Int64 = 1_000_000_000
  private static let flushInterval: Int64 = 200_000_000

  private let link: WorkerLink
  private let journal: Journal
  private let sink: InfluxSink
  private let checkpoints: CheckpointStore
  private let note: @Sendable (String) -> Void
  private var reader: JournalReader
  private var processor: RecordProcessor
  private var relay: AlertRelay
  private var commands: CommandRelay
  private var position: UInt64
  private var lastFlush = WallClock.monotonic()
  private var lastCheckpoint = WallClock.monotonic()
  private var pendingCheckpoint: Checkpoint?

  /// Starts after the last checkpoint, or at the journal's beginning with the plants of `sources`.
  init(
    sources: PlantSources, resuming found: Checkpoint?, journal: Journal, checkpoints: CheckpointStore,
    sink: InfluxSink, relay: AlertRelay, commands: CommandRelay, link: WorkerLink,
    note: @escaping @Sendable (String) -> Void
  ) {
    self.link = link
    self.journal = journal
    self.sink = sink
    self.checkpoints = checkpoints
    self.note = note
    let start = StageWorker.resume(sources, found, note)
    position = max(start.offset, journal.startOffset)
    reader = journal.reader(from: position)
    processor = start.processor
    self.relay = relay
    self.commands = commands
    self.relay.announceAll(start.processor.plants)
    // What the sink had taken after the checkpoint comes once more.
    let taken = sink.counts.accounts.submitted.readings
    let known = processor.ledger.readings
    link.redelivered.set(Int(clamping: taken > known ? taken - known : 0))
    link.ledger.set(processor.ledger)
  }

  /// Works until the link says stop, then hands over what is rendered.
  mutating func run() {
    while !link.isStopping.isSet {
      if !processNext() { idle() }
      keepCheckpoint()
    }
    flush(always: true)
  }

  /// The state at this moment, for the checkpoint at shutdown.
  func checkpoint() -> Checkpoint { Checkpoint(offset: position, state: processor.snapshot()) }

  /// Processes one record; false at the journal's end.
  private mutating func processNext() -> Bool {
    let record: JournalRecord
    do throws(JournalError) {
      guard let next = try reader.next() else { return false }
      record = next
    } catch {
      note("the journal cannot be read: \(error)")
      link.isStopping.wait(milliseconds: 1_000)
      return false
    }
    let words = record.withBody { body in
      processor.process(kind: record.kind, received: record.received, body: body) {
        relay.observe($0, $1)
        commands.observe($0, $1)
      }
    }
    relay.handOver(upTo: record.endOffset, processor.plants)
    commands.handOver(upTo: record.endOffset)
    if record.kind == .configuration { relay.announceAll(processor.plants) }
    for line in words { note(line) }
    position = record.endOffset
    link.processed.set(Int(clamping: position))
    link.processedTime.set(Int(record.received.nanoseconds))
    if record.kind == .tick { publishViews() }
    if processor.encoder.isFull { flush() }
    return true
  }

  private func publishViews() {
    link.views.set(processor.plants.observers.map(\.view))
    link.ledger.set(processor.ledger)
    link.qualityCounts.set(processor.plants.qualityCounts)
  }
}

// MARK: - Outputs and checkpoints

extension StageWorker {
  /// Nothing to read: hand over what is waiting once it is old enough, then wait for the journal.
  private mutating func idle() {
    if processor.encoder.lineCount > 0, WallClock.monotonic() - lastFlush >= StageWorker.flushInterval { flush() }
    _ = reader.waitForMore(timeout: .milliseconds(50))
  }

  /// Hands what is rendered to the sink, waiting while its queue is full. `always` also hands over nothing, so that the
  /// sink's accepted offset reaches records that gave no points.
  private mutating func flush(always: Bool = false) {
    lastFlush = WallClock.monotonic()
    guard processor.encoder.lineCount > 0 || always else { return }
    var batch = processor.encoder.take(upTo: position)
    // A checkpoint follows, whose counts must not be ahead of the sink's.
    batch.keepsAccounts = always
    sink.submit(batch)
  }

  /// Every ten seconds, or each second while the journal is full, the state is taken; it is written once the sink has
  /// accepted all that came before it.
  private mutating func keepCheckpoint() {
    if let pending = pendingCheckpoint {
      guard let accepted = sink.acceptedUpTo, accepted >= pending.offset else { return }
      pendingCheckpoint = nil
      relay.keep()
      StageWorker.keep(pending, checkpoints, journal, note)
    } else if isCheckpointDue {
      lastCheckpoint = WallClock.monotonic()
      flush(always: true)
      pendingCheckpoint = checkpoint()
    }
  }

  private var isCheckpointDue: Bool {
    let elapsed = WallClock.monotonic() - lastCheckpoint
    return elapsed >= StageWorker.checkpointInterval
      || (elapsed >= StageWorker.urgentCheckpointInterval && !journal.hasRoom)
  }

  /// Writes a checkpoint and gives up the part of the journal that no checkpoint needs any more.
  static func keep(
    _ checkpoint: Checkpoint, _ checkpoints: CheckpointStore, _ journal: Journal, _ note: (String) -> Void
  ) {
    do throws(JournalError) {
      // The offset that is returned leaves the checkpoint before this one usable.
      let unneeded = try checkpoints.save(checkpoint)
      try journal.trim(below: min(unneeded, redeliveryStart(before: checkpoint.offset, in: journal)))
      // Room for what comes goes before the memory of what came.
      if !journal.hasRoom { try journal.trim(below: unneeded) }
    } catch {
      note("the checkpoint could not be written: \(error)")
    }
  }

  /// From where on the journal may have messages whose acknowledgements the broker has not heard: it sends them again,
  /// however long ago they were processed. Some brokers (Mosquitto 2.0.11) let more messages be on their way than their
  /// window says, and send them again window by window, over several connections.
  static func redeliveryStart(before offset: UInt64, in journal: Journal) -> UInt64 {
    offset - min(offset, UInt64(min(8 << 20, journal.maximumBytes / 2)))
  }

  private static func resume(
    _ sources: PlantSources, _ checkpoint: Checkpoint?, _ note: (String) -> Void
  ) -> (offset: UInt64, processor: RecordProcessor) {
    guard let checkpoint else { return (0, RecordProcessor(sources: sources)) }
    do throws(SnapshotError) {
      let (processor, rebuilt) = try RecordProcessor.restored(from: checkpoint.state)
      for name in rebuilt {
        note("plant \(name): its saved state does not fit its configuration, so its windows and models start anew")
      }
      return (checkpoint.offset, processor)
    } catch {
      note("the saved state cannot be used (\(error)); windows and models are rebuilt from the journal")
      return (0, RecordProcessor(sources: sources))
    }
  }
}
