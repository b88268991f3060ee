import PlantModel

/// Which filters each connection subscribes to.
///
/// A plant belongs to the connection that a hash of its name says, so that it stays there whatever other plants come and
/// go, and with it the filter of its instructions. A filter goes with the first plant that has it. Filters that may let the same topic through go together, because a
/// message must not come over two connections.
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
        if owners[pattern.filter] == nil { owners[pattern.filter] = connection(of: plant.name, among: connections) }
      }
    }
    let filters = TopicPattern.subscriptions(patterns)
    guard connections > 1 else { return [filters] }
    var plan = [[String]](repeating: [], count: connections)
    for group in groups(filters) {
      plan[owners[filters[group[0]]] ?? 0] += group.map { filters[$0] }
    }
    return plan
  }

  /// Positions of filters that hang together by overlaps, each group in the order of the filters.
  private static func groups(_ filters: [String]) -> [[Int]] {
    let levels = filters.map { $0.split(separator: "/", omittingEmptySubsequences: false) }
    var groups: [[Int]] = []
    for position in filters.indices {
      let isNear = { (group: [Int]) in group.contains { overlap(levels[$0], levels[position]) } }
      let joined = groups.filter(isNear).flatMap(\.self) + [position]
      groups.removeAll(where: isNear)
      groups.append(joined.sorted())
    }
    return groups
  }

  /// The connection of a plant, 0..<`connections`: FNV-1a (Fowler, Noll and Vo) of its name, 64 bits.
  static func connection(of plant: String, among connections: Int) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in plant.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(hash % UInt64(max(1, connections)))
  }

  /// Whether some topic passes both filters.
  static func overlap(_ a: [Substring], _ b: [Substring]) -> Bool {
    for (left, right) in zip(a, b) {
      if left == "#" || right == "#" { return true }
      guard left == right || left == "+" || right == "+" else { return false }
    }
    // `a/#` lets `a` through too.
    return a.count == b.count || (a.count == b.count + 1 && a.last == "#")
      || (b.count == a.count + 1 && b.last == "#")
  }
}
