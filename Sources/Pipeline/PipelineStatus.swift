import InfluxSink
import PlantModel
import StreamCore

/// What a running pipeline says of itself, at one moment.
public struct PipelineStatus: Sendable {
  /// Messages that the broker delivered, duplicates included.
  public var messages: UInt64 = 0
  /// Bytes of topics and payloads delivered.
  public var messageBytes: UInt64 = 0
  /// Messages that are in the journal.
  public var appended: UInt64 = 0
  /// Messages delivered again that were in the journal already.
  public var duplicates: UInt64 = 0
  /// Messages dropped because their payload is longer than `mqtt.max_payload`.
  public var oversized: UInt64 = 0
  /// Connections made after the first.
  public var reconnects: UInt64 = 0
  /// Whether every subscription is confirmed.
  public var isSubscribed = false
  /// Bytes of the journal that the stages have not read or the database has not accepted.
  public var journalBytesWaiting: UInt64 = 0
  /// The journal's end [bytes since it was begun].
  public var journalEnd: UInt64 = 0
  /// Messages and readings as the worker counted them.
  public var ledger = Ledger()
  /// Places of topic rules that no message has had though ten or more came: `match: place`.
  public var unseenPlaces: [String] = []
  /// Readings by quality code.
  public var qualityCounts: [UInt64] = []
  /// Points that the database accepted.
  public var pointsWritten: UInt64 = 0
  /// Requests sent to the database.
  public var requests: UInt64 = 0
  /// Requests that had to be sent again.
  public var retries: UInt64 = 0
  /// Batches waiting for the database.
  public var batchesQueued = 0
  /// Points that the database refused for good, kept in files.
  public var deadLetters: UInt64 = 0
  /// Where every point is that was handed to the sink.
  public var accounts = SinkAccounts()
  /// Readings that were handed to the sink once more after a crash. Once nothing is on its way,
  /// `readings decoded + redelivered = written + queued + spooled + dead letters + dropped`.
  public var redelivered: UInt64 = 0
  /// Bytes of the points that wait on disk for the database.
  public var spoolBytes = 0
  /// Alerts to be delivered, delivered, waiting and dropped.
  public var alerts: StageCounts?
  /// Why the database does not take points now; `nil` while it does.
  public var databaseTrouble: String?
  /// Age of the newest record that the stages have processed [s].
  public var lagSeconds: Double = 0
  /// One entry a plant.
  public var plants: [PlantView] = []

  /// Nothing yet.
  public init() {}
}
