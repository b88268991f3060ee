import PlantPhysics
import StreamCore

/// When a cell's capacity will first fall below a threshold, from its capacity cycle by cycle.
///
/// Futures are made of blocks of five changes drawn from the past ones (moving-block bootstrap, H. Künsch, 1989,
/// doi:10.1214/aos/1176347265), so that slow loss, recovery after rest and their sequence stay as they were. Each
/// future starts at the last capacity and runs for as many cycles as are known: a past tells no more than its own length.
/// Where more than 7 % of the futures stay above the threshold, the cell is taken not to reach it within that time: then
/// only the cycle is told before which it is not reached.
///
/// What a cell loses a cycle is itself known from its past alone. The interval is of futures whose mean change differs
/// from that of the past by as much as the mean of a past drawn in the same way does; it ends with the horizon.
public struct CapacityForecast: Sendable, Equatable {
  /// Changes in a block.
  static let block = 5
  /// Futures that are drawn.
  static let futures = 4_000
  /// Share of the futures that reach the threshold, from which on it is taken to be reached.
  static let certainty = 0.93
  /// Cycles that are looked at; of a longer past the last.
  static let mostCycles = 5_000

  /// The cycle by which half of the futures have reached the threshold; `nil` where less than half do.
  public let median: Double?
  /// Nineteen futures in twenty do not reach it before this cycle, which is the horizon at the latest.
  public let soonest: Double
  /// Nine tenths of the futures reach it within these cycles; `nil` when it counts as not reached.
  public let interval: ClosedRange<Double>?
  /// The last cycle that the forecast speaks of.
  public let horizon: Double
  /// The share of the futures that reach the threshold within the horizon, 0...1.
  public let chance: Double

  /// Whether the threshold is taken to be reached within the horizon.
  public var isReached: Bool { interval != nil }

  /// A forecast from cycle numbers and capacities [Ah], oldest first; `nil` with fewer than ten that are finite, and with
  /// cycles that do not go up. A capacity that is not above 0 was not measured.
  ///
  /// The same history and seed give the same forecast.
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
      let changes = CapacityForecast.draw(known.count, of: steps, &random)
      let other = CapacityForecast.draw(steps.count, of: steps, &random)
      let drift = CapacityForecast.mean(other) - CapacityForecast.mean(steps)
      usual.append(CapacityForecast.crossing(from: last.1, threshold, changes, drift: 0))
      uncertain.append(CapacityForecast.crossing(from: last.1, threshold, changes, drift: drift))
    }
    // Futures that never reach it lie beyond all that do.
    usual.sort()
    uncertain.sort()
    func cycle(_ sorted: [Int], _ share: Double) -> Double? {
      let step = sorted[Int(share * Double(sorted.count - 1))]
      return step == .max ? nil : last.0 + pace * Double(step)
    }
    horizon = end
    chance = Double(usual.count { $0 != .max }) / Double(usual.count)
    median = cycle(usual, 0.5)
    soonest = (cycle(uncertain, 0.05) ?? end).rounded(.down)
    let latest = (cycle(uncertain, 0.95) ?? end).rounded(.up)
    interval = chance < CapacityForecast.certainty ? nil : soonest...latest
  }

  /// Some changes in blocks of the past ones.
  private static func draw(_ count: Int, of steps: [Double], _ random: inout SeededGenerator) -> [Double] {
    var drawn: [Double] = []
    drawn.reserveCapacity(count + block)
    while drawn.count < count {
      let start = Int.random(in: 0...(steps.count - block), using: &random)
      drawn += steps[start..<start + block]
    }
    return Array(drawn.prefix(count))
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// Changes until the capacity is below the threshold, from 1; `Int.max` if it never is.
  private static func crossing(from start: Double, _ threshold: Double, _ changes: [Double], drift: Double) -> Int {
    var capacity = start
    for (position, change) in changes.enumerated() {
      capacity += change + drift
      if capacity < threshold { return position + 1 }
    }
    return .max
  }
}
