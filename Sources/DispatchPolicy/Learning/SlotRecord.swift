/// Measured slots with running sums, so that the mean over any range costs two look-ups.
struct SlotRecord: Sendable {
  /// Means of the slots [kW], oldest first.
  private(set) var load: [Double] = []
  private(set) var generation: [Double] = []
  private(set) var isWorkday: [Bool] = []
  private var loadSums: [Double] = [0]
  private var generationSums: [Double] = [0]

  var count: Int { load.count }

  mutating func append(load: Double, generation: Double, isWorkday: Bool) {
    self.load.append(load)
    self.generation.append(generation)
    self.isWorkday.append(isWorkday)
    loadSums.append((loadSums.last ?? 0) + load)
    generationSums.append((generationSums.last ?? 0) + generation)
  }

  /// Removes the oldest slots.
  mutating func removeFirst(_ count: Int) {
    var rest = SlotRecord()
    for slot in min(max(0, count), self.count)..<self.count {
      rest.append(load: load[slot], generation: generation[slot], isWorkday: isWorkday[slot])
    }
    self = rest
  }

  func netDemand(_ slot: Int) -> Double { load[slot] - generation[slot] }

  /// Returns the mean load over a range, cut at the record's beginning [kW].
  func meanLoad(_ slots: ClosedRange<Int>) -> Double { mean(loadSums, slots: slots) }

  /// Returns the mean generation over a range, cut at the record's beginning [kW].
  func meanGeneration(_ slots: ClosedRange<Int>) -> Double { mean(generationSums, slots: slots) }

  private func mean(_ sums: [Double], slots: ClosedRange<Int>) -> Double {
    let first = max(0, slots.lowerBound)
    let end = min(count, slots.upperBound + 1)
    return end > first ? (sums[end] - sums[first]) / Double(end - first) : 0
  }
}
