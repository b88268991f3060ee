import Glibc
import InfluxSink
import Journal
import PlantModel
import SavingsAccounts
import Settings
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// State that a worker publishes to the rest of the process.
final class WorkerLink: Sendable {
  /// Summaries of the worker's plants, refreshed once a second.
  let views = Locked<[PlantView]>([])
  /// Accounts of the worker, refreshed once a second and before each batch.
  let ledger = Locked(Ledger())
  /// Number of readings by quality code, refreshed once a second.
  let qualityCounts = Locked<[UInt64]>([])
  /// Places of topic rules that no message has contained, refreshed once a second.
  let unseenPlaces = Locked<[String]>([])
  /// Latest readings by plant, refreshed once a second, and when the worker rests.
  let latest = Locked<[String: LatestTable]>([:])
  /// Receive time of the record processed last [ns].
  let processedTime = Counter()
  /// Outcomes of the latest requests, for those who wait for them.
  let outcomes = RequestOutcomes()
}

/// Worker that reads the journal, processes its records and submits the rendered points to the sink.
///
/// It runs on one thread, which alone owns its state. With several workers, each reads the whole journal and processes
/// its share of the plants.
struct StageWorker {
  private static let flushInterval: Int64 = 100_000_000

  private let number: Int
  private let link: WorkerLink
  private let sink: any Sink
  private let keeper: CheckpointKeeper
  private let note: @Sendable (LogEntry) -> Void
  private let reader: any RecordReader
  private var processor: RecordProcessor
  private var relay: AlertRelay
  private var commands: CommandRelay
  private var live: LiveTap
  private var community: CommunityTap
  /// Latest readings; `nil` if nobody can ask for them.
  private var latest: LatestTables?
  private let logbook: SavingsLogbook
  private var position: UInt64
  /// Outcomes of the requests of the current record; nearly always empty.
  private var outcomes = RequestOutcomes.News()
  private var lastFlush = SystemClock.monotonic()

  /// Creates a worker that starts at an offset and publishes the retained alert lists of its plants.
  ///
  /// - Parameters:
  ///   - processor: Processor with the state at `position`.
  ///   - position: Journal offset of the first record to process.
  ///   - journal: The journal.
  ///   - sink: Receives the rendered points.
  ///   - keeper: Coordinator of the checkpoints.
  ///   - relay: Delivers alerts.
  ///   - commands: Publishes commands.
  ///   - live: Receives what leaves the stages; `nil` if nobody can ask for it or for latest values.
  ///   - communities: Receives summaries of members; `nil` if there are none.
  ///   - logbook: Takes requests about savings.
  ///   - link: Receives the worker's state.
  ///   - note: Receives log lines.
  init(
    processor: RecordProcessor, from position: UInt64, in journal: any RecordLog, sink: any Sink,
    keeper: CheckpointKeeper,
    relay: AlertRelay, commands: CommandRelay, live: LiveFeed?, communities: CommunityInbox?, logbook: SavingsLogbook,
    link: WorkerLink,
    note: @escaping @Sendable (LogEntry) -> Void
  ) {
    self.logbook = logbook
    number = processor.share.number
    self.processor = processor
    self.position = position
    reader = journal.reader(from: position)
    self.sink = sink
    self.keeper = keeper
    self.relay = relay
    self.commands = commands
    self.live = LiveTap(live)
    latest = live.map { _ in LatestTables() }
    community = CommunityTap(communities)
    self.relay.announceAll(processor.plants)
    self.link = link
    self.note = note
    link.ledger.set(processor.ledger)
  }

  /// Works until the keeper orders the end, then submits the remaining lines.
  mutating func run() {
    defer { keeper.ended() }
    while true {
      switch keeper.order(for: number, at: position) {
      case .goOn: if !processNext() { idle() }
      case .give(let draft): submit(draft)
      case .end:
        flush()
        return publish()
      }
    }
  }

