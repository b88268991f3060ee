import Compression

/// Decompresses payloads that are compressed as a whole, recognised by their first bytes: gzip (RFC 1952), zlib (RFC
/// 1950) and Zstandard (RFC 8878). Its memory is reused for each message.
struct Decompressor {
  enum Outcome {
    /// The decompressed bytes are ready; see ``borrowBuffer()``.
    case unpacked
    /// The payload is not compressed, although its first bytes look like it.
    case plain
    case refused(RefusalReason)
  }

  /// Maximum size of a decompressed payload [bytes].
  let limit: Int
  private var buffer: [UInt8] = []
  private(set) var count = 0

  init(limit: Int) { self.limit = min(limit, MessageDecoder.maximumPayloadLength) }

  /// Returns whether the first bytes denote a compressed form; two comparisons for nearly all payloads.
  static func isCompressed(_ payload: UnsafeRawBufferPointer) -> Bool {
    guard payload.count > 3 else { return false }
    switch payload[0] {
    case 0x1F: return payload[1] == 0x8B
    case 0x28: return payload[1] == 0xB5 && payload[2] == 0x2F && payload[3] == 0xFD
    // Deflate with a window of 32 KiB; the two bytes are a multiple of 31.
    case 0x78: return payload[1] & 0x20 == 0 && (0x7800 + Int(payload[1])) % 31 == 0
    default: return false
    }
  }

  /// Hands out the buffer, whose first ``count`` bytes are the result. ``returnBuffer(_:)`` returns it.
  mutating func borrowBuffer() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &buffer)
    return taken
  }

  /// Returns the buffer. One above 1 MiB is not kept.
  mutating func returnBuffer(_ taken: [UInt8]) { buffer = taken.count <= 1 << 20 ? taken : [] }

  /// Decompresses a payload.
  mutating func unpack(_ payload: UnsafeRawBufferPointer) -> Outcome {
    var size = min(limit, max(4_096, payload.count * 8))
    while true {
      if buffer.count < size { buffer = [UInt8](repeating: 0, count: size) }
      let result = buffer.withUnsafeMutableBytes { buffer in
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<size])
        return payload[0] == 0x28 ? Zstandard.unpack(payload, into: room) : Deflate.unpack(payload, into: room)
      }
      switch result {
      case .bytes(let count):
        self.count = count
        return .unpacked
      case .needsRoom where size < limit: size = min(limit, size * 4)
      case .needsRoom: return .refused(.tooLarge)
      // Text may also begin with `x^`.
      case .damaged: return payload[0] == 0x78 ? .plain : .refused(.badCompression)
      case .unavailable: return .refused(.badCompression)
      }
    }
  }
}
