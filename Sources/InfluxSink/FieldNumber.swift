/// Renders numbers as text without an intermediate string.
enum FieldNumber {
  /// Maximum length of a rendered number [bytes]. A sign, 17 digits, a point and an exponent fit; so does a 64-bit
  /// integer.
  static let longest = 32
  /// 2⁵⁰. Different integers below it, divided by the same power of ten, give different doubles.
  private static let safeIntegers = 1_125_899_906_842_624.0
  private static let powersOfTen: [(decimals: Int, power: Double)] = [(3, 1e3), (6, 1e6), (9, 1e9)]

  /// Appends the shortest decimal that reads back as `value`. If it is not finite, appends nothing and returns `false`.
  @discardableResult
  static func append(_ value: Double, to bytes: inout [UInt8]) -> Bool {
    guard value.isFinite else { return false }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longest) { buffer in
      guard let start = buffer.baseAddress else { return }
      bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: write(value, at: start)))
    }
    return true
  }

  /// Appends the digits of an integer.
  static func append(_ value: Int64, to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longest) { buffer in
      guard let start = buffer.baseAddress else { return }
      bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: write(value, at: start)))
    }
  }

  /// Writes the shortest decimal that reads back as the finite `value`, and returns its length. The caller provides
  /// room for ``longest`` bytes.
  ///
  /// Values of up to nine decimals take a fast path. For `n` below 2⁵⁰ and `k` up to 9 both `n` and `10^k` are exact.
  /// So `n / 10^k` is the double nearest to that decimal. If it equals `value`, the decimal reads back as `value`, and
  /// no other decimal of as few digits does. Example: 0.1 × 3 is 0.30000000000000004; 22.5 is 22.5; −0 is 0.
  static func write(_ value: Double, at start: UnsafeMutablePointer<UInt8>) -> Int {
    for (decimals, power) in powersOfTen {
      let scaled = (value * power).rounded()
      guard abs(scaled) < safeIntegers else { break }
      if scaled / power == value { return write(Int64(scaled), decimals: decimals, at: start) }
    }
    if abs(value) < 8 * safeIntegers, let whole = Int64(exactly: value) { return write(whole, at: start) }
    var digits = DigitSink(start: start)
    value.write(to: &digits)
    return digits.count
  }

  /// Writes the digits of an integer and returns their count. The caller provides room for ``longest`` bytes.
  static func write(_ value: Int64, at start: UnsafeMutablePointer<UInt8>) -> Int {
    start[0] = UInt8(ascii: "-")
    let sign = value < 0 ? 1 : 0
    return sign + write(value.magnitude, at: start + sign)
  }

  /// Writes `value / 10^decimals` without trailing zeros.
  ///
  /// - Parameters:
  ///   - value: the scaled number.
  ///   - decimals: number of decimals, 0...9.
  ///   - start: destination, with room for ``longest`` bytes.
  /// - Returns: the length written [bytes].
  private static func write(_ value: Int64, decimals: Int, at start: UnsafeMutablePointer<UInt8>) -> Int {
    var (rest, decimals) = (value.magnitude, decimals)
    while decimals > 0, rest % 10 == 0 { (rest, decimals) = (rest / 10, decimals - 1) }
    start[0] = UInt8(ascii: "-")
    let sign = value < 0 ? 1 : 0
    guard decimals > 0 else { return sign + write(rest, at: start + sign) }
    var power: UInt64 = 1
    for _ in 0..<decimals { power *= 10 }
    let (whole, fraction) = rest.quotientAndRemainder(dividingBy: power)
    let point = sign + write(whole, at: start + sign)
    start[point] = UInt8(ascii: ".")
    writeDigits(fraction, count: decimals, at: start + point + 1)
    return point + 1 + decimals
  }

  private static func write(_ magnitude: UInt64, at start: UnsafeMutablePointer<UInt8>) -> Int {
    var count = 1
    var bound: UInt64 = 10
    while magnitude >= bound {
      count += 1
      let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = next
    }
    writeDigits(magnitude, count: count, at: start)
    return count
  }

  /// Writes the last `count` digits, two at a time.
  ///
  /// - Parameters:
  ///   - magnitude: the number.
  ///   - count: number of digits.
  ///   - start: destination, with room for `count` bytes.
  private static func writeDigits(_ magnitude: UInt64, count: Int, at start: UnsafeMutablePointer<UInt8>) {
    var (rest, end) = (magnitude, count)
    while end >= 2 {
      let (next, pair) = rest.quotientAndRemainder(dividingBy: 100)
      end -= 2
      // Tenth of a number below 100 by multiplication; 103 / 1024 is accurate enough.
      let tens = (pair &* 103) >> 10
      start[end] = UInt8(truncatingIfNeeded: 0x30 + tens)
      start[end + 1] = UInt8(truncatingIfNeeded: 0x30 + pair &- tens &* 10)
      rest = next
    }
    if end == 1 { start[0] = UInt8(truncatingIfNeeded: 0x30 + rest % 10) }
  }

  /// Receives the digits of a number as bytes. The current standard library calls only the second method. The first
  /// gives the same text at the cost of a string.
  private struct DigitSink: TextOutputStream {
    let start: UnsafeMutablePointer<UInt8>
    var count = 0

    mutating func write(_ text: String) {
      for byte in text.utf8 { put(byte) }
    }
    mutating func _writeASCII(_ digits: UnsafeBufferPointer<UInt8>) {
      for byte in digits { put(byte) }
    }

    private mutating func put(_ byte: UInt8) {
      guard count < FieldNumber.longest else { return }
      start[count] = byte
      count += 1
    }
  }
}
