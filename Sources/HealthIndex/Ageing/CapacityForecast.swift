import PlantPhysics
import StreamCore

/// When a cell's capacity will first fall below a threshold, from its capacity cycle by cycle.
///
/// Futures are made of blocks of five changes drawn from the past ones (moving-block bootstrap, H. Künsch, 1989,
/// doi:10.1214/aos/1176347265), so that slow loss, recovery after rest and their sequence stay as they were. Each
/// future starts at the last capacity and runs for as many cycles as are known: a past tells no more than its own length.
/// Where more than one in twenty futures stays above the threshold, the cell is taken not to reach it within that time.
public struct CapacityForecast: Sendable, Equatable {
  /// Changes in a block.
  static let block = 5
  /// Futures that are drawn.
  static let futures = 4_000

  /// The cycle by which half of the futures have reached the threshold; `nil` where less than half do.
  public let median: Double?
  /// Nine tenths of the futures reach it within these cycles; `nil` when it counts as not reached.
  public let interval: ClosedRange<Double>?
  /// The last cycle that the forecast speaks of.
  public let horizon: Double

  /// Whether the threshold is taken to be reached within the horizon.
  public var isReached: Bool { interval != nil }

  /// A forecast from cycle numbers and capacities [Ah], oldest first; `nil` with fewer than ten that are finite.
  ///
  /// The same history and seed give the same forecast.
  public init?(cycles: [Double], capacities: [Double], threshold: Double, seed: UInt64 = 1) {
    let known = zip(cycles, capacities).filter { $0.isFinite && $1.isFinite }
    guard known.count >= 10, let first = known.first?.0, let last = known.last, last.0 > first else { return nil }
    let steps = zip(known.dropFirst(), known).map { $0.1 - $1.1 }
    let pace = (last.0 - first) / Double(known.count - 1)
    horizon = last.0 + pace * Double(known.count)
    var random = SeededGenerator(seed: seed)
    var reached: [Double] = []
    for _ in 0..<CapacityForecast.futures {
      if let step = CapacityForecast.crossing(from: last.1, threshold, within: known.count, steps, &random) {
        reached.append(last.0 + pace * Double(step))
      }
    }
    // Futures that never reach it lie beyond all that do.
    let unreached = CapacityForecast.futures - reached.count
    let sorted = reached.sorted() + [Double](repeating: .infinity, count: unreached)
    func quantile(_ share: Double) -> Double { sorted[Int(share * Double(sorted.count - 1))] }
    median = quantile(0.5).isFinite ? quantile(0.5) : nil
    interval = quantile(0.95).isFinite ? quantile(0.05)...quantile(0.95) : nil
  }

  /// Steps until a future falls below the threshold, from 1; `nil` if it does not within `most`.
  private static func crossing(
    from capacity: Double, _ threshold: Double, within most: Int, _ steps: [Double], _ random: inout SeededGenerator
  ) -> Int? {
    var capacity = capacity
    var start = 0
    for step in 0..<most {
      if step % block == 0 { start = Int.random(in: 0...(steps.count - block), using: &random) }
      capacity += steps[start + step % block]
      if capacity < threshold { return step + 1 }
    }
    return nil
  }
}
