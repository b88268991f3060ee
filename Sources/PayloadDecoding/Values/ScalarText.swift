import PlantModel

/// Value of a text: a number, optionally with a unit, or the word of a switch.
struct ScalarText {
  /// The number; 1 or 0 for switch words.
  var number: Double
  /// Range of the unit after the number; empty if there is none.
  var unit: Range<Int>
  /// Whether it is a switch word rather than a number.
  var isWord = false

  /// Maximum length of a unit after a number [bytes].
  static let maximumUnitLength = 40

  /// Parses a trimmed text, or returns the reason why it is not a value.
  ///
  /// Words, in any case: `on true yes online open enabled` are 1, `off false no offline closed disabled` are 0. An
  /// empty text and `null none unknown unavailable n/a - -- ---` are a missing value; so are `nan inf infinity` with
  /// any sign.
  ///
  /// A unit may follow the number, as in `230.1 V`, `21.5°C`, `0.21 $/kWh` or `7 litres per hour`. It has at most 40
  /// bytes and begins with a letter, `%`, `/`, `$` or a character beyond ASCII. Its only digits are powers (`ft3`,
  /// `m-2`) and those of `CO2`, `H2O` and `100km`. Before a unit, a single comma that is not followed by exactly three
  /// digits is a decimal mark: `23,5 °C`.
  static func read(_ bytes: UnsafeRawBufferPointer, decimal: ValueDetail.DecimalMark = .point) -> Result {
    if bytes.isEmpty { return .refused(.missingValue) }
    if decimal == .comma { return readCommas(bytes) }
    if let (number, length) = DecimalNumber.prefix(of: bytes) {
      guard let unit = unitRange(bytes, from: length) else {
        if let (number, end) = SeparatedNumber.groupedPrefix(of: bytes), let unit = unitRange(bytes, from: end) {
          return number.isFinite ? .value(ScalarText(number: number, unit: unit)) : .refused(.notFinite)
        }
        if length < bytes.count, bytes[length] == UInt8(ascii: ","),
          let (number, end) = SeparatedNumber.commaPrefix(of: bytes), end - length != 4,
          let unit = unitRange(bytes, from: end), !unit.isEmpty
        {
          return number.isFinite ? .value(ScalarText(number: number, unit: unit)) : .refused(.notFinite)
        }
        return .refused(ByteText.reasonForNoNumber(bytes))
      }
      guard number.isFinite else { return .refused(.notFinite) }
      return .value(ScalarText(number: number, unit: unit))
    }
    return word(bytes)
  }

  private static func readCommas(_ bytes: UnsafeRawBufferPointer) -> Result {
    guard let (number, length) = SeparatedNumber.commaPrefix(of: bytes) else { return word(bytes) }
    guard let unit = unitRange(bytes, from: length) else { return .refused(ByteText.reasonForNoNumber(bytes)) }
    return number.isFinite ? .value(ScalarText(number: number, unit: unit)) : .refused(.notFinite)
  }

  enum Result {
    case value(ScalarText)
    case refused(RefusalReason)
  }

  private static func unitRange(_ bytes: UnsafeRawBufferPointer, from end: Int) -> Range<Int>? {
    var start = end
    while start < bytes.count, ByteText.isSpace(bytes[start]) { start += 1 }
    guard start < bytes.count else { return bytes.count..<bytes.count }
    guard bytes.count - start <= maximumUnitLength else { return nil }
    let first = bytes[start]
    guard ByteText.isLetter(first) || first >= 0x80 || isOne(first, of: "%/$") else { return nil }
    for i in start..<bytes.count {
      let byte = bytes[i]
      if ByteText.isDigit(byte) {
        guard isDigitOfUnit(i, bytes: bytes, from: start) else { return nil }
      } else if !ByteText.isLetter(byte), byte < 0x80, !isOne(byte, of: "%/$^_ .-*()") {
        return nil
      }
    }
    return start..<bytes.count
  }

  /// Returns whether a digit is a power, or that of `CO2`, `H2O` or `100km`.
  ///
  /// - Parameters:
  ///   - position: position of the digit.
  ///   - bytes: the text.
  ///   - start: start of the unit.
  private static func isDigitOfUnit(_ position: Int, bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
    guard position > start else { return false }
    if isOne(bytes[position - 1], of: "^-mMtTnNhHoO") {
      return position + 1 == bytes.count || !ByteText.isDigit(bytes[position + 1])
    }
    let stroke = bytes.count - 6
    return stroke > start && (1...3).contains(position - stroke)
      && ByteText.equals(ByteText.slice(bytes, start: stroke, end: bytes.count), word: "/100km")
  }

  private static func isOne(_ byte: UInt8, of characters: StaticString) -> Bool {
    for i in 0..<characters.utf8CodeUnitCount where characters.utf8Start[i] == byte { return true }
    return false
  }

  /// Returns whether a text stands for a missing value.
  static func isAbsent(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.isEmpty || (bytes.count <= 11 && isOne(bytes, of: absent))
  }

  private static func word(_ bytes: UnsafeRawBufferPointer) -> Result {
    guard bytes.count <= 11 else { return .refused(ByteText.reasonForNoNumber(bytes)) }
    if isOne(bytes, of: high) { return .value(ScalarText(number: 1, unit: 0..<0, isWord: true)) }
    if isOne(bytes, of: low) { return .value(ScalarText(number: 0, unit: 0..<0, isWord: true)) }
    if isOne(bytes, of: absent) { return .refused(.missingValue) }
    return .refused(ByteText.reasonForNoNumber(bytes))
  }

  private static func isOne(_ bytes: UnsafeRawBufferPointer, of words: [StaticString]) -> Bool {
    for word in words where ByteText.equals(bytes, word: word) { return true }
    return false
  }

  private static let high: [StaticString] = ["on", "true", "yes", "online", "open", "enabled"]
  private static let low: [StaticString] = ["off", "false", "no", "offline", "closed", "disabled"]
  private static let absent: [StaticString] = [
    "null", "none", "unknown", "unavailable", "nan", "+nan", "-nan", "inf", "+inf", "-inf", "infinity", "+infinity",
    "-infinity", "n/a", "-", "--", "---",
  ]
}

extension JSONValue {
  /// Returns whether it is a text that stands for a missing value.
  func isAbsentText(in payload: UnsafeRawBufferPointer) -> Bool {
    kind == .string && range.count <= 13
      && ScalarText.isAbsent(ByteText.slice(payload, range: ByteText.trimmed(payload, range: range)))
  }
}
