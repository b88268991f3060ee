import Synchronization

/// The offset of the last accepted batch; written by the sink's thread, read by others.
final class Progress: Sendable {
  private let offset = Mutex<UInt64?>(nil)

  /// The last offset, if there is one.
  var last: UInt64? { offset.withLock { $0 } }

  /// Notes an accepted batch. One that promises nothing of the journal has offset 0 and takes nothing back.
  func accept(_ upTo: UInt64) { offset.withLock { $0 = max($0 ?? 0, upTo) } }
}
