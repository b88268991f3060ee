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
  private static let flushLines = 5_000
  private static let flushBytes = 1 << 20
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
    plants configured: [Plant], journal: Journal, checkpoints: CheckpointStore, sink: InfluxSink, link: WorkerLink,
    note: @escaping @Sendable (String) -> Void
  ) {
    self.link = link
    self.journal = journal
    self.sink = sink
    self.checkpoints = checkpoints
    self.note = note
    var start = StageWorker.resume(configured, checkpoints, note)
    start.offset = max(start.offset, journal.firstOffset)
    reader = journal.makeReader(from: start.offset)
    position = start.offset
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
    guard let record = reader.next() else { return false }
    switch record.kind {
    case .messages: record.withBody { take(messages: $0, received: record.received) }
    case .tick: tick(record.received)
    case .configuration: record.withBody { reconfigure($0) }
    default: break
    }
    position = record.endOffset
    link.processed.set(position)
    link.processedTime.set(UInt64(clamping: record.received.nanoseconds))
    if encoder.lineCount >= StageWorker.flushLines || encoder.bytes.count >= StageWorker.flushBytes { flush() }
    return true
  }

  private mutating func take(messages body: UnsafeRawBufferPointer, received: Timestamp) {
    var cursor = MessageFrameCursor(body)
    while let message = cursor.next() {
      ledger.messages += 1
      switch decoder.decode(message, received: received, registers: &plants.registers, into: &batches) {
      case .decoded(_, let readings):
        ledger.decoded += 1
        ledger.readings += UInt64(readings)
      case .refused(let reason): ledger.refuse(reason.rawValue)
      }
    }
    if cursor.isMalformed { ledger.malformedRecords += 1 }
    for plant in 0..<plants.count where !batches[plant].isEmpty {
      plants.step(plant: plant, batches[plant], received: received) { frame, register in
        encoder.encode(frame.readings, of: register)
        encoder.encode(frame.points, of: register)
      }
      batches[plant].removeAll()
    }
  }

  private mutating func tick(_ moment: Timestamp) {
    for plant in 0..<plants.count {
      plants.tick(plant: plant, moment) { frame, register in encoder.encode(frame.points, of: register) }
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
    let (next, restarted) = plants.reconfigured(to: configured)
    plants = next
    decoder = MessageDecoder(plants: configured)
    batches = configured.map { _ in ReadingBatch() }
    encoder.forgetKeys()
    for name in restarted { note("plant \(name): its assets changed, so its windows and models start anew") }
  }
}

// MARK: - Outputs and checkpoints

extension StageWorker {
  /// Nothing to read: hand over what is waiting once it is old enough, then wait for the journal.
  private mutating func idle() {
    if encoder.lineCount > 0, WallClock.monotonic() - lastFlush >= StageWorker.flushInterval { flush() }
    reader.waitForMore(timeout: .milliseconds(50))
  }

  /// Hands what is rendered to the sink, waiting while its queue is full. `always` also hands over nothing, so that the
  /// sink's accepted offset reaches records that gave no points.
  private mutating func flush(always: Bool = false) {
    lastFlush = WallClock.monotonic()
    guard encoder.lineCount > 0 || always else { return }
    sink.submit(WriteBatch(bytes: encoder.bytes, lines: encoder.lineCount, upTo: position))
    encoder.reset()
  }

  /// Every ten seconds the state is taken; it is written once the database has accepted all that came before it.
  private mutating func keepCheckpoint() {
    if let pending = pendingCheckpoint {
      guard sink.acceptedOffset >= pending.offset else { return }
      pendingCheckpoint = nil
      do {
        try checkpoints.save(pending)
        journal.trim(below: pending.offset)
      } catch {
        note("the checkpoint could not be written: \(error)")
      }
    } else if WallClock.monotonic() - lastCheckpoint >= StageWorker.checkpointInterval {
      lastCheckpoint = WallClock.monotonic()
      flush(always: true)
      pendingCheckpoint = checkpoint()
    }
  }

  private func state() -> [UInt8] {
    var writer = SnapshotWriter()
    ledger.snapshot(into: &writer)
    plants.snapshot(into: &writer)
    return writer.bytes
  }

  private static func resume(
    _ configured: [Plant], _ checkpoints: CheckpointStore, _ note: (String) -> Void
  ) -> (offset: UInt64, plants: PlantSet, ledger: Ledger) {
    let fresh = PlantSet(plants: configured)
    guard let checkpoint = checkpoints.load() else { return (0, fresh, Ledger()) }
    var reader = SnapshotReader(checkpoint.state)
    do {
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
