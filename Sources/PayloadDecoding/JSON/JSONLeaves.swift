/// Collects every number and truth value of a document under the names on its path, joined with `_`. Array positions
/// count as names. The context is the length of the name so far, -1 for the document.
struct JSONLeafVisitor: JSONVisitor {
  struct Leaf {
    /// Range of its name in ``names``.
    var name: Range<Int>
    var value: JSONValue
  }

  /// Maximum number of leaves of a message.
  static let capacity = 4_096
  /// Maximum length of a leaf's name [bytes].
  static let maximumNameLength = 1_024

  /// Names of all leaves, concatenated.
  var names: [UInt8]
  var leaves: [Leaf]
  var path: [UInt8]
  /// Whether there were more leaves than ``capacity``.
  var overflowed = false

  /// Context of the document.
  static let root = -1

  /// Clears the results and keeps the memory.
  mutating func removeAll() {
    names.removeAll(keepingCapacity: true)
    leaves.removeAll(keepingCapacity: true)
    path.removeAll(keepingCapacity: true)
    overflowed = false
  }

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
