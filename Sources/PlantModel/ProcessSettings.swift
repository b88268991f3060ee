/// The process as `wattline.yaml` describes it.
public struct ProcessSettings: Hashable, Sendable {
  /// The broker.
  public var mqtt: BrokerSettings
  /// The database.
  public var influxdb: DatabaseSettings
  /// The journal.
  public var journal: JournalSettings
  /// Whom alerts are told to.
  public var alerts = AlertSettings()
  /// Threads that run stages; `nil` lets the machine decide.
  public var workers: Int?

  /// Settings; without arguments, those of an absent `wattline.yaml`.
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

/// A text that is never printed.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The text itself; for the call that needs it and nothing else.
  public let text: String

  /// Keeps `text` out of messages.
  public init(_ text: String) { self.text = text }

  /// Always `•••`.
  public var description: String { "•••" }
  /// Always `•••`.
  public var debugDescription: String { description }
  /// Nothing inside to see.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// How to reach the broker.
public struct BrokerSettings: Hashable, Sendable {
  /// Which MQTT is spoken to receive.
  public enum ProtocolVersion: String, Sendable, CaseIterable {
    /// 5, and 3.1.1 where the broker does not speak 5.
    case auto
    /// MQTT 5.0.
    case v5 = "5"
    /// MQTT 3.1.1.
    case v311 = "3.1.1"
  }

  /// Host name or address.
  public var host = "127.0.0.1"
  /// TCP port.
  public var port = 1883
  /// Whether the connection is TLS (`mqtts://`).
  public var tls = false
  /// Client id; fixed, because the persistent session belongs to it.
  public var clientID = "wattline"
  /// Quality of service of subscriptions: 0, 1 or 2.
  public var qos = 1
  /// MQTT's version.
  public var protocolVersion = ProtocolVersion.auto
  /// Connections that share the plants, 1...64: the first has `clientID`, the others `clientID-2` and so on.
  public var connections = 1
  /// Longest payload that is taken in [bytes], 1 KiB...16 MiB and at most ``JournalSettings/longestPayload``; a longer one
  /// is acknowledged, dropped and counted.
  public var maximumPayload = 1 << 20
  /// How many times ``maximumPayload`` a compressed payload may unpack to.
  public static let unpackingRatio = 16
  /// Most bytes that a compressed payload may unpack to, at most 16 MiB.
  public var maximumUnpacked: Int { min(16 << 20, BrokerSettings.unpackingRatio * maximumPayload) }
  /// User name.
  public var username: String?
  /// Password.
  public var password: Secret?
  /// File of trusted certificate authorities (PEM); the system's where absent.
  public var caFile: String?
  /// Client certificate (PEM).
  public var certificateFile: String?
  /// Key of the client certificate (PEM).
  public var keyFile: String?

  /// A broker on this machine without credentials.
  public init() {}
}

/// How to reach the database.
public struct DatabaseSettings: Hashable, Sendable {
  /// Which of InfluxDB's interfaces is spoken.
  public enum Version: String, Sendable, CaseIterable {
    /// Asked of the server.
    case auto
    /// 1.x: `/write`.
    case v1 = "1"
    /// 2.x: `/api/v2/write`.
    case v2 = "2"
    /// 3 Core: `/api/v3/write_lp`.
    case v3 = "3"
  }

  /// Base URL, without a path.
  public var url = "http://127.0.0.1:8086"
  /// Database or bucket.
  public var database = "wattline"
  /// Interface.
  public var version = Version.auto
  /// Organisation, 2.x only.
  public var organisation: String?
  /// Token.
  public var token: Secret?
  /// User name.
  public var username: String?
  /// Password.
  public var password: Secret?
  /// File of trusted certificate authorities (PEM); the system's where absent.
  public var caFile: String?

  /// A database on this machine without credentials.
  public init() {}
}

/// Where accepted messages are kept until their results are in the database.
public struct JournalSettings: Hashable, Sendable {
  /// When an append reaches the disk's platter. A killed process loses nothing under any value.
  public enum Sync: Hashable, Sendable {
    /// Before acknowledging: one `fdatasync` for all that was read.
    case always
    /// That often; acknowledged after the append.
    case interval(TimeSpan)
    /// Left to the kernel.
    case never
  }

  /// What happens when points for a database that is away fill their part of the folder.
  public enum WhenFull: String, Hashable, Sendable, CaseIterable {
    /// Nothing more is read: messages wait in the journal, then at the broker.
    case pause
    /// The oldest points are dropped and counted.
    case dropOldest = "drop_oldest"
  }

  /// Folder; made if missing.
  public var path = "/var/lib/wattline"
  /// Upper bound of the folder's size [bytes].
  public var maximumBytes: Int64 = 10 << 30
  /// Upper bound of points that wait on disk for the database [bytes]; `nil` stands for half of ``maximumBytes``.
  public var spoolBytes: Int64?
  /// What happens when they reach it.
  public var whenFull = WhenFull.pause
  /// Upper bound of dead letters [bytes]; the oldest are removed first.
  public var deadLetterBytes: Int64 = 256 << 20
  /// How much of what nobody needs any more is kept for a replay [bytes, compressed]; new records go before it.
  public var historyBytes: Int64 = 1 << 30
  /// How long it is kept, by receive time; `nil` for no bound.
  public var historyAge: TimeSpan?
  /// When appends reach the disk.
  public var sync = Sync.interval(.milliseconds(50))

  /// Of ``maximumBytes``, the part of points that wait for the database [bytes].
  public var spoolShare: Int64 { spoolBytes ?? maximumBytes / 2 }
  /// Of ``maximumBytes``, the part of messages [bytes].
  public var messageShare: Int64 { maximumBytes - spoolShare }
  /// Longest payload that surely finds room among messages that are being worked off [bytes]: a quarter of their part.
  public var longestPayload: Int { Int(clamping: messageShare / 4) }

  /// The defaults of an absent `journal` key.
  public init() {}
}
