/// A JSON document as a flat list of nodes, reused by every document. Records need it because they access nodes
/// repeatedly.
///
/// Ranges are those of the payload. With ``expandsTexts``, JSON inside texts is part of the tree. Its ranges begin
/// after the payload's end and refer to ``inner``.
struct JSONTape {
  /// Maximum number of nodes of a message.
  static let capacity = 1 << 19
  /// Number of nodes above which memory is released after the message.
  private static let kept = 1 << 15

  struct Node {
    var value = JSONValue()
    /// Range of the member's name, if the node has one.
    var key: Range<Int32> = 0..<0
    var hasKey = false
    var keyHasEscapes = false
    /// Position in the array, if the node is an element; -1 otherwise.
    var index: Int32 = -1
    var parent: Int32 = -1
    var nextSibling: Int32 = -1
    /// The last child so far; the first child follows its parent directly.
    var lastChild: Int32 = -1
  }

  private(set) var nodes: [Node] = []
  /// Texts that contain JSON, with escapes resolved.
  private(set) var inner: [UInt8] = []
  /// Whether there were more nodes than ``capacity``.
  private(set) var hasOverflowed = false
  /// Whether JSON inside texts is parsed.
  var expandsTexts = false
  private var payload = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The text being scanned, and the offset added to its positions.
  private var text = UnsafeRawBufferPointer(start: nil, count: 0)
  private var shift = 0
  private var nesting = 0

  /// Starts with a payload; ``readDocument(_:)`` follows.
  mutating func begin(_ payload: UnsafeRawBufferPointer) {
    self.payload = payload
    text = payload
    inner.removeAll(keepingCapacity: true)
  }

  /// Releases the payload and excess memory.
  mutating func end() {
    payload = UnsafeRawBufferPointer(start: nil, count: 0)
    text = payload
    if nodes.count > Self.kept {
      nodes = []
      inner = []
    }
  }

  /// Reads the next document; `nil` if it is valid.
  mutating func readDocument(_ documents: inout JSONDocuments) -> RefusalReason? {
    nodes.removeAll(keepingCapacity: true)
    nodes.append(Node())
    hasOverflowed = false
    if let refusal = documents.scan(from: 0, with: &self) { return refusal }
    return hasOverflowed ? .tooLarge : nil
  }

  /// Calls `body` with the bytes of a range.
  func bytes(_ range: Range<Int>, body: (UnsafeRawBufferPointer) -> Void) {
    if range.lowerBound < payload.count || inner.isEmpty {
      body(UnsafeRawBufferPointer(rebasing: payload[range]))
    } else {
      let base = payload.count
      inner.withUnsafeBytes {
        body(UnsafeRawBufferPointer(rebasing: $0[range.lowerBound - base..<range.upperBound - base]))
      }
    }
  }

  /// Returns the first child of a node, -1 if it has none.
  func firstChild(of node: Int) -> Int { nodes[node].lastChild < 0 ? -1 : node + 1 }

  /// Returns the child that a token denotes, -1 if there is none. Of two members with one name the first counts.
  func child(of node: Int, token: JSONPointers.Token) -> Int {
    var child = firstChild(of: node)
    while child >= 0 {
      let next = nodes[child]
      if next.hasKey {
        if isKey(next, name: token.bytes) { return child }
      } else if Int(next.index) == token.index {
        return child
      }
      child = Int(next.nextSibling)
    }
    return -1
  }

  /// Returns the node at a path of tokens from another one, -1 if there is none.
  func node(from start: Int, tokens: [JSONPointers.Token]) -> Int {
    var node = start
    for token in tokens {
      node = child(of: node, token: token)
      if node < 0 { return -1 }
    }
    return node
  }

  /// Returns the nearest member at or around a node; -1 if there is none. `level` 1 is the next enclosing member.
  func member(around node: Int, level: Int) -> Int {
    var node = node
    var left = level
    while node >= 0 {
      if nodes[node].hasKey {
        if left == 0 { return node }
        left -= 1
      }
      node = Int(nodes[node].parent)
    }
    return -1
  }

  private func isKey(_ node: Node, name: [UInt8]) -> Bool {
    var equal = false
    bytes(Int(node.key.lowerBound)..<Int(node.key.upperBound)) { key in
      if node.keyHasEscapes {
        var plain: [UInt8] = []
        JSONEscapes.append(key, to: &plain)
        equal = plain == name
      } else {
        equal = name.elementsEqual(key)
      }
    }
    return equal
  }

  private mutating func add(_ node: Node, to parent: Int) -> Int {
    guard nodes.count < Self.capacity, parent >= 0 else {
      hasOverflowed = true
      return -1
    }
    let position = Int32(truncatingIfNeeded: nodes.count)
    nodes.append(node)
    nodes[Int(position)].parent = Int32(truncatingIfNeeded: parent)
    let last = nodes[parent].lastChild
    if last >= 0 { nodes[Int(last)].nextSibling = position }
    nodes[parent].lastChild = position
    return Int(position)
  }

  /// Parses a text that itself contains JSON.
  private mutating func expand(_ value: JSONValue, node: Int) {
    let first = text[value.range.lowerBound]
    guard nesting < 2, value.range.count > 1, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return }
    var plain: [UInt8] = []
    JSONEscapes.append(UnsafeRawBufferPointer(rebasing: text[value.range]), to: &plain)
    let saved = (text, shift, nodes.count, nodes[node])
    shift = payload.count + inner.count
    inner.append(contentsOf: plain)
    nesting += 1
    let isSound = plain.withUnsafeBytes { bytes in
      text = bytes
      var scanner = JSONScanner<JSONTape>(bytes)
      return scanner.scan(from: node, with: &self) == nil
    }
    nesting -= 1
    let count: Int
    (text, shift, count, _) = saved
    guard !isSound else { return }
    nodes.removeLast(nodes.count - count)
    nodes[node] = saved.3
  }
}

extension JSONTape: JSONVisitor {
  mutating func member(_ key: JSONKey, of context: Int, depth: Int) -> Int {
    guard let base = text.baseAddress, let start = key.bytes.baseAddress else {
      // The name is empty.
      return add(Node(hasKey: true), to: context)
    }
    let first = Int32(truncatingIfNeeded: shift + (start - base))
    let name = first..<first + Int32(truncatingIfNeeded: key.bytes.count)
    return add(Node(key: name, hasKey: true, keyHasEscapes: key.hasEscapes), to: context)
  }

  mutating func element(_ index: Int, of context: Int, depth: Int) -> Int {
    add(Node(index: Int32(truncatingIfNeeded: index)), to: context)
  }

  mutating func visit(_ value: JSONValue, in context: Int, depth: Int) {
    guard context >= 0 else { return }
    nodes[context].value = value
    nodes[context].value.range = value.range.lowerBound + shift..<value.range.upperBound + shift
    if expandsTexts, value.kind == .string { expand(value, node: context) }
  }
}
