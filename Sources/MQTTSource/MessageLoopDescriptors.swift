import CMosquitto
import Foundation
import PlantModel
import StreamCore

/// Waiting and writing.
extension MessageLoop {
  /// The library writes without MSG_NOSIGNAL; a broken pipe must come back as an error, not end the process.
  func blockBrokenPipe() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Writes what is queued, in one segment where the kernel can: a burst's acknowledgements are four bytes each.
  func write(_ client: OpaquePointer) -> Int32 {
    let socket = mosquitto_socket(client)
    var cork: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &cork, 4)
    let code = mosquitto_loop_write(client, 1)
    cork = 0
    if mosquitto_socket(client) == socket { setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &cork, 4) }
    return code
  }

  /// Waits up to a second for the connection or a caller; what the connection is ready for.
  func poll(_ client: OpaquePointer, forWriting: Bool) -> Int16 {
    let events = Int16(POLLIN) | (forWriting ? Int16(POLLOUT) : 0)
    return withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { descriptors in
      descriptors[0] = pollfd(fd: mosquitto_socket(client), events: events, revents: 0)
      descriptors[1] = pollfd(fd: control.pipe.readEnd, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(descriptors.baseAddress, 2, 1_000) > 0 else { return 0 }
      if descriptors[1].revents != 0 { control.pipe.acknowledge() }
      return descriptors[0].revents
    }
  }

  /// Waits, unless the session is stopped; a new list of filters does not shorten the pause.
  func pause(seconds: Double) {
    let deadline = MessageLoop.monotonic() + .milliseconds(Int64(seconds * 1_000))
    while !control.isStopping {
      let left = deadline - MessageLoop.monotonic()
      if left <= .zero { return }
      var descriptor = pollfd(fd: control.pipe.readEnd, events: Int16(POLLIN), revents: 0)
      let milliseconds = left.nanoseconds / 1_000_000 + 1
      if Glibc.poll(&descriptor, 1, Int32(clamping: milliseconds)) > 0 { control.pipe.acknowledge() }
    }
  }

  /// The text of a library's error code.
  static func reason(_ code: Int32) -> String {
    if code == MOSQ_ERR_ERRNO.rawValue { return String(cString: strerror(errno)) }
    return code == 0 ? "the connection was closed" : String(cString: mosquitto_strerror(code))
  }
}
