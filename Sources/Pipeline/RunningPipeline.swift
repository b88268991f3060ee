import Alerts
import CommandChannel
import Foundation
import InfluxSink
import Journal
public import PlantConfig
import PlantModel
public import Settings
import SinkCore
import StreamCore
import SystemCore
public import WattlineTime

/// A configuration folder that cannot be run, with every mistake in the order of files and lines.
public struct InvalidConfiguration: Error, CustomStringConvertible {
  /// Mistakes in the order of files and lines.
  public var diagnostics: [Diagnostic]

  /// Creates the error with the mistakes of a loaded folder.
  public init(diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  /// One line a mistake.
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// A running pipeline, built from a configuration: broker session → journal → workers (decode, stages, encode) → sink,
/// and a separate publisher of the status.
///
/// The broker and the database may be away at the start and at any later time; the pipeline waits for them. ``stop()``
/// ends the parts in this order, so that data in flight reaches the database or stays in the journal.
public final class RunningPipeline: Sendable {
  /// Closure that receives the log lines of a running pipeline, one a call, on its threads.
  public typealias Note = @Sendable (String) -> Void

  struct State {
    var configuration: LoadedConfiguration
    var watch: ConfigurationWatch
    var workers: [BlockingThread] = []
    var housekeepers: [BlockingThread] = []
  }

  let directory: String
  let environment: [String: String]
  let note: Note
  let ingest: Ingest
  let inputs: [any MessageSource]
  let sink: any Sink
  let journal: any RecordLog
  /// Published state of each worker.
  let links: [WorkerLink]
  /// Number of readings that the sink had before the start and that the journal hands over again.
  let redelivered: Int
  let state: Locked<State>
  private let settings: ProcessSettings
  private let saved: SavedState?
  /// Journal offset of the first record to process.
  private let resumeOffset: UInt64
  private let redeliveries: RedeliveryMemory
  private let keeper: CheckpointKeeper
  private let isStopping = StopSignal()
  private let announcer: Publisher
  /// Active while a plant has Sparkplug topics.
  let host: SparkplugHosting
  private let alertPublisher: Publisher
  let alertDelivery: AlertDelivery
  private let reportInterval: TimeSpan
  /// End of the journal at the start of the process.
  private let startOffset: UInt64

  /// Loads and validates the folder and opens the journal, without starting anything.
  ///
  /// - Parameters:
  ///   - directory: Folder of the configuration.
  ///   - environment: Environment variables for the configuration.
  ///   - reportInterval: Interval of the points about the process.
  ///   - adjust: Changes the settings of the process, as the demo does for its own servers.
  ///   - note: Receives log lines.
  /// - Throws: ``InvalidConfiguration`` with every mistake, or an error of the journal or another file.
  public init(
    directory: String, environment: [String: String], reportEvery reportInterval: TimeSpan = .seconds(10),
    adjust: (inout ProcessSettings) -> Void = { _ in },
    note: @escaping Note
  ) throws {
    let configuration = ConfigurationLoader.load(directory: directory, environment: environment)
    guard configuration.isValid else { throw InvalidConfiguration(diagnostics: configuration.diagnostics) }
    var settings = configuration.settings
    adjust(&settings)
    self.directory = directory
    self.environment = environment
    self.note = note
    self.settings = settings
    self.reportInterval = reportInterval
    state = Locked(State(configuration: configuration, watch: ConfigurationWatch(directory: directory)))
    if let mistake = RunningPipeline.mistake(inJournalPath: settings.journal.path) { throw mistake }
    let checkpoints = try CheckpointStore(directory: settings.journal.path)
    let found = checkpoints.open()
    for damage in found.damage { note("checkpoint: \(damage)") }
    saved = RunningPipeline.saved(found.parts, note: note)
    if found.parts == nil, !found.damage.isEmpty {
      note("no checkpoint can be used; all that the journal has is worked through again")
    }
    journal = try Assembly.openLog(for: settings.journal, notBefore: found.parts?.offset ?? 0, note: note)
    startOffset = journal.endOffset
    ingest = Ingest(journal: journal, note: note)
    sink = try Assembly.makeSink(for: settings, note: note) { RunningPipeline.report($0, note: note) }
    resumeOffset = max(found.parts?.offset ?? 0, journal.startOffset)
    let workers = settings.workers ?? RunningPipeline.automaticWorkers
    links = (0..<workers).map { _ in WorkerLink() }
    // Readings that the sink took after the checkpoint are handed over again.
    let (taken, known) = (sink.counts.accounts.submitted.readings, saved?.ledger.readings ?? 0)
    redelivered = Int(clamping: taken > known ? taken - known : 0)
    var announcing = settings.mqtt
    announcing.clientID += "-status"
    announcer = Publisher(settings: announcing, will: .offline)
    var alerting = settings.mqtt
    alerting.clientID += "-alerts"
    alertPublisher = Publisher(settings: alerting)
    alertDelivery = try AlertDelivery(
      settings: settings.alerts, publisher: PublishingChannel(publisher: alertPublisher),
      path: settings.journal.path + "/alerts/outbox", journalEnd: journal.endOffset, note: note)
    host = SparkplugHosting(settings: settings.mqtt, note: note)
    let delivery = alertDelivery
    redeliveries = try RedeliveryMemory(
      journal: journal, directory: settings.journal.path + "/redelivery", position: resumeOffset)
    keeper = CheckpointKeeper(
      workers: workers, from: resumeOffset, store: checkpoints, journal: journal, redeliveries: redeliveries,
      sink: sink,
      // Alerts of trimmed records must be on disk first, since the journal cannot repeat them.
      beforeKeeping: { delivery.keep() }, note: note)
    inputs = Assembly.makeSources(
      for: configuration.plants, settings: settings, into: ingest,
      events: BrokerEvents(announcer: announcer, host: host, note: note))
  }

  /// Returns the mistake of a journal path that cannot be written; checked before anything is read from it.
  static func mistake(
    inJournalPath path: String, mayWrite: (String) -> Bool = FileManager.default.isWritableFile
  ) -> InvalidConfiguration? {
    var place = URL(fileURLWithPath: path).standardizedFileURL
    while place.path != "/", !FileManager.default.fileExists(atPath: place.path) { place.deleteLastPathComponent() }
    if mayWrite(place.path) { return nil }
    let words = "'journal.path' is '\(path)', where this user may not write; name another folder"
    return InvalidConfiguration(
      diagnostics: [Diagnostic(file: "wattline.yaml", line: 1, column: 1, message: words)])
  }

  /// Default number of workers: one core is left to everything else.
  static var automaticWorkers: Int { max(1, ProcessInfo.processInfo.activeProcessorCount - 1) }

  private static func saved(_ parts: CheckpointParts?, note: Note) -> SavedState? {
    guard let parts else { return nil }
    do { return try SavedState(parts) } catch {
      note("the saved state cannot be used (\(error)); windows and models are rebuilt from the journal")
      return nil
    }
  }

  /// Starts every part, from the database back to the broker.
  public func start() throws {
    let (plants, sources) = state.with { ($0.configuration.plants, $0.configuration.sources) }
    note("\(plants.count.counted("plant")): \(RunningPipeline.list(plants.map(\.name)))")
    // Records from here on are read with the current folder; earlier ones keep their configuration.
    ingest.configuration(sources, at: SystemClock.now())
    // Plants of an unchanged configuration need not be parsed again.
    let before = saved.map { $0.sources == sources ? plants : $0.sources.plants }
    for number in links.indices {
      let worker = try startWorker(
        Shard(number, of: links.count), sources: sources, plants: plants, before: before ?? plants)
      state.with { $0.workers.append(worker) }
    }
    let housekeepers = [try startHousekeeper(), try startKeeper()]
    state.with { $0.housekeepers = housekeepers }
    reportUnacknowledged()
    host.update(plants: plants)
    for input in inputs { try input.start() }
  }

  /// Returns the names, at most 20 of them.
  private static func list(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and others" : "")
  }

  /// Stops every part, from the broker on. Waits about ten seconds for the database; points not accepted by then stay
  /// on disk.
  public func stop() {
    for input in inputs { input.stop() }
    announcer.stop()
    host.stop()
    isStopping.set()
    for thread in state.with({ $0.housekeepers }) { thread.join() }
    keeper.end(within: .seconds(5))
    // A worker that waits for room in the sink's queue is released once the sink has stopped.
    sink.stop(within: .seconds(10))
    for thread in state.with({ $0.workers }) { thread.join() }
    alertDelivery.stop(timeout: .seconds(2))
    alertPublisher.stop()
    keeper.advance()
    do throws(JournalError) { try journal.close() } catch { note("\(error)") }
  }

  private func startWorker(
    _ share: Shard, sources: PlantSources, plants: [Plant], before: [Plant]
  ) throws(SystemError) -> BlockingThread {
    let (start, journal, keeper, sink, note) = (resumeOffset, journal, keeper, sink, note)
    let relay = AlertRelay(delivery: alertDelivery, publisher: alertPublisher)
    let commands = CommandRelay(publisher: alertPublisher, liveFrom: startOffset, note: note)
    let link = links[share.number]
    return try BlockingThread(name: share.count > 1 ? "stages-\(share.number + 1)" : "stages") { [self] in
      let fresh = RecordProcessor(
        sources: sources, configured: plants, share: share, maximumUnpacked: settings.mqtt.maximumUnpacked)
      var worker = StageWorker(
        processor: resumed(fresh, before: before), from: start, in: journal, sink: sink, keeper: keeper, relay: relay,
        commands: commands, link: link, note: note)
      worker.run()
    }
  }

  /// Returns a share's processor at the resume offset, from the saved state or rebuilt from the journal.
  private func resumed(_ fresh: RecordProcessor, before: [Plant]) -> RecordProcessor {
    guard let saved else { return rebuilt(fresh) }
    let (processor, misfits) = saved.processor(
      configured: before, share: fresh.share, maximumUnpacked: settings.mqtt.maximumUnpacked)
    if misfits.isEmpty { return processor }
    for name in misfits {
      note("plant \(name): its saved state cannot be used; windows and models are rebuilt from the journal")
    }
    var again = rebuilt(fresh)
    again.resume(processor.ledger)
    return again
  }

  /// Returns a processor that has processed the journal's history up to the resume offset.
  ///
  /// The points of that history are discarded. Those in the database come from a processor with a longer history, and
  /// stay.
  private func rebuilt(_ fresh: RecordProcessor) -> RecordProcessor {
    var processor = fresh
    let reader = journal.reader(from: journal.startOffset)
    while let record = try? reader.next(), record.endOffset <= resumeOffset {
      _ = record.withBody { processor.process(kind: record.kind, received: record.received, body: $0) }
      processor.encoder.reset()
    }
    processor.resume(Ledger())
    return processor
  }

  /// Starts the thread that writes checkpoints to disk, so that no worker waits for it.
  private func startKeeper() throws(SystemError) -> BlockingThread {
    let (keeper, isStopping) = (keeper, isStopping)
    return try BlockingThread(name: "checkpoints") {
      while !isStopping.wait(milliseconds: 100) { keeper.advance() }
    }
  }

  /// Starts the thread that appends one tick a second and regularly reports the process.
  private func startHousekeeper() throws(SystemError) -> BlockingThread {
    let clientID = settings.mqtt.clientID
    return try BlockingThread(name: "housekeeper") { [self] in
      var reporter = Reporter(instance: clientID)
      var watch = DatabaseWatch(sink, announcer: announcer, ingest: ingest)
      var counted = SkippedMessages()
      var last = SystemClock.monotonic()
      while true {
        let now = SystemClock.now()
        let untilNext = 1_000 - now.milliseconds % 1_000
        let isLast = isStopping.wait(milliseconds: untilNext)
        let timestamp = SystemClock.now()
        watch.look(at: timestamp)
        let passedOver = SkippedMessages(counters)
        if passedOver != counted, ingest.passedOver(passedOver.since(counted), at: timestamp) { counted = passedOver }
        if isLast { return }
        ingest.tick(timestamp.floored(to: .second))
        if SystemClock.monotonic() - last >= reportInterval.nanoseconds {
          last = SystemClock.monotonic()
          // These points do not come from the journal, so their offset acknowledges nothing. `offer` keeps ticks from
          // waiting for room.
          sink.offer(reporter.report(status(), at: timestamp))
        }
      }
    }
  }

  /// Passes the messages whose acknowledgements their senders may have missed to the sources, which then recognize
  /// repetitions.
  private func reportUnacknowledged() {
    for entry in redeliveries.entries {
      for input in inputs {
        input.recordAppended(packetID: entry.packetID, hash: entry.hash, connection: Int(entry.connection))
      }
    }
  }
}

// MARK: - Events

extension RunningPipeline {
  private static func report(_ state: SinkState, note: Note) {
    switch state {
    case .ok: note("database: writing")
    case .away(let words): note("database: away, points wait on disk: \(words)")
    case .held(let reason, let words): note("database: takes nothing (\(reason)), points wait on disk: \(words)")
    }
  }
}
