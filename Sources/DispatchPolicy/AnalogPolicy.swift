import Glibc

/// The learned policy: what stored energy is worth, averaged over the days of the plant's own past that were most like
/// this one up to this hour.
///
/// For each past day the cost-to-go from this time of day is solved exactly over the day that followed, at the prices
/// known for the day ahead; kernel weights by likeness and age average these values, and the action is the exact
/// minimum of the slot's cost plus that value. This is kernel-based reinforcement learning (D. Ormoneit and Ś. Sen,
/// "Kernel-Based Reinforcement Learning", Machine Learning 49, 2002, doi:10.1023/A:1017928328829) on the value of each
/// sample path, with whole paths in place of single transitions, so that what belongs together within a day (a cloudy
/// afternoon, a hot evening) stays together. It looks at nothing but the past, needs no random source and is retrained
/// in every slot.
public struct AnalogPolicy: Sendable {
  /// What was found best in comparison; see the article on dispatch.
  public struct Settings: Hashable, Sendable {
    /// How many past days are averaged.
    public var neighbours = 80
    /// Slots ahead that are solved [h].
    public var horizonHours = 24
    /// Age at which a day's weight has fallen by e [d].
    public var memoryDays = 75.0
    /// Distance at which a day's weight has fallen by √e, in standard deviations of the features.
    public var bandwidth = 1.5
    /// Squared distance between a day of work and one of rest.
    public var dayTypeDistance = 1.0
    /// Oldest day that is looked at [d].
    public var historyDays = 365
    /// Value of energy left at the horizon, as a share of the lowest price ahead.
    public var terminalShare = 0.5

    /// The settings that were found best.
    public init() {}
  }

  /// The problem that is solved.
  public let problem: DispatchProblem
  /// Value of energy at the end of the slot that was learned for.
  public private(set) var value: EnergyValue
  private let settings: Settings
  private let slotsPerDay: Int
  private var record = SlotRecord()
  private var features: [Float] = []
  private var path: EnergyValue

  /// A policy that has seen nothing.
  public init(problem: DispatchProblem, settings: Settings = Settings()) {
    self.problem = problem
    self.settings = settings
    slotsPerDay = problem.slotsPerDay
    value = EnergyValue(capacity: problem.capacity, cells: 64)
    path = value
  }

  /// Slots that were seen.
  public var count: Int { record.count }

  /// Takes in what a slot turned out to be [kW].
  public mutating func observe(load: Double, generation: Double, isWorkday: Bool) {
    guard load.isFinite, generation.isFinite else { return }
    let retained = (settings.historyDays + 1) * slotsPerDay
    if record.count >= 2 * retained {
      record.removeFirst(retained)
      features.removeFirst(retained * AnalogFeatures.count)
    }
    record.append(load: load, generation: generation, isWorkday: isWorkday)
    AnalogFeatures.append(of: record.count - 1, in: record, slotsPerDay: slotsPerDay, to: &features)
  }

  /// Learns the value of energy at the end of the latest slot.
  /// - Parameter prices: Import prices of the slots that follow [currency/kWh], first the next; as many as are known,
  ///   later ones are taken to repeat by the day.
  /// - Returns: Whether there was a past day to learn from.
  public mutating func learn(prices: [Double]) -> Bool {
    let horizon = max(1, settings.horizonHours * slotsPerDay / 24)
    let analogs = self.analogs(horizon: horizon)
    guard !analogs.isEmpty, !prices.isEmpty else { return false }
    let ahead = (0..<horizon).map { prices[$0 < prices.count ? $0 : $0 % min(slotsPerDay, prices.count)] }
    let terminal = settings.terminalShare * max(0, ahead.min() ?? 0)
    value.reset(to: 0)
    for analog in analogs {
      path.reset(to: terminal)
      for slot in (0..<horizon).reversed() {
        path.stepBack(
          over: SlotOffers(netDemand: record.netDemand(analog.slot + 1 + slot), price: ahead[slot], problem: problem))
      }
      value.add(path, weight: analog.weight)
    }
    return true
  }

  /// The power for the slot whose end was learned for [kW], positive discharge.
  /// - Parameters:
  ///   - energy: Usable energy at the slot's start [kWh].
  ///   - netDemand: Consumption less generation [kW].
  ///   - price: Import price [currency/kWh].
  public func power(energy: Double, netDemand: Double, price: Double) -> Double {
    let offers = SlotOffers(netDemand: netDemand, price: price, problem: problem)
    return problem.power(from: energy, to: value.target(from: energy, offers: offers))
  }

  private struct Analog {
    var slot: Int
    var weight: Double
  }

  /// The past slots at this time of day most like the latest one, with weights that sum to one.
  private func analogs(horizon: Int) -> [Analog] {
    let latest = record.count - 1
    let newest = latest - (horizon + slotsPerDay - 1) / slotsPerDay * slotsPerDay
    guard newest >= 0 else { return [] }
    let oldest = max(newest % slotsPerDay, latest - settings.historyDays * slotsPerDay)
    let slots = Array(stride(from: newest, through: oldest, by: -slotsPerDay))
    let distances = AnalogFeatures.distances(from: latest, to: slots, in: features)
    var ranked = zip(slots, distances).map { slot, distance in
      var squared = distance
      if record.isWorkday[slot] != record.isWorkday[latest] { squared += settings.dayTypeDistance }
      let age = Double(latest - slot) / Double(slotsPerDay) / settings.memoryDays
      return Analog(slot: slot, weight: -age - squared / (2 * settings.bandwidth * settings.bandwidth))
    }
    ranked.sort { $0.weight > $1.weight }
    ranked.removeLast(max(0, ranked.count - settings.neighbours))
    let best = ranked[0].weight
    for index in ranked.indices { ranked[index].weight = exp(ranked[index].weight - best) }
    let total = ranked.reduce(0) { $0 + $1.weight }
    for index in ranked.indices { ranked[index].weight /= total }
    return ranked
  }
}
