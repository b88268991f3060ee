/// Patterns in a tree of their levels, so that finding the patterns that match a topic or another pattern does not
/// require testing every one.
package struct PatternIndex {
  private struct Node {
    /// Children for a literal level.
    var literals: [[UInt8]: Int] = [:]
    /// The child for a level that matches any text.
    var open: Int?
    /// Patterns that end here.
    var ends: [Int] = []
    /// Patterns with `#` after this level.
    var rests: [Int] = []
  }

  private let patterns: [TopicPattern]
  private var nodes = [Node()]

  /// Creates an index of patterns, which are identified by their positions.
  package init(_ patterns: [TopicPattern]) {
    self.patterns = patterns
    for (position, pattern) in patterns.enumerated() { add(pattern, at: position) }
  }

  private mutating func add(_ pattern: TopicPattern, at position: Int) {
    var node = 0
    for level in pattern.levels {
      if level == .rest {
        nodes[node].rests.append(position)
        return
      }
      node = child(of: node, level: level)
    }
    nodes[node].ends.append(position)
  }

  private mutating func child(of node: Int, level: TopicPattern.Level) -> Int {
    let known = if case .literal(let text) = level { nodes[node].literals[text] } else { nodes[node].open }
    if let known { return known }
    nodes.append(Node())
    if case .literal(let text) = level {
      nodes[node].literals[text] = nodes.count - 1
    } else {
      nodes[node].open = nodes.count - 1
    }
    return nodes.count - 1
  }

  /// Returns patterns that may match a topic, in order; they include all that do.
  func candidates(_ topic: UnsafeRawBufferPointer) -> [Int] {
    let levels = topic.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
    var found: [Int] = []
    func visit(_ node: Int, depth: Int) {
      found += nodes[node].rests
      guard depth < levels.count else {
        found += nodes[node].ends
        return
      }
      if let next = nodes[node].literals[levels[depth]] { visit(next, depth: depth + 1) }
      if let next = nodes[node].open { visit(next, depth: depth + 1) }
    }
    visit(0, depth: 0)
    return found.sorted()
  }

  /// Returns whether the filter of another pattern passes everything that this one's passes. A shared filter passes
  /// only a share of the messages, so it covers only other shared ones.
  func isCovered(_ position: Int) -> Bool {
    let levels = patterns[position].levels
    let isShared = patterns[position].share != nil
    func isOther(_ other: Int) -> Bool { other != position && (isShared || patterns[other].share == nil) }
    // A wildcard at the start does not match topics that begin with `$`.
    let isReserved = if case .literal(let text) = levels[0] { text.first == UInt8(ascii: "$") } else { false }
    func visit(_ node: Int, depth: Int) -> Bool {
      let mayWiden = depth > 0 || !isReserved
      if mayWiden, nodes[node].rests.contains(where: isOther) { return true }
      guard depth < levels.count else { return nodes[node].ends.contains(where: isOther) }
      if levels[depth] == .rest { return false }
      if case .literal(let text) = levels[depth], let next = nodes[node].literals[text], visit(next, depth: depth + 1) {
        return true
      }
      guard mayWiden, let next = nodes[node].open else { return false }
      return visit(next, depth: depth + 1)
    }
    return visit(0, depth: 0)
  }

  /// Returns earlier patterns whose filters share a topic with this one's filter.
  package func overlaps(_ position: Int) -> [Int] {
    let levels = patterns[position].levels
    var found: [Int] = []
    func visit(_ node: Int, depth: Int) {
      found += nodes[node].rests
      guard depth < levels.count else {
        found += nodes[node].ends
        return
      }
      switch levels[depth] {
      case .literal(let text):
        if let next = nodes[node].literals[text] { visit(next, depth: depth + 1) }
      case .rest: return collect(node)
      default: for next in nodes[node].literals.values { visit(next, depth: depth + 1) }
      }
      if let next = nodes[node].open { visit(next, depth: depth + 1) }
    }
    func collect(_ node: Int) {
      found += nodes[node].ends
      for next in nodes[node].literals.values + [nodes[node].open].compactMap(\.self) {
        found += nodes[next].rests
        collect(next)
      }
    }
    visit(0, depth: 0)
    return found.filter { $0 < position }
  }
}
