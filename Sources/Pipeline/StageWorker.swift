import Glibc
import InfluxSink
import Journal
import PlantModel
import StreamCore

/// What a worker tells the rest of the process.
final class WorkerLink: Sendable {
  /// Refreshed once a second.
  let views = Guarded<[PlantView]>([])
  /// Refreshed once a second.
  let ledger = Guarded(Ledger())
  /// Readings by quality code, refreshed once a second.
  let qualityCounts = Guarded<[UInt64]>([])
  /// Places of topic rules that no message has had, refreshed once a second.
  let unseenPlaces = Guarded<[String]>([])
  /// Receive time of the record that was processed last [ns].
  let processedTime = Counter()
}

/// Reads the journal, has its records processed and hands rendered points to the sink: one thread, and the only owner of
/// all that it holds. With several workers each reads the whole journal and takes its share of the plants.
struct StageWorker {
  private static let flushInterval: Int64 = 100_000_000

  private let number: Int
  private let link: WorkerLink
  private let sink: InfluxSink
  private let keeper: CheckpointKeeper
  private let note: @Sendable (String) -> Void
  private let reader: JournalReader
  private var processor: RecordProcessor
  private var relay: AlertRelay
  private var commands: CommandRelay
  private var position: UInt64
  private var lastFlush = WallClock.monotonic()

  /// Starts at `position` with what `processor` knows.
  init(
    processor: RecordProcessor, from position: UInt64, in journal: Journal, sink: InfluxSink, keeper: CheckpointKeeper,
    relay: AlertRelay, commands: CommandRelay, link: WorkerLink, note: @escaping @Sendable (String) -> Void
  ) {
    number = processor.share.number
    self.processor = processor
    self.position = position
    reader = journal.reader(from: position)
    self.sink = sink
    self.keeper = keeper
    self.relay = relay
    self.commands = commands
    self.relay.announceAll(processor.plants)
    self.link = link
    self.note = note
    link.ledger.set(processor.ledger)
  }

  /// Works until the keeper says that it is the end, then hands over what is rendered.
  mutating func run() {
    defer { keeper.ended() }
    while true {
      switch keeper.order(for: number, at: position) {
      case .goOn: if !processNext() { idle() }
      case .give(let draft): give(draft)
      case .end:
        flush()
        return publish()
      }
    }
  }

  /// Processes one record; false at the journal's end.
  private mutating func processNext() -> Bool {
    let record: JournalRecord
    do throws(JournalError) {
      guard let next = try reader.next() else { return false }
      record = next
    } catch {
      note("the journal cannot be read: \(error)")
      usleep(1_000_000)
      return false
    }
    let words = record.withBody { body in
      processor.process(
        kind: record.kind, received: record.received, body: body,
        observe: {
          relay.observe($0, $1)
          commands.observe($0, $1)
        },
        // Complete is what came before the record.
        drain: { sink.submit($0.take(upTo: keeper.completed(by: number, at: position))) })
    }
    relay.handOver(upTo: record.endOffset)
    commands.ask(processor.rebirths)
    commands.handOver(upTo: record.endOffset)
    if record.kind == .configuration { relay.announceAll(processor.plants) }
    for line in words { note(line) }
    position = record.endOffset
    link.processedTime.set(Int(record.received.nanoseconds))
    if record.kind == .tick {
      relay.announceChanged(processor.plants)
      publish()
    }
    if processor.encoder.isFull { flush() }
    return true
  }

  private func publish() {
    link.views.set(processor.plants.observers.map(\.view))
    link.ledger.set(processor.ledger)
    link.unseenPlaces.set(processor.unseenPlaces)
    link.qualityCounts.set(processor.plants.qualityCounts)
  }
}

// MARK: - Outputs and checkpoints

extension StageWorker {
  /// Nothing to read: hand over what is waiting once it is old enough, then wait for the journal.
  private mutating func idle() {
    keeper.rests(number)
    if processor.encoder.lineCount == 0 || WallClock.monotonic() - lastFlush >= StageWorker.flushInterval { flush() }
    _ = reader.waitForMore(timeout: .milliseconds(50))
  }

  /// Hands what is rendered to the sink, waiting while its queue is full.
  private mutating func flush() {
    lastFlush = WallClock.monotonic()
    if processor.encoder.lineCount > 0 {
      // Before the points are: the account of readings never has more written than decoded.
      link.ledger.set(processor.ledger)
      let batch = processor.encoder.take(upTo: keeper.completed(by: number, at: position))
      // A sink that was stopped takes no more: then nothing that follows is called complete.
      guard sink.submit(batch) else { return }
    }
    keeper.handedOver(by: number, at: position)
  }

  /// Adds this worker's part to a checkpoint.
  private mutating func give(_ draft: CheckpointDraft) {
    flush()
    let started = WallClock.monotonic()
    do throws(JournalError) {
      try SavedState.write(processor) { (part) throws(JournalError) in try draft.append(part) }
      keeper.gave(draft, by: number, nanoseconds: WallClock.monotonic() - started)
    } catch {
      keeper.failed(draft, error)
    }
  }
}
