/// A JSON value with its members in order. Meant for the few payloads of a survey, not for the path of readings.
indirect enum JSONNode: Equatable {
  case null
  case truth(Bool)
  case number(Double)
  case text(String)
  case array([JSONNode])
  case object([Member])

  /// A member of an object.
  struct Member: Equatable {
    var name: String
    var value: JSONNode
  }

  /// Members of an object; empty for other values.
  var members: [Member] { if case .object(let members) = self { members } else { [] } }

  /// Value of the first member with a name.
  subscript(name: String) -> JSONNode? { members.first { $0.name == name }?.value }

  /// The text of a text value.
  var text: String? { if case .text(let text) = self { text } else { nil } }

  /// The number of a number value.
  var number: Double? { if case .number(let number) = self { number } else { nil } }

  var isObject: Bool { if case .object = self { true } else { false } }
  var isContainer: Bool {
    switch self {
    case .object, .array: true
    default: false
    }
  }

  /// Parses the first document of a payload, with bare `NaN` and `Infinity` as null; `nil` if it is not JSON.
  init?(_ bytes: [UInt8]) {
    var parser = JSONParser(bytes: bytes)
    guard let node = parser.value(depth: 0) else { return nil }
    self = node
  }
}

/// Parser of JSON, at most 32 levels deep.
private struct JSONParser {
  static let deepest = 32

  let bytes: [UInt8]
  var at = 0

  private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipSpace() {
    while let byte, byte == 0x20 || (0x09...0x0D).contains(byte) { at += 1 }
  }

  private mutating func consume(_ wanted: UInt8) -> Bool {
    skipSpace()
    guard byte == wanted else { return false }
    at += 1
    return true
  }

  mutating func value(depth: Int) -> JSONNode? {
    guard depth < Self.deepest else { return nil }
    skipSpace()
    switch byte {
    case UInt8(ascii: "{"): return object(depth)
    case UInt8(ascii: "["): return array(depth)
    case UInt8(ascii: "\""): return text().map { .text($0) }
    case nil: return nil
    default: return bare()
    }
  }

  private mutating func object(_ depth: Int) -> JSONNode? {
    at += 1
    var members: [JSONNode.Member] = []
    if consume(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      skipSpace()
      guard byte == UInt8(ascii: "\""), let name = text(), consume(UInt8(ascii: ":")),
        let value = value(depth: depth + 1)
      else { return nil }
      members.append(JSONNode.Member(name: name, value: value))
    } while consume(UInt8(ascii: ","))
    return consume(UInt8(ascii: "}")) ? .object(members) : nil
  }

  private mutating func array(_ depth: Int) -> JSONNode? {
    at += 1
    var elements: [JSONNode] = []
    if consume(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      guard let value = value(depth: depth + 1) else { return nil }
      elements.append(value)
    } while consume(UInt8(ascii: ","))
    return consume(UInt8(ascii: "]")) ? .array(elements) : nil
  }

  /// Parses a text, starting at its opening quotation mark. An unknown escape gives the escaped character.
  private mutating func text() -> String? {
    at += 1
    var result: [UInt8] = []
    while let byte {
      at += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: result, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard let escaped = self.byte else { return nil }
      at += 1
      switch escaped {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "u"): result += unicode()
      default: result.append(escaped)
      }
    }
    return nil
  }

  private mutating func unicode() -> [UInt8] {
    func unit() -> UInt32? {
      guard at + 4 <= bytes.count else { return nil }
      return UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
    }
    guard let high = unit() else { return Array("\u{FFFD}".utf8) }
    at += 4
    var code = high
    if (0xD800..<0xDC00).contains(high), at + 6 <= bytes.count, bytes[at] == UInt8(ascii: "\\") {
      at += 2
      if let low = unit(), (0xDC00..<0xE000).contains(low) {
        at += 4
        code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
      } else {
        at -= 2
      }
    }
    return Array(String(Character(Unicode.Scalar(code) ?? "\u{FFFD}")).utf8)
  }

  private mutating func bare() -> JSONNode? {
    let start = at
    while let byte, !",]}:\"{[".utf8.contains(byte), byte > 0x20 { at += 1 }
    let word = String(decoding: bytes[start..<at], as: UTF8.self)
    switch word.lowercased() {
    case "true": return .truth(true)
    case "false": return .truth(false)
    case "null", "nan", "-nan", "inf", "-inf", "infinity", "-infinity": return .null
    default: return Double(word).flatMap { $0.isFinite ? .number($0) : nil }
    }
  }
}
