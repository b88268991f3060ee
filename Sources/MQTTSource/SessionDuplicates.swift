import StreamCore

/// Recently appended QoS 1 messages by packet identifier. A broker that missed an acknowledgement sends the message
/// again with the same identifier after the next connect.
struct SessionDuplicates {
  private struct Entry {
    var hash: UInt64 = 0
    var number: Int = .min
  }

  /// Maximum age of an entry, in appended messages. Identifiers repeat after 65,535 messages. Half of that far exceeds
  /// a broker's in-flight window, and prevents confusion with an identifier's earlier use.
  static let horizon = 32_768

  private var entries = [Entry](repeating: Entry(), count: 65_536)
  private var appended = 0

  /// Records an appended message; identifier 0 means QoS 0 and is ignored.
  mutating func record(packetID: UInt16, hash: UInt64) {
    if packetID == 0 { return }
    entries[Int(packetID)] = Entry(hash: hash, number: appended)
    appended += 1
  }

  /// Returns whether the same message was appended under the same identifier within the horizon.
  func contains(packetID: UInt16, hash: UInt64) -> Bool {
    let entry = entries[Int(packetID)]
    return packetID != 0 && entry.number != .min && entry.hash == hash && appended - entry.number <= Self.horizon
  }

  /// Discards all entries, because the broker has no session and its identifiers restart.
  mutating func removeAll() {
    for position in entries.indices { entries[position] = Entry() }
  }
}

/// The hash for recognising re-delivered messages; identical in every run of the program.
public enum MessageHash {
  /// Returns the hash of a topic and a payload: eight bytes at a time, multiplied and folded as in wyhash (Wang Yi,
  /// 2019, public domain). Not resistant to adversaries.
  public static func of(topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) -> UInt64 {
    var hash = fold(UInt64(topic.count) ^ 0xA076_1D64_78BD_642F, UInt64(payload.count) ^ 0xE703_7ED1_A0B4_28DB)
    mix(topic, into: &hash)
    mix(payload, into: &hash)
    return hash
  }

  private static func mix(_ bytes: UnsafeRawBufferPointer, into hash: inout UInt64) {
    var offset = 0
    while bytes.count - offset >= 8 {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      hash = fold(hash ^ word, 0x8EBC_6AF0_9C88_C6E3)
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < bytes.count {
      rest = rest << 8 | UInt64(bytes[offset])
      offset += 1
    }
    hash = fold(hash ^ rest, 0x5899_65CC_7537_4CC3)
  }

  private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
