public import WattlineTime

/// Settings of the process, as in `wattline.yaml`.
public struct ProcessSettings: Hashable, Sendable {
  /// Connection to the broker.
  public var mqtt: BrokerSettings
  /// Connection to the database.
  public var influxdb: DatabaseSettings
  /// Folder and sizes of the journal.
  public var journal: JournalSettings
  /// Recipients of alerts.
  public var alerts = AlertSettings()
  /// Backups that the process makes by itself; `nil` for none.
  public var backup: BackupSettings?
  /// The HTTP interface; `nil` while there is none.
  public var http: HTTPSettings?
  /// Bounds from which the process raises alerts about itself.
  public var watch = WatchSettings()
  /// Number of threads that run stages; `nil` chooses it by the machine.
  public var workers: Int?

  /// Creates settings; omitted ones are those of an absent `wattline.yaml`. The parameters are the properties of the
  /// same names.
  public init(
    mqtt: BrokerSettings = BrokerSettings(), influxdb: DatabaseSettings = DatabaseSettings(),
    journal: JournalSettings = JournalSettings(), workers: Int? = nil
  ) {
    self.mqtt = mqtt
    self.influxdb = influxdb
    self.journal = journal
    self.workers = workers
  }
}

/// Text that is never printed.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The text itself, only for the call that needs it.
  public let text: String

  /// Creates a secret.
  public init(_ text: String) { self.text = text }

  /// Always `•••`.
  public var description: String { "•••" }
  /// Always `•••`.
  public var debugDescription: String { description }
  /// Empty, so that reflection does not reveal the text.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Connection to the broker.
public struct BrokerSettings: Hashable, Sendable {
  /// MQTT version used to receive.
  public enum ProtocolVersion: String, Sendable, CaseIterable {
    /// 5, or 3.1.1 if the broker does not support 5.
    case auto
    /// MQTT 5.0.
    case v5 = "5"
    /// MQTT 3.1.1.
    case v311 = "3.1.1"
  }

  /// Host name or IP address.
  public var host = "127.0.0.1"
  /// TCP port.
  public var port = 1883
  /// Whether the connection uses TLS (`mqtts://`).
  public var tls = false
  /// Client id. It is fixed, because the persistent session is bound to it.
  public var clientID = "wattline"
  /// Quality of service of subscriptions: 0, 1 or 2.
  public var qos = 1
  /// MQTT version.
  public var protocolVersion = ProtocolVersion.auto
  /// Number of connections among which plants are distributed, 1...64. The first has `clientID`, the others
  /// `clientID-2` and so on.
  public var connections = 1
  /// Longest accepted payload [bytes], 1 KiB...16 MiB and at most ``JournalSettings/longestPayload``.
  ///
  /// A longer payload is acknowledged, dropped and counted.
  public var maximumPayload = 1 << 20
  /// Maximum ratio of unpacked size to ``maximumPayload`` for compressed payloads.
  public static let unpackingRatio = 16
  /// Maximum unpacked size of a compressed payload [bytes], at most 16 MiB.
  public var maximumUnpacked: Int { min(16 << 20, BrokerSettings.unpackingRatio * maximumPayload) }
  /// User name at the broker; `nil` connects without credentials.
  public var username: String?
  /// Password at the broker.
  public var password: Secret?
  /// File of trusted certificate authorities (PEM); `nil` uses those of the system.
  public var caFile: String?
  /// Client certificate (PEM).
  public var certificateFile: String?
  /// Key of the client certificate (PEM).
  public var keyFile: String?

  /// Creates settings of a broker on this machine without credentials.
  public init() {}
}

/// Connection to the database.
public struct DatabaseSettings: Hashable, Sendable {
  /// InfluxDB interface used for writing.
  public enum Version: String, Sendable, CaseIterable {
    /// Detected by asking the server.
    case auto
    /// 1.x: `/write`.
    case v1 = "1"
    /// 2.x: `/api/v2/write`.
    case v2 = "2"
    /// 3 Core: `/api/v3/write_lp`.
    case v3 = "3"
  }

  /// Base URL without a path.
  public var url = "http://127.0.0.1:8086"
  /// Database (1.x, 3) or bucket (2.x).
  public var database = "wattline"
  /// InfluxDB interface.
  public var version = Version.auto
  /// Organisation; 2.x only.
  public var organisation: String?
  /// API token, if the server requires one.
  public var token: Secret?
  /// User name at the database; `nil` connects without credentials.
  public var username: String?
  /// Password at the database.
  public var password: Secret?
  /// File of trusted certificate authorities (PEM); `nil` uses those of the system.
  public var caFile: String?
  /// How long points of high-rate measurements stay; `nil` deletes none.
  public var retention: RetentionSettings?

  /// Creates settings of a database on this machine without credentials.
  public init() {}
}

/// Settings of the journal, which stores accepted messages until their results are in the database.
public struct JournalSettings: Hashable, Sendable {
  /// Time at which appends reach the disk. A killed process loses nothing with any value; a power failure may.
  public enum Sync: Hashable, Sendable {
    /// Before the acknowledgement: one `fdatasync` for all messages read at once.
    case always
    /// Periodically; messages are acknowledged after the append.
    case interval(TimeSpan)
    /// At the kernel's discretion.
    case never
  }

  /// Behaviour when points fill their part of the folder while the database is unreachable.
  public enum WhenFull: String, Hashable, Sendable, CaseIterable {
    /// Reading stops: messages wait in the journal, then at the broker.
    case pause
    /// The oldest points are dropped and counted.
    case dropOldest = "drop_oldest"
  }

  /// Folder; created if missing.
  public var path = "/var/lib/wattline"
  /// Upper bound of the folder's size [bytes].
  public var maximumBytes: Int64 = 10 << 30
  /// Upper bound of points on disk that wait for the database [bytes]; `nil` for half of ``maximumBytes``.
  public var spoolBytes: Int64?
  /// Behaviour when waiting points reach their bound.
  public var whenFull = WhenFull.pause
  /// Upper bound of dead letters [bytes]; the oldest are removed first.
  public var deadLetterBytes: Int64 = 256 << 20
  /// Upper bound of processed records kept for a replay [bytes, compressed]. New records take precedence.
  public var historyBytes: Int64 = 1 << 30
  /// Longest age of records kept for a replay, by receive time; `nil` for no bound.
  public var historyAge: TimeSpan?
  /// Time at which appends reach the disk.
  public var sync = Sync.interval(.milliseconds(50))

  /// Part of ``maximumBytes`` for points that wait for the database [bytes].
  public var spoolShare: Int64 { spoolBytes ?? maximumBytes / 2 }
  /// Part of ``maximumBytes`` for messages [bytes].
  public var messageShare: Int64 { maximumBytes - spoolShare }
  /// Longest payload that always fits next to messages in progress [bytes]: a quarter of the part of messages.
  public var longestPayload: Int { Int(clamping: messageShare / 4) }

  /// Creates the defaults of an absent `journal` key.
  public init() {}
}
