import PlantModel
public import SinkCore
public import StreamCore

/// Counters and state of a running pipeline at one time.
public struct PipelineStatus: Sendable {
  /// Messages delivered by the broker, including duplicates.
  public var messages: UInt64 = 0
  /// Bytes of the delivered topics and payloads.
  public var messageBytes: UInt64 = 0
  /// Messages appended to the journal.
  public var appended: UInt64 = 0
  /// Redelivered messages that were already in the journal.
  public var duplicates: UInt64 = 0
  /// Messages dropped because their payload is longer than `mqtt.max_payload`.
  public var oversized: UInt64 = 0
  /// Connections made after the first.
  public var reconnects: UInt64 = 0
  /// Whether every subscription is confirmed.
  public var isSubscribed = false
  /// Bytes of the journal that the stages have not read or the database has not accepted.
  public var journalBytesWaiting: UInt64 = 0
  /// End offset of the journal [bytes since it was created].
  public var journalEnd: UInt64 = 0
  /// Accounts of messages and readings, summed over all workers.
  public var ledger = Ledger()
  /// Places of topic rules that are missing from all of ten or more messages: `match: place`.
  public var unseenPlaces: [String] = []
  /// Number of readings by quality code.
  public var qualityCounts: [UInt64] = []
  /// Number of points accepted by the database.
  public var pointsWritten: UInt64 = 0
  /// Number of requests sent to the database.
  public var requests: UInt64 = 0
  /// Number of requests that were retried.
  public var retries: UInt64 = 0
  /// Number of batches queued for the database.
  public var batchesQueued = 0
  /// Number of points refused permanently by the database and kept in files.
  public var deadLetters: UInt64 = 0
  /// Accounts of all points handed to the sink.
  public var accounts = SinkAccounts()
  /// Readings handed to the sink again after a crash. While no reading is between decoder and sink, `readings decoded +
  /// redelivered = written + queued + spooled + dead letters + dropped`.
  public var redelivered: UInt64 = 0
  /// Size of the points spooled on disk for the database [bytes].
  public var spoolBytes = 0
  /// Alerts submitted, delivered, queued and dropped.
  public var alerts: StageCounts?
  /// Reason why the database accepts no points; `nil` while it accepts them.
  public var databaseTrouble: String?
  /// Age of the newest record that all workers have processed [s].
  public var lagSeconds: Double = 0
  /// State of each plant.
  public var plants: [PlantView] = []

  /// Creates a status with all counters at zero.
  public init() {}
}
