/// The division of a message's records among the rules of its chain: each record belongs to the first rule whose
/// conditions it satisfies.
struct RecordSelection {
  /// Number of records left out by the conditions of the current rule.
  private(set) var leftOut = 0
  /// Whether records left out are passed to another rule.
  private var isChained = false
  /// Positions of records taken by earlier rules, ascending.
  private var taken: [Int] = []

  /// Prepares for the next message.
  mutating func begin() {
    if !taken.isEmpty { taken.removeAll(keepingCapacity: true) }
    leftOut = 0
  }

  /// Prepares for the next rule; `isChained` states whether another one follows.
  mutating func beginStep(isChained: Bool) {
    if !taken.isEmpty { taken.sort() }
    self.isChained = isChained
    leftOut = 0
  }

  /// Records that the rule leaves a record out.
  mutating func leaveOut() { leftOut += 1 }

  /// Records that the rule takes the record at a position.
  mutating func take(_ start: Int) {
    if isChained { taken.append(start) }
  }

  /// Returns whether an earlier rule has taken the record at a position.
  func isTaken(_ start: Int) -> Bool {
    if taken.isEmpty { return false }
    var (low, high) = (0, taken.count)
    while low < high {
      let middle = (low + high) / 2
      if taken[middle] < start { low = middle + 1 } else { high = middle }
    }
    return low < taken.count && taken[low] == start
  }
}
