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

  /// The context of the document.
  static let root = -1

  /// Forgets what was found and keeps the memory.
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
