/// Operations on text as bytes, so that no `String` is created during decoding.
enum ByteText {
  typealias Bytes = UnsafeRawBufferPointer

  static func slice(_ bytes: Bytes, start: Int, end: Int) -> Bytes {
    Bytes(rebasing: bytes[start..<end])
  }

  static func slice(_ bytes: Bytes, range: Range<Int>) -> Bytes { Bytes(rebasing: bytes[range]) }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// Returns the bytes without white space at both ends, a byte-order mark, and trailing NULs as left by C programs.
  static func trimmed(_ bytes: Bytes) -> Bytes {
    var start = 0
    var end = bytes.count
    if end >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { start = 3 }
    while start < end, isSpace(bytes[start]) { start += 1 }
    while end > start, isSpace(bytes[end - 1]) || bytes[end - 1] == 0 { end -= 1 }
    return slice(bytes, start: start, end: end)
  }

  /// Returns a range without white space at its ends.
  static func trimmed(_ bytes: Bytes, range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, isSpace(bytes[start]) { start += 1 }
    while start < end, isSpace(bytes[end - 1]) { end -= 1 }
    return start..<end
  }

  /// Returns whether the text equals `word`, ignoring ASCII case. `word` must be in lower case.
  static func equals(_ bytes: Bytes, word: StaticString) -> Bool {
    guard bytes.count == word.utf8CodeUnitCount else { return false }
    for i in 0..<bytes.count {
      let byte = bytes[i]
      let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
      if lower != word.utf8Start[i] { return false }
    }
    return true
  }

  static func hasControlCharacters(_ bytes: Bytes) -> Bool {
    for byte in bytes where (byte < 0x20 && !isSpace(byte)) || byte == 0x7F { return true }
    return false
  }

  /// Returns whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, surrogates or values
  /// beyond U+10FFFF.
  static func isUTF8(_ bytes: Bytes) -> Bool {
    var i = 0
    while i < bytes.count {
      let lead = bytes[i]
      i += 1
      if lead < 0x80 { continue }
      var lower: UInt8 = 0x80
      var upper: UInt8 = 0xBF
      let following: Int
      switch lead {
      case 0xC2...0xDF: following = 1
      case 0xE0...0xEF:
        following = 2
        if lead == 0xE0 { lower = 0xA0 }
        if lead == 0xED { upper = 0x9F }
      case 0xF0...0xF4:
        following = 3
        if lead == 0xF0 { lower = 0x90 }
        if lead == 0xF4 { upper = 0x8F }
      default: return false
      }
      guard bytes.count - i >= following else { return false }
      for k in 0..<following {
        let byte = bytes[i + k]
        if byte < lower || byte > upper { return false }
        lower = 0x80
        upper = 0xBF
      }
      i += following
    }
    return true
  }

  /// Returns the text, or `nil` if it is not UTF-8. Allocates, so it is used only for names seen for the first time.
  static func string(_ bytes: Bytes) -> String? {
    isUTF8(bytes) ? String(decoding: bytes, as: UTF8.self) : nil
  }

  /// Returns the reason why a text is not a number.
  static func reasonForNoNumber(_ bytes: Bytes) -> RefusalReason {
    if !isUTF8(bytes) { return .notUTF8 }
    return hasControlCharacters(bytes) ? .unknownFormat : .notANumber
  }
}
