/// The least cost at which a stretch could have been run by someone who knew it all beforehand: the bound.
///
/// Dynamic programming on ``EnergyValue`` with fine cells, which agrees with the linear program of the same problem to
/// better than 0.01 %; ``GridForesight`` where cost is not convex.
public enum PerfectForesight {
  /// Cells of energy.
  static let cells = 640

  /// The best power in each slot from an empty battery [kW], positive discharge; the energy left counts for nothing.
  public static func powers(_ series: DispatchSeries, _ problem: DispatchProblem) -> [Double] {
    let caps = problem.demandCharge > 0 ? PeakCaps.best(series, problem) : []
    let worthless = EnergyValue(capacity: problem.capacity, cells: cells)
    return powers(series, problem, caps: caps, from: 0, valued: worthless)
  }

  /// The best power in each slot from a stored energy [kWh], if energy left has a value; without demand charge.
  static func powers(
    _ series: DispatchSeries, _ problem: DispatchProblem, from start: Double, valued value: EnergyValue
  ) -> [Double] {
    powers(series, problem, caps: [], from: start, valued: value)
  }

  /// The best powers when import above the cap of a slot's month costs a prohibitive price.
  static func powers(
    _ series: DispatchSeries, _ problem: DispatchProblem, caps: [Double], from start: Double, valued end: EnergyValue
  ) -> [Double] {
    let isConvex = (0..<series.count).allSatisfy {
      GridForesight.isConvex(price: series.price[$0], series.problem(problem, at: $0))
    }
    guard isConvex else { return GridForesight.powers(series, problem, caps: caps, from: start, valued: end) }
    var value = end
    var levels: [SlotLevels] = []
    levels.reserveCapacity(series.count)
    for slot in (0..<series.count).reversed() {
      let offers = offers(slot, series, problem, caps)
      levels.append(SlotLevels(of: offers, at: value, keepsOnTie: true))
      value.stepBack(over: offers)
    }
    return series.run(problem, from: start) { slot, energy in
      let target = levels[series.count - 1 - slot].target(from: energy, offers: offers(slot, series, problem, caps))
      return problem.power(from: energy, to: target)
    }
  }

  private static func offers(
    _ slot: Int, _ series: DispatchSeries, _ problem: DispatchProblem, _ caps: [Double]
  ) -> SlotOffers {
    SlotOffers(
      netDemand: series.netDemand(slot), price: series.price[slot], problem: series.problem(problem, at: slot),
      cap: caps.isEmpty ? .infinity : caps[slot], excess: PeakCaps.excess)
  }
}

/// The import that each month should not exceed under a demand charge.
enum PeakCaps {
  /// Price of import above a cap that is meant to hold [currency/kWh].
  static let excess = 1000.0

  /// The best cap of each month, by slot [kW]: the least of demand charge and energy cost, which together are convex in
  /// the cap, by golden section within the month.
  static func best(_ series: DispatchSeries, _ problem: DispatchProblem) -> [Double] {
    var caps: [Double] = []
    var start = 0
    while start < series.count {
      let end = (start..<series.count).first { series.month[$0] != series.month[start] } ?? series.count
      let cap = bestCap(of: series.slots(start..<end), problem)
      caps += Array(repeating: cap, count: end - start)
      start = end
    }
    return caps
  }

  static func bestCap(of month: DispatchSeries, _ problem: DispatchProblem) -> Double {
    let worthless = EnergyValue(capacity: problem.capacity, cells: 128)
    func cost(_ cap: Double) -> Double {
      let caps = Array(repeating: cap, count: month.count)
      let powers = PerfectForesight.powers(month, problem, caps: caps, from: 0, valued: worthless)
      return month.bill(of: powers, problem).total
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
