import CurlTransport
import Glibc
import PlantModel
import SystemCore
import WattlineTime

/// Clocks and waiting.
extension MessageLoop {
  /// Monotonic time.
  static func monotonic() -> TimeSpan { TimeSpan(nanoseconds: SystemClock.monotonic()) }

  /// Blocks SIGPIPE, because TLS writes without MSG_NOSIGNAL. A broken pipe must return an error, not end the process.
  func blockBrokenPipe() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Waits up to one second for the connection or a caller.
  func poll(_ connection: ByteStream) {
    let events = Int16(POLLIN) | (outbound.isEmpty ? 0 : Int16(POLLOUT))
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { descriptors in
      descriptors[0] = pollfd(fd: connection.descriptor, events: events, revents: 0)
      descriptors[1] = pollfd(fd: control.pipe.readEnd, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(descriptors.baseAddress, 2, 1_000) > 0 else { return }
      if descriptors[1].revents != 0 { control.pipe.acknowledge() }
    }
  }

  /// Waits for a time, but ends early if the session is stopped. A new list of filters does not shorten the wait.
  func pause(for span: TimeSpan) {
    let deadline = MessageLoop.monotonic() + span
    while !control.isStopping {
      let left = deadline - MessageLoop.monotonic()
      if left <= .zero { return }
      var descriptor = pollfd(fd: control.pipe.readEnd, events: Int16(POLLIN), revents: 0)
      let milliseconds = left.nanoseconds / 1_000_000 + 1
      if Glibc.poll(&descriptor, 1, Int32(clamping: milliseconds)) > 0 { control.pipe.acknowledge() }
    }
  }
}
