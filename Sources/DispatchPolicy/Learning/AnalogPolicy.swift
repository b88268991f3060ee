import Glibc
import PlantPhysics
import StreamCore

/// The learned policy. It averages the value of stored energy over the past days that were most similar up to the
/// current hour.
///
/// The value is computed backwards from one day ahead at the known prices. It is solved exactly along the day that
/// followed the same hour of each similar past day. Load and generation of that day are corrected for their level.
///
/// The horizon is divided into blocks of hours. At the start of each block the values of all days are averaged, with
/// kernel weights by similarity and age. Within a block the correlations of a day are kept, such as those of a cloudy
/// morning or a hot evening. At the end of a block it is unknown which day will follow, so the plan uses no information
/// that will not be available.
///
/// The action is the exact minimum of the slot's cost plus that value. This is kernel-based reinforcement learning (D.
/// Ormoneit and Ś. Sen, Machine Learning 49, 2002, doi:10.1023/A:1017928328829) with segments of sample paths instead
/// of single transitions. It uses past data only, needs no random source and learns again in every slot.
public struct AnalogPolicy: Sendable {
  /// The policy's parameters, with the best values found in comparison; see the article on dispatch.
  public struct Settings: Hashable, Sendable {
    /// Number of past days that are averaged.
    public var neighbours = 200
    /// Length of the horizon [h].
    public var horizonHours = 24
    /// Length of the blocks along which a past day is followed without averaging [h].
    public var blockHours = 8
    /// Weight of the prior relative to the most similar day.
    public var priorWeight = 0.2
    /// Age at which a day's weight is reduced to 1/e [d].
    public var memoryDays = 90.0
    /// Distance at which a day's weight is reduced to 1/√e, in standard deviations of the features.
    public var bandwidth = 1.5
    /// Squared distance between a workday and a day of rest.
    public var dayTypeDistance = 2.0
    /// Age of the oldest day that is compared [d].
    public var historyDays = 365
    /// Value of energy left at the horizon, as a share of the lowest price ahead.
    public var terminalShare = 0.5
    /// Exponent with which a past day is corrected for the difference in level, 0...1. If the day had two thirds of the
    /// current load and generation, both are multiplied by 1.5 to this power.
    public var levelShare = 0.5

    /// Creates the best settings found.
    public init() {}
  }

  /// Largest factor by which a past day is corrected.
  private static let greatestCorrection = 2.0
  /// Smallest weight of a day that is used, relative to the most similar one.
  private static let leastWeight = 1e-3

  /// The problem to solve.
  public let problem: DispatchProblem
  /// Value of energy at the end of the slot for which it was learned.
  public private(set) var value: EnergyValue
  private let settings: Settings
  private let slotsPerDay: Int
  private var record = SlotRecord()
  private var features: [Float] = []
  private var mean: EnergyValue
  private var branch: EnergyValue

  /// Creates a policy without observations.
  public init(problem: DispatchProblem, settings: Settings = Settings()) {
    self.problem = problem
    self.settings = settings
    slotsPerDay = problem.slotsPerDay
    value = EnergyValue(capacity: problem.capacity, cells: 128)
    mean = value
    branch = value
  }

  /// Number of recorded slots.
  public var count: Int { record.count }

  /// Records the slot of the day before in place of one that was not measured; does nothing if there is none.
  mutating func observeGap() {
    let yesterday = record.count - slotsPerDay
    guard yesterday >= 0 else { return }
    observe(
      load: record.load[yesterday], generation: record.generation[yesterday], isWorkday: record.isWorkday[yesterday])
  }

  /// Records the measured load and generation of a slot. Values that are not finite are ignored.
  ///
  /// - Parameters:
  ///   - load: mean consumption [kW].
  ///   - generation: mean generation [kW].
  ///   - isWorkday: whether the local day is a workday.
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

