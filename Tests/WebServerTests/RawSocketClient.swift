import Glibc
import LocalServers

@testable import WebServer

/// A client of WebSockets that may break every rule.
final class RawSocketClient {
  private let descriptor: Int32
  private var received: [UInt8] = []

  /// Connects and asks for a WebSocket.
  ///
  /// - Parameters:
  ///   - port: Port of the server.
  ///   - headers: Further lines of the request.
  ///   - receiveBuffer: Size of the kernel's buffer for what the server sends [bytes]; `nil` for the usual one.
  init(port: Int, headers: String = "", receiveBuffer: Int32? = nil) throws {
    guard let descriptor = Loopback.connected(port: port) else { throw ServerError.system("connect", code: errno) }
    self.descriptor = descriptor
    var patience = timeval(tv_sec: 3, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
    send(
      Array(
        ("GET /live HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(headers)\r\n").utf8))
  }

  deinit { close(descriptor) }

  /// Sends bytes. A server that closes meanwhile is no error.
  func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// Returns the head of the answer, up to the empty line; all there is if the server closes.
  func head() -> String {
    while true {
      if let end = received.indices.first(where: { received[$0...].starts(with: Array("\r\n\r\n".utf8)) }) {
        defer { received.removeFirst(end + 4) }
        return String(decoding: received[..<end], as: UTF8.self)
      }
      if !more() { return String(decoding: received, as: UTF8.self) }
    }
  }

  /// Returns the next frame; `nil` once the server closes, or is silent for three seconds.
  func frame() -> (opcode: UInt8, payload: [UInt8])? {
    while true {
      if received.count >= 2 {
        let short = Int(received[1])
        let header = short == 127 ? 10 : short == 126 ? 4 : 2
        if received.count >= header {
          let length = header == 2 ? short : received[2..<header].reduce(0) { $0 << 8 | Int($1) }
          if received.count >= header + length {
            defer { received.removeFirst(header + length) }
            return (received[0] & 0x0F, Array(received[header..<header + length]))
          }
        }
      }
      if !more() { return nil }
    }
  }

  /// Returns the code of the next close frame, whatever comes before it.
  func closeCode() -> Int? {
    while let (opcode, payload) = frame() {
      if opcode == 8 { return payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : 0 }
    }
    return nil
  }

  private func more() -> Bool {
    var room = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &room, room.count, 0)
    if count > 0 { received += room[..<count] }
    return count > 0
  }

  /// Returns a frame of a client.
  ///
  /// - Parameters:
  ///   - first: First byte: the final flag, reserved flags and the opcode.
  ///   - payload: Content.
  ///   - isMasked: Whether it is masked, as it must be.
  ///   - length: The length that the frame claims to have.
  static func frame(_ first: UInt8, _ payload: [UInt8], isMasked: Bool = true, length: Int? = nil) -> [UInt8] {
    let (count, bit) = (length ?? payload.count, UInt8(isMasked ? 0x80 : 0))
    var frame = [first]
    switch count {
    case 0...125: frame.append(bit | UInt8(count))
    case 126...65_535: frame += [bit | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
    default: frame += [bit | 127] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
    }
    guard isMasked else { return frame + payload }
    let mask: [UInt8] = [1, 2, 3, 250]
    return frame + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
  }
}
