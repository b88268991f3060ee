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
/// broker session → journal → worker (decode, stages, encode) → sink, and beside them the status publisher.
///
/// The broker and the database may be away at the start and at any time; they are waited for. ``stop()`` ends in the
/// order of the flow, so that what is in flight reaches the database or stays in the journal.
public final class RunningPipeline: Sendable {
  /// Receives what a running pipeline tells, one line each; called on its threads.
  public typealias Note = @Sendable (String) -> Void

  struct State {
    var configuration: LoadedConfiguration
    var watch: ConfigurationWatch
    var worker: BlockingThread?
    var housekeeper: BlockingThread?
  }

  let directory: String
  let environment: [String: String]
  let note: Note
  let ingest: Ingest
  let session: BrokerSessions
  let sink: InfluxSink
  let journal: Journal
  let link = WorkerLink()
  let state: Guarded<State>
  private let settings: ProcessSettings
  private let checkpoints: CheckpointStore
  private let checkpoint: Checkpoint?
  private let finalCheckpoint = Guarded<Checkpoint?>(nil)
  private let announcer: Publisher
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
    checkpoints = try CheckpointStore(directory: settings.journal.path)
    let found = checkpoints.load()
    for damage in found.damage { note("checkpoint: \(damage)") }
    checkpoint = found.checkpoint
    // The folder's bound holds for both together.
    let half = settings.journal.maximumBytes / 2
    let spoolBytes = min(settings.journal.spoolBytes ?? half, settings.journal.maximumBytes * 7 / 8)
    journal = try Journal(
      directory: settings.journal.path, maximumBytes: settings.journal.maximumBytes - spoolBytes,
      sync: settings.journal.sync, notBefore: checkpoint?.offset ?? 0, keepBytes: settings.journal.historyBytes)
    if !journal.recovery.isClean { note("the journal was mended after a sudden end: \(journal.recovery)") }
    startOffset = journal.endOffset
    ingest = Ingest(journal: journal, note: note)
    var options = SinkOptions()
    options.deadLetterBytes = Int(clamping: settings.journal.deadLetterBytes)
    sink = try InfluxSink(
      settings.influxdb, options: options,
      spool: SpoolSettings(
        directory: settings.journal.path + "/spool", maximumBytes: spoolBytes, whenFull: settings.journal.whenFull),
      deadLetters: settings.journal.path + "/dead-letter", note: note,
      stateChanged: { RunningPipeline.heard($0, note) }, accepted: { _ in })
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
    session = BrokerSessions(
      settings: settings.mqtt, plants: configuration.plants,
      memory: SessionMemory(folder: settings.journal.path + "/sessions", broker: settings.mqtt), sink: ingest
    ) { RunningPipeline.heard($1, from: $0, announcer, note) }
  }

  /// Starts every part, from the database back to the broker.
  public func start() throws {
    let (plants, sources) = state.with { ($0.configuration.plants, $0.configuration.sources) }
    note("\(plants.count) plants: \(plants.map(\.name).joined(separator: ", "))")
    // Records from here on are read by the folder as it is now; those before keep theirs.
    ingest.configuration(sources, at: WallClock.now())
    let worker = try startWorker(sources)
    let housekeeper = try startHousekeeper()
    state.with { state in
      state.worker = worker
      state.housekeeper = housekeeper
    }
    noteUnacknowledged()
    session.start()
  }

  /// Ends every part, from the broker on. Waits at most some ten seconds for the database; what it has not accepted by
  /// then stays on disk.
  public func stop() {
    session.stop()
    announcer.stop()
    link.isStopping.set()
    let threads = state.with { ($0.housekeeper, $0.worker) }
    threads.0?.join()
    // A worker that waits for room in the sink's queue is released when the sink has stopped.
    let accepted = sink.stop(within: .seconds(10))
    threads.1?.join()
    alertDelivery.stop(timeout: .seconds(2))
    alertPublisher.stop()
    if let checkpoint = finalCheckpoint.value, let accepted, accepted >= checkpoint.offset {
      StageWorker.keep(checkpoint, checkpoints, journal, note)
    }
    do throws(JournalError) { try journal.close() } catch { note("\(error)") }
  }

  private func startWorker(_ sources: PlantSources) throws(SystemError) -> BlockingThread {
    let (checkpoint, journal, checkpoints, sink, link, note) = (checkpoint, journal, checkpoints, sink, link, note)
    let relay = AlertRelay(delivery: alertDelivery, publisher: alertPublisher)
    let commands = CommandRelay(publisher: alertPublisher, liveFrom: startOffset, note: note)
    let finalCheckpoint = finalCheckpoint
    return try BlockingThread(name: "stages") {
      var worker = StageWorker(
        sources: sources, resuming: checkpoint, journal: journal, checkpoints: checkpoints, sink: sink, relay: relay,
        commands: commands, link: link, note: note)
      worker.run()
      finalCheckpoint.set(worker.checkpoint())
    }
  }

  /// One tick a second, and every now and then a report of the process.
  private func startHousekeeper() throws(SystemError) -> BlockingThread {
    let clientID = settings.mqtt.clientID
    return try BlockingThread(name: "housekeeper") { [self] in
      var reporter = Reporter(instance: clientID)
      var last = WallClock.monotonic()
      while true {
        let now = WallClock.now()
        let untilNext = 1_000 - now.milliseconds % 1_000
        if link.isStopping.wait(milliseconds: untilNext) { return }
        let moment = WallClock.now()
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
    let from = StageWorker.redeliveryStart(before: checkpoint?.offset ?? 0, in: journal)
    let reader = journal.reader(from: max(from, journal.startOffset))
    while true {
      guard let record = try? reader.next() else { return }
      guard record.kind == .messages else { continue }
      record.withBody { body in
        var cursor = MessageFrameCursor(body)
        while let message = cursor.next() {
          session.noteAppended(
            packetID: message.packetID, hash: MessageHash.of(topic: message.topic, payload: message.payload),
            connection: message.connection)
        }
      }
    }
  }
}

// MARK: - What is heard

extension RunningPipeline {
  private static func heard(_ event: SessionEvent, from clientID: String, _ announcer: Publisher, _ note: Note) {
    switch event {
    case .connected(let sessionPresent):
      note("broker: \(clientID) connected\(sessionPresent ? ", the session was kept" : "")")
    case .subscribed:
      note("broker: every subscription is confirmed")
      try? announcer.announce(.online)
    case .disconnected(let reason): note("broker: \(clientID): \(reason); trying again")
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
