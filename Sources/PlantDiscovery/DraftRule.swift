/// A rule of a draft: one future entry of `topics`.
struct DraftRule {
  /// A level of the topic pattern.
  enum Level: Hashable {
    case literal(String)
    case open(name: String, suffix: String)
    case any

    /// Creates a literal level. One with braces or wildcards becomes a wildcard, since these have a meaning in
    /// patterns.
    init(_ text: String) { self = text.contains { "{}+#".contains($0) } ? .any : .literal(text) }

    var text: String {
      switch self {
      case .literal(let text): text
      case .open(let name, let suffix): "{\(name)}\(suffix)"
      case .any: "+"
      }
    }

    func fits(_ level: String) -> Bool {
      switch self {
      case .literal(let text): text == level
      case .open(_, let suffix): level.utf8.count > suffix.utf8.count && level.hasSuffix(suffix)
      case .any: true
      }
    }

    /// Measure of how many topics the level matches. Narrower rules come first.
    var breadth: Int {
      switch self {
      case .literal: 0
      case .open(_, let suffix): suffix.isEmpty ? 100 : 10
      case .any: 101
      }
    }
  }

  /// An entry of the rule's `values`.
  struct Value {
    var name: String
    var path: String
    var unit: String?
    var note: String?
  }

  var levels: [Level] = []
  var payload: String?
  var each: String?
  var asset: String?
  var sensor: String?
  var unit: String?
  var time: String?
  var separator: String?
  var strip: String?
  var values: [Value] = []
  var rename: [(from: String, to: String)] = []
  /// Comments to be written above the rule.
  var notes: [String] = []
  /// Topics that the rule was made for, by their indexes in the survey.
  var topics: [Int] = []
  var messages = 0

  var match: String { levels.map(\.text).joined(separator: "/") }
  var breadth: Int { levels.reduce(0) { $0 + $1.breadth } }

  /// Prefixes the asset's name with the topic's first level, if that level is one of `roots`.
  mutating func prefixAsset(ifOf roots: Set<String>) {
    guard case .literal(let root)? = levels.first, roots.contains(root), !(asset?.hasPrefix("/") ?? false) else {
      return
    }
    let isOpen = levels.contains { if case .open("asset", _) = $0 { true } else { false } }
    guard let own = asset ?? (isOpen ? "{asset}" : nil), own != root else { return }
    asset = "\(root == "N" ? "victron" : root)_\(own)"
    notes.append("the first level is in front of the asset's name, because topics of others have assets of that name")
  }

  /// Returns whether the rule matches a topic.
  func fits(_ topic: [String]) -> Bool { topic.count == levels.count && zip(levels, topic).allSatisfy { $0.fits($1) } }

  /// Text that is equal for rules that match the same topics.
  var matched: String {
    levels.map { level in
      switch level {
      case .open(_, let suffix): "{}\(suffix)"
      case .any: "{}"
      case .literal(let text): text
      }
    }.joined(separator: "/")
  }
}

/// Index that finds the first of several rules that match a topic, without testing each.
struct RuleIndex {
  private struct Key: Hashable {
    var count: Int
    /// The first level; `nil` for rules in which it is open.
    var first: String?
  }

  private let rules: [DraftRule]
  private var positions: [Key: [Int]] = [:]

  init(_ rules: [DraftRule]) {
    self.rules = rules
    for (position, rule) in rules.enumerated() {
      let first: String? = if case .literal(let text)? = rule.levels.first { text } else { nil }
      positions[Key(count: rule.levels.count, first: first), default: []].append(position)
    }
  }

  func first(for topic: [String]) -> Int? {
    [topic.first, nil].compactMap { first in
      positions[Key(count: topic.count, first: first)]?.first { rules[$0].fits(topic) }
    }.min()
  }
}
