import Glibc
import StreamCore

/// The learned policy: what stored energy is worth, averaged over the days of the plant's own past that were most like
/// this one up to this hour.
///
/// Backwards from a day ahead, at the prices known, the value is solved exactly along the day that followed each past
/// day's like hour, corrected for the level of load and generation; kernel weights by likeness and age average the
/// values at the start of each block of hours. Within a block what belongs together (a cloudy morning, a hot evening)
/// stays together; at its end nobody knows yet which day it will have been, so nothing is planned on knowledge that
/// will not be there. The action is the exact minimum of the slot's cost plus that value. This is kernel-based
/// reinforcement learning (D. Ormoneit and Ś. Sen, Machine Learning 49, 2002, doi:10.1023/A:1017928328829) with
/// stretches of sample paths in place of single transitions. It looks at nothing but the past, needs no random source
/// and learns anew in every slot.
public struct AnalogPolicy: Sendable {
  /// What was found best in comparison; see the article on dispatch.
  public struct Settings: Hashable, Sendable {
    /// How many past days are averaged.
    public var neighbours = 200
    /// Slots ahead that are solved [h].
    public var horizonHours = 24
    /// Length of the stretches along which a past day is followed as a whole [h].
    public var blockHours = 8
    /// Weight of the prior beside the most similar day.
    public var priorWeight = 0.2
    /// Age at which a day's weight has fallen by e [d].
    public var memoryDays = 90.0
    /// Distance at which a day's weight has fallen by √e, in standard deviations of the features.
    public var bandwidth = 1.5
    /// Squared distance between a day of work and one of rest.
    public var dayTypeDistance = 2.0
    /// Oldest day that is looked at [d].
    public var historyDays = 365
    /// Value of energy left at the horizon, as a share of the lowest price ahead.
    public var terminalShare = 0.5
    /// Share, as an exponent, of the difference in level that a past day is corrected by: a day alike of weeks ago with two
    /// thirds of yesterday's load and sun stands for one with 1.5 to this power times as much of each.
    public var levelShare = 0.5

    /// The settings that were found best.
    public init() {}
  }

  /// A past day is corrected by this factor at the most.
  private static let greatestCorrection = 2.0
  /// Days that count for less than this share of the most similar one are left out.
  private static let leastWeight = 1e-3

  /// The problem that is solved.
  public let problem: DispatchProblem
  /// Value of energy at the end of the slot that was learned for.
  public private(set) var value: EnergyValue
  private let settings: Settings
  private let slotsPerDay: Int
  private var record = SlotRecord()
  private var features: [Float] = []
  private var mean: EnergyValue
  private var branch: EnergyValue

  /// A policy that has seen nothing.
  public init(problem: DispatchProblem, settings: Settings = Settings()) {
    self.problem = problem
    self.settings = settings
    slotsPerDay = problem.slotsPerDay
    value = EnergyValue(capacity: problem.capacity, cells: 128)
    mean = value
    branch = value
  }

  /// Slots that were seen.
  public var count: Int { record.count }

  /// Takes in a slot that was not measured as the one of a day before; nothing where there is none.
  mutating func observeGap() {
    let yesterday = record.count - slotsPerDay
    guard yesterday >= 0 else { return }
    observe(
      load: record.load[yesterday], generation: record.generation[yesterday], isWorkday: record.isWorkday[yesterday])
  }

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

  /// Learns the value of energy at the end of the latest slot, or of one after it.
  /// - Parameters:
  ///   - prices: Import prices of the slots that follow that end [currency/kWh], first the next; as many as are known,
  ///     later ones are taken to repeat by the day. With none there is nothing to learn.
  ///   - exportPrices: Payments for export of the same slots [currency/kWh]; those of the problem unless told.
  ///   - lead: Slots between the latest one and the end that is learned for: 1 for a decision in a slot that has only
  ///     begun.
  ///   - cap: Import that should not be exceeded [kW], see ``PeakWatch``.
  ///   - distortion: Makes what is expected worse than it is, for studies.
  public mutating func learn(
    prices: [Double], exportPrices: [Double]? = nil, lead: Int = 0, cap: Double = .infinity,
    distortion: Distortion? = nil
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

  /// The power for the slot whose end was learned for [kW], positive discharge.
  /// - Parameters:
  ///   - energy: Usable energy at the slot's start [kWh].
  ///   - netDemand: Consumption less generation [kW].
  ///   - price: Import price [currency/kWh].
  ///   - cap: Import that should not be exceeded [kW].
  public func power(energy: Double, netDemand: Double, price: Double, cap: Double = .infinity) -> Double {
    let offers = offers(netDemand: netDemand, price: price, cap: cap)
    return problem.power(from: energy, to: value.target(from: energy, offers: offers))
  }

  /// Writes what was seen.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(record.load)
    writer.write(record.generation)
    writer.write(record.isWorkday) { $0.write($1) }
  }

  /// Sees again what ``snapshot(into:)`` wrote.
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

  /// Takes on a value that was learned before.
  mutating func restoreValue(_ values: [Double]) throws(SnapshotError) {
    guard values.count == value.cells, values.allSatisfy(\.isFinite) else { throw .invalid("values of other cells") }
    value.values = values
  }

  /// One course that the slots ahead may take.
  private struct Path {
    /// The past slot whose day is taken; `nil` for the prior.
    var origin: Int?
    /// Net demand of all slots of the prior [kW].
    var netDemand = 0.0
    var weight: Double
    /// What load and generation of the past day are multiplied by.
    var loadScale = 1.0
    var generationScale = 1.0

    func netDemand(of slot: Int, in record: SlotRecord) -> Double {
      loadScale * record.load[slot] - generationScale * record.generation[slot]
    }
  }

  /// The days that followed the past slots most like the latest one, and the prior, with weights that sum to one.
  ///
  /// The prior is a day without generation and with half as much load again as the last three days had on average: it
  /// stands for what was not seen yet, which is nearly all at first and what is left of the tail later.
  private func paths(horizon: Int) -> [Path] {
    var paths = analogs(horizon: horizon)
    let latest = record.count - 1
    let load = 1.5 * record.meanLoad(latest - 3 * slotsPerDay + 1...latest)
    paths.append(Path(netDemand: load, weight: settings.priorWeight))
    let total = paths.reduce(0) { $0 + $1.weight }
    for index in paths.indices { paths[index].weight /= total }
    return paths
  }

  /// The past slots at this time of day most like the latest one; the best has weight one.
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

  /// A past day at the level of the day that ended now.
  private func corrected(_ path: Path) -> Path {
    guard let origin = path.origin else { return path }
    var path = path
    let (now, then) = (record.count - slotsPerDay..<record.count, origin - slotsPerDay + 1..<origin + 1)
    func scale(_ mean: (ClosedRange<Int>) -> Double) -> Double {
      // What is hardly anything, such as winter's sun, is no measure.
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
