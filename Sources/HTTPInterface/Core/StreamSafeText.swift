/// Bounds the runs of combining marks in a text, as the Stream-Safe Text Format does (UAX #15, section 13).
///
/// The normal form of a run of n marks takes time in proportion to n²: without a bound, a body of 500 KB that is one
/// letter with accents would occupy a thread for minutes. Texts of people have fewer than five.
enum StreamSafeText {
  /// Maximum number of marks in a row.
  static let mostMarks = 30
  /// Reason of a refusal.
  static let words = "a text has more than \(mostMarks) combining marks in a row"

  /// Returns whether a text in UTF-8 keeps to the bound, also once `\uXXXX` and `%XX` in it are resolved.
  ///
  /// Worked value: 30 times U+0301 behind an `e` keep to it, 31 do not, nor do 31 times `\u0301` or `%CC%81`.
  static func holds(_ bytes: some Collection<UInt8>) -> Bool {
    // Texts of ASCII without escapes, which nearly all are.
    guard bytes.contains(where: { $0 >= 0x80 || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "%") }) else {
      return true
    }
    let plain = unescaped(bytes)
    var marks = 0
    for scalar in String(decoding: plain, as: UTF8.self).unicodeScalars {
      if scalar.value >= 0x300, scalar.properties.canonicalCombiningClass != .notReordered {
        marks += 1
        if marks > mostMarks { return false }
      } else {
        marks = 0
      }
    }
    return true
  }

  /// Returns the bytes with escapes of JSON and of forms resolved.
  private static func unescaped(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let bytes = Array(bytes)
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      if bytes[place] == UInt8(ascii: "%"), let byte = number(bytes, at: place + 1, digits: 2) {
        plain.append(UInt8(truncatingIfNeeded: byte))
        place += 3
      } else if let (scalar, length) = escape(bytes, at: place) {
        plain += Array(String(scalar).utf8)
        place += length
      } else {
        plain.append(bytes[place])
        place += 1
      }
    }
    return plain
  }

  /// Returns the scalar of an escape `\uXXXX`, or of the two of a surrogate pair, and its length; `nil` for others.
  private static func escape(_ bytes: [UInt8], at place: Int) -> (Unicode.Scalar, length: Int)? {
    guard let first = unit(bytes, at: place) else { return nil }
    if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
    guard (0xD800..<0xDC00).contains(first), let second = unit(bytes, at: place + 6),
      (0xDC00..<0xE000).contains(second)
    else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)).map { ($0, 12) }
  }

  private static func unit(_ bytes: [UInt8], at place: Int) -> UInt32? {
    guard place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u") else {
      return nil
    }
    return number(bytes, at: place + 2, digits: 4)
  }

  private static func number(_ bytes: [UInt8], at place: Int, digits: Int) -> UInt32? {
    guard place + digits <= bytes.count else { return nil }
    var value: UInt32 = 0
    for byte in bytes[place..<place + digits] {
      guard let digit = hexadecimal(byte) else { return nil }
      value = value << 4 | digit
    }
    return value
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) - 48
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte) - 87
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte) - 55
    default: nil
    }
  }
}
