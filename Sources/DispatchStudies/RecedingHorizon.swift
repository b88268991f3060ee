public import DispatchPolicy

/// The conventional controller. In every slot it plans for a single forecast and executes the plan's first step.
///
/// The forecast of a slot is the mean of the same slot on the past seven days, or on as many as are recorded.
public struct RecedingHorizon: Sendable {
  private static let days = 7
  private let problem: DispatchProblem
  private let slotsPerDay: Int
  private var netDemand: [Double] = []
  private var value: EnergyValue

  /// Creates a controller without observations.
  public init(problem: DispatchProblem) {
    self.problem = problem
    slotsPerDay = problem.slotsPerDay
    value = EnergyValue(capacity: problem.capacity, cells: 64)
  }

  /// Records the net demand of a slot [kW].
  public mutating func observe(netDemand: Double) { self.netDemand.append(netDemand) }

  /// Returns the forecast of the next day from the latest slot [kW]; `nil` before a whole day is recorded.
  public func forecast() -> [Double]? {
    guard netDemand.count >= slotsPerDay else { return nil }
    return (0..<slotsPerDay).map { ahead in
      let days = min(RecedingHorizon.days, (netDemand.count + ahead) / slotsPerDay)
      let values = (1...max(1, days)).map { netDemand[netDemand.count + ahead - $0 * slotsPerDay] }
      return values.reduce(0, +) / Double(values.count)
    }
  }

  /// Plans the next day.
  ///
  /// - Parameters:
  ///   - forecast: forecast of the net demand of each slot [kW].
  ///   - prices: import price of each slot [currency/kWh].
  ///   - cap: import that should not be exceeded [kW], see ``PeakWatch``.
  public mutating func plan(forecast: [Double], prices: [Double], cap: Double = .infinity) {
    value.reset(to: 0)
    for ahead in (0..<min(forecast.count, prices.count)).reversed() {
      value.stepBack(over: offers(netDemand: forecast[ahead], price: prices[ahead], cap: cap))
    }
  }

  /// Returns the plan's power for the slot before the planned day [kW], positive discharge.
  ///
  /// - Parameters:
  ///   - energy: usable energy at the slot's start [kWh].
  ///   - netDemand: consumption less generation [kW].
  ///   - price: import price [currency/kWh].
  ///   - cap: import that should not be exceeded [kW].
  public func power(energy: Double, netDemand: Double, price: Double, cap: Double = .infinity) -> Double {
    problem.power(
      from: energy, to: value.target(from: energy, offers: offers(netDemand: netDemand, price: price, cap: cap)))
  }

  private func offers(netDemand: Double, price: Double, cap: Double) -> SlotOffers {
    SlotOffers(
      netDemand: netDemand, price: price, problem: problem, cap: cap, excess: PeakWatch.excess(problem))
  }
}
