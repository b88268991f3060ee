/// Error: a packet violates MQTT.
struct MalformedPacket: Error {}

/// Reads the parts of an untrusted packet body.
struct PacketReader {
  typealias Bytes = UnsafeRawBufferPointer

  private let bytes: Bytes
  private var offset = 0

  init(_ bytes: Bytes) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  /// Bytes not yet read.
  var rest: Bytes { Bytes(rebasing: bytes[offset...]) }

  mutating func byte() throws(MalformedPacket) -> UInt8 {
    guard offset < bytes.count else { throw MalformedPacket() }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// Reads two bytes, big-endian.
  mutating func short() throws(MalformedPacket) -> UInt16 {
    guard bytes.count - offset >= 2 else { throw MalformedPacket() }
    defer { offset += 2 }
    return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
  }

  /// Reads four bytes, big-endian.
  mutating func word() throws(MalformedPacket) -> UInt32 { UInt32(try short()) << 16 | UInt32(try short()) }

  /// Reads a number of one to four bytes, seven bits each, the lowest first.
  mutating func variable() throws(MalformedPacket) -> Int {
    var value = 0
    for shift in [0, 7, 14, 21] {
      let byte = try byte()
      value |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw MalformedPacket()
  }

  mutating func bytes(_ count: Int) throws(MalformedPacket) -> Bytes {
    guard bytes.count - offset >= count else { throw MalformedPacket() }
    defer { offset += count }
    return Bytes(rebasing: bytes[offset..<offset + count])
  }

  /// Reads a text or binary data after its length.
  mutating func field() throws(MalformedPacket) -> Bytes { try bytes(Int(try short())) }

  /// Reads the properties of an MQTT 5 packet.
  mutating func properties() throws(MalformedPacket) -> Bytes { try bytes(try variable()) }
}

/// The broker's properties that the session uses (MQTT 5.0, section 2.2.2).
struct BrokerProperties {
  /// Keep-alive interval that the broker requires [s].
  var keepAlive: Int?
  /// The broker's text for a refusal or an end.
  var reason: String?
  /// Whether shared subscriptions are supported; `true` unless the broker denies it.
  var knowsSharing = true

  /// Creates empty properties.
  init() {}

  /// Parses all properties. An unknown one is an error, because the start of the next one is then unknown.
  init(_ bytes: UnsafeRawBufferPointer) throws(MalformedPacket) {
    var reader = PacketReader(bytes)
    while !reader.isAtEnd {
      switch try reader.byte() {
      case 0x13: keepAlive = Int(try reader.short())
      case 0x1F: reason = String(decoding: try reader.field(), as: UTF8.self)
      case 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29: _ = try reader.byte()
      case 0x2A: knowsSharing = try reader.byte() != 0
      case 0x21, 0x22, 0x23: _ = try reader.short()
      case 0x02, 0x11, 0x18, 0x27: _ = try reader.word()
      case 0x0B: _ = try reader.variable()
      case 0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C: _ = try reader.field()
      case 0x26:
        _ = try reader.field()
        _ = try reader.field()
      default: throw MalformedPacket()
      }
    }
  }
}
