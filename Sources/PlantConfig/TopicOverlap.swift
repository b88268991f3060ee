import PayloadDecoding
import PlantModel

/// Topics that two rules of a plant match, although neither takes all topics of the other.
///
/// A special rule before a general one is the usual order, and a rule behind one that takes all its topics is a mistake
/// that the plant's reader reports. What is left is said with a topic that both match.
struct TopicOverlap {
  private let plant: Plant
  private let marks: [Mark]
  private let reading: ConfigurationContext
  /// Number of rules beyond which pairs are not compared.
  private static let most = 500

  /// Creates the check of a plant's rules.
  ///
  /// - Parameters:
  ///   - plant: The plant.
  ///   - root: Tree of its file.
  ///   - reading: Receives the warnings.
  init(_ plant: Plant, root: YAMLNode, reading: ConfigurationContext) {
    (self.plant, self.reading) = (plant, reading)
    let nodes = root.member("topics")?.elements ?? []
    marks = nodes.map { $0.member("match")?.mark ?? $0.mark }
  }

  /// Records a warning for each rule that shares a topic with an earlier one.
  func check() {
    let rules = plant.topics.filter { $0.payload != .availability }
    guard rules.count == marks.count, rules.count <= TopicOverlap.most else { return }
    let patterns = rules.map { try? TopicPattern($0.match) }
    for later in rules.indices {
      guard let pattern = patterns[later] else { continue }
      let earlier = rules[..<later].indices.first { index in
        guard rules[index].conditions.isEmpty, let other = patterns[index] else { return false }
        return !other.covers(pattern) && !pattern.covers(other)
          && example(rules[index].match, rules[later].match) != nil
      }
      guard let earlier, let topic = example(rules[earlier].match, rules[later].match) else { continue }
      reading.warning(
        marks[later],
        "'\(rules[later].match)' and '\(rules[earlier].match)' before it both match '\(topic)', and the first takes "
          + "it; put the one that is meant first, or give that a 'where'")
    }
  }

  /// Returns a topic that both patterns match; `nil` if there is none.
  private func example(_ a: String, _ b: String) -> String? {
    let (left, right) = (levels(a), levels(b))
    var topic: [String] = []
    var position = 0
    while position < max(left.count, right.count) {
      let (one, other) = (level(left, at: position), level(right, at: position))
      if one == "#" || other == "#" {
        let rest = (one == "#" ? right : left)[min(position, (one == "#" ? right : left).count)...]
        topic += rest.map { $0 == "#" ? "x" : sample($0) }
        return topic.joined(separator: "/")
      }
      guard let one, let other, let common = self.common(one, other) else { return nil }
      topic.append(common)
      position += 1
    }
    return topic.joined(separator: "/")
  }

  private func level(_ levels: [Substring], at position: Int) -> Substring? {
    levels.indices.contains(position) ? levels[position] : nil
  }

  private func levels(_ pattern: String) -> [Substring] {
    SharedSubscription.unshared(pattern).split(separator: "/", omittingEmptySubsequences: false)
  }

  /// Returns a text that two levels match; `nil` if there is none.
  private func common(_ a: Substring, _ b: Substring) -> String? {
    let candidates = [a, b].filter { !isOpen($0) }
    if let literal = candidates.first {
      return [a, b].allSatisfy { fits(literal, level: $0) } ? String(literal) : nil
    }
    let (first, second) = (ends(a), ends(b))
    let prefix = first.prefix.count > second.prefix.count ? first.prefix : second.prefix
    let suffix = first.suffix.count > second.suffix.count ? first.suffix : second.suffix
    let bare = first.prefix.isEmpty && first.suffix.isEmpty ? a : b
    let text = "\(prefix)\(isBare(bare) ? sample(bare) : "x")\(suffix)"
    return [a, b].allSatisfy { fits(text[...], level: $0) } ? text : nil
  }

  private func isOpen(_ level: Substring) -> Bool { level == "+" || level.contains("{") }

  private func isBare(_ level: Substring) -> Bool {
    level == "+" || level.hasPrefix("{") && level.firstIndex(of: "}") == level.indices.last
  }

  private func ends(_ level: Substring) -> (prefix: Substring, suffix: Substring) {
    guard let start = level.firstIndex(of: "{"), let end = level.lastIndex(of: "}") else { return ("", "") }
    return (level[..<start], level[level.index(after: end)...])
  }

  private func fits(_ text: Substring, level: Substring) -> Bool {
    if !isOpen(level) { return text == level }
    let (prefix, suffix) = ends(level)
    return text.count > prefix.count + suffix.count && text.hasPrefix(prefix) && text.hasSuffix(suffix)
  }

  /// Returns a text that a level matches, with names of the plant for its placeholders.
  private func sample(_ level: Substring) -> String {
    var text = ""
    var rest = level
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      let name = rest[rest.index(after: open)..<close]
      let value = name == "asset" ? plant.assets.first?.name ?? "roof" : name == "sensor" ? "power" : String(name)
      text += rest[..<open] + value
      rest = rest[rest.index(after: close)...]
    }
    return text + (rest == "+" ? "x" : rest)
  }
}
