extension TopicPattern {
  /// Returns whether this pattern matches every topic that `other` matches. A rule for `other` after one for this
  /// pattern is then never reached. Returns `false` if this cannot be decided.
  package func covers(_ other: TopicPattern) -> Bool {
    var seen: Set<Int> = []
    for (position, level) in levels.enumerated() {
      if position == 0, level.isOpen, other.levels[0].beginsReserved { return false }
      if level == .rest { return true }
      guard position < other.levels.count, other.levels[position] != .rest else { return false }
      guard TopicPattern.covers(level, other: other.levels[position], seen: &seen) else { return false }
    }
    return levels.count == other.levels.count
  }

  private static func covers(_ level: Level, other: Level, seen: inout Set<Int>) -> Bool {
    switch level {
    case .single, .rest: return true
    case .literal: return level == other
    case .pieces(let pieces):
      for case .placeholder(let name) in pieces {
        // A name that occurs twice must stand for the same text, which restricts the pattern.
        if !seen.insert(name).inserted { return false }
      }
      if pieces.count == 1 { return true }
      guard case .pieces(let others) = other, others.count == pieces.count else { return false }
      return zip(pieces, others).allSatisfy { piece, other in
        switch (piece, other) {
        case (.literal(let a), .literal(let b)): a == b
        case (.placeholder, .placeholder): true
        default: false
        }
      }
    }
  }
}

extension TopicPattern.Level {
  /// Whether the level may begin with any text.
  fileprivate var isOpen: Bool {
    switch self {
    case .literal: false
    case .single, .rest: true
    case .pieces(let pieces):
      if case .literal = pieces[0] { false } else { true }
    }
  }

  fileprivate var beginsReserved: Bool {
    if case .literal(let text) = self { text.first == UInt8(ascii: "$") } else { false }
  }
}
