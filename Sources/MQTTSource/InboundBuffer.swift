import CurlTransport
import Glibc

/// Bytes received but not yet parsed, in one memory block for the life of a session.
final class InboundBuffer {
  /// A packet, valid until the next read.
  struct Packet {
    /// Packet type in the upper four bits (MQTT 5.0, section 2.1), flags in the lower.
    var header: UInt8
    /// Bytes after the length field.
    var body: UnsafeRawBufferPointer
    /// Whether the packet exceeds the limit, so that the body holds only its beginning. The rest is skipped.
    var isCut = false

    /// Packet type.
    var type: UInt8 { header >> 4 }
  }

  /// Maximum length of topic and packet identifier, which must be readable even in an oversized packet.
  private static let longestHead = 2 + 65_535 + 2

  private let memory: UnsafeMutableRawBufferPointer
  private let longestBody: Int
  private var start = 0
  private var end = 0
  /// Bytes of an oversized packet still to be skipped.
  private var passingOver = 0

  /// Creates a buffer for packets whose body has up to `longestBody` bytes.
  init(longestBody: Int) {
    self.longestBody = max(longestBody, Self.longestHead)
    memory = .allocate(byteCount: self.longestBody + 5 + ByteStream.chunk, alignment: 16)
  }

  deinit { memory.deallocate() }

  /// Discards everything at the start of a new connection.
  func removeAll() {
    (start, end, passingOver) = (0, 0, 0)
  }

  /// Returns the memory for a read. Packets returned before become invalid.
  func room() -> UnsafeMutableRawBufferPointer {
    if start == end {
      (start, end) = (0, 0)
    } else if memory.count - end < ByteStream.chunk, let base = memory.baseAddress {
      memmove(base, base + start, end - start)
      (start, end) = (0, end - start)
    }
    return UnsafeMutableRawBufferPointer(rebasing: memory[end...])
  }

  /// Records the number of bytes read into ``room()``.
  func filled(_ count: Int) { end += count }

  /// Returns the next complete packet, `nil` if more must be read.
  func next() throws(MalformedPacket) -> Packet? {
    let passed = min(passingOver, end - start)
    start += passed
    passingOver -= passed
    guard end - start >= 2 else { return nil }
    var length = 0
    var position = start + 1
    for shift in [0, 7, 14, 21, 28] {
      if shift == 28 { throw MalformedPacket() }
      if position == end { return nil }
      length |= Int(memory[position] & 0x7F) << shift
      position += 1
      if memory[position - 1] < 0x80 { break }
    }
    let header = memory[start]
    let available = end - position
    if length <= longestBody {
      guard available >= length else { return nil }
      start = position + length
      return Packet(header: header, body: UnsafeRawBufferPointer(rebasing: memory[position..<start]))
    }
    guard available >= Self.longestHead else { return nil }
    let shown = min(available, length)
    start = position + shown
    passingOver = length - shown
    return Packet(header: header, body: UnsafeRawBufferPointer(rebasing: memory[position..<start]), isCut: true)
  }
}
