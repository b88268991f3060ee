/// Mark between the integer part and the decimals of a number.
public enum DecimalMark: String, Sendable, CaseIterable {
  case point, comma

  /// Byte of the mark.
  var byte: UInt8 { self == .point ? UInt8(ascii: ".") : UInt8(ascii: ",") }
  /// Byte of the other mark, which may separate thousands.
  var group: UInt8 { self == .point ? UInt8(ascii: ",") : UInt8(ascii: ".") }
}

/// Parser of numbers in common notations.
enum NumberText {
  /// Powers of ten that a `Double` represents exactly.
  private static let powers: [Double] = (0...22).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } }

  /// Returns the number in some bytes. A number that is valid only with the other decimal mark is read with that.
  ///
  /// Thousands may be separated by blanks, apostrophes or the other of point and comma, in groups of three. Worked
  /// values with a decimal comma: `1.234,5` and `1 234,5` are 1234.5, `-0,31` is -0.31, `1.23` is 1.23, `1.234` is
  /// 1234, `3e-2` is 0.03.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - range: Range of the number.
  ///   - mark: Expected decimal mark.
  /// - Returns: NaN for an empty cell or a word for a missing value; `nil` if it is not a number.
  static func number(_ bytes: [UInt8], range: Range<Int>, mark: DecimalMark) -> Double? {
    strictNumber(bytes, range: range, mark: mark)
      ?? strictNumber(bytes, range: range, mark: mark == .point ? .comma : .point)
  }

  private static func strictNumber(_ bytes: [UInt8], range: Range<Int>, mark: DecimalMark) -> Double? {
    var place = range.lowerBound
    let end = range.upperBound
    guard place < end else { return .nan }
    var isNegative = false
    switch bytes[place] {
    case UInt8(ascii: "-"):
      isNegative = true
      place += 1
    case UInt8(ascii: "+"): place += 1
    default: break
    }
    let (decimal, group) = (mark.byte, mark.group)
    var mantissa: UInt64 = 0
    var digits = 0
    var scale = 0
    var sinceGroup = 0
    var isGrouped = false
    var isFraction = false
    scanning: while place < end {
      let byte = bytes[place]
      switch byte {
      case 48...57:
        if mantissa > 900_000_000_000_000 { return slow(bytes, range: range, mark: mark) }
        mantissa = mantissa * 10 + UInt64(byte - 48)
        digits += 1
        if isFraction { scale -= 1 } else { sinceGroup += 1 }
      case decimal where !isFraction:
        if isGrouped, sinceGroup != 3 { return nil }
        isFraction = true
      case group, 32, 39, 0xC2, 0xE2:
        let width = separator(bytes, place: place, end: end)
        guard width > 0, !isFraction, digits > 0, isGrouped ? sinceGroup == 3 : sinceGroup <= 3 else {
          return marker(bytes, range: range)
        }
        isGrouped = true
        sinceGroup = 0
        place += width - 1
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        guard digits > 0 else { return marker(bytes, range: range) }
        return slow(bytes, range: range, mark: mark)
      default: return marker(bytes, range: range)
      }
      place += 1
    }
    guard digits > 0, !isGrouped || isFraction || sinceGroup == 3 else { return marker(bytes, range: range) }
    guard scale >= -22 else { return slow(bytes, range: range, mark: mark) }
    let value = Double(mantissa) / powers[-scale]
    return isNegative ? -value : value
  }

  /// Returns the number of bytes of a thousands separator; 0 if there is none.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - place: Position of the possible separator.
  ///   - end: End of the number.
  private static func separator(_ bytes: [UInt8], place: Int, end: Int) -> Int {
    switch bytes[place] {
    // No-break space.
    case 0xC2: return place + 1 < end && bytes[place + 1] == 0xA0 ? 2 : 0
    // Thin and narrow no-break spaces, and the typographic apostrophe.
    case 0xE2:
      guard place + 2 < end, bytes[place + 1] == 0x80 else { return 0 }
      return [0x89, 0xAF, 0x99].contains(bytes[place + 2]) ? 3 : 0
    default: return 1
    }
  }

  /// Parses numbers with many digits or an exponent, using the standard library.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - range: Range of the number.
  ///   - mark: Decimal mark.
  private static func slow(_ bytes: [UInt8], range: Range<Int>, mark: DecimalMark) -> Double? {
    var text = String(decoding: bytes[range], as: UTF8.self)
    text.removeAll { $0 == Character(Unicode.Scalar(mark.group)) || $0 == " " || $0 == "'" }
    guard let value = Double(text.replacing(",", with: ".")), value.isFinite else { return nil }
    return value
  }

  private static let noValue: Set<String> = [
    "nan", "null", "na", "n/a", "none", "-", "--", "–", "—", "#n/a", "#nv", "missing", "?",
    "unknown", "unavailable",
  ]

  /// Returns NaN for a word that means a missing value, 1 and 0 for `true` and `false`, otherwise `nil`.
  private static func marker(_ bytes: [UInt8], range: Range<Int>) -> Double? {
    guard range.count <= 12 else { return nil }
    let text = String(decoding: bytes[range], as: UTF8.self).lowercased()
    if noValue.contains(text) { return .nan }
    return text == "true" ? 1 : text == "false" ? 0 : nil
  }
}
