/// Cursor over a JSON text (RFC 8259) that copies nothing but what it is asked for.
struct AnswerCursor {
  /// Depth of nesting beyond which a text is refused.
  private static let greatestDepth = 64

  private let source: UnsafeBufferPointer<UInt8>
  private(set) var position = 0
  private var depth = 0

  init(_ source: UnsafeBufferPointer<UInt8>) { self.source = source }

  /// Returns the defect that something else stands at the position.
  func defect(_ wanted: String) -> AnswerDefect {
    AnswerDefect(
      words: position < source.count
        ? "expected \(wanted) at byte \(position)" : "it ends after \(source.count) bytes, where \(wanted) is expected")
  }

  private mutating func peek() -> UInt8 {
    while position < source.count {
      switch source[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      case let byte: return byte
      }
    }
    return 0
  }

  private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: Unicode.Scalar) throws(AnswerDefect) {
    guard skip(byte) else { throw defect("'\(byte)'") }
  }

  mutating func expectEnd() throws(AnswerDefect) {
    guard peek() == 0, position == source.count else { throw defect("the end") }
  }

  /// Reads an object; `body` has to read the value of each member.
  mutating func members(
    _ body: (inout AnswerCursor, _ name: String) throws(AnswerDefect) -> Void
  ) throws(AnswerDefect) {
    try expect("{")
    try enter()
    if !skip("}") {
      repeat {
        let name = try text()
        try expect(":")
        try body(&self, name)
      } while skip(",")
      try expect("}")
    }
    depth -= 1
  }

  /// Reads an array; `body` has to read each element. `null` counts as an empty array.
  mutating func elements(_ body: (inout AnswerCursor) throws(AnswerDefect) -> Void) throws(AnswerDefect) {
    if peek() == UInt8(ascii: "n") { return try word("null") }
    try expect("[")
    try enter()
    if !skip("]") {
      repeat { try body(&self) } while skip(",")
      try expect("]")
    }
    depth -= 1
  }

  private mutating func enter() throws(AnswerDefect) {
    depth += 1
    guard depth <= Self.greatestDepth else { throw defect("fewer levels") }
  }

  mutating func skipValue() throws(AnswerDefect) {
    switch peek() {
    case UInt8(ascii: "{"): try members { cursor, _ throws(AnswerDefect) in try cursor.skipValue() }
    case UInt8(ascii: "["): try elements { cursor throws(AnswerDefect) in try cursor.skipValue() }
    default:
      var ignored: [UInt8] = []
      _ = try scalar(to: &ignored)
    }
  }

  mutating func flag() throws(AnswerDefect) -> Bool {
    var word: [UInt8] = []
    guard try scalar(to: &word) == .boolean else { throw defect("true or false") }
    return word.first == UInt8(ascii: "t")
  }

  mutating func text() throws(AnswerDefect) -> String {
    var bytes: [UInt8] = []
    guard peek() == UInt8(ascii: "\"") else { throw defect("a text") }
    try string(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func integer() throws(AnswerDefect) -> Int64 {
    let isNegative = skip("-")
    var value: Int64 = 0
    let start = position
    while position < source.count, (0x30...0x39).contains(source[position]) {
      let (tenfold, isTooLong) = value.multipliedReportingOverflow(by: 10)
      let (next, isTooLarge) = tenfold.subtractingReportingOverflow(Int64(source[position] - 0x30))
      guard !isTooLong, !isTooLarge else { throw defect("a time of 64 bits") }
      value = next
      position += 1
    }
    guard position > start, isNegative || value != .min else { throw defect("a time as an integer") }
    return isNegative ? value : -value
  }

  /// Reads a value that is neither object nor array, and appends its bytes unless it is `null`.
  mutating func scalar(to bytes: inout [UInt8]) throws(AnswerDefect) -> QueryTable.Cell.Kind {
    switch peek() {
    case UInt8(ascii: "\""):
      try string(to: &bytes)
      return .text
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    case UInt8(ascii: "t"):
      try word("true")
      bytes.append(contentsOf: "true".utf8)
      return .boolean
    case UInt8(ascii: "f"):
      try word("false")
      bytes.append(contentsOf: "false".utf8)
      return .boolean
    default:
      try number(to: &bytes)
      return .number
    }
  }

  private mutating func word(_ word: StaticString) throws(AnswerDefect) {
    let length = word.utf8CodeUnitCount
    guard position + length <= source.count else {
      position = source.count
      throw defect("'\(word)'")
    }
    for offset in 0..<length where source[position + offset] != word.utf8Start[offset] { throw defect("'\(word)'") }
    position += length
  }

  private mutating func number(to bytes: inout [UInt8]) throws(AnswerDefect) {
    let start = position
    func isDigit(_ place: Int) -> Bool { place < source.count && (0x30...0x39).contains(source[place]) }
    func digits(from place: Int) -> Int {
      var place = place
      while isDigit(place) { place += 1 }
      return place
    }
    let first = source[safe: start] == UInt8(ascii: "-") ? start + 1 : start
    var end = digits(from: first)
    guard end > first else { throw defect("a value") }
    if source[safe: end] == UInt8(ascii: "."), isDigit(end + 1) { end = digits(from: end + 1) }
    if source[safe: end].map({ $0 | 0x20 }) == UInt8(ascii: "e") {
      let sign = source[safe: end + 1]
      let exponent = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") ? end + 2 : end + 1
      guard isDigit(exponent) else { throw defect("a number") }
      end = digits(from: exponent)
    }
    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[start..<end]))
    position = end
  }

  private mutating func string(to bytes: inout [UInt8]) throws(AnswerDefect) {
    position += 1
    while position < source.count {
      let start = position
      while position < source.count, source[position] != 0x22, source[position] != 0x5C { position += 1 }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[start..<position]))
      guard position < source.count else { break }
      position += 1
      if source[position - 1] == 0x22 { return }
      try escape(to: &bytes)
    }
    throw defect("the end of a text")
  }

  /// Reads what follows a backslash.
  private mutating func escape(to bytes: inout [UInt8]) throws(AnswerDefect) {
    let letter = source[safe: position]
    position += 1
    switch letter.map({ Unicode.Scalar($0) }) {
    case "n": bytes.append(0x0A)
    case "r": bytes.append(0x0D)
    case "t": bytes.append(0x09)
    case "b": bytes.append(0x08)
    case "f": bytes.append(0x0C)
    case "\"", "\\", "/": bytes.append(source[position - 1])
    case "u":
      var code = UInt32(try codeUnit())
      if (0xD800..<0xDC00).contains(code), source[safe: position] == 0x5C,
        source[safe: position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = UInt32(try codeUnit())
        code = (0xDC00..<0xE000).contains(low) ? 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00) : 0xFFFD
      }
      bytes.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
    default:
      position = min(position - 1, source.count)
      throw defect("an escape of JSON")
    }
  }

  private mutating func codeUnit() throws(AnswerDefect) -> UInt16 {
    guard position + 4 <= source.count,
      let code = UInt16(
        String(decoding: UnsafeBufferPointer(rebasing: source[position..<position + 4]), as: UTF8.self), radix: 16)
    else { throw defect("four hexadecimal digits") }
    position += 4
    return code
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The byte at a place; `nil` beyond the end.
  fileprivate subscript(safe place: Int) -> UInt8? { place < count ? self[place] : nil }
}
