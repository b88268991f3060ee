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
      for match in plant.topics.map(\.match) + [instructions] {
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
    for position in patterns.indices {
      for other in index.overlaps(position) where group[other] != group[position] {
        let (one, two) = (group[other], group[position])
        let (small, large) = groups[one].count < groups[two].count ? (one, two) : (two, one)
        for member in groups[small] { group[member] = large }
        groups[large] += groups[small]
        groups[small] = []
      }
    }
    return groups.filter { !$0.isEmpty }.map { $0.sorted() }
  }
}
