import Glibc

/// Wakes a thread that waits in `poll`. Repeated wake-ups before the thread reacts cost no more than one.
public final class WakePipe: Sendable {
  /// Readable when the thread has work; -1 if the system had no descriptor left.
  public let readEnd: Int32
  private let writeEnd: Int32

  /// Creates a dedicated pipe.
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
    // A full pipe wakes the thread too, so a failed write can be ignored.
    _ = write(writeEnd, &byte, 1)
  }

  /// Clears the wake-up; called by the woken thread.
  public func acknowledge() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      while read(readEnd, buffer.baseAddress, buffer.count) == buffer.count {}
    }
  }
}
