import Synchronization

/// The offset of the last accepted batch, written by the sink's thread and read by others.
final class AcceptedOffset: Sendable {
  private let offset = Mutex<UInt64?>(nil)

  /// The last offset, if there is one.
  var last: UInt64? { offset.withLock { $0 } }

  /// Records an accepted batch. A batch with offset 0 makes no statement about the journal and never lowers the offset.
  func accept(_ upTo: UInt64) { offset.withLock { $0 = max($0 ?? 0, upTo) } }
}
