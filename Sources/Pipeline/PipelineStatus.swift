public import Backup
public import DataSources
import PlantModel
public import SinkCore
public import StreamCore

/// Counters and state of a running pipeline at one time.
public struct PipelineStatus: Sendable {
  /// Messages from their arrival to the journal.
  public var intake = IntakeStatus()
  /// Work of the stages, over all workers.
  public var stages = StageStatus()
  /// Points handed to the database.
  public var sink = SinkCounts()
  /// Readings handed to the sink again after a crash. While no reading is between decoder and sink, `readings decoded +
  /// redelivered = written + queued + spooled + dead letters + dropped`.
  public var redelivered: UInt64 = 0
  /// Alerts submitted, delivered, queued and dropped.
  public var alerts: StageCounts?
  /// Backups that the process makes by itself; `nil` if it makes none.
  public var backup: BackupKeeper.Status?
  /// Deletions of old points; `nil` if none are to be deleted.
  var retention: RetentionCounts?
  /// Messages that the broker has refused, by its log; `nil` if none is named.
  public var refusedPublishes: UInt64?
  /// The state of the HTTP interface; `nil` if there is none.
  public var interface: InterfaceFacts?
  /// Sources that do not come over MQTT, by plant and name.
  public var fetched: [SourceStatus] = []

  /// Creates a status with all counters at zero.
  public init() {}

  /// Reason why the database accepts no points; `nil` while it accepts them.
  public var databaseTrouble: String? {
    switch sink.state {
    case .ok: nil
    case .away(let words): words
    case .held(let reason, let words): "\(reason): \(words)"
    }
  }
}

/// Counters of messages from their arrival to the journal.
public struct IntakeStatus: Sendable {
  /// Messages delivered by the broker, including duplicates.
  public var messages: UInt64 = 0
  /// Bytes of the delivered topics and payloads.
  public var messageBytes: UInt64 = 0
  /// Messages appended to the journal.
  public var appended: UInt64 = 0
  /// Messages that came over HTTP or WebSocket and were appended to the journal.
  public var posted: UInt64 = 0
  /// Readings that were posted over HTTP or WebSocket and appended to the journal, repeated ones left out.
  public var postedReadings: UInt64 = 0
  /// Redelivered messages that were already in the journal.
  public var duplicates: UInt64 = 0
  /// Messages dropped because their payload is longer than `mqtt.max_payload`.
  public var oversized: UInt64 = 0
  /// Connections made after the first.
  public var reconnects: UInt64 = 0
  /// Whether every subscription is confirmed.
  public var isSubscribed = false
  /// Whether a person has stopped the sources.
  public var isHeld = false
  /// Bytes of the journal that the stages have not read or the database has not accepted.
  public var journalBytesWaiting: UInt64 = 0
  /// End offset of the journal [bytes since it was created].
  public var journalEnd: UInt64 = 0

  /// Creates a status with all counters at zero.
  public init() {}
}

/// Counters and state of the stages, over all workers.
public struct StageStatus: Sendable {
  /// Accounts of messages and readings.
  public var ledger = Ledger()
  /// Places of topic rules that are missing from all of ten or more messages: `match: place`.
  public var unseenPlaces: [String] = []
  /// Number of readings by quality code.
  public var qualityCounts: [UInt64] = []
  /// Age of the newest record that all workers have processed [s].
  public var lagSeconds: Double = 0
  /// State of each plant.
  public var plants: [PlantView] = []

  /// Creates a status with all counters at zero.
  public init() {}
}
