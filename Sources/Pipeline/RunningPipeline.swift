import Alerts
import CommandChannel
import Foundation
import InfluxSink
import Journal
import MQTTSource
import PlantConfig
import PlantModel
import StreamCore

/// A folder of configuration that cannot be run: every mistake, in the order of files and lines.
public struct InvalidConfiguration: Error, CustomStringConvertible {
  /// The mistakes.
  public var diagnostics: [Diagnostic]

  /// The mistakes that a loaded folder has.
  public init(diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  /// One line a mistake.
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// A configuration turned into a running topology, in the order of the flow:
/// broker session → journal → workers (decode, stages, encode) → sink, and beside them the status publisher.
///
/// The broker and the database may be away at the start and at any time; they are waited for. ``stop()`` ends in the
/// order of the flow, so that what is in flight reaches the database or stays in the journal.
public final class RunningPipeline: Sendable {
  /// Receives what a running pipeline tells, one line each; called on its threads.
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
  let session: BrokerSessions
  let sink: InfluxSink
  let journal: Journal
  /// One a worker.
  let links: [WorkerLink]
  /// Readings that the sink had before the start and that the journal hands over again.
  let redelivered: Int
  let state: Guarded<State>
  private let settings: ProcessSettings
  private let saved: SavedState?
  /// Where the journal is read from.
  private let resumeOffset: UInt64
  private let redeliveries: RedeliveryMemory
  private let keeper: CheckpointKeeper
  private let isStopping = Flag()
  private let announcer: Publisher
  /// There while a plant has Sparkplug's topics.
  let host: SparkplugHosting
  private let alertPublisher: Publisher
  let alertDelivery: AlertDelivery
  private let reportInterval: TimeSpan
  /// The journal's end when the process started.
  private let startOffset: UInt64

  /// Loads and validates the folder and opens the journal; nothing runs yet. `adjust` may change the settings of the
  /// process, as the demo does for its own servers; the process reports about itself every `reportInterval`.
  ///
  /// Throws ``InvalidConfiguration`` with every mistake, or what the journal says.
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
    state = Guarded(State(configuration: configuration, watch: ConfigurationWatch(directory: directory)))
    if let mistake = RunningPipeline.mistake(inJournalPath: settings.journal.path) { throw mistake }
    let checkpoints = try CheckpointStore(directory: settings.journal.path)
    let found = checkpoints.open()
    for damage in found.damage { note("checkpoint: \(damage)") }
    saved = RunningPipeline.saved(found.parts, note)
    if found.parts == nil, !found.damage.isEmpty {
      note("no checkpoint can be used; all that the journal has is worked through again")
    }
    journal = try Journal(
      directory: settings.journal.path, maximumBytes: settings.journal.messageShare,
      sync: settings.journal.sync, notBefore: found.parts?.offset ?? 0, keepBytes: settings.journal.historyBytes,
      maximumAge: settings.journal.historyAge)
    if !journal.recovery.isClean { note("the journal was mended after a sudden end: \(journal.recovery.words)") }
    startOffset = journal.endOffset
    ingest = Ingest(journal: journal, note: note)
    var options = SinkOptions()
    options.deadLetterBytes = Int(clamping: settings.journal.deadLetterBytes)
    sink = try InfluxSink(
      settings.influxdb, options: options,
      spool: SpoolSettings(
        directory: settings.journal.path + "/spool", maximumBytes: settings.journal.spoolShare,
        whenFull: settings.journal.whenFull),
      deadLetters: settings.journal.path + "/dead-letter", note: note,
      stateChanged: { RunningPipeline.heard($0, note) }, accepted: { _ in })
    resumeOffset = max(found.parts?.offset ?? 0, journal.startOffset)
    let workers = settings.workers ?? RunningPipeline.automaticWorkers
    links = (0..<workers).map { _ in WorkerLink() }
    // What the sink had taken after the checkpoint comes once more.
    let (taken, known) = (sink.counts.accounts.submitted.readings, saved?.ledger.readings ?? 0)
    redelivered = Int(clamping: taken > known ? taken - known : 0)
    var announcing = settings.mqtt
    announcing.clientID += "-status"
    let announcer = Publisher(settings: announcing, will: .offline)
    self.announcer = announcer
    var alerting = settings.mqtt
    alerting.clientID += "-alerts"
    alertPublisher = Publisher(settings: alerting)
    alertDelivery = try AlertDelivery(
      settings: settings.alerts, publisher: PublishingChannel(publisher: alertPublisher),
      path: settings.journal.path + "/alerts/outbox", journalEnd: journal.endOffset, note: note)
    host = SparkplugHosting(settings: settings.mqtt, note: note)
    let hosting = host
    let delivery = alertDelivery
    redeliveries = try RedeliveryMemory(
      journal: journal, directory: settings.journal.path + "/redelivery", position: resumeOffset)
    keeper = CheckpointKeeper(
      workers: workers, from: resumeOffset, store: checkpoints, journal: journal, redeliveries: redeliveries,
      sink: sink,
      // What the journal will not bring again must be on disk before.
      beforeKeeping: { delivery.keep() }, note: note)
    let trouble = LatestTrouble()
    session = BrokerSessions(
      settings: settings.mqtt, plants: configuration.plants,
      memory: SessionMemory(folder: settings.journal.path + "/sessions", broker: settings.mqtt), sink: ingest
    ) {
      if $1 == .subscribed { hosting.goOnline() }
      RunningPipeline.heard($1, from: $0, announcer, trouble, note)
    }
  }

  /// A folder that cannot be written to, told before anything is looked for in it.
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

  /// Threads for stages where the configuration leaves it to the machine: one core is left to everything else.
  static var automaticWorkers: Int { max(1, ProcessInfo.processInfo.activeProcessorCount - 1) }

  private static func saved(_ parts: CheckpointParts?, _ note: Note) -> SavedState? {
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
    // Records from here on are read by the folder as it is now; those before keep theirs.
    ingest.configuration(sources, at: WallClock.now())
    // The same plants need not be read a second time.
    let before = saved.map { $0.sources == sources ? plants : $0.sources.plants }
    for number in links.indices {
      let worker = try startWorker(PlantShare(number, of: links.count), sources, plants, before: before ?? plants)
      state.with { $0.workers.append(worker) }
    }
    let housekeepers = [try startHousekeeper(), try startKeeper()]
    state.with { $0.housekeepers = housekeepers }
    noteUnacknowledged()
    host.update(plants: plants)
    session.start()
  }

  /// Names, all of them unless there are many.
  private static func list(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and others" : "")
  }

  /// Ends every part, from the broker on. Waits at most some ten seconds for the database; what it has not accepted by
  /// then stays on disk.
  public func stop() {
    session.stop()
    announcer.stop()
    host.stop()
    isStopping.set()
    for thread in state.with({ $0.housekeepers }) { thread.join() }
    keeper.end(within: .seconds(5))
    // A worker that waits for room in the sink's queue is released when the sink has stopped.
    sink.stop(within: .seconds(10))
    for thread in state.with({ $0.workers }) { thread.join() }
    alertDelivery.stop(timeout: .seconds(2))
    alertPublisher.stop()
    keeper.advance()
    do throws(JournalError) { try journal.close() } catch { note("\(error)") }
  }

  private func startWorker(
    _ share: PlantShare, _ sources: PlantSources, _ plants: [Plant], before: [Plant]
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

  /// A share's processor where the journal is read from: as it was saved, or as the journal's history makes it.
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

  /// A processor that has seen the journal's history up to where it is read from. The points of that were written by one
  /// that had seen more; they stay as they are.
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

  /// Checkpoints reach the disk here, where nothing waits for it.
  private func startKeeper() throws(SystemError) -> BlockingThread {
    let (keeper, isStopping) = (keeper, isStopping)
    return try BlockingThread(name: "checkpoints") {
      while !isStopping.wait(milliseconds: 100) { keeper.advance() }
    }
  }

  /// One tick a second, and every now and then a report of the process.
  private func startHousekeeper() throws(SystemError) -> BlockingThread {
    let clientID = settings.mqtt.clientID
    return try BlockingThread(name: "housekeeper") { [self] in
      var reporter = Reporter(instance: clientID)
      var watch = DatabaseWatch(sink, announcer, ingest)
      var counted = PassedOver()
      var last = WallClock.monotonic()
      while true {
        let now = WallClock.now()
        let untilNext = 1_000 - now.milliseconds % 1_000
        let isLast = isStopping.wait(milliseconds: untilNext)
        let moment = WallClock.now()
        watch.look(at: moment)
        let passedOver = PassedOver(session.counters)
        if passedOver != counted, ingest.passedOver(passedOver.since(counted), at: moment) { counted = passedOver }
        if isLast { return }
        ingest.tick(moment.floored(to: .second))
        if WallClock.monotonic() - last >= reportInterval.nanoseconds {
          last = WallClock.monotonic()
          // Beside the journal: the offset of these points is that of nothing. Ticks must not wait for room.
          sink.offer(reporter.report(status(), at: moment))
        }
      }
    }
  }

  /// Tells the session what the journal has that the broker may not know to be kept, so that a message that is sent
  /// again is recognised.
  private func noteUnacknowledged() {
    for entry in redeliveries.entries {
      session.noteAppended(packetID: entry.packetID, hash: entry.hash, connection: Int(entry.connection))
    }
  }
}

// MARK: - What is heard

extension RunningPipeline {
  private static func heard(
    _ event: SessionEvent, from clientID: String, _ announcer: Publisher, _ trouble: LatestTrouble, _ note: Note
  ) {
    switch event {
    case .connected(let sessionPresent):
      trouble.isOver(with: clientID)
      note("broker: \(clientID) connected\(sessionPresent ? ", the session was kept" : "")")
    case .forgotten:
      note("broker: it has forgotten the session of \(clientID) and what it kept for it; does it run with persistence?")
    case .subscribed:
      note("broker: every subscription is confirmed")
      try? announcer.announce(.online)
    case .disconnected(let reason):
      if trouble.isNew(reason, with: clientID) { note("broker: \(clientID): \(reason); trying again") }
    case .refused(let filter, let reason): note("broker: refuses the subscription to \(filter): \(reason)")
    case .olderProtocol: note("broker: does not speak MQTT 5; going on with 3.1.1")
    case .oversized(let topic, let limit):
      note(
        "broker: a payload on \(topic) is longer than \(limit) bytes (mqtt.max_payload); such are dropped and counted")
    case .drained:
      note("broker: \(clientID) is not used any more; what waited for it is taken in, its session is ended")
    case .memoryFailed(let reason): note("the list of subscriptions cannot be kept: \(reason)")
    case .sinkStalled(let reason): note("reading stops: \(reason)")
    case .sinkResumed: note("reading goes on")
    }
  }

  private static func heard(_ state: SinkState, _ note: Note) {
    switch state {
    case .ok: note("database: writing")
    case .away(let words): note("database: away, points wait on disk: \(words)")
    case .held(let reason, let words): note("database: takes nothing (\(reason)), points wait on disk: \(words)")
    }
  }
}
