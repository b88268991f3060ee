/// The usual controller: in every slot the best plan for a single forecast is made anew and its first step taken.
///
/// The forecast of a slot is the mean of the same slot of the past seven days; with fewer, of those there are.
public struct RecedingHorizon: Sendable {
  private static let days = 7
  private let problem: DispatchProblem
  private let slotsPerDay: Int
  private var netDemand: [Double] = []
  private var value: EnergyValue

  /// A controller that has seen nothing.
  public init(problem: DispatchProblem) {
    self.problem = problem
    slotsPerDay = problem.slotsPerDay
    value = EnergyValue(capacity: problem.capacity, cells: 64)
  }

  /// Takes in the net demand of a slot [kW].
  public mutating func observe(netDemand: Double) { self.netDemand.append(netDemand) }

  /// The forecast of the next day from the latest slot [kW]; `nil` before a day was seen.
  public func forecast() -> [Double]? {
    guard netDemand.count >= slotsPerDay else { return nil }
    return (0..<slotsPerDay).map { ahead in
      let days = min(RecedingHorizon.days, (netDemand.count + ahead) / slotsPerDay)
      let values = (1...max(1, days)).map { netDemand[netDemand.count + ahead - $0 * slotsPerDay] }
      return values.reduce(0, +) / Double(values.count)
    }
  }

  /// Plans the next day on a forecast [kW] and prices [currency/kWh].
  /// - Parameter cap: Import that should not be exceeded [kW], see ``PeakWatch``.
  public mutating func plan(forecast: [Double], prices: [Double], cap: Double = .infinity) {
    value.reset(to: 0)
    for ahead in (0..<min(forecast.count, prices.count)).reversed() {
      value.stepBack(over: offers(netDemand: forecast[ahead], price: prices[ahead], cap: cap))
    }
  }

  /// The plan's power for the slot before the planned day [kW], positive discharge.
  public func power(energy: Double, netDemand: Double, price: Double, cap: Double = .infinity) -> Double {
    problem.power(
      from: energy, to: value.target(from: energy, offers: offers(netDemand: netDemand, price: price, cap: cap)))
  }

  private func offers(netDemand: Double, price: Double, cap: Double) -> SlotOffers {
    SlotOffers(
      netDemand: netDemand, price: price, problem: problem, cap: cap, excess: PeakWatch.excess(problem))
  }
}
