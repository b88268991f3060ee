import Glibc
import PlantTesting
import StreamCore
import Synchronization

/// A broker of a few lines that misbehaves as told. One connection at a time; each packet is shown to the script, which
/// says what to answer.
final class FakeBroker: Sendable {
  /// Reaction to a packet.
  enum Answer: Sendable {
    case bytes([UInt8])
    case close
  }

  let port: Int
  private let listener: Int32
  private let seen = Mutex<[[UInt8]]>([])
  private let isStopping = Atomic(false)

  /// Packets so far, as they came.
  var packets: [[UInt8]] { seen.withLock { $0 } }

  init(_ script: @escaping @Sendable (_ packet: [UInt8]) -> Answer) throws {
    port = try Loopback.freePort()
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(listener, 8) == 0 else { throw ServerError.system("bind", code: errno) }
    _ = try BlockingThread(name: "fake-broker") { [self] in
      while !isStopping.load(ordering: .relaxed) {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        serve(connection, script: script)
        close(connection)
      }
    }
  }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// Answers SUBSCRIBE and CONNECT as a broker of the version does.
  static func polite(_ packet: [UInt8], version: UInt8) -> Answer {
    switch packet[0] >> 4 {
    case 1: .bytes(version == 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0])
    case 8: .bytes(version == 5 ? [0x90, 4, packet[2], packet[3], 0, 1] : [0x90, 3, packet[2], packet[3], 1])
    default: .bytes([])
    }
  }

  /// The version that a CONNECT asks for.
  static func version(of packet: [UInt8]) -> UInt8? {
    packet.count > 8 && packet[0] == 0x10 ? packet[8] : nil
  }

  private func serve(_ connection: Int32, script: (_ packet: [UInt8]) -> Answer) {
    while let packet = read(connection) {
      seen.withLock { $0.append(packet) }
      switch script(packet) {
      case .bytes(let bytes):
        if !bytes.isEmpty, send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0 { return }
      case .close: return
      }
    }
  }

  /// A packet of fewer than 128 bytes, which is all that tests send.
  private func read(_ connection: Int32) -> [UInt8]? {
    var head: [UInt8] = [0, 0]
    guard recv(connection, &head, 2, Int32(MSG_WAITALL)) == 2, head[1] < 0x80 else { return nil }
    var body = [UInt8](repeating: 0, count: Int(head[1]))
    if !body.isEmpty, recv(connection, &body, body.count, Int32(MSG_WAITALL)) != body.count { return nil }
    return head + body
  }
}
