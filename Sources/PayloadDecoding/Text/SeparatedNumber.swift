/// Decimal numbers with a decimal comma or with separators between thousands, rewritten for ``DecimalNumber``.
enum SeparatedNumber {
  typealias Bytes = UnsafeRawBufferPointer

  /// Parses the number at the start of a text with a decimal comma. Returns its value and length in bytes. Points
  /// separate thousands and must be followed by three digits. Example: `1.234,5` is 1234.5; `1.5` is invalid.
  static func commaPrefix(of bytes: Bytes) -> (value: Double, length: Int)? {
    withUnsafeTemporaryAllocation(byteCount: DecimalNumber.maximumLength, alignment: 1) { memory in
      var number = PlainNumber(source: bytes, memory: memory)
      number.copySign()
      let first = number.position
      number.copyDigits(pointsBetweenThousands: DecimalNumber.maximumLength - 40)
      guard number.position > first, number.next != UInt8(ascii: ".") else { return nil }
      if number.next == UInt8(ascii: ","), number.isDigit(1) {
        number.write(UInt8(ascii: "."))
        while number.count < DecimalNumber.maximumLength - 20, number.isDigit(0) { number.copy() }
      }
      // Copies a possible exponent.
      for _ in 0..<min(8, bytes.count - number.position) { number.copy() }
      guard let (value, length) = DecimalNumber.prefix(of: number.text) else { return nil }
      return (value, length + number.skipped)
    }
  }

  /// Parses the number at the start of a text with commas between thousands and a decimal point. Returns its value and
  /// length in bytes. Example: `1,234.5` is 1234.5; `1,234` is invalid, because it may also mean 1.234.
  static func groupedPrefix(of bytes: Bytes) -> (value: Double, length: Int)? {
    withUnsafeTemporaryAllocation(byteCount: DecimalNumber.maximumLength, alignment: 1) { memory in
      var number = PlainNumber(source: bytes, memory: memory)
      number.copySign()
      guard number.copyDigits(commasBetweenThousands: DecimalNumber.maximumLength),
        number.next == UInt8(ascii: "."), number.isDigit(1)
      else { return nil }
      while number.count < DecimalNumber.maximumLength, number.next == UInt8(ascii: ".") || number.isDigit(0) {
        number.copy()
      }
      return DecimalNumber.parse(number.text).map { ($0, number.count + number.skipped) }
    }
  }
}

/// A number that is being rewritten without separators and with a decimal point.
private struct PlainNumber {
  let source: UnsafeRawBufferPointer
  let memory: UnsafeMutableRawBufferPointer
  /// Number of bytes written.
  private(set) var count = 0
  /// Position of the next byte of the source.
  private(set) var position = 0

  init(source: UnsafeRawBufferPointer, memory: UnsafeMutableRawBufferPointer) {
    (self.source, self.memory) = (source, memory)
  }

  /// The text written so far.
  var text: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

  /// Number of bytes of the source that are not in the text.
  var skipped: Int { position - count }

  /// The next byte of the source.
  var next: UInt8? { position < source.count ? source[position] : nil }

  /// Returns whether the byte at a distance from the next one is a digit.
  func isDigit(_ distance: Int) -> Bool {
    position + distance < source.count && ByteText.isDigit(source[position + distance])
  }

  /// Writes a byte in place of the next one.
  mutating func write(_ byte: UInt8) {
    memory[count] = byte
    (count, position) = (count + 1, position + 1)
  }

  /// Writes the next byte.
  mutating func copy() { write(source[position]) }

  mutating func copySign() {
    if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { copy() }
  }

  /// Copies digits without the points between thousands, as long as fewer than `limit` bytes are written.
  mutating func copyDigits(pointsBetweenThousands limit: Int) {
    let first = position
    var hasPoint = false
    while count < limit, let byte = next {
      if ByteText.isDigit(byte) {
        copy()
      } else if byte == UInt8(ascii: "."), hasPoint || (1...3).contains(position - first), isDigit(1), isDigit(2),
        isDigit(3), !isDigit(4)
      {
        hasPoint = true
        position += 1
      } else {
        break
      }
    }
  }

  /// Copies digits without the commas between thousands, as long as fewer than `limit` bytes are written. Returns
  /// whether there is a comma and each is followed by three digits.
  mutating func copyDigits(commasBetweenThousands limit: Int) -> Bool {
    var (hasComma, group) = (false, 0)
    while count < limit, let byte = next {
      if ByteText.isDigit(byte) {
        copy()
        group += 1
      } else if byte == UInt8(ascii: ","), hasComma ? group == 3 : (1...3).contains(group) {
        (hasComma, group) = (true, 0)
        position += 1
      } else {
        break
      }
    }
    return hasComma && group == 3
  }
}
