/// Numbers as text, appended to a buffer without a string in between.
enum NumberText {
  /// Powers of ten up to 10⁹; each is exact.
  private static let powersOfTen: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
  /// 2⁵³: integers up to here are exact doubles.
  private static let exactIntegers = 9_007_199_254_740_992.0

  /// Appends the shortest decimal that reads back as `value`; nothing, and `false`, if it is not finite.
  ///
  /// Values of up to nine decimals take a short way. For `n` below 2⁵³ and `k` up to 9 both `n` and `10^k` are exact,
  /// so `n / 10^k` is the double nearest to that decimal: if it is `value`, the decimal reads back as `value`.
  /// Example: 0.1 × 3 is 0.30000000000000004; 22.5 is 22.5; −0 is 0.
  @discardableResult
  static func append(_ value: Double, to bytes: inout [UInt8]) -> Bool {
    guard value.isFinite else { return false }
    for (decimals, power) in powersOfTen.enumerated() {
      let scaled = (value * power).rounded()
      guard abs(scaled) < exactIntegers else { break }
      if scaled / power == value {
        appendScaled(Int64(scaled), decimals: decimals, to: &bytes)
        return true
      }
    }
    var digits = DigitSink()
    swap(&digits.bytes, &bytes)
    value.write(to: &digits)
    swap(&digits.bytes, &bytes)
    return true
  }

  /// Appends an integer's digits.
  static func append(_ value: Int64, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    append(value.magnitude, digits: 1, to: &bytes)
  }

  private static func appendScaled(_ value: Int64, decimals: Int, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    append(value.magnitude, digits: decimals + 1, to: &bytes)
    if decimals > 0 { bytes.insert(UInt8(ascii: "."), at: bytes.count - decimals) }
  }

  /// Appends at least `digits` digits, with zeros in front where needed.
  private static func append(_ magnitude: UInt64, digits: Int, to bytes: inout [UInt8]) {
    let start = bytes.count
    var rest = magnitude
    while rest > 0 || bytes.count - start < digits {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    }
    var (low, high) = (start, bytes.count - 1)
    while low < high {
      bytes.swapAt(low, high)
      (low, high) = (low + 1, high - 1)
    }
  }

  /// Takes a number's digits as bytes. Only the second method is called by today's standard library; with the first
  /// the text is the same at the price of a string.
  private struct DigitSink: TextOutputStream {
    var bytes: [UInt8] = []
    mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }
    mutating func _writeASCII(_ digits: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: digits) }
  }
}