  /// Processes one record.
  ///
  /// - Returns: `false` at the end of the journal, or one second after a read error.
  private mutating func processNext() -> Bool {
    let record: JournalRecord
    do throws(JournalError) {
      guard let next = try reader.next() else { return false }
      record = next
    } catch {
      note(.error("the journal cannot be read: \(error)"))
      usleep(1_000_000)
      return false
    }
    let words = record.withBody { body in
      processor.process(
        kind: record.kind, received: record.received, body: body,
        observe: {
          relay.observe($0, in: $1)
          commands.observe($0, in: $1)
          if !$0.instructions.isEmpty { outcomes.observe($0.instructions) }
          live.observe($0, in: $1)
          community.observe($0, in: $1)
          latest?.observe($0, in: $1)
        },
        // In the middle of a record, only the records before it are complete.
        drain: { sink.submit($0.drain(upTo: keeper.completed(by: number, at: position))) })
    }
    if !processor.savingsRequests.isEmpty {
      outcomes.observe(processor.savingsRequests.compactMap { $0.follow(in: logbook, note: note) })
    }
    relay.handOver(upTo: record.endOffset)
    commands.ask(processor.rebirths)
    commands.handOver(upTo: record.endOffset)
    live.handOver()
    community.handOver()
    if record.kind == .configuration {
      relay.announceAll(processor.plants)
      latest?.reconfigure(to: processor.plants.registers)
    }
    for line in words { note(line) }
    position = record.endOffset
    observeStanding()
    if !outcomes.isEmpty {
      // The change of a request is visible to whoever learns its outcome.
      publish()
      link.outcomes.publish(&outcomes)
    }
    link.processedTime.set(Int(record.received.nanoseconds))
    if record.kind == .tick {
      relay.announceChanged(processor.plants)
      publish()
    }
    if processor.encoder.isFull { flush() }
    return true
  }

  /// Puts standing alerts that have changed into the views.
  private mutating func observeStanding() {
    if relay.unseen.isEmpty { return }
    for name in relay.unseen { processor.observeStanding(plant: name) }
    relay.unseen.removeAll(keepingCapacity: true)
  }

  private mutating func publish() {
    link.views.set(processor.plants.observers.map(\.view))
    link.ledger.set(processor.ledger)
    link.unseenPlaces.set(processor.unseenPlaces)
    link.qualityCounts.set(processor.plants.qualityCounts)
    publishLatest()
  }

  private mutating func publishLatest() {
    latest?.publish(processor.plants.registers, to: link.latest)
  }
}

// MARK: - Outputs and checkpoints

extension StageWorker {
  /// Submits pending lines that are old enough, then waits up to 50 ms for the journal.
  private mutating func idle() {
    keeper.rests(number)
    if processor.encoder.lineCount == 0 || SystemClock.monotonic() - lastFlush >= StageWorker.flushInterval {
      flush()
      publishLatest()
    }
    _ = reader.waitForMore(timeout: .milliseconds(50))
  }

  /// Submits the rendered lines to the sink; waits while its queue is full.
  private mutating func flush() {
    lastFlush = SystemClock.monotonic()
    if processor.encoder.lineCount > 0 {
      // The ledger is published before the points, so that the account never shows more readings written than decoded.
      link.ledger.set(processor.ledger)
      let batch = processor.encoder.drain(upTo: keeper.completed(by: number, at: position))
      // A stopped sink refuses the batch, so nothing after it may be marked complete.
      guard sink.submit(batch) else { return }
    }
    keeper.handedOver(by: number, at: position)
  }

  /// Adds this worker's part to a checkpoint.
  private mutating func submit(_ draft: CheckpointDraft) {
    flush()
    let started = SystemClock.monotonic()
    do throws(JournalError) {
      try SavedState.write(processor) { (part) throws(JournalError) in try draft.append(part) }
      keeper.gave(draft, by: number, nanoseconds: SystemClock.monotonic() - started)
    } catch {
      keeper.failed(draft, error: error)
    }
  }
}
