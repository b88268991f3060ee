import PlantPhysics

/// The variant of ``PerfectForesight`` for costs that are not convex: export pays more than import costs, or a price is
/// negative.
///
/// Buying and selling within a period then pays without bound, and losing energy may have a value. Pieces of a convex
/// cost would state a different problem. This is dynamic programming on an even grid of energies with linear
/// interpolation. It compares all changes by whole cells, those to the battery's limits, and the one without any
/// exchange.
enum GridForesight {
  /// Returns whether a slot's cost is convex in the energy charged or discharged.
  static func isConvex(price: Double, problem: DispatchProblem) -> Bool {
    price >= problem.exportPrice && min(price, problem.exportPrice) >= 0
  }

  /// A change of the stored energy within a slot, and its cost.
  private struct Move {
    /// Change in cells; fractional at the battery's limits.
    var cells: Double
    var cost: Double

    /// Whole cells, rounded down, and the fraction of the next.
    var whole: Int
    var share: Double

    init(cells: Double, cost: Double) {
      (self.cells, self.cost) = (cells, cost)
      whole = Int(cells.rounded(.down))
      share = cells - cells.rounded(.down)
    }
  }

  /// Returns the best power in each slot [kW].
  ///
  /// - Parameters:
  ///   - series: the slots.
  ///   - problem: the battery and its costs.
  ///   - caps: import limit of each slot [kW]; empty: none.
  ///   - start: usable energy at the start [kWh].
  ///   - end: value of the energy left at the end.
  static func powers(
    _ series: DispatchSeries, problem: DispatchProblem, caps: [Double], from start: Double, valued end: EnergyValue
  ) -> [Double] {
    let cells = end.cells
    guard problem.capacity > 0, cells > 0 else { return series.run(problem, from: start) { _, _ in 0 } }
    let cell = problem.capacity / Double(cells)
    /// Cost-to-go at the end of each slot, by energy.
    var ahead = [[Float]](repeating: [], count: series.count)
    var value = (0...cells).map { Float(-end.worth(of: Double($0) * cell)) }
    for slot in (0..<series.count).reversed() {
      ahead[slot] = value
      let moves = moves(slot, series: series, problem: problem, caps: caps, cell: cell)
      let next = value
      next.withUnsafeBufferPointer { next in
        for energy in 0...cells {
          var least = Float.infinity
          for move in moves {
            let target = energy + move.whole
            guard target >= 0, target < cells || (target == cells && move.share == 0) else { continue }
            let rest = move.share == 0 ? next[target] : interpolated(next, place: target, share: move.share)
            least = min(least, Float(move.cost) + rest)
          }
          value[energy] = least
        }
      }
      // Only differences matter; small numbers keep their precision.
      let lowest = value.min() ?? 0
      for energy in value.indices { value[energy] -= lowest }
    }
    return series.run(problem, from: start) { slot, energy in
      let moves = moves(slot, series: series, problem: problem, caps: caps, cell: cell)
      return ahead[slot].withUnsafeBufferPointer { next in
        bestPower(
          slot, energy: energy, moves: moves, next: next, series: series, problem: problem, caps: caps, cell: cell)
      }
    }
  }

  private static func interpolated(_ values: UnsafeBufferPointer<Float>, place: Int, share: Double) -> Float {
    values[place] + Float(share) * (values[place + 1] - values[place])
  }

  /// Returns the changes to compare in a slot.
  ///
  /// - Parameters:
  ///   - slot: position in the series.
  ///   - series: the slots.
  ///   - problem: the battery and its costs.
  ///   - caps: import limit of each slot [kW]; empty: none.
  ///   - cell: width of a cell [kWh].
  private static func moves(
    _ slot: Int, series: DispatchSeries, problem: DispatchProblem, caps: [Double], cell: Double
  ) -> [Move] {
    let limit = problem.battery.powerKilowatts
    let way = problem.battery.oneWayEfficiency
    let most = limit * way * problem.hours / cell
    let least = -limit * problem.hours / way / cell
    var changes = [most, least]
    let netDemand = series.netDemand(slot)
    let still = netDemand > 0 ? -netDemand * problem.hours / way / cell : -netDemand * way * problem.hours / cell
    if still > least, still < most { changes.append(still) }
    // A change of more than the capacity never fits.
    let reach = problem.capacity / cell + 1
    changes += (Int(max(least, -reach).rounded(.up))...Int(min(most, reach).rounded(.down))).map(Double.init)
    return changes.filter { abs($0) <= reach }.map {
      Move(
        cells: $0,
        cost: cost(of: problem.power(from: 0, to: $0 * cell), slot: slot, series: series, problem: problem, caps: caps))
    }
  }

  /// Returns the best power from an energy that need not be on the grid [kW].
  ///
  /// - Parameters:
  ///   - slot: position in the series.
  ///   - energy: usable energy at the slot's start [kWh].
  ///   - moves: the changes to compare.
  ///   - next: cost-to-go at the slot's end, by energy.
  ///   - series: the slots.
  ///   - problem: the battery and its costs.
  ///   - caps: import limit of each slot [kW]; empty: none.
  ///   - cell: width of a cell [kWh].
  private static func bestPower(
    _ slot: Int, energy: Double, moves: [Move], next: UnsafeBufferPointer<Float>, series: DispatchSeries,
    problem: DispatchProblem, caps: [Double], cell: Double
  ) -> Double {
    let cells = next.count - 1
    var best = (power: 0.0, cost: Double.infinity)
    func consider(_ target: Double) {
      let power = problem.power(from: energy, to: target)
      guard target >= 0, target <= problem.capacity, abs(power) <= problem.battery.powerKilowatts * (1 + 1e-9) else {
        return
      }
      let place = min(cells - 1, Int(target / cell))
      let rest = interpolated(next, place: place, share: target / cell - Double(place))
      let cost = cost(of: power, slot: slot, series: series, problem: problem, caps: caps) + Double(rest)
      // A tie is decided in favour of rest.
      if cost < best.cost - 1e-9 { best = (power, cost) }
    }
    consider(energy)
    for move in moves { consider(energy + move.cells * cell) }
    for target in [0, problem.capacity] { consider(target) }
    return best.power
  }

  private static func cost(
    of power: Double, slot: Int, series: DispatchSeries, problem: DispatchProblem, caps: [Double]
  ) -> Double {
    let netDemand = series.netDemand(slot)
    let cost = series.problem(problem, at: slot).cost(netDemand: netDemand, power: power, price: series.price[slot])
    guard !caps.isEmpty else { return cost }
    return cost + max(0, netDemand - power - caps[slot]) * PeakCaps.excess * problem.hours
  }
}
