import PlantPhysics
import StreamCore

/// The cycle at which a cell's capacity will first fall below a threshold, forecast from its capacity by cycle.
///
/// Futures are made of blocks of five changes drawn from past ones (moving-block bootstrap, H. Künsch, 1989,
/// doi:10.1214/aos/1176347265). This preserves slow loss, recovery after rest and their order. Each future starts at
/// the last capacity and runs for as many cycles as are known: a past supports no forecast beyond its own length. If
/// more than 7 % of the futures stay above the threshold, it counts as not reached within that time. The forecast then
/// gives only the cycle before which it is not reached.
///
/// The mean loss per cycle is itself uncertain. The interval is therefore taken from futures with an added drift. The
/// drift is the difference between the mean of a past drawn in the same way and the mean of the actual past. The
/// interval ends at the horizon.
public struct CapacityForecast: Sendable, Equatable {
  /// Number of changes in a block.
  static let block = 5
  /// Number of futures.
  static let futures = 4_000
  /// Share of futures that must reach the threshold for it to count as reached.
  static let certainty = 0.93
  /// Number of cycles used; of a longer past the last ones.
  static let mostCycles = 5_000

  /// Cycle by which half of the futures have reached the threshold; `nil` if fewer than half reach it.
  public let median: Double?
  /// Cycle before which 95 % of the futures do not reach the threshold; at most the horizon.
  public let soonest: Double
  /// Cycles within which 90 % of the futures reach the threshold; `nil` if it counts as not reached.
  public let interval: ClosedRange<Double>?
  /// Last cycle covered by the forecast.
  public let horizon: Double
  /// Share of the futures that reach the threshold within the horizon, 0...1.
  public let chance: Double

  /// Whether the threshold counts as reached within the horizon.
  public var isReached: Bool { interval != nil }

  /// Creates a forecast; `nil` with fewer than ten finite capacities, or if the cycles do not increase.
  ///
  /// Capacities that are not above 0 count as not measured. The same history and seed give the same forecast.
  ///
  /// - Parameters:
  ///   - cycles: Cycle numbers, oldest first.
  ///   - capacities: Capacities [Ah], one for each cycle.
  ///   - threshold: Threshold of the capacity [Ah].
  ///   - seed: Seed of the random futures.
  public init?(cycles: [Double], capacities: [Double], threshold: Double, seed: UInt64 = 1) {
    let known = zip(cycles, capacities).filter { $0.isFinite && $1.isFinite && $1 > 0 }
      .suffix(CapacityForecast.mostCycles)
    guard known.count >= 10, let first = known.first?.0, let last = known.last, last.0 > first else { return nil }
    let steps = zip(known.dropFirst(), known).map { $0.1 - $1.1 }
    let pace = (last.0 - first) / Double(known.count - 1)
    let end = last.0 + pace * Double(known.count)
    guard pace.isFinite, end.isFinite else { return nil }
    var random = SeededGenerator(seed: seed)
    var usual: [Int] = []
    var uncertain: [Int] = []
    for _ in 0..<CapacityForecast.futures {
      let changes = CapacityForecast.draw(known.count, of: steps, random: &random)
      let other = CapacityForecast.draw(steps.count, of: steps, random: &random)
      let drift = CapacityForecast.mean(other) - CapacityForecast.mean(steps)
      usual.append(CapacityForecast.crossing(from: last.1, threshold: threshold, changes: changes, drift: 0))
      uncertain.append(CapacityForecast.crossing(from: last.1, threshold: threshold, changes: changes, drift: drift))
    }
    // Futures that never reach the threshold lie beyond all that do.
    usual.sort()
    uncertain.sort()
    func cycle(_ sorted: [Int], share: Double) -> Double? {
      let step = sorted[Int(share * Double(sorted.count - 1))]
      return step == .max ? nil : last.0 + pace * Double(step)
    }
    horizon = end
    chance = Double(usual.count { $0 != .max }) / Double(usual.count)
    median = cycle(usual, share: 0.5)
    soonest = (cycle(uncertain, share: 0.05) ?? end).rounded(.down)
    let latest = (cycle(uncertain, share: 0.95) ?? end).rounded(.up)
    interval = chance < CapacityForecast.certainty ? nil : soonest...latest
  }

  /// Returns changes drawn in blocks from the past ones.
  ///
  /// - Parameters:
  ///   - count: Number of changes.
  ///   - steps: The past changes.
  ///   - random: Source of randomness.
  private static func draw(_ count: Int, of steps: [Double], random: inout SeededGenerator) -> [Double] {
    var drawn: [Double] = []
    drawn.reserveCapacity(count + block)
    while drawn.count < count {
      let start = Int.random(in: 0...(steps.count - block), using: &random)
      drawn += steps[start..<start + block]
    }
    return Array(drawn.prefix(count))
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// Returns the number of changes until the capacity is below the threshold, at least 1; `Int.max` if it never is.
  ///
  /// - Parameters:
  ///   - start: Initial capacity [Ah].
  ///   - threshold: Threshold of the capacity [Ah].
  ///   - changes: Changes of the capacity, one a cycle [Ah].
  ///   - drift: Added to each change [Ah].
  private static func crossing(from start: Double, threshold: Double, changes: [Double], drift: Double) -> Int {
    var capacity = start
    for (position, change) in changes.enumerated() {
      capacity += change + drift
      if capacity < threshold { return position + 1 }
    }
    return .max
  }
}
