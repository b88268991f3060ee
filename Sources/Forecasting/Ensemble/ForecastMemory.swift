/// What the models said of late and what came: the last weeks of issued forecasts, from which weights and intervals are
/// learned. Older ones are forgotten altogether, so that a forecast depends on nothing further back.
struct ForecastMemory: Sendable {
  /// One forecast slot.
  struct Entry: Sendable {
    var slot: Int
    var leadClass: Int
    var actual: Double
  }

  private let models: Int
  private(set) var entries: [Entry] = []
  /// Entry by entry, model by model, level by level.
  private(set) var quantiles: [Float] = []

  init(models: Int) { self.models = models }

  /// Numbers of one entry.
  var width: Int { models * QuantileLevels.count }

  /// Notes what all models said of a horizon.
  mutating func note(_ tables: [QuantileTable], origin: Int, leads: LeadClasses) {
    for offset in leads.ofOffset.indices {
      entries.append(Entry(slot: origin + offset, leadClass: leads.ofOffset[offset], actual: .nan))
      for table in tables {
        for level in 0..<QuantileLevels.count { quantiles.append(Float(table[offset, level])) }
      }
    }
  }

  /// Fills in what came before `origin`, and forgets what lies before `oldest`.
  mutating func settle(before origin: Int, oldest: Int, actual: (Int) -> Double) {
    for index in entries.indices where entries[index].slot < origin && entries[index].actual.isNaN {
      entries[index].actual = actual(entries[index].slot)
    }
    let kept = entries.indices.filter { entries[$0].slot >= oldest }
    guard kept.count < entries.count else { return }
    var remaining: [Float] = []
    remaining.reserveCapacity(kept.count * width)
    for index in kept { remaining.append(contentsOf: quantiles[(index * width)..<((index + 1) * width)]) }
    entries = kept.map { entries[$0] }
    quantiles = remaining
  }

  /// Positions of the entries of a lead class whose value came and of which at least one model spoke.
  func settled(_ leadClass: Int?) -> [Int] {
    entries.indices.filter { !entries[$0].actual.isNaN && (leadClass == nil || entries[$0].leadClass == leadClass) }
  }
}
