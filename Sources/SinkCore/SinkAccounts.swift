import StreamCore

/// Reason why a submitted point was dropped. The raw value is the reason in counters.
public enum DropReason: String, Sendable, CaseIterable {
  /// The spool was full, and the oldest points were removed.
  case spoolFull = "spool_full"
  /// The spool's file was damaged at that place.
  case spoolDamaged = "spool_damaged"
}

/// The current location of every point ever submitted. In points and in readings, at any time, `submitted = written +
/// queued + spooled + dead letters + dropped`.
///
/// With a spool, the accounts are stored beside it, and a restart continues them. Points that the journal sends again
/// after a crash count as submitted again.
public struct SinkAccounts: Sendable, Equatable {
  private static let version: UInt16 = 1

  /// Submitted to the sink.
  public var submitted = PointTally()
  /// Accepted by the database.
  public var written = PointTally()
  /// Waiting in memory.
  public var queued = PointTally()
  /// Waiting on disk for the database.
  public var spooled = PointTally()
  /// Refused by the database for good, by reason. They remain counted when the file is retried or removed.
  public var deadLetters: [WriteRefusalReason: PointTally] = [:]
  /// Dropped, by reason.
  public var dropped: [DropReason: PointTally] = [:]

  /// Creates empty accounts.
  public init() {}

  /// Sum of all locations, which equals ``submitted``.
  public var accounted: PointTally {
    let lost = dropped.values.reduce(PointTally(), +)
    return deadLetters.values.reduce(written + queued + spooled + lost, +)
  }

  /// Returns the accounts after a restart. Points in memory are gone, and the spool provides its own content.
  func restarted(spooled: PointTally) -> SinkAccounts {
    var accounts = self
    accounts.queued = PointTally()
    accounts.spooled = spooled
    accounts.submitted = accounts.accounted
    return accounts
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(SinkAccounts.version)
    written.write(to: &writer)
    writer.write(deadLetters.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, entry in
      writer.write(entry.key.rawValue)
      entry.value.write(to: &writer)
    }
    writer.write(dropped.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, entry in
      writer.write(entry.key.rawValue)
      entry.value.write(to: &writer)
    }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: SinkAccounts.version, of: "the sink's accounts")
    written = try PointTally(from: &reader)
    for (name, tally) in try SinkAccounts.entries(from: &reader) {
      deadLetters[WriteRefusalReason(rawValue: name) ?? .rejected, default: PointTally()] += tally
    }
    for (name, tally) in try SinkAccounts.entries(from: &reader) {
      dropped[DropReason(rawValue: name) ?? .spoolDamaged, default: PointTally()] += tally
    }
  }

  private static func entries(from reader: inout SnapshotReader) throws(SnapshotError) -> [(String, PointTally)] {
    try reader.readArray(elementSize: 20) { (reader) throws(SnapshotError) in
      (try reader.readString(), try PointTally(from: &reader))
    }
  }
}
