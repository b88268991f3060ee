import Glibc

/// A minimal MQTT 3.1.1 publisher on a raw socket, with as little overhead as possible beside the measured processes.
///
/// Packets are built in one buffer and sent in one write; acknowledgements are only counted.
final class RawPublisher {
  /// Maximum number of unacknowledged messages. Mosquitto drops QoS 1 messages beyond its own `max_inflight_messages`,
  /// which is larger for the benchmarks' broker.
  private static let window = 1_000

  private let socket: Int32
  private let qos: Int
  private var packets: [UInt8] = []
  private var published = 0
  private var acknowledged = 0
  /// Received bytes that are not yet counted as acknowledgements.
  private var inbound = (buffer: [UInt8](repeating: 0, count: 1 << 16), count: 0)

  /// Connects to a broker of this machine; `nil` if there is none.
  init?(port: Int, qos: Int) {
    self.qos = qos
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0, RawPublisher.connect(socket, port: port) else { return nil }
    // Clean session, no keep-alive, client ID assigned by the broker.
    packets = [0x10, 12, 0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0, 0, 0]
    guard flush(), receive(atLeast: 4), inbound.buffer[3] == 0 else { return nil }
    inbound.count = 0
  }

  deinit { if socket >= 0 { close(socket) } }

  /// Appends a message to the buffer; ``send()`` sends it.
  func add(topic: [UInt8], payload: [UInt8]) {
    let length = 2 + topic.count + payload.count + (qos > 0 ? 2 : 0)
    packets.append(qos > 0 ? 0x32 : 0x30)
    var rest = length
    repeat {
      packets.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    append(topic.count)
    packets.append(contentsOf: topic)
    // Identifiers repeat long after the window has passed; 0 is not valid.
    if qos > 0 { append(published % 65_535 + 1) }
    packets.append(contentsOf: payload)
    published += 1
  }

  /// Whether another message may be added before ``send()``.
  var hasRoom: Bool { packets.count < 1 << 16 && published - acknowledged < RawPublisher.window }

  /// Sends the buffer, and waits until there is room for more.
  ///
  /// - Returns: `false` without a connection.
  func send() -> Bool {
    guard flush() else { return false }
    guard qos > 0 else {
      acknowledged = published
      return true
    }
    repeat {
      guard receive(atLeast: hasRoom ? 0 : 1) else { return false }
      count()
    } while !hasRoom
    return true
  }

  private func flush() -> Bool {
    var sent = 0
    while sent < packets.count {
      let count = packets[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    packets.removeAll(keepingCapacity: true)
    return true
  }

  /// Waits until the broker has acknowledged everything, and disconnects.
  ///
  /// - Returns: `false` without a connection.
  func finish() -> Bool {
    guard send() else { return false }
    while acknowledged < published {
      guard receive(atLeast: 1) else { return false }
      count()
    }
    // A DISCONNECT packet.
    packets = [0xE0, 0]
    return flush()
  }

  private func append(_ number: Int) {
    packets.append(UInt8(number >> 8 & 0xFF))
    packets.append(UInt8(number & 0xFF))
  }

  /// Counts acknowledgements: packets of four bytes, the only ones received.
  private func count() {
    let whole = inbound.count / 4
    acknowledged += whole
    let rest = inbound.count - whole * 4
    for position in 0..<rest { inbound.buffer[position] = inbound.buffer[whole * 4 + position] }
    inbound.count = rest
  }

  /// Reads the available data; waits for at least `wanted` bytes.
  ///
  /// - Returns: `false` without a connection.
  private func receive(atLeast wanted: Int) -> Bool {
    let target = inbound.count + wanted
    repeat {
      let flags = inbound.count < target ? 0 : Int32(MSG_DONTWAIT)
      let have = inbound.count
      let count = inbound.buffer.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.map { recv(socket, $0 + have, bytes.count - have, flags) } ?? -1
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return true }
      guard count > 0 else { return false }
      inbound.count += count
    } while inbound.count < target
    return true
  }

  private static func connect(_ socket: Int32, port: Int) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
