/// A value found by a scan, as a range of the text.
struct JSONValue {
  enum Kind {
    case missing, null, yes, no, number, string, container
  }

  /// Type of the value.
  var kind = Kind.missing
  /// Range of a number's text, or of the inside of a string.
  var range = 0..<0
  /// Whether a string contains escapes.
  var hasEscapes = false
}

/// The name of a member, including escapes.
struct JSONKey {
  var bytes: UnsafeRawBufferPointer
  var hasEscapes: Bool
}

/// Receiver of a scan's values. A context represents the position in the document for the visitor.
protocol JSONVisitor {
  associatedtype Context
  /// Returns the context of a member of the object with `context`.
  ///
  /// - Parameters:
  ///   - key: name of the member.
  ///   - context: context of the object.
  ///   - depth: number of enclosing containers, from 1.
  mutating func member(_ key: JSONKey, of context: Context, depth: Int) -> Context
  /// Returns the context of an element of the array with `context`.
  ///
  /// - Parameters:
  ///   - index: position in the array, from 0.
  ///   - context: context of the array.
  ///   - depth: number of enclosing containers, from 1.
  mutating func element(_ index: Int, of context: Context, depth: Int) -> Context
  /// Receives a value, before its content.
  ///
  /// - Parameters:
  ///   - value: the value.
  ///   - context: its context.
  ///   - depth: number of enclosing containers, 0 for the document.
  mutating func visit(_ value: JSONValue, in context: Context, depth: Int)
}

/// One pass over a JSON text that validates it completely (RFC 8259) and passes each value to a visitor. Builds no
/// tree.
struct JSONScanner<Visitor: JSONVisitor> {
  /// Maximum nesting depth, so that no text exhausts the stack.
  static var maximumDepth: Int { 64 }

  private let bytes: UnsafeRawBufferPointer
  /// Current position of the scan.
  private(set) var at = 0
  private var failure = RefusalReason.malformedJSON

  init(_ bytes: UnsafeRawBufferPointer, at start: Int = 0) {
    self.bytes = bytes
    at = start
  }

  /// Scans the whole text; `nil` if it is valid.
  mutating func scan(from root: Visitor.Context, with visitor: inout Visitor) -> RefusalReason? {
    if let refusal = scanDocument(from: root, with: &visitor) { return refusal }
    return at == bytes.count ? nil : .malformedJSON
  }

