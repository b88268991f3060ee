public import DispatchPolicy

/// A comparison of all policies over the same period of a plant.
public struct DispatchComparison: Sendable {
  /// A policy for the battery.
  public enum Policy: String, CaseIterable, Sendable {
    /// The battery rests.
    case nothing
    /// The fixed rule that is cheapest in hindsight.
    case rule
    /// ``RecedingHorizon``: a plan for a single forecast, made again in every slot.
    case receding
    /// The learned policy, ``AnalogPolicy``.
    case learned
    /// The optimum in hindsight, ``PerfectForesight``.
    case perfect
  }

  /// Battery power of each slot by policy [kW].
  public private(set) var powers: [Policy: [Double]] = [:]
  /// Costs by policy.
  public private(set) var bills: [Policy: DispatchBill] = [:]
  /// The cheapest fixed rule.
  public private(set) var bestRule = FixedRule.selfConsumption

  /// Runs the policies. Those that learn receive each slot as it occurs, and of later slots only the prices of one day.
  ///
  /// - Parameters:
  ///   - series: the slots.
  ///   - problem: the battery and its costs.
  ///   - forecastError: factor of the policies' forecast errors: 1 keeps them, 1.3 enlarges them by 30 %.
  ///   - policies: the policies to run.
  public init(
    _ series: DispatchSeries, problem: DispatchProblem, forecastError: Double = 1,
    policies: Set<Policy> = Set(Policy.allCases)
  ) {
    if policies.contains(.nothing) {
      record(.nothing, powers: Array(repeating: 0, count: series.count), series: series, problem: problem)
    }
    if policies.contains(.rule) { recordBestRule(series, problem: problem) }
    if policies.contains(.receding) {
      record(
        .receding, powers: DispatchComparison.receding(series, problem: problem, error: forecastError), series: series,
        problem: problem)
    }
    if policies.contains(.learned) {
      record(
        .learned, powers: DispatchComparison.learned(series, problem: problem, error: forecastError), series: series,
        problem: problem)
    }
    if policies.contains(.perfect) {
      record(.perfect, powers: PerfectForesight.powers(series, problem: problem), series: series, problem: problem)
    }
  }

  private mutating func recordBestRule(_ series: DispatchSeries, problem: DispatchProblem) {
    var least = Double.infinity
    for rule in FixedRule.allCases {
      let powers = series.run(problem) { slot, energy in
        rule.request(netDemand: series.netDemand(slot), energy: energy, hour: series.hour[slot], problem: problem)
      }
      let cost = series.bill(of: powers, problem: problem).total
      if cost < least {
        least = cost
        bestRule = rule
        record(.rule, powers: powers, series: series, problem: problem)
      }
    }
  }

  private mutating func record(
    _ policy: Policy, powers: [Double], series: DispatchSeries, problem: DispatchProblem
  ) {
    self.powers[policy] = powers
    bills[policy] = series.bill(of: powers, problem: problem)
  }

  private static func receding(_ series: DispatchSeries, problem: DispatchProblem, error: Double) -> [Double] {
    var controller = RecedingHorizon(problem: problem)
    var peak = PeakWatch(problem: problem)
    return series.run(problem) { slot, energy in
      let netDemand = series.netDemand(slot)
      controller.observe(netDemand: netDemand)
      guard var forecast = controller.forecast() else { return netDemand }
      if let distortion = ForecastErrorScaling(factor: error, after: slot, of: series, slotsPerDay: problem.slotsPerDay)
      {
        for ahead in forecast.indices { forecast[ahead] = distortion.expected(forecast[ahead], slot: ahead) }
      }
      let cap = peak.cap(at: slot, of: series)
      let prices = series.pricesAhead(of: slot, slotsPerDay: problem.slotsPerDay)
      controller.plan(forecast: forecast, prices: prices, cap: cap)
      let power = controller.power(energy: energy, netDemand: netDemand, price: series.price[slot], cap: cap)
      peak.observe(exchange: netDemand - problem.advance(energy, wanted: power).power)
      return power
    }
  }

  private static func learned(_ series: DispatchSeries, problem: DispatchProblem, error: Double) -> [Double] {
    var policy = AnalogPolicy(problem: problem)
    var peak = PeakWatch(problem: problem)
    return series.run(problem) { slot, energy in
      let netDemand = series.netDemand(slot)
      policy.observe(load: series.load[slot], generation: series.generation[slot], isWorkday: series.isWorkday[slot])
      let cap = peak.cap(at: slot, of: series)
      policy.learn(
        prices: series.pricesAhead(of: slot, slotsPerDay: problem.slotsPerDay), cap: cap,
        distortion: ForecastErrorScaling(factor: error, after: slot, of: series, slotsPerDay: problem.slotsPerDay))
      let power = policy.power(energy: energy, netDemand: netDemand, price: series.price[slot], cap: cap)
      peak.observe(exchange: netDemand - problem.advance(energy, wanted: power).power)
      return power
    }
  }
}
