import Alerts
import Backup
import DataSources
import Journal
import PlantModel
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Reader of the counters and state of all parts of a pipeline.
struct StatusCollector: Sendable {
  let inputs: [any MessageSource]
  let ingest: Ingest
  let stores: PipelineStores
  let alerts: AlertOutlet
  /// Published state of each worker.
  let links: [WorkerLink]
  /// Backups that the process makes by itself.
  let backups: BackupKeeper?
  /// The events at the broker.
  let events: BrokerEvents
  /// Coordinator of the checkpoints.
  let keeper: CheckpointKeeper
  /// Deletes old points; `nil` if none are to be deleted.
  let retention: RetentionKeeper?
  /// Watch of the broker's log; `nil` if none is named.
  let refusals: RefusalWatch?
  /// Sources that do not come over MQTT.
  let fetchers: SourceRunners

  /// Returns what the HTTP interface knows about itself, once there is one.
  let interface = Locked<(@Sendable () -> InterfaceFacts)?>(nil)

  /// Counters of all sources together.
  var counters: SourceCounters { inputs.reduce(SourceCounters()) { $0 + $1.counters } }

  /// Whether every worker has its state and has processed a record.
  var isRestored: Bool { links.allSatisfy { $0.processedTime.value > 0 } }

  /// Offsets of the journal.
  var offsets: ProcessReport.Offsets {
    ProcessReport.Offsets(
      appended: stores.journal.endOffset, accepted: max(stores.sink.acceptedUpTo ?? 0, stores.resumeOffset),
      checkpoint: keeper.keptOffset)
  }

  /// Returns the current counters and state.
  func status() -> PipelineStatus {
    var status = PipelineStatus()
    status.intake = intake()
    status.sink = stores.sink.counts
    status.redelivered = UInt64(clamping: stores.redelivered)
    status.alerts = alerts.delivery.counters.snapshot()
    let done = max(stores.sink.acceptedUpTo ?? 0, stores.journal.startOffset)
    let end = stores.journal.endOffset
    status.intake.journalEnd = end
    status.intake.journalBytesWaiting = end > done ? end - done : 0
    status.stages = stages()
    status.backup = backups?.status
    status.retention = retention?.counts.value
    status.refusedPublishes = refusals?.refused
    status.fetched = fetchers.statuses
    status.interface = interface.value.map { $0() }
    return status
  }

  private func intake() -> IntakeStatus {
    var status = IntakeStatus()
    let counters = counters
    status.messages = UInt64(clamping: counters.messages + ingest.posted.value)
    status.messageBytes = UInt64(clamping: counters.bytes)
    status.duplicates = UInt64(clamping: counters.duplicates)
    status.oversized = UInt64(clamping: counters.oversized)
    status.reconnects = UInt64(clamping: counters.reconnects)
    status.isSubscribed = inputs.allSatisfy(\.isReady)
    status.isHeld = ingest.isHeld.value
    status.appended = UInt64(clamping: ingest.appended.value)
    status.posted = UInt64(clamping: ingest.posted.value)
    status.postedReadings = UInt64(clamping: ingest.postedReadings.value)
    return status
  }

  private func stages() -> StageStatus {
    var status = StageStatus()
    let processed = links.map(\.processedTime.value).min() ?? 0
    if processed > 0 {
      status.lagSeconds = max(0, (SystemClock.now() - Timestamp(nanoseconds: Int64(processed))).inSeconds)
    }
    for link in links {
      status.ledger.add(link.ledger.value)
      status.unseenPlaces += link.unseenPlaces.value
      let counts = link.qualityCounts.value
      status.qualityCounts.grow(to: counts.count, element: 0)
      for (code, count) in counts.enumerated() { status.qualityCounts[code] += count }
    }
    status.plants = links.flatMap(\.views.value)
    if links.count > 1 { status.plants.sort { $0.name < $1.name } }
    return status
  }
}
