/// What a plant's battery was up against, slot by slot. All columns have the same length.
public struct DispatchSeries: Sendable {
  /// Mean consumption [kW].
  public var load: [Double] = []
  /// Mean generation [kW].
  public var generation: [Double] = []
  /// Import price [currency/kWh].
  public var price: [Double] = []
  /// Payment for export [currency/kWh]; empty where it is the problem's in every slot.
  public var exportPrice: [Double] = []
  /// Hour of the local day in which the slot starts, 0...23.
  public var hour: [Int] = []
  /// Billing month: any number that changes with it.
  public var month: [Int] = []
  /// Whether the local day is one of work.
  public var isWorkday: [Bool] = []

  /// An empty series.
  public init() {}

  /// How many slots.
  public var count: Int { load.count }

  /// Consumption less generation [kW].
  public func netDemand(_ slot: Int) -> Double { load[slot] - generation[slot] }

  /// The import prices that are known in a slot of those that follow: a day's.
  public func pricesAhead(of slot: Int, slotsPerDay: Int) -> [Double] {
    Array(price[min(slot + 1, count)..<min(slot + 1 + slotsPerDay, count)])
  }

  /// Adds a slot of no particular hour or month.
  /// - Parameter exportPrice: Given in all slots of a series or in none.
  mutating func append(load: Double, generation: Double, price: Double, exportPrice: Double? = nil) {
    self.load.append(load)
    self.generation.append(generation)
    self.price.append(price)
    if let exportPrice { self.exportPrice.append(exportPrice) }
    hour.append(0)
    month.append(0)
    isWorkday.append(true)
  }

  /// A part of the series.
  func slots(_ range: Range<Int>) -> DispatchSeries {
    var part = DispatchSeries()
    part.load = Array(load[range])
    part.generation = Array(generation[range])
    part.price = Array(price[range])
    if !exportPrice.isEmpty { part.exportPrice = Array(exportPrice[range]) }
    part.hour = Array(hour[range])
    part.month = Array(month[range])
    part.isWorkday = Array(isWorkday[range])
    return part
  }

  /// A problem with a slot's own payment for export.
  func problem(_ problem: DispatchProblem, at slot: Int) -> DispatchProblem {
    guard exportPrice.indices.contains(slot) else { return problem }
    var own = problem
    own.exportPrice = exportPrice[slot]
    return own
  }

  /// The battery's power in each slot under a policy, from an empty battery unless told [kW].
  /// - Parameter wish: Wanted power for a slot and the usable energy at its start; held at the battery's limits.
  public func run(
    _ problem: DispatchProblem, from start: Double = 0, wish: (_ slot: Int, _ energy: Double) -> Double
  ) -> [Double] {
    var energy = start
    return (0..<count).map { slot in
      let step = problem.advance(energy, wanted: wish(slot, energy))
      energy = step.energy
      return step.power
    }
  }

  /// What the battery's powers cost.
  public func bill(of powers: [Double], _ problem: DispatchProblem) -> DispatchBill {
    var bill = DispatchBill()
    var peak = 0.0
    for slot in 0..<min(count, powers.count) {
      if slot > 0, month[slot] != month[slot - 1] {
        bill.demand += peak * problem.demandCharge
        peak = 0
      }
      let own = self.problem(problem, at: slot)
      let total = own.cost(netDemand: netDemand(slot), power: powers[slot], price: price[slot])
      let throughput = abs(powers[slot]) * problem.hours
      bill.throughput += throughput
      bill.wear += throughput * problem.wearPrice
      bill.energy += total - throughput * problem.wearPrice
      peak = max(peak, netDemand(slot) - powers[slot])
    }
    bill.demand += peak * problem.demandCharge
    return bill
  }
}

/// What a stretch of dispatch costs [currency].
public struct DispatchBill: Hashable, Sendable {
  /// Import less export.
  public var energy = 0.0
  /// Battery wear.
  public var wear = 0.0
  /// Demand charge.
  public var demand = 0.0
  /// Energy through the battery's terminals, both directions [kWh].
  public var throughput = 0.0

  /// All costs.
  public var total: Double { energy + wear + demand }
}
