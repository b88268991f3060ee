import MQTTSource
import StreamCore

/// How many messages came and are not in the journal: they were there already, or their payload is too long. A record of
/// the journal has the counts, so that the ledger of messages is whole, and the same after a restart.
struct PassedOver: Equatable {
  private static let version: UInt16 = 1

  var duplicates: UInt64
  var oversized: UInt64

  init(duplicates: UInt64 = 0, oversized: UInt64 = 0) {
    self.duplicates = duplicates
    self.oversized = oversized
  }

  /// All that a session counted.
  init(_ counters: SessionCounters) {
    duplicates = UInt64(clamping: counters.duplicates)
    oversized = UInt64(clamping: counters.oversized)
  }

  init(record: UnsafeRawBufferPointer) throws(SnapshotError) {
    var reader = SnapshotReader(Array(record))
    try reader.expect(version: PassedOver.version, of: "counts of messages")
    duplicates = try reader.read()
    oversized = try reader.read()
  }

  /// What came since `earlier`.
  func since(_ earlier: PassedOver) -> PassedOver {
    var more = self
    more.duplicates &-= earlier.duplicates
    more.oversized &-= earlier.oversized
    return more
  }

  /// The record's body.
  var bytes: [UInt8] {
    var writer = SnapshotWriter()
    writer.write(PassedOver.version)
    writer.write(duplicates)
    writer.write(oversized)
    return writer.bytes
  }
}
