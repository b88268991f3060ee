/// The slots of a plant's past that a policy is run on. All columns have the same length.
public struct DispatchSeries: Sendable {
  /// Mean consumption [kW].
  public var load: [Double] = []
  /// Mean generation [kW].
  public var generation: [Double] = []
  /// Import price [currency/kWh].
  public var price: [Double] = []
  /// Payment for export [currency/kWh]; empty if that of the problem applies to every slot.
  public var exportPrice: [Double] = []
  /// Hour of the local day in which the slot starts, 0...23.
  public var hour: [Int] = []
  /// Billing month: any number that changes from month to month.
  public var month: [Int] = []
  /// Whether the local day is a workday.
  public var isWorkday: [Bool] = []

  /// Creates an empty series.
  public init() {}

  /// Number of slots.
  public var count: Int { load.count }

  /// Returns consumption less generation [kW].
  public func netDemand(_ slot: Int) -> Double { load[slot] - generation[slot] }

  /// Returns the import prices of the following slots that are known in a slot: those of one day [currency/kWh].
  public func pricesAhead(of slot: Int, slotsPerDay: Int) -> [Double] {
    Array(price[min(slot + 1, count)..<min(slot + 1 + slotsPerDay, count)])
  }

  /// Appends a slot without a specific hour or month.
  ///
  /// - Parameters:
  ///   - load: mean consumption [kW].
  ///   - generation: mean generation [kW].
  ///   - price: import price [currency/kWh].
  ///   - exportPrice: payment for export [currency/kWh]; given for all slots of a series or for none.
  package mutating func append(load: Double, generation: Double, price: Double, exportPrice: Double? = nil) {
    self.load.append(load)
    self.generation.append(generation)
    self.price.append(price)
    if let exportPrice { self.exportPrice.append(exportPrice) }
    hour.append(0)
    month.append(0)
    isWorkday.append(true)
  }

  /// Returns a part of the series.
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

  /// Returns a problem with the slot's payment for export.
  func problem(_ problem: DispatchProblem, at slot: Int) -> DispatchProblem {
    guard exportPrice.indices.contains(slot) else { return problem }
    var own = problem
    own.exportPrice = exportPrice[slot]
    return own
  }

  /// Returns the battery's power in each slot under a policy [kW].
  ///
  /// - Parameters:
  ///   - problem: the battery and its costs.
  ///   - start: usable energy at the start [kWh].
  ///   - wish: returns the wanted power for a slot and the usable energy at its start; it is limited to what the
  ///     battery can do.
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

  /// Returns the cost of the battery's powers.
  public func bill(of powers: [Double], problem: DispatchProblem) -> DispatchBill {
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

/// The cost of a period of dispatch [currency].
public struct DispatchBill: Hashable, Sendable {
  /// Cost of import less earnings of export.
  public var energy = 0.0
  /// Wear of the battery.
  public var wear = 0.0
  /// Demand charges of all months.
  public var demand = 0.0
  /// Energy through the battery's terminals, both directions [kWh].
  public var throughput = 0.0

  /// Sum of all costs.
  public var total: Double { energy + wear + demand }
}
