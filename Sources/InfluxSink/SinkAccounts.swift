import StreamCore

/// Why a point that was submitted is in no place any more. The raw value is the reason in counters.
public enum DropReason: String, Sendable, CaseIterable {
  /// The spool was full and the oldest had to go.
  case spoolFull = "spool_full"
  /// The spool's file was damaged there.
  case spoolDamaged = "spool_damaged"
}

/// Where every point is that was ever submitted. At any moment
/// `submitted = written + queued + spooled + dead letters + dropped`, in points and in readings.
///
/// With a spool it is kept on disk beside it, and a restart goes on counting. What the journal hands over once more
/// after a crash counts as submitted once more.
public struct SinkAccounts: Sendable, Equatable {
  private static let version: UInt16 = 1

  /// Handed to the sink.
  public var submitted = PointTally()
  /// In the database.
  public var written = PointTally()
  /// In memory.
  public var queued = PointTally()
  /// On disk, waiting for the database.
  public var spooled = PointTally()
  /// Refused by the database for good, by reason. Stays counted when the file is retried or removed.
  public var deadLetters: [RefusalReason: PointTally] = [:]
  /// In no place, by reason.
  public var dropped: [DropReason: PointTally] = [:]

  /// Nothing submitted.
  public init() {}

  /// The right side of the identity.
  public var accounted: PointTally {
    let lost = dropped.values.reduce(PointTally(), +)
    return deadLetters.values.reduce(written + queued + spooled + lost, +)
  }

  /// The accounts as they are after a restart: what was in memory is not here any more, and the spool says itself what
  /// is in it.
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
      deadLetters[RefusalReason(rawValue: name) ?? .rejected, default: PointTally()] += tally
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
