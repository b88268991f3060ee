import StreamCore

/// Counts of received messages that are not in the journal: duplicates and payloads that are too long.
///
/// A journal record holds them, so that the ledger of messages is complete and identical after a restart.
struct SkippedMessages: Equatable {
  private static let version: UInt16 = 1

  var duplicates: UInt64
  var oversized: UInt64

  init(duplicates: UInt64 = 0, oversized: UInt64 = 0) {
    self.duplicates = duplicates
    self.oversized = oversized
  }

  /// Creates the counts of a session since its start.
  init(_ counters: SourceCounters) {
    duplicates = UInt64(clamping: counters.duplicates)
    oversized = UInt64(clamping: counters.oversized)
  }

  init(record: UnsafeRawBufferPointer) throws(SnapshotError) {
    var reader = SnapshotReader(Array(record))
    try reader.expect(version: SkippedMessages.version, of: "counts of messages")
    duplicates = try reader.read()
    oversized = try reader.read()
  }

  /// Returns the increase since `earlier`.
  func since(_ earlier: SkippedMessages) -> SkippedMessages {
    var more = self
    more.duplicates &-= earlier.duplicates
    more.oversized &-= earlier.oversized
    return more
  }

  /// Body of the journal record.
  var bytes: [UInt8] {
    var writer = SnapshotWriter()
    writer.write(SkippedMessages.version)
    writer.write(duplicates)
    writer.write(oversized)
    return writer.bytes
  }
}
