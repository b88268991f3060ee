import PlantModel

/// Which filters each connection subscribes to.
///
/// A plant belongs to the connection that a hash of its name says, so that it stays there whatever other plants come and
/// go, and with it the filter of its instructions. A filter goes with the first plant that has it. Filters that may let
/// the same topic through go together, because a message must not come over two connections; shared ones too.
public enum SubscriptionPlan {
  /// Filters by connection, without repetitions and without those that another one covers.
  public static func filters(of plants: [Plant], connections: Int) -> [[String]] {
    var owners: [String: Int] = [:]
    var patterns: [TopicPattern] = []
    for plant in plants {
      // A brace would begin a placeholder.
      let name = plant.name.contains { "{}".contains($0) } ? "+" : plant.name
      let instructions = name == "+" ? "wattline/+/+/set" : Instruction.filter(plant: name)
      for match in plant.topics.flatMap(SparkplugTopic.matches) + [instructions] {
        guard let pattern = try? TopicPattern(match) else { continue }
        patterns.append(pattern)
        if owners[pattern.filter] == nil {
          owners[pattern.filter] = PlantShare.number(of: plant.name, among: connections)
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

  /// Positions of patterns that hang together by overlaps of their filters, each group in their order.
  private static func groups(_ patterns: [TopicPattern]) -> [[Int]] {
    let index = PatternIndex(patterns)
    var group = Array(patterns.indices)
    var groups = patterns.indices.map { [$0] }
    func join(_ one: Int, _ two: Int) {
      if group[one] == group[two] { return }
      let isFirstSmaller = groups[group[one]].count < groups[group[two]].count
      let (small, large) = isFirstSmaller ? (group[one], group[two]) : (group[two], group[one])
      for member in groups[small] { group[member] = large }
      groups[large] += groups[small]
      groups[small] = []
    }
    for position in patterns.indices {
      for other in index.overlaps(position) { join(other, position) }
      // The order of a Sparkplug node's messages and of its devices' is kept within one connection only.
      guard let node = SparkplugTopic.nodePattern(of: patterns[position]) else { continue }
      for other in patterns.indices where patterns[other].covers(node) { join(other, position) }
    }
    return groups.filter { !$0.isEmpty }.map { $0.sorted() }
  }
}
