import StreamCore

/// Tracks the residual between a measured value and a model's expectation: learns its usual centre and scale, then sums
/// deviations beyond them in both directions.
///
/// Centre and scale are median and spread of the first samples. Then `z = (r − centre) / scale`, limited to ±8, enters
/// a two-sided CUSUM `S ← max(0, S ± z − 1)` (E. Page, 1954), limited to 45. The score is `clip((S − 15) / 15, 0, 1)`.
/// The centre moves by 1/2000 of the distance with each sample, but only while both sums are 0, so a fault is not
/// learned.
///
/// Worked value: z = 8 scores 0 twice and 0.4 after the third time (S = 21).
struct ResidualTrack: Sendable, Equatable {
  /// Number of samples from which centre and scale are learned.
  let learning: Int
  /// Smallest scale, due to instruments and normal operation.
  let floor: Double
  private(set) var centre = 0.0
  private(set) var scale = 0.0
  /// Latest residual in scales, within ±8.
  private(set) var deviation = 0.0
  private var first: [Float] = []
  private var isLearned = false
  private var up = 0.0
  private var down = 0.0

  init(learning: Int, floor: Double) {
    self.learning = learning
    self.floor = floor
  }

  /// Score of the residual: 0 usual, 1 certainly unusual.
  var score: Double { HealthFormula.clip((max(up, down) - 15) / 15) }

  /// Adds a residual; one that is not finite is ignored.
  mutating func judge(_ residual: Double) {
    guard residual.isFinite else { return }
    guard isLearned else {
      learn(residual)
      return
    }
    deviation = min(max((residual - centre) / scale, -8), 8)
    up = min(45, max(0, up + deviation - 1))
    down = min(45, max(0, down - deviation - 1))
    if up == 0 && down == 0 { centre += (residual - centre) / 2000 }
  }

  private mutating func learn(_ residual: Double) {
    if first.isEmpty { first.reserveCapacity(learning) }
    first.append(Float(residual))
    guard first.count >= learning else { return }
    let sorted = first.sorted().map(Double.init)
    centre = EmpiricalQuantile.ofSorted(sorted, probability: 0.5)
    // Ninety percent of a normal sample lie within 3.29 standard deviations.
    let spread =
      EmpiricalQuantile.ofSorted(sorted, probability: 0.95) - EmpiricalQuantile.ofSorted(sorted, probability: 0.05)
    scale = max(floor, spread / 3.29)
    isLearned = true
    first = []
  }
}

extension ResidualTrack {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(isLearned)
    writer.write(first) { $0.write($1.bitPattern) }
    writer.write([centre, scale, deviation, up, down])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    isLearned = try reader.readBool()
    first = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      Float(bitPattern: try reader.read(UInt32.self))
    }
    let numbers = try reader.readDoubles()
    guard numbers.count == 5, first.count < max(1, learning), !isLearned || numbers[1] >= floor else {
      throw .invalid("a residual's track of another shape")
    }
    (centre, scale, deviation, up, down) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
  }
}
