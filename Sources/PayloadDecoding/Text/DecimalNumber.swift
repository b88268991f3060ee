import Glibc

/// Decimal numbers from bytes: correctly rounded, without a `String` and independent of the locale.
enum DecimalNumber {
  typealias Bytes = UnsafeRawBufferPointer

  /// Maximum length of a number's text [bytes].
  static let maximumLength = 512

  /// Parses the number at the start of the text. Returns its value and length in bytes; `nil` if there is none.
  ///
  /// Format: a sign, digits, a point and more digits, an exponent, with at least one digit before the exponent. The
  /// result is infinite if the number exceeds `Double`. With a mantissa up to 2^53 and a power of ten up to 22, both
  /// are exact, so one multiplication or division rounds correctly (W. Clinger, "How to Read Floating Point Numbers
  /// Accurately", 1990). All others are parsed by `strtod`.
  static func prefix(of bytes: Bytes) -> (value: Double, length: Int)? {
    var i = 0
    var negative = false
    if i < bytes.count, bytes[i] == 0x2B || bytes[i] == 0x2D {
      negative = bytes[i] == 0x2D
      i += 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var exact = true
    var exponent = 0
    func isDigit(at i: Int) -> Bool { i < bytes.count && ByteText.isDigit(bytes[i]) }
    func append(_ digit: UInt8) {
      digits += 1
      if mantissa <= 900_719_925_474_098 { mantissa = mantissa * 10 + UInt64(digit &- 0x30) } else { exact = false }
    }
    while isDigit(at: i) {
      append(bytes[i])
      i += 1
    }
    if i < bytes.count, bytes[i] == 0x2E, digits > 0 || isDigit(at: i + 1) {
      i += 1
      while isDigit(at: i) {
        append(bytes[i])
        exponent -= 1
        i += 1
      }
    }
    guard digits > 0 else { return nil }
    (exponent, i) = withExponent(bytes, at: i, base: exponent)
    guard exact, exponent >= -22, exponent <= 22 else {
      return strtodValue(bytes, length: i).map { ($0, i) }
    }
    let magnitude = exponent < 0 ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
    return (negative ? -magnitude : magnitude, i)
  }

  /// Parses a number that fills the whole text.
  static func parse(_ bytes: Bytes) -> Double? {
    guard let (value, length) = prefix(of: bytes), length == bytes.count else { return nil }
    return value
  }

  /// Adds an exponent such as `e-3`, if there is one. It is limited to ±99,999, beyond which it makes no difference.
  ///
  /// - Parameters:
  ///   - bytes: the text.
  ///   - start: position of a possible exponent.
  ///   - base: exponent so far, from the decimals.
  private static func withExponent(_ bytes: Bytes, at start: Int, base: Int) -> (exponent: Int, end: Int) {
    guard start < bytes.count, bytes[start] | 0x20 == 0x65 else { return (base, start) }
    var i = start + 1
    var negative = false
    if i < bytes.count, bytes[i] == 0x2B || bytes[i] == 0x2D {
      negative = bytes[i] == 0x2D
      i += 1
    }
    guard i < bytes.count, ByteText.isDigit(bytes[i]) else { return (base, start) }
    var value = 0
    while i < bytes.count, ByteText.isDigit(bytes[i]) {
      if value < 99_999 { value = min(99_999, value * 10 + Int(bytes[i] &- 0x30)) }
      i += 1
    }
    return (base + (negative ? -value : value), i)
  }

  private static func strtodValue(_ bytes: Bytes, length: Int) -> Double? {
    guard length <= maximumLength else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: maximumLength + 1) { buffer in
      guard let base = buffer.baseAddress else { return nil }
      for i in 0..<length { base[i] = CChar(bitPattern: bytes[i]) }
      base[length] = 0
      return strtod(base, nil)
    }
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
    1e20, 1e21, 1e22,
  ]
}