  /// Learns the value of energy at the end of the latest slot, or of a later one.
  ///
  /// - Parameters:
  ///   - prices: import prices of the slots after that end [currency/kWh], the next slot first. Beyond the known prices
  ///     they repeat daily. If empty, nothing is learned.
  ///   - exportPrices: payments for export of the same slots [currency/kWh]; `nil`: that of the problem.
  ///   - lead: number of slots between the latest one and the end that is learned for; 1 for a decision in a slot that
  ///     has just begun.
  ///   - cap: import that should not be exceeded [kW], see ``PeakWatch``.
  ///   - distortion: enlarges the forecast errors, for studies.
  public mutating func learn(
    prices: [Double], exportPrices: [Double]? = nil, lead: Int = 0, cap: Double = .infinity,
    distortion: ForecastErrorScaling? = nil
  ) {
    guard !prices.isEmpty, record.count > 0, lead >= 0 else { return }
    let horizon = max(1, settings.horizonHours * slotsPerDay / 24)
    let ahead = (0..<horizon).map { prices[$0 < prices.count ? $0 : $0 % min(slotsPerDay, prices.count)] }
    let exports = exportPrices.flatMap { known in
      known.count == prices.count
        ? ahead.indices.map { known[$0 < known.count ? $0 : $0 % min(slotsPerDay, known.count)] } : nil
    }
    let paths = self.paths(horizon: horizon + lead)
    value.reset(to: settings.terminalShare * max(0, ahead.min() ?? 0))
    let block = max(1, settings.blockHours * slotsPerDay / 24)
    for start in stride(from: (horizon - 1) / block * block, through: 0, by: -block) {
      mean.reset(to: 0)
      for path in paths {
        branch.copy(value)
        for slot in (start..<min(horizon, start + block)).reversed() {
          var netDemand = path.origin.map { path.netDemand(of: $0 + 1 + lead + slot, in: record) } ?? path.netDemand
          if let distortion { netDemand = distortion.expected(netDemand, slot: slot) }
          branch.stepBack(
            over: offers(netDemand: netDemand, price: ahead[slot], export: exports?[slot], cap: cap))
        }
        mean.add(branch, weight: path.weight)
      }
      swap(&value, &mean)
    }
  }

  private func offers(netDemand: Double, price: Double, export: Double? = nil, cap: Double) -> SlotOffers {
    var problem = problem
    if let export { problem.exportPrice = export }
    return SlotOffers(
      netDemand: netDemand, price: price, problem: problem, cap: cap, excess: PeakWatch.excess(problem))
  }

  /// Returns the power for the slot whose end was learned for [kW], positive discharge.
  ///
  /// - Parameters:
  ///   - energy: usable energy at the slot's start [kWh].
  ///   - netDemand: consumption less generation [kW].
  ///   - price: import price [currency/kWh].
  ///   - cap: import that should not be exceeded [kW].
  public func power(energy: Double, netDemand: Double, price: Double, cap: Double = .infinity) -> Double {
    let offers = offers(netDemand: netDemand, price: price, cap: cap)
    return problem.power(from: energy, to: value.target(from: energy, offers: offers))
  }

