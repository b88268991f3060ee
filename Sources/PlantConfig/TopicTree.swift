import PlantModel

/// Tree of topic patterns by level, for finding an overlapping pattern without comparing all pairs.
///
/// The prefix of a shared subscription is left out, because topics do not have it.
struct TopicTree {
  /// Plant and rule that a pattern belongs to.
  typealias Place = (plant: Int, rule: Int)

  private struct Node {
    /// Children for levels without placeholders.
    var literals: [Substring: Int] = [:]
    /// Children for levels with placeholders, by the level's text.
    var open: [(level: Substring, node: Int)] = []
    /// Patterns that end at this node, in the order of addition.
    var ends: [Place] = []
    /// Patterns that continue with `#`, in the order of addition.
    var rests: [Place] = []
  }

  private var nodes = [Node()]

  /// Adds a pattern.
  mutating func add(_ pattern: String, place: Place) {
    var node = 0
    for level in TopicTree.levels(pattern) {
      if level == "#" {
        nodes[node].rests.append(place)
        return
      }
      node = child(of: node, level: level)
    }
    nodes[node].ends.append(place)
  }

  private mutating func child(of node: Int, level: Substring) -> Int {
    let isOpen = TopicTree.ends(level) != nil
    let known = isOpen ? nodes[node].open.first { $0.level == level }?.node : nodes[node].literals[level]
    if let known { return known }
    nodes.append(Node())
    if isOpen {
      nodes[node].open.append((level, nodes.count - 1))
    } else {
      nodes[node].literals[level] = nodes.count - 1
    }
    return nodes.count - 1
  }

  /// Returns the first added pattern that can match a topic that `pattern` also matches.
  func first(meeting pattern: String) -> Place? {
    let levels = TopicTree.levels(pattern)
    var best: Place?
    func offer(_ places: [Place]) {
      guard let place = places.first else { return }
      if best.map({ place < $0 }) ?? true { best = place }
    }
    func visit(_ node: Int, depth: Int) {
      offer(nodes[node].rests)
      guard depth < levels.count else { return offer(nodes[node].ends) }
      let level = levels[depth]
      if level == "#" { return collect(node) }
      if let next = nodes[node].literals[level] {
        visit(next, depth: depth + 1)
      } else if let ends = TopicTree.ends(level) {
        for (text, next) in nodes[node].literals where ends.fit(text) { visit(next, depth: depth + 1) }
      }
      for (text, next) in nodes[node].open where TopicTree.meet(level, open: text) { visit(next, depth: depth + 1) }
    }
    func collect(_ node: Int) {
      offer(nodes[node].ends)
      for next in nodes[node].literals.map(\.value) + nodes[node].open.map(\.node) {
        offer(nodes[next].rests)
        collect(next)
      }
    }
    visit(0, depth: 0)
    return best
  }

  private static func levels(_ pattern: String) -> [Substring] {
    SharedSubscription.unshared(pattern).split(separator: "/", omittingEmptySubsequences: false)
  }

  /// Literal text before the first and after the last placeholder of a level.
  private struct Ends {
    var prefix: Substring
    var suffix: Substring

    func fit(_ text: Substring) -> Bool {
      text.utf8.count >= prefix.utf8.count + suffix.utf8.count && text.hasPrefix(prefix) && text.hasSuffix(suffix)
    }

    /// Returns whether one text can match both: prefixes and suffixes must agree over their common length.
    func meet(_ other: Ends) -> Bool {
      (prefix.hasPrefix(other.prefix) || other.prefix.hasPrefix(prefix))
        && (suffix.hasSuffix(other.suffix) || other.suffix.hasSuffix(suffix))
    }
  }

  /// Returns whether a level can match the same text as a level with placeholders.
  private static func meet(_ level: Substring, open: Substring) -> Bool {
    guard let theirs = ends(open) else { return level == open }
    return ends(level).map { theirs.meet($0) } ?? theirs.fit(level)
  }

  /// Returns the literal ends of a level; `nil` for a level without placeholders.
  private static func ends(_ level: Substring) -> Ends? {
    if level == "+" { return Ends(prefix: "", suffix: "") }
    guard let start = level.firstIndex(of: "{"), let end = level.lastIndex(of: "}"), start < end else { return nil }
    return Ends(prefix: level[..<start], suffix: level[level.index(after: end)...])
  }
}
