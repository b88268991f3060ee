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

  /// Parses the number at the start of a text with a decimal comma. Returns its value and length in bytes. Points
  /// separate thousands and must be followed by three digits. Example: `1.234,5` is 1234.5; `1.5` is invalid.
  static func commaPrefix(of bytes: Bytes) -> (value: Double, length: Int)? {
    withUnsafeTemporaryAllocation(byteCount: maximumLength, alignment: 1) { plain in
      var (count, i) = (0, 0)
      var groups = false
      func isDigit(_ at: Int) -> Bool { at < bytes.count && ByteText.isDigit(bytes[at]) }
      if i < bytes.count, bytes[i] == 0x2B || bytes[i] == 0x2D {
        plain[count] = bytes[i]
        (count, i) = (count + 1, i + 1)
      }
      let first = i
      while count < maximumLength - 40, i < bytes.count {
        if ByteText.isDigit(bytes[i]) {
          plain[count] = bytes[i]
          (count, i) = (count + 1, i + 1)
        } else if bytes[i] == 0x2E, groups || (i > first && i - first <= 3), isDigit(i + 1), isDigit(i + 2),
          isDigit(i + 3), !isDigit(i + 4)
        {
          groups = true
          i += 1
        } else {
          break
        }
      }
      guard i > first, !(i < bytes.count && bytes[i] == 0x2E) else { return nil }
      var skipped = i - count
      if i < bytes.count, bytes[i] == 0x2C, isDigit(i + 1) {
        plain[count] = 0x2E
        (count, i) = (count + 1, i + 1)
        while count < maximumLength - 20, isDigit(i) {
          plain[count] = bytes[i]
          (count, i) = (count + 1, i + 1)
        }
        skipped = i - count
      }
      // Copies a possible exponent.
      for at in i..<min(bytes.count, i + 8) {
        plain[count] = bytes[at]
        count += 1
      }
      guard let (value, length) = prefix(of: Bytes(rebasing: UnsafeRawBufferPointer(plain)[..<count])) else {
        return nil
      }
      return (value, length + skipped)
    }
  }

  /// Parses the number at the start of a text with commas between thousands and a decimal point. Returns its value and
  /// length in bytes. Example: `1,234.5` is 1234.5; `1,234` is invalid, because it may also mean 1.234.
  static func groupedPrefix(of bytes: Bytes) -> (value: Double, length: Int)? {
    withUnsafeTemporaryAllocation(byteCount: maximumLength, alignment: 1) { plain in
      var (count, i, group) = (0, 0, 0)
      var hasComma = false
      if i < bytes.count, bytes[i] == 0x2B || bytes[i] == 0x2D {
        plain[0] = bytes[0]
        (count, i) = (1, 1)
      }
      while i < bytes.count, count < maximumLength {
        if ByteText.isDigit(bytes[i]) {
          plain[count] = bytes[i]
          (count, group) = (count + 1, group + 1)
        } else if bytes[i] == 0x2C, hasComma ? group == 3 : (1...3).contains(group) {
          (hasComma, group) = (true, 0)
        } else {
          break
        }
        i += 1
      }
      guard hasComma, group == 3, i + 1 < bytes.count, bytes[i] == 0x2E, ByteText.isDigit(bytes[i + 1]) else {
        return nil
      }
      let skipped = i - count
      while i < bytes.count, count < maximumLength, bytes[i] == 0x2E || ByteText.isDigit(bytes[i]) {
        plain[count] = bytes[i]
        (count, i) = (count + 1, i + 1)
      }
      let text = Bytes(rebasing: UnsafeRawBufferPointer(plain)[..<count])
      return parse(text).map { ($0, count + skipped) }
    }
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
