/// Places in a JSON document that are looked for together, compiled once.
///
/// A place is a JSON pointer (RFC 6901: `/ENERGY/Current/0`, `~1` for a slash and `~0` for a tilde in a name), or, without
/// the slash in front, the name of a member of the top level. The empty text is the document itself.
struct JSONPointers {
  struct Token {
    var bytes: [UInt8]
    /// The position in an array that the token names; -1 where it names none.
    var index: Int
  }

  /// One list of tokens a place.
  private(set) var places: [[Token]] = []

  init(_ texts: [String]) {
    places = texts.map(JSONPointers.tokens)
  }

  /// How many places.
  var count: Int { places.count }

  private static func tokens(of text: String) -> [Token] {
    guard !text.isEmpty else { return [] }
    guard text.utf8.first == UInt8(ascii: "/") else { return [token(Array(text.utf8))] }
    return text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { token(unescaped(Array($0))) }
  }

  private static func token(_ bytes: [UInt8]) -> Token {
    let isIndex = !bytes.isEmpty && bytes.count <= 9 && bytes.allSatisfy(ByteText.isDigit)
    return Token(bytes: bytes, index: isIndex ? bytes.reduce(0) { $0 * 10 + Int($1 &- 0x30) } : -1)
  }

  private static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var i = 0
    while i < bytes.count {
      if bytes[i] == UInt8(ascii: "~"), i + 1 < bytes.count, bytes[i + 1] == 0x30 || bytes[i + 1] == 0x31 {
        result.append(bytes[i + 1] == 0x30 ? UInt8(ascii: "~") : UInt8(ascii: "/"))
        i += 1
      } else {
        result.append(bytes[i])
      }
      i += 1
    }
    return result
  }
}

/// Finds up to 64 places in one pass. The context is a bit for each place whose tokens fit so far. Where a name occurs
/// twice in an object, the first counts.
struct JSONPointerVisitor: JSONVisitor {
  /// Most places of one pass.
  static let capacity = 64

  let pointers: JSONPointers
  /// First place of this pass.
  let base: Int
  /// What stands at each place; `missing` where nothing does.
  var found: [JSONValue]
  /// For names with escapes.
  var scratch: [UInt8]

  /// The context of the document.
  var root: UInt64 {
    let count = min(JSONPointerVisitor.capacity, pointers.count - base)
    return count >= 64 ? .max : (1 << UInt64(max(0, count))) - 1
  }

  mutating func member(_ key: JSONKey, of context: UInt64, depth: Int) -> UInt64 {
    guard context != 0 else { return 0 }
    if key.hasEscapes {
      scratch.removeAll(keepingCapacity: true)
      JSONEscapes.append(key.bytes, to: &scratch)
    }
    var result: UInt64 = 0
    var rest = context
    while rest != 0 {
      let bit = rest.trailingZeroBitCount
      rest &= rest - 1
      if isNamed(key, place: base + bit, depth: depth) { result |= 1 << UInt64(bit) }
    }
    return result
  }

  mutating func element(_ index: Int, of context: UInt64, depth: Int) -> UInt64 {
    var result: UInt64 = 0
    var rest = context
    while rest != 0 {
      let bit = rest.trailingZeroBitCount
      rest &= rest - 1
      let place = base + bit
      if pointers.places[place].count >= depth, pointers.places[place][depth - 1].index == index {
        result |= 1 << UInt64(bit)
      }
    }
    return result
  }

  mutating func visit(_ value: JSONValue, in context: UInt64, depth: Int) {
    var rest = context
    while rest != 0 {
      let place = base + rest.trailingZeroBitCount
      rest &= rest - 1
      if pointers.places[place].count == depth, found[place].kind == .missing { found[place] = value }
    }
  }

  private func isNamed(_ key: JSONKey, place: Int, depth: Int) -> Bool {
    guard pointers.places[place].count >= depth else { return false }
    return key.hasEscapes
      ? pointers.places[place][depth - 1].bytes == scratch
      : pointers.places[place][depth - 1].bytes.elementsEqual(key.bytes)
  }
}

/// Gathers every number and truth value of a document under the names on the way to it, joined with `_`; positions in
/// arrays count as names. The context is the length of the name so far, -1 for the document.
struct JSONLeafVisitor: JSONVisitor {
  struct Leaf {
    /// Where its name stands in ``names``.
    var name: Range<Int>
    var value: JSONValue
  }

  /// Most leaves of a message.
  static let capacity = 4_096
  /// Most bytes of a leaf's name.
  static let maximumNameLength = 1_024

  /// The names of all leaves, one after the other.
  var names: [UInt8]
  var leaves: [Leaf]
  var path: [UInt8]
  /// Whether there were more leaves than ``capacity``.
  var overflowed = false

  mutating func member(_ key: JSONKey, of context: Int, depth: Int) -> Int {
    begin(context)
    if key.hasEscapes { JSONEscapes.append(key.bytes, to: &path) } else { path.append(contentsOf: key.bytes) }
    return path.count
  }

  mutating func element(_ index: Int, of context: Int, depth: Int) -> Int {
    begin(context)
    var divisor = 1
    while index / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      path.append(UInt8(truncatingIfNeeded: 0x30 + index / divisor % 10))
      divisor /= 10
    }
    return path.count
  }

  mutating func visit(_ value: JSONValue, in context: Int, depth: Int) {
    switch value.kind {
    case .number, .yes, .no: break
    case .missing, .null, .string, .container: return
    }
    guard path.count <= JSONLeafVisitor.maximumNameLength else { return }
    guard leaves.count < JSONLeafVisitor.capacity else {
      overflowed = true
      return
    }
    let start = names.count
    names.append(contentsOf: path)
    leaves.append(Leaf(name: start..<names.count, value: value))
  }

  private mutating func begin(_ context: Int) {
    path.removeLast(path.count - max(0, context))
    if context >= 0 { path.append(UInt8(ascii: "_")) }
  }
}