  /// Writes the recorded slots.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(record.load)
    writer.write(record.generation)
    writer.write(record.isWorkday) { $0.write($1) }
  }

  /// Records the slots that ``snapshot(into:)`` wrote.
  ///
  /// - Throws: `SnapshotError` if the slots are inconsistent or not finite.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let load = try reader.readDoubles()
    let generation = try reader.readDoubles()
    let isWorkday = try reader.readArray { (reader) throws(SnapshotError) in try reader.readBool() }
    guard load.count == generation.count, load.count == isWorkday.count else {
      throw .invalid("slots of uneven length")
    }
    guard (load + generation).allSatisfy(\.isFinite) else { throw .invalid("a slot without a value") }
    self = AnalogPolicy(problem: problem, settings: settings)
    for slot in load.indices {
      observe(load: load[slot], generation: generation[slot], isWorkday: isWorkday[slot])
    }
  }

  /// Restores a learned value.
  ///
  /// - Throws: `SnapshotError` if the number of cells differs or a value is not finite.
  mutating func restoreValue(_ values: [Double]) throws(SnapshotError) {
    guard values.count == value.cells, values.allSatisfy(\.isFinite) else { throw .invalid("values of other cells") }
    value.values = values
  }

  /// A possible course of the slots ahead.
  private struct Path {
    /// The past slot whose following day is used; `nil` for the prior.
    var origin: Int?
    /// Net demand of all slots of the prior [kW].
    var netDemand = 0.0
    var weight: Double
    /// Factors that are applied to load and generation of the past day.
    var loadScale = 1.0
    var generationScale = 1.0

    func netDemand(of slot: Int, in record: SlotRecord) -> Double {
      loadScale * record.load[slot] - generationScale * record.generation[slot]
    }
  }

  /// Returns the days that followed the past slots most similar to the latest one, and the prior. Their weights sum to
  /// one.
  ///
  /// The prior is a day without generation and with 1.5 times the mean load of the last three days. It represents days
  /// that were not observed yet. Those are nearly all days at first, and later the remaining tail.
  private func paths(horizon: Int) -> [Path] {
    var paths = analogs(horizon: horizon)
    let latest = record.count - 1
    let load = 1.5 * record.meanLoad(latest - 3 * slotsPerDay + 1...latest)
    paths.append(Path(netDemand: load, weight: settings.priorWeight))
    let total = paths.reduce(0) { $0 + $1.weight }
    for index in paths.indices { paths[index].weight /= total }
    return paths
  }

  /// Returns the past slots at this time of day most similar to the latest one; the best has weight one.
  private func analogs(horizon: Int) -> [Path] {
    let latest = record.count - 1
    let newest = latest - (horizon + slotsPerDay - 1) / slotsPerDay * slotsPerDay
    guard newest >= 0 else { return [] }
    let oldest = max(0, latest - settings.historyDays * slotsPerDay)
    let slots = Array(stride(from: newest, through: oldest, by: -slotsPerDay))
    let distances = AnalogFeatures.distances(from: latest, to: slots, in: features)
    var ranked = zip(slots, distances).map { slot, distance in
      let isOtherType = record.isWorkday[slot] != record.isWorkday[latest]
      let squared = distance + (isOtherType ? settings.dayTypeDistance : 0)
      let age = Double(latest - slot) / Double(slotsPerDay) / settings.memoryDays
      return Path(origin: slot, weight: -age - squared / (2 * settings.bandwidth * settings.bandwidth))
    }
    ranked.sort { $0.weight > $1.weight }
    ranked.removeLast(max(0, ranked.count - settings.neighbours))
    let best = ranked[0].weight
    for index in ranked.indices { ranked[index].weight = exp(ranked[index].weight - best) }
    return ranked.filter { $0.weight > AnalogPolicy.leastWeight }.map { corrected($0) }
  }

  /// Returns a past day scaled to the level of the day that has just ended.
  private func corrected(_ path: Path) -> Path {
    guard let origin = path.origin else { return path }
    var path = path
    let (now, then) = (record.count - slotsPerDay..<record.count, origin - slotsPerDay + 1..<origin + 1)
    func scale(_ mean: (ClosedRange<Int>) -> Double) -> Double {
      // Very small means, such as solar generation in winter, are no reliable measure of level.
      let least = 0.01 * problem.battery.powerKilowatts
      let ratio = (mean(ClosedRange(now)) + least) / (mean(ClosedRange(then)) + least)
      let bound = AnalogPolicy.greatestCorrection
      return pow(min(bound, max(1 / bound, ratio.isFinite ? ratio : 1)), settings.levelShare)
    }
    path.loadScale = scale(record.meanLoad)
    path.generationScale = scale(record.meanGeneration)
    return path
  }
}
