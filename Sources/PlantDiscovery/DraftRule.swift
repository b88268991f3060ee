/// A rule of a draft: what one entry of `topics` will say.
struct DraftRule {
  /// A level of its pattern.
  enum Level: Hashable {
    case literal(String)
    case open(name: String, suffix: String)
    case any

    /// A literal level; braces, which have a meaning of their own in a plant file, become a wildcard.
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

    /// How many topics it takes, for the order of rules: less goes first.
    var breadth: Int {
      switch self {
      case .literal: 0
      case .open(_, let suffix): suffix.isEmpty ? 100 : 10
      case .any: 101
      }
    }
  }

  /// A value of its list.
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
  /// What is to be read above it.
  var notes: [String] = []
  /// The topics that it was made for, by their positions in the survey.
  var topics: [Int] = []
  var messages = 0

  var match: String { levels.map(\.text).joined(separator: "/") }
  var breadth: Int { levels.reduce(0) { $0 + $1.breadth } }

  /// Puts the first level in front of the asset's name, if that level is one of `roots`.
  mutating func prefixAsset(ifOf roots: Set<String>) {
    guard case .literal(let root)? = levels.first, roots.contains(root), !(asset?.hasPrefix("/") ?? false) else {
      return
    }
    let isOpen = levels.contains { if case .open("asset", _) = $0 { true } else { false } }
    guard let own = asset ?? (isOpen ? "{asset}" : nil), own != root else { return }
    asset = "\(root == "N" ? "victron" : root)_\(own)"
    notes.append("the first level is in front of the asset's name, because topics of others have assets of that name")
  }

  /// Whether a topic comes to it.
  func fits(_ topic: [String]) -> Bool { topic.count == levels.count && zip(levels, topic).allSatisfy { $0.fits($1) } }

  /// The same for rules that match the very same topics.
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

/// Finds the first of several rules that a topic comes to, without asking each.
struct RuleIndex {
  private struct Key: Hashable {
    var count: Int
    /// The first level; `nil` for rules that leave it open.
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
