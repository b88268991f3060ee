/// Reader that matches the items of a ``TimeFormat`` against a text, one after the other, without allocation.
struct TimeTextReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private(set) var fields = TimeFields()

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) { position += 1 }
  }

  /// Consumes one item; `false` if the text does not match it.
  mutating func consume(_ item: TimeFormat.Item) -> Bool {
    switch item {
    case .literal(let byte): return consume(byte)
    case .space: skipSpace()
    case .year: return number(4) { $0.civil.year = $1 }
    case .shortYear: return number(2) { $0.civil.year = $1 + ($1 < 69 ? 2000 : 1900) }
    case .month: return number(2) { $0.civil.month = $1 }
    case .monthName: return monthName()
    case .day:
      skipSpace()
      return number(2) { $0.civil.day = $1 }
    case .dayOfYear:
      // Day 0 is invalid.
      return number(3) { $0.dayOfYear = $1 } && fields.dayOfYear > 0
    case .hour: return number(2) { $0.civil.hour = $1 }
    case .halfDayHour:
      skipSpace()
      return number(2) { $0.civil.hour = $1 }
    case .halfDay: return halfDay()
    case .minute: return number(2) { $0.civil.minute = $1 }
    case .second: return number(2) { $0.civil.second = $1 }
    case .fraction: return fraction()
    case .optionalFraction(let mark): return next != mark || (consume(mark) && fraction())
    case .offset: return offset()
    case .zoneName:
      fields.offset = 0
      return word("utc") || word("gmt") || word("z")
    case .epoch: return number(12) { $0.epoch = Int64($1) }
    case .weekday: return letters()
    }
    return true
  }

  private mutating func consume(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func digits(_ maximum: Int) -> Int? {
    let start = position
    var value = 0
    while position - start < maximum, let byte = next, byte &- 0x30 < 10 {
      value = value * 10 + Int(byte &- 0x30)
      position += 1
    }
    return position > start ? value : nil
  }

  private mutating func number(_ maximum: Int, store: (inout TimeFields, Int) -> Void) -> Bool {
    guard let value = digits(maximum) else { return false }
    store(&fields, value)
    return true
  }

  private mutating func fraction() -> Bool {
    let start = position
    guard var value = digits(9) else { return false }
    for _ in position - start..<9 { value *= 10 }
    while let byte = next, byte &- 0x30 < 10 { position += 1 }
    fields.civil.nanosecond = value
    return true
  }

  private mutating func offset() -> Bool {
    if word("z") {
      fields.offset = 0
      return true
    }
    guard let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return false }
    position += 1
    let start = position
    guard let hours = digits(2), position - start == 2 else { return false }
    let hasColon = consume(UInt8(ascii: ":"))
    let middle = position
    let minutes = digits(2)
    guard hours <= 18, (minutes ?? 0) < 60, position - middle == 2 || (minutes == nil && !hasColon) else {
      return false
    }
    let seconds = Int64(hours * 3600 + (minutes ?? 0) * 60)
    fields.offset = sign == UInt8(ascii: "-") ? -seconds : seconds
    return true
  }

  /// Consumes a word in any case. `word` is in lower-case ASCII.
  private mutating func word(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    for i in 0..<count {
      let byte = bytes[position + i]
      if (byte &- 0x41 < 26 ? byte | 0x20 : byte) != word.utf8Start[i] { return false }
    }
    position += count
    return true
  }

  private mutating func halfDay() -> Bool {
    if word("am") || word("a.m.") {
      fields.halfDay = 0
    } else if word("pm") || word("p.m.") {
      fields.halfDay = 12
    } else {
      return false
    }
    return true
  }

  private mutating func monthName() -> Bool {
    for (number, name) in TimeTextReader.months.enumerated() where word(name.short) {
      _ = word(name.rest)
      fields.civil.month = number + 1
      return true
    }
    return false
  }

  private static let months: [(short: StaticString, rest: StaticString)] = [
    ("jan", "uary"), ("feb", "ruary"), ("mar", "ch"), ("apr", "il"), ("may", ""), ("jun", "e"), ("jul", "y"),
    ("aug", "ust"), ("sep", "tember"), ("oct", "ober"), ("nov", "ember"), ("dec", "ember"),
  ]

  /// Consumes ASCII letters and all non-ASCII characters.
  private mutating func letters() -> Bool {
    let start = position
    while let byte = next, (byte | 0x20) &- 0x61 < 26 || byte >= 0x80 { position += 1 }
    return position > start
  }
}
