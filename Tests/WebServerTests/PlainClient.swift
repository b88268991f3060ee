import Glibc
import LocalServers

/// A TCP connection to a server on the loopback interface.
final class PlainClient {
  private let descriptor: Int32

  init(port: Int) throws {
    guard let descriptor = Loopback.connected(port: port) else { throw ServerError.system("connect", code: errno) }
    self.descriptor = descriptor
    var patience = timeval(tv_sec: 3, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Sends bytes. A server that closes meanwhile is no error.
  func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// Returns what the server sends until it closes, or is silent for three seconds.
  func receive() -> String {
    var received: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &room, room.count, 0)
      guard count > 0 else { break }
      received += room[..<count]
    }
    return String(decoding: received, as: UTF8.self)
  }
}
