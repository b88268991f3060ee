/// Places in a JSON document that are searched together, compiled once.
///
/// A place is a JSON pointer (RFC 6901: `/ENERGY/Current/0`, `~1` for a slash and `~0` for a tilde in a name). Without
/// a leading slash it is the name of a top-level member. The empty text is the document itself.
///
/// A member's name is compared only with tokens of the same hash, which is computed from length, first and last byte.
/// Of about a dozen places in a usual search, that leaves one or none.
final class JSONPointers: Sendable {
  struct Token {
    var bytes: [UInt8]
    /// Array position that the token denotes; -1 if it denotes none.
    var index: Int
  }

  private static let hashes = 64

  /// Number of places.
  let count: Int
  private let places: [[Token]]
  private let deepest: Int
  /// Bit masks of places that a name may belong to, by group of 64 places, depth and hash.
  private let candidates: [UInt64]
  /// Bit masks of places that end at a depth, by group and depth.
  private let ends: [UInt64]

  init(_ texts: [String]) {
    let places = texts.map(JSONPointers.tokens)
    let deepest = places.map(\.count).max() ?? 0
    let groups = places.count / 64 + 1
    var candidates = [UInt64](repeating: 0, count: groups * deepest * Self.hashes)
    var ends = [UInt64](repeating: 0, count: groups * (deepest + 1))
    for (number, tokens) in places.enumerated() {
      let (group, bit) = (number / 64, UInt64(1) << UInt64(number % 64))
      ends[group * (deepest + 1) + tokens.count] |= bit
      for (depth, token) in tokens.enumerated() {
        let hash = token.bytes.withUnsafeBytes { Self.hash($0) }
        candidates[(group * deepest + depth) * Self.hashes + hash] |= bit
      }
    }
    (self.places, self.deepest, self.candidates, self.ends) = (places, deepest, candidates, ends)
    count = places.count
  }

  /// Returns the bit mask of places from `base` on whose token at `depth`, from 1, may be `name`.
  ///
  /// - Parameters:
  ///   - name: the member's name.
  ///   - base: first place of the pass, a multiple of 64.
  ///   - depth: number of enclosing containers.
  func candidates(_ name: UnsafeRawBufferPointer, base: Int, depth: Int) -> UInt64 {
    depth > deepest ? 0 : candidates[(base / 64 * deepest + depth - 1) * Self.hashes + Self.hash(name)]
  }

  /// Returns the bit mask of places from `base` on that end at `depth`.
  func ends(base: Int, depth: Int) -> UInt64 { depth > deepest ? 0 : ends[base / 64 * (deepest + 1) + depth] }

  /// Returns the token of a place at `depth`, from 1, which must exist.
  func token(_ place: Int, depth: Int) -> Token { places[place][depth - 1] }

  /// Returns whether a place has a token at `depth`.
  func reaches(_ place: Int, depth: Int) -> Bool { places[place].count >= depth }

  private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
    guard let first = name.first, let last = name.last else { return 0 }
    return (name.count &* 31 &+ Int(first) &* 7 &+ Int(last)) % hashes
  }

  /// Returns the tokens of a place: those of a JSON pointer, or the single name of a top-level member.
  static func tokens(of text: String) -> [Token] {
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

/// Finds up to 64 places in one pass. The context is a bit mask of the places whose tokens match so far. If a name
/// occurs twice in an object, the first counts.
struct JSONPointerVisitor: JSONVisitor {
  /// Maximum number of places in one pass.
  static let capacity = 64

  let pointers: JSONPointers
  /// First place of this pass.
  var base: Int
  /// Value at each place; `missing` if there is none.
  var found: [JSONValue]
  /// Buffer for names with escapes.
  var scratch: [UInt8]
  /// The first numbers and strings of the text, in order.
  var scalars: [JSONValue]

  /// Context of the document.
  var root: UInt64 {
    let count = min(JSONPointerVisitor.capacity, pointers.count - base)
    return count >= 64 ? .max : (1 << UInt64(max(0, count))) - 1
  }

  mutating func member(_ key: JSONKey, of context: UInt64, depth: Int) -> UInt64 {
    guard context != 0 else { return 0 }
    guard key.hasEscapes else { return places(named: key.bytes, of: context, depth: depth) }
    scratch.removeAll(keepingCapacity: true)
    JSONEscapes.append(key.bytes, to: &scratch)
    return scratch.withUnsafeBytes { places(named: $0, of: context, depth: depth) }
  }

  mutating func element(_ index: Int, of context: UInt64, depth: Int) -> UInt64 {
    var result: UInt64 = 0
    var rest = context
    while rest != 0 {
      let bit = rest.trailingZeroBitCount
      rest &= rest - 1
      let place = base + bit
      if pointers.reaches(place, depth: depth), pointers.token(place, depth: depth).index == index {
        result |= 1 << UInt64(bit)
      }
    }
    return result
  }

  mutating func visit(_ value: JSONValue, in context: UInt64, depth: Int) {
    if value.kind == .number || value.kind == .string, scalars.count <= JSONShape.mostValues { scalars.append(value) }
    var rest = context & pointers.ends(base: base, depth: depth)
    while rest != 0 {
      let place = base + rest.trailingZeroBitCount
      rest &= rest - 1
      if found[place].kind == .missing { found[place] = value }
    }
  }

  private func places(named name: UnsafeRawBufferPointer, of context: UInt64, depth: Int) -> UInt64 {
    var result: UInt64 = 0
    var rest = context & pointers.candidates(name, base: base, depth: depth)
    while rest != 0 {
      let bit = rest.trailingZeroBitCount
      rest &= rest - 1
      if pointers.token(base + bit, depth: depth).bytes.elementsEqual(name) { result |= 1 << UInt64(bit) }
    }
    return result
  }
}
