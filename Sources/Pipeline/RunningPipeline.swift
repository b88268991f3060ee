import AccessControl
import Alerts
import Backup
import CommandChannel
import CommunityControl
import DataSources
import Foundation
import InfluxSink
import Journal
import PlantConfig
public import PlantModel
import SavingsAccounts
public import Settings
import SinkCore
import StreamCore
public import SystemCore
public import WattlineTime

/// A running pipeline, built from a configuration: broker session → journal → workers (decode, stages, encode) → sink,
/// and a separate publisher of the status.
///
/// The broker and the database may be away at the start and at any later time; the pipeline waits for them. ``stop()``
/// ends the parts in this order, so that data in flight reaches the database or stays in the journal.
public final class RunningPipeline: Sendable {
  /// Closure that receives the log lines of a running pipeline, one a call, on its threads.
  public typealias Note = @Sendable (LogEntry) -> Void

  let note: Note
  let active: ActiveConfiguration
  /// Appends what comes over HTTP and WebSocket.
  let intake: Intake
  /// Settings that are in effect until the process ends: those of `wattline.yaml`, as they were adjusted.
  public let effectiveSettings: ProcessSettings
  /// The output of the stages, for those who follow it. Nothing comes without `http` in the configuration.
  public let live = LiveFeed()
  let stores: PipelineStores
  let ingest: Ingest
  private let inputs: [any MessageSource]
  private let announcements: Announcements
  private let alerts: AlertOutlet
  private let keeper: CheckpointKeeper
  let workers: WorkerPool
  let collector: StatusCollector
  private let housekeeper: Housekeeper
  private let backups: BackupKeeper?
  let credentials: RenewableCredentials
  /// Time of the last point of the audit.
  let lastAudit = Locked(Timestamp.distantPast)
  private let retention: RetentionKeeper?
  private let refusals: RefusalWatch?
  private let savings: SavingsKeeper
  let communities: CommunityKeeper
  private let keepalives: KeepaliveSender
  let fetchers: SourceRunners

  /// Loads and validates the folder and opens the journal, without starting anything.
  ///
  /// - Parameters:
  ///   - directory: Folder of the configuration.
  ///   - environment: Environment variables for the configuration.
  ///   - reportInterval: Interval of the points about the process.
  ///   - build: The program that runs, for the report of its state.
  ///   - adjust: Changes the settings of the process, as the demo does for its own servers.
  ///   - note: Receives log lines.
  /// - Throws: ``InvalidConfiguration`` with every mistake, or an error of the journal or another file.
  public init(
    directory: String, environment: [String: String], reportEvery reportInterval: TimeSpan = .seconds(10),
    build: ProgramBuild = ProgramBuild(version: "unknown", commit: "unknown"),
    adjust: (inout ProcessSettings) -> Void = { _ in },
    note: @escaping Note
  ) throws {
    self.note = note
    let configuration = try ActiveConfiguration(directory: directory, environment: environment, note: note)
    active = configuration
    var settings = configuration.current.settings
    adjust(&settings)
    effectiveSettings = settings
    credentials = RenewableCredentials(settings)
    stores = try PipelineStores(settings: settings, credentials: credentials, note: note)
    ingest = Ingest(journal: stores.journal, note: note)
    intake = Intake(ingest: ingest, journal: stores.journal)
    fetchers = SourceRunners(
      directory: directory, control: SourceControl(journal: settings.journal.path),
      log: JournalFetchLog(intake: intake, journal: stores.journal), note: note)
    announcements = Announcements(settings: settings.mqtt, note: note)
    alerts = try AlertOutlet(settings: settings, journalEnd: stores.journal.endOffset, note: note)
    let (delivery, count) = (alerts.delivery, settings.workers ?? WorkerPool.automaticCount)
    // Alerts of trimmed records must be on disk first, since the journal cannot repeat them.
    keeper = CheckpointKeeper(workers: count, stores: stores, beforeKeeping: { delivery.keep() }, note: note)
    let marks = RefusalMarks(instance: settings.mqtt.clientID, sink: stores.sink)
    communities = CommunityKeeper(
      folder: settings.journal.path + "/communities", sink: stores.sink,
      members: { (configuration.current.communities, configuration.current.plants) },
      post: { [ingest] in ingest.post($0, subject: MemberOrder.subject, at: SystemClock.now()) }, note: note)
    workers = WorkerPool(
      count: count, stores: stores, keeper: keeper, alerts: alerts, maximumUnpacked: settings.mqtt.maximumUnpacked,
      live: settings.http == nil ? nil : live, communities: communities.inbox,
      logbook: SavingsLogbook(state: settings.journal.path),
      note: { entry in
        note(entry)
        marks.observe(entry)
      })
    let events = BrokerEvents(announcer: announcements.publisher, host: announcements.host, note: note)
    inputs = Assembly.makeSources(
      for: configuration.current.plants, settings: settings, credentials: credentials.broker, into: ingest,
      events: events)
    let (effective, active) = (settings, configuration)
    backups = settings.backup.map {
      BackupKeeper(
        settings: $0, instance: settings.mqtt.clientID,
        job: {
          var job = BackupJob(
            active.current, directory: directory, program: "wattline \(build.version) (commit \(build.commit))")
          job.settings = effective
          return job
        }, note: note)
    }
    retention = settings.influxdb.retention.map { [stores] ages in
      RetentionKeeper(
        ages, database: settings.influxdb, sink: stores.sink,
        zone: { active.current.plants.first?.location.timezone ?? "UTC" }, note: note)
    }
    refusals = RefusalWatch(settings, configuration: configuration, note: note)
    savings = SavingsKeeper(
      settings, sink: stores.sink, program: "wattline \(build.version) (commit \(build.commit))",
      plants: { active.current.plants }, tell: { [ingest] in ingest.savings($0, at: SystemClock.now()) }, note: note)
    collector = StatusCollector(
      inputs: inputs, ingest: ingest, stores: stores, alerts: alerts, links: workers.links, backups: backups,
      events: events, keeper: keeper, retention: retention, refusals: refusals, fetchers: fetchers)
    keepalives = KeepaliveSender(alerts.publisher, note: note)
    housekeeper = Housekeeper(
      instance: settings.mqtt.clientID, reportEvery: reportInterval, status: collector,
      announcer: announcements.publisher,
      reporter: ProcessReporter(
        collector: collector, configuration: configuration, build: build, folder: settings.journal.path, note: note),
      monitor: HostMonitor(
        collector: collector, settings: settings.watch, interface: settings.http?.alerts ?? HTTPSettings.Bounds(),
        folder: settings.journal.path, every: reportInterval, probe: .live, refusals: refusals,
        fetchers: fetchers, note: note),
      keepalives: keepalives)
  }

