/// Writes the fields of one Protocol Buffers message.
package struct ProtobufWriter {
  /// The message so far.
  package private(set) var bytes: [UInt8] = []

  /// Creates an empty message.
  package init() {}

  /// Appends an integer or truth value.
  package mutating func varint(_ number: Int, value: UInt64) {
    append(UInt64(number) << 3)
    append(value)
  }

  /// Appends a double or another eight-byte value.
  package mutating func fixed64(_ number: Int, value: UInt64) {
    append(UInt64(number) << 3 | 1)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends a float or another four-byte value.
  package mutating func fixed32(_ number: Int, value: UInt32) {
    append(UInt64(number) << 3 | 5)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends bytes, such as those of a text or of a message.
  package mutating func bytes(_ number: Int, value: [UInt8]) {
    append(UInt64(number) << 3 | 2)
    append(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// Appends a text.
  package mutating func text(_ number: Int, value: String) { bytes(number, value: Array(value.utf8)) }

  private mutating func append(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
