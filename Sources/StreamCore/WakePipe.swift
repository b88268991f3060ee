import Glibc

/// Wakes a thread that waits in `poll`. Waking often before the thread looks costs no more than waking once.
public final class WakePipe: Sendable {
  /// Readable when the thread has something to do; -1 where the system has no descriptor left.
  public let readEnd: Int32
  private let writeEnd: Int32

  /// A pipe of its own.
  public init() {
    var ends: [Int32] = [-1, -1]
    _ = pipe(&ends)
    for end in ends where end >= 0 {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Wakes the thread.
  public func wake() {
    var byte: UInt8 = 1
    // A full pipe wakes as well as one byte more.
    _ = write(writeEnd, &byte, 1)
  }

  /// Says that the thread has woken; called by it.
  public func acknowledge() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      while read(readEnd, buffer.baseAddress, buffer.count) == buffer.count {}
    }
  }
}