  /// Starts every part, from the database back to the broker.
  public func start() throws {
    let current = active.current
    note("\(current.plants.count.counted("plant")): \(Self.list(current.plants.map(\.name)))")
    // Records from here on are read with the current folder; earlier ones keep their configuration.
    ingest.configuration(current.sources, at: SystemClock.now())
    // Before the workers, which let the journal be trimmed.
    try fetchers.start(current.plants)
    try workers.start(current)
    try housekeeper.start()
    housekeeper.mark("started with", plants: current.plants)
    try backups?.start()
    try retention?.start()
    try refusals?.start()
    try savings.start()
    try communities.start()
    reportUnacknowledged()
    announcements.host.update(plants: current.plants)
    keepalives.update(plants: current.plants)
    for input in inputs { try input.start() }
  }

  /// Stops every part, from the broker on. Waits about ten seconds for the database; points not accepted by then stay
  /// on disk.
  public func stop() {
    fetchers.stop()
    for input in inputs { input.stop() }
    live.close()
    announcements.stop()
    backups?.stop()
    retention?.stop()
    refusals?.stop()
    savings.stop()
    communities.stop()
    housekeeper.stop()
    keeper.end(within: .seconds(5))
    // A worker that waits for room in the sink's queue is released once the sink has stopped.
    stores.sink.stop(within: .seconds(10))
    workers.join()
    alerts.stop(within: .seconds(2))
    keeper.advance()
    do throws(JournalError) { try stores.journal.close() } catch { note(.error("\(error)")) }
  }

  /// Published state of each worker.
  var workerLinks: [WorkerLink] { workers.links }

  /// Returns the current counters and state of the pipeline.
  public func status() -> PipelineStatus { collector.status() }

  /// Reloads if a file of the folder, or one that it names, was added, changed or removed.
  ///
  /// - Returns: Whether it did.
  @discardableResult
  public func reloadIfChanged() -> Bool {
    guard active.filesHaveChanged() else { return false }
    reload()
    return true
  }

  /// The plants of the current configuration.
  public var plants: [Plant] { active.current.plants }

  /// Settings of the process, as in `wattline.yaml`.
  public var settings: ProcessSettings { active.current.settings }

  /// Applies the current content of the folder. If it has a mistake, every mistake is logged and the pipeline stays as
  /// it is.
  ///
  /// The change is recorded in the journal, so earlier messages keep the configuration of their time. Unchanged plants
  /// keep their windows and models, and no session is interrupted.
  public func reload() {
    active.reload(renew: renew) { loaded in
      ingest.configuration(loaded.sources, at: SystemClock.now())
      for input in inputs { input.update(plants: loaded.plants) }
      fetchers.update(loaded.plants)
      announcements.host.update(plants: loaded.plants)
      keepalives.update(plants: loaded.plants)
      housekeeper.mark("configuration changed:", plants: loaded.plants)
    }
  }

  /// Uses other secrets, keys and certificates. Connections to the broker are made anew; the database and people get
  /// theirs with the next request.
  private func renew(_ loaded: ProcessSettings) {
    let settings = credentials.renew(loaded)
    for input in inputs { input.reconnect() }
    announcements.renew(settings.mqtt)
    alerts.renew(settings)
  }

  /// Passes the messages whose acknowledgements their senders may have missed to the sources, which then recognize
  /// repetitions.
  private func reportUnacknowledged() {
    for entry in stores.redeliveries.entries {
      for input in inputs {
        input.recordAppended(packetID: entry.packetID, hash: entry.hash, connection: Int(entry.connection))
      }
    }
  }

  /// Returns the names, at most 20 of them.
  private static func list(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and others" : "")
  }
}

extension RefusalWatch {
  /// Creates the watch of the log that the settings name; `nil` if they name none.
  fileprivate convenience init?(
    _ settings: ProcessSettings, configuration: ActiveConfiguration, note: @escaping RunningPipeline.Note
  ) {
    guard let path = settings.watch.brokerLog else { return nil }
    let (user, client) = (settings.mqtt.username ?? "wattline", settings.mqtt.clientID)
    self.init(
      path, accounts: { try? AccessList(plants: configuration.current.plants, user: user, clientID: client) },
      note: note)
  }
}

extension CheckpointKeeper {
  /// Creates the keeper of opened stores; the workers start at their resume offset.
  fileprivate convenience init(
    workers: Int, stores: PipelineStores, beforeKeeping: @escaping @Sendable () -> Void,
    note: @escaping RunningPipeline.Note
  ) {
    self.init(
      workers: workers, from: stores.resumeOffset, store: stores.checkpoints, journal: stores.journal,
      redeliveries: stores.redeliveries, sink: stores.sink, beforeKeeping: beforeKeeping, note: note)
  }
}
