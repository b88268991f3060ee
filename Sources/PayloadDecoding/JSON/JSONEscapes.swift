/// Decoding of escapes in validated JSON strings.
enum JSONEscapes {
  typealias Bytes = UnsafeRawBufferPointer

  /// Parses four hexadecimal digits.
  static func hexadecimal(_ bytes: Bytes, at start: Int) -> UInt32? {
    guard bytes.count - start >= 4 else { return nil }
    var value: UInt32 = 0
    for i in start..<start + 4 {
      guard let digit = digit(bytes[i]) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// Returns the value of a hexadecimal digit.
  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// Returns a text in UTF-8 with its escapes resolved. This rare case allocates.
  static func plain(_ bytes: Bytes) -> [UInt8] {
    var plain: [UInt8] = []
    append(bytes, to: &plain)
    return plain
  }

  /// Appends a text in UTF-8 with its escapes resolved. A lone surrogate becomes U+FFFD.
  static func append(_ bytes: Bytes, to target: inout [UInt8]) {
    var i = 0
    while i < bytes.count {
      let byte = bytes[i]
      i += 1
      guard byte == UInt8(ascii: "\\"), i < bytes.count else {
        target.append(byte)
        continue
      }
      let escaped = bytes[i]
      i += 1
      switch escaped {
      case UInt8(ascii: "b"): target.append(0x08)
      case UInt8(ascii: "f"): target.append(0x0C)
      case UInt8(ascii: "n"): target.append(0x0A)
      case UInt8(ascii: "r"): target.append(0x0D)
      case UInt8(ascii: "t"): target.append(0x09)
      case UInt8(ascii: "u"): appendScalar(scalar(bytes, i: &i), to: &target)
      default: target.append(escaped)
      }
    }
  }

  /// Parses the scalar whose first four digits are at `i`, and moves `i` behind it.
  private static func scalar(_ bytes: Bytes, i: inout Int) -> UInt32 {
    guard let first = hexadecimal(bytes, at: i) else { return 0xFFFD }
    i += 4
    guard first & 0xF800 == 0xD800 else { return first }
    guard first < 0xDC00, i + 1 < bytes.count, bytes[i] == UInt8(ascii: "\\"), bytes[i + 1] == UInt8(ascii: "u"),
      let second = hexadecimal(bytes, at: i + 2), second & 0xFC00 == 0xDC00
    else { return 0xFFFD }
    i += 6
    return 0x10000 + (first & 0x3FF) << 10 + second & 0x3FF
  }

  private static func appendScalar(_ value: UInt32, to target: inout [UInt8]) {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | (value >> shift & 0x3F)) }
    switch value {
    case ..<0x80: target.append(UInt8(truncatingIfNeeded: value))
    case ..<0x800:
      target.append(UInt8(truncatingIfNeeded: 0xC0 | value >> 6))
      target.append(tail(0))
    case ..<0x10000:
      target.append(UInt8(truncatingIfNeeded: 0xE0 | value >> 12))
      target.append(tail(6))
      target.append(tail(0))
    default:
      target.append(UInt8(truncatingIfNeeded: 0xF0 | value >> 18))
      target.append(tail(12))
      target.append(tail(6))
      target.append(tail(0))
    }
  }
}
