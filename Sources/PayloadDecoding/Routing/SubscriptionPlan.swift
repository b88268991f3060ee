public import PlantModel
import Settings

/// Assignment of topic filters to connections.
///
/// A hash of a plant's name determines its connection. The plant and its instruction filter therefore stay there
/// regardless of other plants. A filter belongs to the first plant that has it. Filters that may pass the same topic
/// share one connection, including shared ones, because a message must not arrive over two connections.
public enum SubscriptionPlan {
  /// Returns the filters by connection, without duplicates and without those covered by another one.
  public static func filters(of plants: [Plant], connections: Int) -> [[String]] {
    var owners: [String: Int] = [:]
    var patterns: [TopicPattern] = []
    for plant in plants {
      // A brace would start a placeholder.
      let name = plant.name.contains { "{}".contains($0) } ? "+" : plant.name
      let instructions = name == "+" ? "wattline/+/+/set" : Instruction.filter(plant: name)
      for match in plant.topics.flatMap(SparkplugTopic.matches) + [instructions] {
        guard let pattern = try? TopicPattern(match) else { continue }
        patterns.append(pattern)
        if owners[pattern.filter] == nil {
          owners[pattern.filter] = Shard.number(of: plant.name, among: connections)
        }
      }
    }
    let kept = TopicPattern.subscriptions(patterns)
    let filters = kept.map(\.filter)
    guard connections > 1 else { return [filters] }
    var plan = [[String]](repeating: [], count: connections)
    for group in groups(kept) {
      plan[owners[filters[group[0]]] ?? 0] += group.map { filters[$0] }
    }
    return plan
  }

  /// Returns groups of patterns connected by overlapping filters, as sorted positions.
  private static func groups(_ patterns: [TopicPattern]) -> [[Int]] {
    let index = PatternIndex(patterns)
    var group = Array(patterns.indices)
    var groups = patterns.indices.map { [$0] }
    func join(_ one: Int, with two: Int) {
      if group[one] == group[two] { return }
      let isFirstSmaller = groups[group[one]].count < groups[group[two]].count
      let (small, large) = isFirstSmaller ? (group[one], group[two]) : (group[two], group[one])
      for member in groups[small] { group[member] = large }
      groups[large] += groups[small]
      groups[small] = []
    }
    for position in patterns.indices {
      for other in index.overlaps(position) { join(other, with: position) }
      // Only one connection preserves the order of messages of a Sparkplug node and its devices.
      guard let node = SparkplugTopic.nodePattern(of: patterns[position]) else { continue }
      for other in patterns.indices where patterns[other].covers(node) { join(other, with: position) }
    }
    return groups.filter { !$0.isEmpty }.map { $0.sorted() }
  }
}
