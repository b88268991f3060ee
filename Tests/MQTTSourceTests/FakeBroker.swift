import Glibc
import LocalServers
import PlantTesting
import Synchronization
import SystemCore

/// A broker of a few lines that misbehaves as told. One connection at a time; each packet is shown to the script, which
/// says what to answer.
final class FakeBroker: Sendable {
  /// Reaction to a packet.
  enum Answer: Sendable {
    case bytes([UInt8])
    case close
  }

  private let server: ScriptedServer
  private let seen: PacketLog

  /// TCP port.
  var port: Int { server.port }
  /// Packets so far, as they came.
  var packets: [[UInt8]] { seen.all }

  init(_ script: @escaping @Sendable (_ packet: [UInt8]) -> Answer) throws {
    let seen = PacketLog()
    self.seen = seen
    server = try ScriptedServer { connection in
      while let packet = Self.packet(&connection) {
        seen.append(packet)
        switch script(packet) {
        case .bytes(let bytes): if !connection.say(bytes) { return }
        case .close: return
        }
      }
    }
  }

  func stop() { server.stop() }

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

  /// A packet of fewer than 128 bytes, which is all that tests send.
  private static func packet(_ connection: inout ScriptedServer.Connection) -> [UInt8]? {
    guard let head = connection.bytes(2), head[1] < 0x80, let body = connection.bytes(Int(head[1])) else { return nil }
    return head + body
  }
}

/// The packets that a broker got.
private final class PacketLog: Sendable {
  private let packets = Mutex<[[UInt8]]>([])

  var all: [[UInt8]] { packets.withLock { $0 } }

  func append(_ packet: [UInt8]) { packets.withLock { $0.append(packet) } }
}
