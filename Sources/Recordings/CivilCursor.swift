/// Cursor over the bytes of a date and time.
struct CivilCursor {
  private let bytes: [UInt8]
  private let end: Int
  private var place: Int

  init(_ bytes: [UInt8], range: Range<Int>) {
    self.bytes = bytes
    place = range.lowerBound
    end = range.upperBound
  }

  var isAtEnd: Bool { place >= end }

  private func byte(_ ahead: Int = 0) -> UInt8 { place + ahead < end ? bytes[place + ahead] : 0 }

  func isAt(_ scalar: Unicode.Scalar) -> Bool { byte() == UInt8(truncatingIfNeeded: scalar.value) }

  mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard !isAtEnd, isAt(scalar) else { return false }
    place += 1
    return true
  }

  mutating func skipBlanks() { while !isAtEnd, byte() == 32 { place += 1 } }

  /// Returns whether one or two digits and a colon follow.
  func isAtTime() -> Bool {
    isDigit(byte()) && (byte(1) == UInt8(ascii: ":") || (isDigit(byte(1)) && byte(2) == UInt8(ascii: ":")))
  }

  /// Parses a number of one to `most` digits.
  ///
  /// - Returns: The number and its count of digits; `nil` without digits, or with more than `most`.
  mutating func number(upTo most: Int) -> (value: Int, width: Int)? {
    var (value, width) = (0, 0)
    while width < most, isDigit(byte()) {
      value = value * 10 + Int(byte() - 48)
      width += 1
      place += 1
    }
    return width == 0 || isDigit(byte()) ? nil : (value, width)
  }

  /// Parses the fraction of a second after its mark [ns]; digits after the ninth are cut off.
  mutating func fraction() -> Int64? {
    place += 1
    guard isDigit(byte()) else { return nil }
    var (value, weight): (Int64, Int64) = (0, 100_000_000)
    while isDigit(byte()) {
      value += Int64(byte() - 48) * weight
      weight /= 10
      place += 1
    }
    return value
  }

  /// Skips the separators between the parts of a date, including blanks.
  @discardableResult
  mutating func skipDateMark() -> Bool {
    let start = place
    while !isAtEnd, [32, UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: ",")].contains(byte()) {
      place += 1
    }
    return place > start
  }

  mutating func skipBetweenDateAndTime() {
    if skip("T") || skip("t") || skip("_") || skip(":") { return }
    while !isAtEnd, byte() == 32 || byte() == UInt8(ascii: ",") { place += 1 }
  }

  /// Skips the name of a weekday before the date, such as `Mo, `.
  mutating func skipWeekday() {
    var letters = 0
    while isLetter(byte(letters)) { letters += 1 }
    guard letters >= 2, CivilCursor.month(lowercased(letters)) == nil else { return }
    var after = letters
    while [32, UInt8(ascii: ","), UInt8(ascii: ".")].contains(byte(after)) { after += 1 }
    guard after > letters, isDigit(byte(after)) || isLetter(byte(after)) else { return }
    place += after
  }

  /// Parses the name of a month in English, German, French, Spanish or Italian, by its first letters.
  mutating func monthName() -> Int? {
    var letters = 0
    while isLetter(byte(letters)) { letters += 1 }
    guard letters >= 3, let month = CivilCursor.month(lowercased(letters)) else { return nil }
    place += letters
    return month
  }

  private static let months: [String: Int] = [
    "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "mar": 3, "mär": 3, "mrz": 3, "apr": 4, "avr": 4, "abr": 4,
    "may": 5, "mai": 5, "mag": 5, "jun": 6, "giu": 6, "juin": 6, "jul": 7, "lug": 7, "juil": 7, "aug": 8, "ago": 8,
    "sep": 9, "set": 9, "oct": 10, "okt": 10, "ott": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12,
  ]

  private static func month(_ text: String) -> Int? { months[String(text.prefix(4))] ?? months[String(text.prefix(3))] }

  private func lowercased(_ count: Int) -> String {
    String(decoding: bytes[place..<(place + count)], as: UTF8.self).lowercased()
  }

  /// Parses `AM` or `PM`.
  ///
  /// - Returns: `true` for `PM`, `false` for `AM`, `nil` for neither.
  mutating func halfOfDay() -> Bool? {
    let start = place
    skipBlanks()
    let first = byte() | 32
    guard first == UInt8(ascii: "a") || first == UInt8(ascii: "p") else { place = start; return nil }
    place += 1
    _ = skip(".")
    guard byte() | 32 == UInt8(ascii: "m") else { place = start; return nil }
    place += 1
    _ = skip(".")
    return first == UInt8(ascii: "p")
  }

  private static let zones: [String: Int] = [
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120,
    "eet": 120, "eest": 180, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480,
    "pdt": -420, "jst": 540, "aest": 600, "aedt": 660,
  ]

  /// Parses an offset or the abbreviation of a time zone [min], positive east, at most 18 h. A name in brackets behind
  /// it is skipped.
  mutating func offset() -> Int? {
    var letters = 0
    while isLetter(byte(letters)) { letters += 1 }
    var minutes: Int?
    if letters > 0 {
      guard let known = CivilCursor.zones[lowercased(letters)] else { return nil }
      minutes = known
      place += letters
      // An offset may follow UTC, as in UTC+02:00.
      if known != 0 || isAtEnd { return isAtEnd ? minutes : nil }
    }
    if isAt("+") || isAt("-") {
      let sign = isAt("-") ? -1 : 1
      place += 1
      guard let (number, width) = number(upTo: 4), width != 3 else { return nil }
      if width == 4 {
        guard number % 100 < 60 else { return nil }
        minutes = sign * (number / 100 * 60 + number % 100)
      } else {
        minutes = sign * number * 60
        if skip(":") {
          guard let (rest, width) = self.number(upTo: 2), width == 2, rest < 60 else { return nil }
          minutes = sign * (number * 60 + rest)
        }
      }
    }
    skipBlanks()
    if isAt("[") || isAt("(") { place = end }
    return isAtEnd ? minutes.flatMap { (-18 * 60...18 * 60).contains($0) ? $0 : nil } : nil
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
  private func isLetter(_ byte: UInt8) -> Bool { (byte | 32) &- 97 < 26 || byte >= 0x80 }
}
