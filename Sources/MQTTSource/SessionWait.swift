import CurlTransport
import Glibc
import SystemCore
import WattlineTime

/// Clock of a session's thread.
enum SessionClock {
  /// Returns the time since an arbitrary start, which no clock change affects.
  static func monotonic() -> TimeSpan { TimeSpan(nanoseconds: SystemClock.monotonic()) }
}

/// Waits of a session's thread, which its callers can end.
struct SessionWait {
  let control: SessionControl

  /// Blocks SIGPIPE, because TLS writes without MSG_NOSIGNAL. A broken pipe must return an error, not end the process.
  static func blockBrokenPipe() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Waits up to one second for the connection or a caller. `sends` states whether packets are queued.
  func poll(_ connection: ByteStream, sends: Bool) {
    let events = Int16(POLLIN) | (sends ? Int16(POLLOUT) : 0)
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { descriptors in
      descriptors[0] = pollfd(fd: connection.descriptor, events: events, revents: 0)
      descriptors[1] = pollfd(fd: control.pipe.readEnd, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(descriptors.baseAddress, 2, 1_000) > 0 else { return }
      if descriptors[1].revents != 0 { control.pipe.acknowledge() }
    }
  }

  /// Waits for a time, but ends early if the session is stopped or is to connect anew. A new list of filters does not
  /// shorten the wait.
  func pause(for span: TimeSpan) {
    let deadline = SessionClock.monotonic() + span
    while !control.isStopping, !control.isReconnecting {
      let left = deadline - SessionClock.monotonic()
      if left <= .zero { return }
      var descriptor = pollfd(fd: control.pipe.readEnd, events: Int16(POLLIN), revents: 0)
      let milliseconds = left.nanoseconds / 1_000_000 + 1
      if Glibc.poll(&descriptor, 1, Int32(clamping: milliseconds)) > 0 { control.pipe.acknowledge() }
    }
  }
}
