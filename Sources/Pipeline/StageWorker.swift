import InfluxSink
import Journal
import MQTTSource
import PlantModel
import StreamCore

/// What the worker and the rest of the process share.
final class WorkerLink: Sendable {
  /// Set to end the worker at the next record boundary.
  let isStopping = Flag()
  /// Plants that a configuration record in the journal refers to by its fingerprint.
  let pendingPlants = Guarded<[UInt64: [Plant]]>([:])
  /// Refreshed once a second.
  let views = Guarded<[PlantView]>([])
  /// Refreshed once a second.
  let ledger = Guarded(Ledger())
  /// Readings by quality code, refreshed once a second.
  let qualityCounts = Guarded<[UInt64]>([])
  /// Offset up to which the journal was read.
  let processed = Counter()
  /// Receive time of the record that was processed last [ns].
  let processedTime = Counter()
}

/// Reads the journal, runs the stages of its plants and hands rendered points to the sink: one thread, and the only
/// owner of all that it holds. What comes out depends on the journal's records alone.
struct StageWorker {
  private static let checkpointInterval: Int64 = 10_000_000_000
  private static let flushInterval: Int64 = 200_000_000

  private let link: WorkerLink
  private let journal: Journal
  private let sink: InfluxSink
  private let checkpoints: CheckpointStore
  private let note: @Sendable (String) -> Void
  private var reader: JournalReader
  private var decoder: MessageDecoder
  private var plants: PlantSet
  private var batches: [ReadingBatch]
  private var encoder = LineEncoder()
  private var ledger: Ledger
  private var position: UInt64
  private var lastFlush = WallClock.monotonic()
  private var lastCheckpoint = WallClock.monotonic()
  private var pendingCheckpoint: Checkpoint?

  /// Starts after the last checkpoint, or at the journal's beginning.
  init(
    plants configured: [Plant], resuming found: Checkpoint?, journal: Journal, checkpoints: CheckpointStore,
    sink: InfluxSink, link: WorkerLink, note: @escaping @Sendable (String) -> Void
  ) {
    self.link = link
    self.journal = journal
    self.sink = sink
    self.checkpoints = checkpoints
    self.note = note
    let start = StageWorker.resume(configured, found, note)
    position = max(start.offset, journal.startOffset)
    reader = journal.reader(from: position)
    plants = start.plants
    ledger = start.ledger
    decoder = MessageDecoder(plants: configured)
    batches = configured.map { _ in ReadingBatch() }
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
  func checkpoint() -> Checkpoint { Checkpoint(offset: position, state: state()) }
}

// MARK: - Records

extension StageWorker {
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
    switch record.kind {
    case .messages: record.withBody { take(messages: $0, received: record.received) }
    case .tick: tick(record.received)
    case .configuration: record.withBody { reconfigure($0) }
    default: break
    }
    position = record.endOffset
    link.processed.set(Int(clamping: position))
    link.processedTime.set(Int(record.received.nanoseconds))
    if encoder.isFull { flush() }
    return true
  }

  private mutating func take(messages body: UnsafeRawBufferPointer, received: Timestamp) {
    var cursor = MessageFrameCursor(body)
    while let message = cursor.next() {
      ledger.messages += 1
      switch decoder.decode(message, received: received, registers: &plants.registers, into: &batches) {
      case .readings(_, let count):
        ledger.decoded += 1
        ledger.readings += UInt64(count)
      case .refused(let reason): ledger.refuse(reason.rawValue)
      }
    }
    if cursor.isMalformed { ledger.malformedRecords += 1 }
    for plant in 0..<plants.count where !batches[plant].isEmpty {
      plants.step(plant: plant, batches[plant], received: received) { frame, register in
        encoder.append(frame.readings, of: register)
        encoder.append(frame.points, of: register)
      }
      batches[plant].removeAll()
    }
  }