  /// Scans one document and the white space after it; `nil` if it is valid. Another document may follow an object or
  /// array, or a line end.
  mutating func scanDocument(from root: Visitor.Context, with visitor: inout Visitor) -> RefusalReason? {
    skipSpace()
    let start = at
    guard value(in: root, depth: 0, visitor: &visitor) else { return failure }
    let end = at
    skipSpace()
    guard at < bytes.count else { return nil }
    let isContainer = bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "[")
    return isContainer || bytes[end..<at].contains(0x0A) ? nil : .malformedJSON
  }

  private mutating func value(in context: Visitor.Context, depth: Int, visitor: inout Visitor) -> Bool {
    guard at < bytes.count else { return false }
    switch bytes[at] {
    case UInt8(ascii: "{"): return object(in: context, depth: depth, visitor: &visitor)
    case UInt8(ascii: "["): return array(in: context, depth: depth, visitor: &visitor)
    case UInt8(ascii: "\""):
      guard let text = string() else { return false }
      visitor.visit(
        JSONValue(kind: .string, range: text.range, hasEscapes: text.hasEscapes), in: context, depth: depth)
      return true
    case UInt8(ascii: "t"): return literal("true", kind: .yes, in: context, depth: depth, visitor: &visitor)
    case UInt8(ascii: "f"): return literal("false", kind: .no, in: context, depth: depth, visitor: &visitor)
    case UInt8(ascii: "n") where isWord("null", at: at):
      return literal("null", kind: .null, in: context, depth: depth, visitor: &visitor)
    default:
      let start = at
      guard number() else { return notFinite(from: start, in: context, depth: depth, visitor: &visitor) }
      visitor.visit(JSONValue(kind: .number, range: start..<at), in: context, depth: depth)
      return true
    }
  }

  private mutating func open(in context: Visitor.Context, depth: Int, visitor: inout Visitor) -> Bool {
    guard depth < Self.maximumDepth else {
      failure = .tooDeep
      return false
    }
    visitor.visit(JSONValue(kind: .container, range: at..<at + 1), in: context, depth: depth)
    at += 1
    skipSpace()
    return true
  }

  private mutating func object(in context: Visitor.Context, depth: Int, visitor: inout Visitor) -> Bool {
    guard open(in: context, depth: depth, visitor: &visitor) else { return false }
    if consume(UInt8(ascii: "}")) { return true }
    while true {
      guard let name = string() else { return false }
      skipSpace()
      guard consume(UInt8(ascii: ":")) else { return false }
      skipSpace()
      let key = JSONKey(bytes: UnsafeRawBufferPointer(rebasing: bytes[name.range]), hasEscapes: name.hasEscapes)
      let member = visitor.member(key, of: context, depth: depth + 1)
      guard value(in: member, depth: depth + 1, visitor: &visitor) else { return false }
      skipSpace()
      if consume(UInt8(ascii: "}")) { return true }
      guard consume(UInt8(ascii: ",")) else { return false }
      skipSpace()
    }
  }

  private mutating func array(in context: Visitor.Context, depth: Int, visitor: inout Visitor) -> Bool {
    guard open(in: context, depth: depth, visitor: &visitor) else { return false }
    if consume(UInt8(ascii: "]")) { return true }
    var index = 0
    while true {
      let element = visitor.element(index, of: context, depth: depth + 1)
      guard value(in: element, depth: depth + 1, visitor: &visitor) else { return false }
      index += 1
      skipSpace()
      if consume(UInt8(ascii: "]")) { return true }
      guard consume(UInt8(ascii: ",")) else { return false }
      skipSpace()
    }
  }

  private mutating func literal(
    _ word: StaticString, kind: JSONValue.Kind, in context: Visitor.Context, depth: Int, visitor: inout Visitor
  ) -> Bool {
    let end = at + word.utf8CodeUnitCount
    guard end <= bytes.count else { return false }
    for i in at..<end where bytes[i] != word.utf8Start[i - at] { return false }
    visitor.visit(JSONValue(kind: kind, range: at..<end), in: context, depth: depth)
    at = end
    return true
  }

  private func isWord(_ word: StaticString, at start: Int) -> Bool {
    let end = start + word.utf8CodeUnitCount
    return end <= bytes.count && ByteText.equals(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), word: word)
  }

  /// Accepts `NaN`, `inf` and `Infinity` in any case and with any sign, as many devices print them, as missing values.
  ///
  /// - Parameters:
  ///   - start: position of the word.
  ///   - context: context of the value.
  ///   - depth: number of enclosing containers.
  ///   - visitor: receives a `null`.
  private mutating func notFinite(
    from start: Int, in context: Visitor.Context, depth: Int, visitor: inout Visitor
  ) -> Bool {
    var end = start
    if end < bytes.count, bytes[end] == UInt8(ascii: "-") || bytes[end] == UInt8(ascii: "+") { end += 1 }
    if isWord("infinity", at: end) {
      end += 8
    } else if isWord("nan", at: end) || isWord("inf", at: end) {
      end += 3
    } else {
      return false
    }
    guard end == bytes.count || !ByteText.isLetter(bytes[end]) else { return false }
    visitor.visit(JSONValue(kind: .null, range: start..<end), in: context, depth: depth)
    at = end
    return true
  }

  private mutating func number() -> Bool {
    guard let end = JSONNumber.end(in: bytes, from: at) else { return false }
    at = end
    return true
  }

  private mutating func string() -> (range: Range<Int>, hasEscapes: Bool)? {
    guard consume(UInt8(ascii: "\"")) else { return nil }
    let start = at
    var hasEscapes = false
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        at += 1
        return (start..<at - 1, hasEscapes)
      }
      guard byte >= 0x20 else { return nil }
      at += 1
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        guard escape() else { return nil }
      }
    }
    return nil
  }

  private mutating func escape() -> Bool {
    guard at < bytes.count else { return false }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "u"):
      guard JSONEscapes.hexadecimal(bytes, at: at) != nil else { return false }
      at += 4
      return true
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return true
    default: return false
    }
  }

  private mutating func consume(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      default: return
      }
    }
  }
}
