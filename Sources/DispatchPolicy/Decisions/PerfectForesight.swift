/// The lower bound of the cost: the optimum for a period that is completely known in advance.
///
/// It uses dynamic programming on ``EnergyValue`` with fine cells, which agrees with the linear program of the same
/// problem to better than 0.01 %. If the cost is not convex, it uses ``GridForesight``.
public enum PerfectForesight {
  /// Number of energy cells.
  package static let cells = 640

  /// Returns the best power in each slot from an empty battery [kW], positive discharge. Energy left at the end has no
  /// value.
  public static func powers(_ series: DispatchSeries, problem: DispatchProblem) -> [Double] {
    let caps = problem.demandCharge > 0 ? PeakCaps.best(series, problem: problem) : []
    let worthless = EnergyValue(capacity: problem.capacity, cells: cells)
    return powers(series, problem: problem, caps: caps, from: 0, valued: worthless)
  }

  /// Returns the best power in each slot without a demand charge [kW].
  ///
  /// - Parameters:
  ///   - series: the slots.
  ///   - problem: the battery and its costs.
  ///   - start: usable energy at the start [kWh].
  ///   - value: value of the energy left at the end.
  package static func powers(
    _ series: DispatchSeries, problem: DispatchProblem, from start: Double, valued value: EnergyValue
  ) -> [Double] {
    powers(series, problem: problem, caps: [], from: start, valued: value)
  }

  /// Returns the best power in each slot if import above the cap of a slot's month has a prohibitive price [kW].
  ///
  /// - Parameters:
  ///   - series: the slots.
  ///   - problem: the battery and its costs.
  ///   - caps: cap of each slot [kW]; empty: none.
  ///   - start: usable energy at the start [kWh].
  ///   - end: value of the energy left at the end.
  package static func powers(
    _ series: DispatchSeries, problem: DispatchProblem, caps: [Double], from start: Double, valued end: EnergyValue
  ) -> [Double] {
    let isConvex = (0..<series.count).allSatisfy {
      GridForesight.isConvex(price: series.price[$0], problem: series.problem(problem, at: $0))
    }
    guard isConvex else { return GridForesight.powers(series, problem: problem, caps: caps, from: start, valued: end) }
    var value = end
    var levels: [SlotLevels] = []
    levels.reserveCapacity(series.count)
    for slot in (0..<series.count).reversed() {
      let offers = offers(slot, series: series, problem: problem, caps: caps)
      levels.append(SlotLevels(of: offers, at: value, keepsOnTie: true))
      value.stepBack(over: offers)
    }
    return series.run(problem, from: start) { slot, energy in
      let target = levels[series.count - 1 - slot].target(
        from: energy, offers: offers(slot, series: series, problem: problem, caps: caps))
      return problem.power(from: energy, to: target)
    }
  }

  private static func offers(
    _ slot: Int, series: DispatchSeries, problem: DispatchProblem, caps: [Double]
  ) -> SlotOffers {
    SlotOffers(
      netDemand: series.netDemand(slot), price: series.price[slot], problem: series.problem(problem, at: slot),
      cap: caps.isEmpty ? .infinity : caps[slot], excess: PeakCaps.excess)
  }
}

/// Import limits of months under a demand charge.
package enum PeakCaps {
  /// Prohibitive price of import above a cap [currency/kWh].
  package static let excess = 1000.0

  /// Returns the best cap of each month, by slot [kW]. It minimises the sum of demand charge and energy cost by
  /// golden-section search; the sum is convex in the cap.
  package static func best(_ series: DispatchSeries, problem: DispatchProblem) -> [Double] {
    var caps: [Double] = []
    var start = 0
    while start < series.count {
      let end = (start..<series.count).first { series.month[$0] != series.month[start] } ?? series.count
      let cap = bestCap(of: series.slots(start..<end), problem: problem)
      caps += Array(repeating: cap, count: end - start)
      start = end
    }
    return caps
  }

  package static func bestCap(of month: DispatchSeries, problem: DispatchProblem) -> Double {
    let worthless = EnergyValue(capacity: problem.capacity, cells: 128)
    func cost(_ cap: Double) -> Double {
      let caps = Array(repeating: cap, count: month.count)
      let powers = PerfectForesight.powers(month, problem: problem, caps: caps, from: 0, valued: worthless)
      return month.bill(of: powers, problem: problem).total
    }
    let golden = (5.0.squareRoot() - 1) / 2
    var low = 0.0
    var high = (0..<month.count).reduce(0) { max($0, month.netDemand($1)) }
    var inner = (high - golden * (high - low), low + golden * (high - low))
    var costs = (cost(inner.0), cost(inner.1))
    while high - low > 0.01 * max(1e-3, high) {
      if costs.0 <= costs.1 {
        high = inner.1
        inner = (high - golden * (high - low), inner.0)
        costs = (cost(inner.0), costs.0)
      } else {
        low = inner.0
        inner = (inner.1, low + golden * (high - low))
        costs = (costs.1, cost(inner.1))
      }
    }
    return (low + high) / 2
  }
}