  private mutating func tick(_ moment: Timestamp) {
    for plant in 0..<plants.count {
      plants.tick(plant: plant, moment) { frame, register in encoder.append(frame.points, of: register) }
    }
    let views = plants.observers.map(\.view)
    link.views.set(views)
    link.ledger.set(ledger)
    link.qualityCounts.set(plants.qualityCounts)
  }

  /// A record of a configuration that this process has loaded applies it; one from before the start was applied then.
  private mutating func reconfigure(_ body: UnsafeRawBufferPointer) {
    guard body.count >= 8 else { return }
    let fingerprint = UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))
    guard let configured = link.pendingPlants.with({ $0.removeValue(forKey: fingerprint) }) else { return }
    for plant in plants.plants { encoder.forget(plant: plant.name) }
    let (next, restarted) = plants.reconfigured(to: configured)
    plants = next
    decoder = MessageDecoder(plants: configured)
    batches = configured.map { _ in ReadingBatch() }
    for name in restarted { note("plant \(name): its assets changed, so its windows and models start anew") }
  }
}

// MARK: - Outputs and checkpoints

extension StageWorker {
  /// Nothing to read: hand over what is waiting once it is old enough, then wait for the journal.
  private mutating func idle() {
    if encoder.lineCount > 0, WallClock.monotonic() - lastFlush >= StageWorker.flushInterval { flush() }
    _ = reader.waitForMore(timeout: .milliseconds(50))
  }

  /// Hands what is rendered to the sink, waiting while its queue is full. `always` also hands over nothing, so that the
  /// sink's accepted offset reaches records that gave no points.
  private mutating func flush(always: Bool = false) {
    lastFlush = WallClock.monotonic()
    guard encoder.lineCount > 0 || always else { return }
    sink.submit(encoder.take(upTo: position))
  }

  /// Every ten seconds the state is taken; it is written once the database has accepted all that came before it.
  private mutating func keepCheckpoint() {
    if let pending = pendingCheckpoint {
      guard let accepted = sink.acceptedUpTo, accepted >= pending.offset else { return }
      pendingCheckpoint = nil
      StageWorker.keep(pending, checkpoints, journal, note)
    } else if WallClock.monotonic() - lastCheckpoint >= StageWorker.checkpointInterval {
      lastCheckpoint = WallClock.monotonic()
      flush(always: true)
      pendingCheckpoint = checkpoint()
    }
  }

  /// Writes a checkpoint and gives up the part of the journal that no checkpoint needs any more.
  static func keep(
    _ checkpoint: Checkpoint, _ checkpoints: CheckpointStore, _ journal: Journal, _ note: (String) -> Void
  ) {
    do throws(JournalError) {
      // The offset that is returned leaves the checkpoint before this one usable.
      _ = try journal.trim(below: try checkpoints.save(checkpoint))
    } catch {
      note("the checkpoint could not be written: \(error)")
    }
  }

  private func state() -> [UInt8] {
    var writer = SnapshotWriter()
    ledger.snapshot(into: &writer)
    plants.snapshot(into: &writer)
    return writer.bytes
  }

  private static func resume(
    _ configured: [Plant], _ checkpoint: Checkpoint?, _ note: (String) -> Void
  ) -> (offset: UInt64, plants: PlantSet, ledger: Ledger) {
    let fresh = PlantSet(plants: configured)
    guard let checkpoint else { return (0, fresh, Ledger()) }
    var reader = SnapshotReader(checkpoint.state)
    do throws(SnapshotError) {
      let ledger = try Ledger(restoring: &reader)
      var plants = fresh
      for name in try plants.restore(from: &reader) {
        note("plant \(name): its saved state does not fit its configuration, so its windows and models start anew")
      }
      return (checkpoint.offset, plants, ledger)
    } catch {
      note("the saved state cannot be used (\(error)); windows and models are rebuilt from the journal")
      return (0, fresh, Ledger())
    }
  }
}
