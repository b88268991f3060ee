import PlantModel

/// A ``PlantModel/ValueDetail`` prepared for parsing. A class, because most values have none.
final class CompiledDetail {
  let decimal: ValueDetail.DecimalMark
  let encoding: ValueDetail.Encoding?
  let bits: Int?
  /// Numbers of words; `nil` for the usual words.
  let words: WordNumbers?

  /// Prepares a detail; `nil` if texts are parsed by the defaults: no map, encoding or width, and a decimal point.
  init?(_ detail: ValueDetail) {
    decimal = detail.decimal
    encoding = detail.encoding == .json ? nil : detail.encoding
    bits = detail.bits
    words = detail.words.isEmpty ? nil : WordNumbers(detail.words)
    if words == nil, encoding == nil, bits == nil, decimal == .point { return nil }
  }

  /// Parses a number delimited by the format itself, where the decimal mark is always the point.
  func read(number text: UnsafeRawBufferPointer) -> ScalarText.Result {
    guard decimal == .comma, words == nil, encoding == nil else { return read(text) }
    guard let number = DecimalNumber.parse(text), number.isFinite else { return .refused(.notFinite) }
    guard let bits else { return .value(ScalarText(number: number, unit: 0..<0)) }
    guard let signed = CompiledDetail.signed(number, bits: bits) else { return .refused(.notANumber) }
    return .value(ScalarText(number: signed, unit: 0..<0))
  }

  /// Parses a trimmed text by the detail.
  func read(_ text: UnsafeRawBufferPointer) -> ScalarText.Result {
    if let words {
      if let number = words.number(of: text) { return .value(ScalarText(number: number, unit: 0..<0)) }
      if ScalarText.isAbsent(text) { return .refused(.missingValue) }
      if let number = DecimalNumber.parse(text), number.isFinite {
        return .value(ScalarText(number: number, unit: 0..<0))
      }
      return .refused(.unknownWord)
    }
    switch encoding {
    case .hexadecimal: return ScalarText.isAbsent(text) ? .refused(.missingValue) : hexadecimal(text)
    case .base64: return text.isEmpty ? .refused(.missingValue) : base64(text)
    case .json, nil: break
    }
    let result = ScalarText.read(text, decimal: decimal)
    guard let bits, case .value(var value) = result else { return result }
    guard let signed = CompiledDetail.signed(value.number, bits: bits) else { return .refused(.notANumber) }
    value.number = signed
    return .value(value)
  }

  /// Interprets a whole number as two's complement of a width: 65531 in 16 bits is −5. Negative numbers stay unchanged.
  private static func signed(_ number: Double, bits: Int) -> Double? {
    guard number.rounded() == number, number.magnitude < 0x1p53 else { return nil }
    guard number >= 0, bits < 53 else { return number }
    let modulus = Double(UInt64(1) << UInt64(bits))
    guard number < modulus else { return nil }
    return number >= modulus / 2 ? number - modulus : number
  }

  /// Returns the two's complement number in the low `width` bits.
  private func signed(_ pattern: UInt64, width: Int) -> Double {
    let width = min(64, max(1, bits ?? width))
    let shift = UInt64(64 - width)
    return Double(Int64(bitPattern: pattern << shift) >> Int64(shift))
  }

  private func hexadecimal(_ text: UnsafeRawBufferPointer) -> ScalarText.Result {
    var pattern: UInt64 = 0
    var digits = 0
    var start = 0
    if text.count > 2, text[0] == 0x30, text[1] | 0x20 == UInt8(ascii: "x") { start = 2 }
    for i in start..<text.count where text[i] != 0x20 {
      guard let digit = JSONEscapes.digit(text[i]), digits < 16 else { return .refused(.notANumber) }
      pattern = pattern << 4 | UInt64(digit)
      digits += 1
    }
    if digits == 0 { return .refused(.notANumber) }
    // A register has whole bytes: an odd number of digits lacks its leading zero, which determines the sign bit.
    return .value(ScalarText(number: signed(pattern, width: 4 * (digits + digits % 2)), unit: 0..<0))
  }

  private func base64(_ text: UnsafeRawBufferPointer) -> ScalarText.Result {
    var pattern: UInt64 = 0
    var (pending, held, bytes) = (UInt32(0), 0, 0)
    var end = text.count
    while end > 0, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
    for i in 0..<end {
      guard let six = CompiledDetail.six(text[i]) else { return .refused(.notANumber) }
      pending = pending << 6 | six
      held += 6
      guard held >= 8 else { continue }
      held -= 8
      guard bytes < 8 else { return .refused(.notANumber) }
      pattern = pattern << 8 | UInt64(pending >> UInt32(held) & 0xFF)
      bytes += 1
    }
    return bytes == 0
      ? .refused(.notANumber) : .value(ScalarText(number: signed(pattern, width: 8 * bytes), unit: 0..<0))
  }

  /// Returns the six bits of a Base64 digit, in the standard or URL alphabet.
  private static func six(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x41...0x5A: UInt32(byte - 0x41)
    case 0x61...0x7A: UInt32(byte - 0x61 + 26)
    case 0x30...0x39: UInt32(byte - 0x30 + 52)
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}

/// Numbers by word, looked up without a `String`. Exact spelling takes precedence over other cases.
final class WordNumbers: Sendable {
  private let exact: ByteTable
  private let folded: ByteTable
  private let numbers: [Double]
  private let longest: Int

  init(_ words: [String: Double]) {
    var (exact, folded) = (ByteTable(), ByteTable())
    var numbers: [Double] = []
    for (word, number) in words.sorted(by: { $0.key < $1.key }) {
      let position = Int32(truncatingIfNeeded: numbers.count)
      numbers.append(number)
      Array(word.utf8).withUnsafeBytes { exact.insert($0, value: position) }
      let lower = Array(word.utf8).map(WordNumbers.lowered)
      lower.withUnsafeBytes { if folded.value(of: $0) == nil { folded.insert($0, value: position) } }
    }
    (self.exact, self.folded, self.numbers) = (exact, folded, numbers)
    longest = words.keys.map(\.utf8.count).max() ?? 0
  }

  func number(of word: UnsafeRawBufferPointer) -> Double? {
    if let position = exact.value(of: word) { return numbers[Int(position)] }
    guard word.count <= longest else { return nil }
    return withUnsafeTemporaryAllocation(byteCount: max(1, word.count), alignment: 1) { lower in
      for i in 0..<word.count { lower[i] = WordNumbers.lowered(word[i]) }
      return folded.value(of: UnsafeRawBufferPointer(rebasing: lower[..<word.count])).map { numbers[Int($0)] }
    }
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
