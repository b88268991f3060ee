import PlantPhysics

/// The runs of a scenario, one after the other, and their quantiles.
struct ScenarioRun {
  /// A car that arrives at a new charger.
  struct Arrival {
    /// Expected arrival, in slots from the start of the span.
    var slot: Double
    var kilowatts: Double
    var kilowattHours: Double
    /// Slot at which the event ends.
    var end: Int
  }

  /// Totals of the span.
  private struct Totals {
    var energy = 0.0
    var cost = 0.0
    var peak = 0.0

    mutating func add(load: Double, grid: Double, price: Double, exportPrice: Double, hours: Double) {
      energy += load * hours
      cost += hours * (max(0, grid) * price - max(0, -grid) * exportPrice)
      peak = max(peak, grid)
    }
  }

  /// Standard deviations of the arrival time [h] and of the relative energy of a session.
  private static let arrivalSpread = 1.0
  private static let energySpread = 0.2

  private let basis: ScenarioBasis
  private let errors: [ForecastErrorDays.Day]
  private let arrivals: [Arrival]
  private var generator: SeededGenerator
  private var without: [Totals] = []
  private var with: [Totals] = []
  /// Values of all runs, by slot.
  private var loads: [[Float]]
  private var costs: [[Float]]
  private var peaks: [[Float]]
  private var costsWithout: [[Float]]
  private var peaksWithout: [[Float]]

  init(basis: ScenarioBasis, errors: [ForecastErrorDays.Day], arrivals: [Arrival], seed: UInt64) {
    self.basis = basis
    self.errors = errors
    self.arrivals = arrivals
    generator = SeededGenerator(seed: seed, name: "runs")
    loads = Array(repeating: [], count: basis.times.count)
    costs = loads
    (peaks, costsWithout, peaksWithout) = (loads, loads, loads)
  }

  /// Adds one run, with and without the events, using the same errors in both.
  mutating func next() {
    let extra = charging()
    let heat = heatChange()
    var before = Totals()
    var after = Totals()
    var error: ForecastErrorDays.Day?
    var day: Int?
    for slot in basis.times.indices {
      let clock = basis.clocks[slot]
      if clock.day != day, !errors.isEmpty { error = errors[Int(generator.uniform() * Double(errors.count))] }
      day = clock.day
      if basis.isWhole(slot) {
        let rest = floored(
          basis.restLoad[slot] + (error?.load[clock.place] ?? 0), isNeverNegative: basis.isNeverNegative.rest)
        let generation = max(0, basis.restGeneration[slot] + (error?.generation[clock.place] ?? 0))
        let load = floored(rest + basis.namedLoad.before[slot], isNeverNegative: basis.isNeverNegative.load)
        let changed = floored(
          rest + basis.namedLoad.after[slot] + heat[slot] + extra[slot], isNeverNegative: basis.isNeverNegative.load)
        let generated = generation * basis.generationFactor[slot] + basis.namedGeneration.after[slot]
        let price = basis.price[slot]
        before.add(
          load: load, grid: load - generation - basis.namedGeneration.before[slot] - basis.storage.before[slot],
          price: price, exportPrice: basis.exportPrice[slot], hours: basis.hours)
        after.add(
          load: changed, grid: changed - generated - basis.storage.after[slot], price: price,
          exportPrice: basis.exportPrice[slot], hours: basis.hours)
        loads[slot].append(Float(changed))
      }
      costs[slot].append(Float(after.cost))
      peaks[slot].append(Float(after.peak))
      costsWithout[slot].append(Float(before.cost))
      peaksWithout[slot].append(Float(before.peak))
    }
    without.append(before)
    with.append(after)
  }

  private func floored(_ load: Double, isNeverNegative: Bool) -> Double { isNeverNegative ? max(0, load) : load }

  /// Returns the change of the load by heat in a randomly chosen variant.
  private mutating func heatChange() -> [Double] {
    guard basis.heatChanges.count > 1 else { return Array(repeating: 0, count: basis.times.count) }
    return basis.heatChanges[1 + Int(generator.uniform() * Double(basis.heatChanges.count - 1))]
  }

  private mutating func charging() -> [Double] {
    var power = Array(repeating: 0.0, count: basis.times.count)
    for arrival in arrivals {
      let start = arrival.slot + generator.normal() * ScenarioRun.arrivalSpread / basis.hours
      let energy = arrival.kilowattHours * max(0, 1 + ScenarioRun.energySpread * generator.normal())
      let end = start + energy / arrival.kilowatts / basis.hours
      for slot in max(0, Int(start))..<max(max(0, Int(start)), min(arrival.end, Int(end.rounded(.up)))) {
        let share = min(end, Double(slot + 1)) - max(start, Double(slot))
        power[slot] += arrival.kilowatts * max(0, share)
      }
    }
    return power
  }

  /// Returns the quantiles over the runs so far.
  func outcome(notes: [String]) -> ScenarioOutcome {
    var recorded = Totals()
    for slot in basis.times.indices where basis.isWhole(slot) {
      let grid = basis.load[slot] - basis.generation[slot] - basis.storage.before[slot]
      recorded.add(
        load: basis.load[slot], grid: grid, price: basis.price[slot], exportPrice: basis.exportPrice[slot],
        hours: basis.hours)
    }
    func figure(_ value: (Totals) -> Double) -> ScenarioOutcome.Figure {
      ScenarioOutcome.Figure(
        recorded: value(recorded), without: .init(without.map(value)), with: .init(with.map(value)),
        change: .init(zip(with, without).map { value($0) - value($1) }))
    }
    let slots = basis.times.indices.map { slot in
      ScenarioOutcome.Slot(
        time: basis.times[slot], recorded: basis.load[slot], load: .init(loads[slot].map(Double.init)),
        cost: .init(costs[slot].map(Double.init)), peak: .init(peaks[slot].map(Double.init)),
        costWithout: ScenarioOutcome.Quantiles(costsWithout[slot].map(Double.init)).p50,
        peakWithout: ScenarioOutcome.Quantiles(peaksWithout[slot].map(Double.init)).p50)
    }
    return ScenarioOutcome(
      energy: figure(\.energy), cost: figure(\.cost), peak: figure(\.peak), slots: slots, notes: notes)
  }
}
