/// Iterates over the fields of one Protocol Buffers message, without copying or allocation.
///
/// Wire format: <https://protobuf.dev/programming-guides/encoding/>. Groups (wire types 3 and 4) were deprecated before
/// Sparkplug and count as malformed. A nested message is a range of bytes for a separate reader, so that depth costs
/// nothing until it is read.
struct ProtobufReader {
  typealias Bytes = UnsafeRawBufferPointer

  /// Value of a field.
  enum Value: Equatable {
    /// Wire type 0: integers and truth values.
    case varint(UInt64)
    /// Wire type 1: doubles and eight-byte integers.
    case fixed64(UInt64)
    /// Wire type 2: texts, bytes and messages, as a range of the buffer.
    case bytes(Range<Int>)
    /// Wire type 5: floats and four-byte integers.
    case fixed32(UInt32)
  }

  /// One field of a message.
  struct Field: Equatable {
    /// Field number, 1 to 2²⁹ − 1.
    var number: Int
    var value: Value
  }

  private let bytes: Bytes
  private var position: Int
  private let end: Int
  /// Whether iteration ended at malformed data.
  private(set) var isMalformed = false

  /// Creates a reader of a whole buffer.
  init(_ bytes: Bytes) { self.init(bytes, range: 0..<bytes.count) }

  /// Creates a reader of a message at `range` within a buffer.
  init(_ bytes: Bytes, range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// Returns the next field, or `nil` at the end and at malformed data.
  mutating func next() -> Field? {
    guard position < end, !isMalformed else { return nil }
    guard let tag = varint(), tag <= UInt64(UInt32.max), tag >> 3 > 0 else { return broken() }
    let number = Int(tag >> 3)
    switch tag & 7 {
    case 0:
      guard let value = varint() else { return broken() }
      return Field(number: number, value: .varint(value))
    case 1:
      guard end - position >= 8 else { return broken() }
      defer { position += 8 }
      let value = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      return Field(number: number, value: .fixed64(value))
    case 2:
      guard let length = varint(), length <= UInt64(end - position) else { return broken() }
      let start = position
      position += Int(length)
      return Field(number: number, value: .bytes(start..<position))
    case 5:
      guard end - position >= 4 else { return broken() }
      defer { position += 4 }
      let value = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
      return Field(number: number, value: .fixed32(value))
    default: return broken()
    }
  }

  /// Reads a varint: seven bits a byte, least significant first; at most ten bytes, of which the tenth has one bit.
  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      if shift == 63, byte > 1 { return nil }
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  private mutating func broken() -> Field? {
    isMalformed = true
    return nil
  }
}
