public import WattlineTime

/// The program that runs a pipeline, as it names itself.
public struct ProgramBuild: Sendable, Equatable {
  /// Version of the release.
  public var version: String
  /// Commit from which it was built.
  public var commit: String

  /// Creates the name of a program.
  ///
  /// - Parameters:
  ///   - version: Version of the release.
  ///   - commit: Commit from which it was built.
  public init(version: String, commit: String) { (self.version, self.commit) = (version, commit) }
}

/// State of a running process, which it writes to `status.json` below `journal.path` every ten seconds.
///
/// In the file, names have underscores, times are ISO 8601 in UTC, and sizes are bytes.
public struct ProcessReport: Codable, Sendable, Equatable {
  /// Part of the process's life.
  public enum Phase: String, Codable, Sendable {
    /// Saved state is read, or rebuilt from the journal.
    case starting
    /// All workers process records.
    case running
    /// The process is ending.
    case stopping
  }

  /// Connection to the broker.
  public struct Broker: Codable, Sendable, Equatable {
    /// Whether every subscription is confirmed.
    public var subscribed = false
    /// The obstacles, one entry a session or filter.
    public var reasons: [String] = []
  }

  /// Connection to the database.
  public struct Database: Codable, Sendable, Equatable {
    /// `ok`, `away` or `held`.
    public var state = "ok"
    /// Reason of `held`, such as `credentials`.
    public var reason: String?
    /// The database's last words.
    public var words: String?
  }

  /// Offsets of the journal [bytes since it was created].
  public struct Offsets: Codable, Sendable, Equatable {
    /// End of the journal.
    public var appended: UInt64 = 0
    /// Everything before it is in the database, in the spool or a dead letter.
    public var accepted: UInt64 = 0
    /// Offset of the last checkpoint.
    public var checkpoint: UInt64 = 0
  }

  /// Points that wait or that the database has refused.
  public struct Points: Codable, Sendable, Equatable {
    /// Points waiting in memory.
    public var queued: UInt64 = 0
    /// Points waiting on disk.
    public var spooled: UInt64 = 0
    /// Size of the spool [bytes].
    public var spoolBytes = 0
    /// Whether the spool is full.
    public var spoolFull = false
    /// Points in dead letters.
    public var deadLetters: UInt64 = 0
    /// Points dropped.
    public var dropped: UInt64 = 0
  }

  /// The count that the accounts do not explain; zero while no message or point is on its way.
  public struct Balances: Codable, Sendable, Equatable {
    /// Received messages less those decoded, refused and repeated.
    public var messages: Int64 = 0
    /// Readings decoded and handed over again, less those written, waiting, refused and dropped.
    public var readings: Int64 = 0
    /// Points submitted, less those written, waiting, refused and dropped.
    public var points: Int64 = 0
  }

  /// State of a plant.
  public struct PlantState: Codable, Sendable, Equatable {
    /// Name of the plant.
    public var plant: String
    /// Number of its sensors.
    public var sensors = 0
    /// Receive time of its last reading; absent before the first one.
    public var lastReading: String?
    /// Number of active alerts.
    public var alerts = 0
  }

  /// Progress of the stages.
  public struct Workers: Codable, Sendable, Equatable {
    /// Age of the newest record that all workers have processed [s].
    public var lagSeconds = 0.0
    /// Time for which the workers have stood still though nothing holds them up [s].
    public var stillSeconds = 0.0
  }

  /// Memory and disk.
  public struct Resources: Codable, Sendable, Equatable {
    /// Resident memory [bytes].
    public var residentBytes: Int64 = 0
    /// Everything below `journal.path` [bytes on disk].
    public var journalBytes: Int64 = 0
    /// Free space of that file system for this user [bytes]; absent if unknown.
    public var freeBytes: Int64?
  }

  /// Program that runs.
  public var version: String
  /// Commit from which it was built.
  public var commit: String
  /// Number of the process, in its own name space.
  public var process: Int32
  /// Start of the process.
  public var started: String
  /// Time of this report.
  public var written: String
  /// Part of the process's life.
  public var phase: Phase
  /// Connection to the broker.
  public var broker = Broker()
  /// Connection to the database.
  public var database = Database()
  /// Offsets of the journal.
  public var offsets = Offsets()
  /// Points that wait or were refused.
  public var points = Points()
  /// The count that the accounts do not explain.
  public var balances = Balances()
  /// Progress of the stages.
  public var workers = Workers()
  /// Memory and disk.
  public var resources = Resources()
  /// Mistakes of a changed configuration that was refused; what ran before keeps running.
  public var refusedConfiguration: [String] = []
  /// State of each plant.
  public var plants: [PlantState] = []

  /// Time of this report; `nil` if it cannot be read.
  public var writtenTime: Timestamp? { ISO8601.timestamp(written) }
}

extension ProcessReport {
  /// Age from which a report says nothing about the present, since three in a row are missing.
  public static let longestAge = TimeSpan.seconds(30)
  /// Time for which workers may stand still, as the unit's watchdog has it [s].
  public static let longestStandstill = 60.0

  /// Judgement of a report.
  public struct Health: Sendable, Equatable {
    /// Why the process is not healthy, one sentence each. A restart may help.
    public var reasons: [String] = []
    /// The obstacles to its work that a restart would not help, one sentence each.
    public var warnings: [String] = []

    /// Creates the judgement of a process without faults.
    public init() {}

    /// Whether the process lives and works, though perhaps it waits for another one.
    public var isHealthy: Bool { reasons.isEmpty }
    /// Whether messages arrive and points reach the database.
    public var isReady: Bool { reasons.isEmpty && warnings.isEmpty }
  }

  /// Returns the judgement of a report that the process holding the journal's lock has written.
  public func health(at now: Timestamp) -> Health {
    var health = Health()
    let age = writtenTime.map { now - $0 }
    if let age, age.magnitude <= Self.longestAge {
      switch phase {
      case .starting: health.reasons.append("it is starting since \(started): saved state is read or rebuilt")
      case .running: break
      case .stopping: health.reasons.append("it is stopping")
      }
    } else {
      let words = age.map { $0 < .zero ? "from the future" : "\(Int($0.inSeconds)) s old" } ?? "without a time"
      health.reasons.append("its last report is \(words), and one is due every 10 s")
    }
    if workers.stillSeconds >= Self.longestStandstill {
      health.reasons.append("its workers stand still for \(Int(workers.stillSeconds)) s, and nothing holds them up")
    }
    if !broker.subscribed {
      let words = broker.reasons.isEmpty ? "no answer yet" : broker.reasons.joined(separator: "; ")
      health.warnings.append("the broker is away or not every subscription is confirmed: \(words)")
    }
    switch database.state {
    case "ok": break
    case "held":
      health.warnings.append(
        "the database takes no points (\(database.reason ?? "unknown")): \(database.words ?? ""); they wait on disk")
    default: health.warnings.append("the database is away: \(database.words ?? ""); points wait on disk")
    }
    if points.spoolFull { health.warnings.append("the spool is full: see journal.when_full") }
    if let first = refusedConfiguration.first {
      health.warnings.append(
        "the changed configuration is refused, and the previous one keeps running: \(first)"
          + (refusedConfiguration.count > 1 ? " (\(refusedConfiguration.count) mistakes)" : ""))
    }
    return health
  }
}
