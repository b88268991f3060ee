import DispatchPolicy
import PlantModel
import PlantPhysics
import WattlineTime

/// A comparison of a month's battery operation in four ways: at rest, by the rule, as it was, and at the optimum.
struct BatteryReview {
  private enum Way: Int, CaseIterable { case nothing, rule, actual, best }

  /// Consecutive quarters without a gap, starting with a known state of charge.
  private struct Stretch {
    var quarters: Range<Int>
    var series = DispatchSeries()
    var powers: [Double] = []
    /// Usable energy at the start and at the end [kWh].
    var start = 0.0
    var end = 0.0
  }

  /// Shortest stretch that is compared [quarters].
  private static let leastQuarters = 4

  private let fleet: BatteryFleet
  private let problem: DispatchProblem
  private let prices: [Double]
  private let exportPrices: [Double]
  private let outlooks: [PriceCurve.Outlook]
  private let hasGeneration: Bool
  /// Number of quarters in the interval over which a peak is averaged.
  private let quartersPerInterval: Int
  private(set) var comparison: MonthlyAccount.Comparison?

  /// Compares the month of an accountant.
  ///
  /// - Returns: `nil` if the plant has no battery with known sizes.
  init?(_ accountant: MonthlyAccountant) {
    let plant = accountant.plant
    guard let fleet = BatteryFleet(plant.assets) else { return nil }
    self.fleet = fleet
    quartersPerInterval = accountant.quartersPerInterval
    // The demand charge applies to the month, not to a stretch.
    (prices, exportPrices, outlooks) = BatteryReview.prices(accountant)
    problem = DispatchProblem(battery: fleet.battery, hours: 0.25, wearPrice: fleet.wearPrice)
    hasGeneration = plant.assets.contains { $0.kind.role == .generation }
    let stretches = self.stretches(accountant.quarters)
    guard !stretches.isEmpty else { return }
    comparison = compare(stretches, demandCharge: plant.tariff.demandCharge)
  }

  /// Returns import prices and payments for export, NaN if unknown, and the price outlooks of their days.
  private static func prices(_ accountant: MonthlyAccountant) -> ([Double], [Double], [PriceCurve.Outlook]) {
    var curve = PriceCurve(plant: accountant.plant)
    var days: [Int] = []
    var exports: [Double] = []
    // The outlook needs a price for every quarter, possibly assumed; costs use known prices only.
    var expected: [Double] = []
    let prices = accountant.quarters.enumerated().map { place, quarter in
      let timestamp = accountant.start + .minutes(Int64(15 * place))
      days.append(curve.local(at: timestamp).day)
      exports.append(
        quarter.exportPrice.isFinite ? quarter.exportPrice : curve.knownExportPrice(at: timestamp) ?? .nan)
      let price = quarter.price.isFinite ? quarter.price : curve.knownPrice(at: timestamp)
      expected.append(price ?? curve.price(at: timestamp))
      return price ?? .nan
    }
    var outlooks: [PriceCurve.Outlook] = []
    var first = 0
    for place in prices.indices {
      if days[place] != days[first] { first = place }
      let end = (place..<prices.count).first { days[$0] != days[first] } ?? prices.count
      outlooks.append(PriceCurve.Outlook(expected[first..<end], at: place))
    }
    return (prices, exports, outlooks)
  }

  private func usable(_ quarter: MonthlyAccountant.Quarter) -> Double? {
    fleet.stateOfCharge { quarter.charges[$0] }.map { soc in
      min(problem.capacity, max(0, (soc - fleet.battery.minimumStateOfCharge) * fleet.battery.energyKilowattHours))
    }
  }

  /// Returns whether a quarter's exchange and its prices are known.
  private func isKnown(_ place: Int, quarters: [MonthlyAccountant.Quarter]) -> Bool {
    quarters[place].netDemand.isFinite && prices[place].isFinite && exportPrices[place].isFinite
  }

  private func stretches(_ quarters: [MonthlyAccountant.Quarter]) -> [Stretch] {
    var found: [Stretch] = []
    var place = 0
    while place < quarters.count {
      guard let start = usable(quarters[place]), isKnown(place, quarters: quarters) else {
        place += 1
        continue
      }
      let end = (place..<quarters.count).first { !isKnown($0, quarters: quarters) } ?? quarters.count
      var stretch = Stretch(quarters: place..<end, start: start, end: start)
      for quarter in place..<end {
        stretch.series.append(
          load: quarters[quarter].netDemand, generation: 0, price: prices[quarter], exportPrice: exportPrices[quarter])
        stretch.powers.append(quarters[quarter].meanBattery)
      }
      // Starts from the last measured state of charge and applies the battery's power from there on.
      let known = (place..<min(end + 1, quarters.count)).last { usable(quarters[$0]) != nil } ?? place
      stretch.end = usable(quarters[known]) ?? start
      for quarter in known..<max(known, end) {
        stretch.end = problem.advance(stretch.end, wanted: quarters[quarter].meanBattery).energy
      }
      if end - place >= BatteryReview.leastQuarters { found.append(stretch) }
      place = end
    }
    return found
  }

  private func compare(_ stretches: [Stretch], demandCharge: Double) -> MonthlyAccount.Comparison {
    var costs = [Double](repeating: 0, count: Way.allCases.count)
    var peaks = costs
    var charged = problem
    charged.demandCharge = demandCharge
    // The month's peak is the largest of all stretches. All may therefore reach the cap of the stretch that needs the
    // highest.
    let cap = demandCharge > 0 ? stretches.map { PeakCaps.bestCap(of: $0.series, problem: charged) }.max() : nil
    for stretch in stretches {
      for way in Way.allCases {
        let (cost, peak) = run(way, stretch: stretch, cap: cap)
        costs[way.rawValue] += cost
        peaks[way.rawValue] = max(peaks[way.rawValue], peak)
      }
    }
    for way in Way.allCases { costs[way.rawValue] += peaks[way.rawValue] * demandCharge }
    let actual = costs[Way.actual.rawValue]
    var comparison = MonthlyAccount.Comparison()
    comparison.hours = stretches.reduce(0) { $0 + Double($1.series.count) * problem.hours }
    comparison.savingAgainstNothing = costs[Way.nothing.rawValue] - actual
    comparison.savingAgainstRule = costs[Way.rule.rawValue] - actual
    comparison.regret = max(0, actual - costs[Way.best.rawValue])
    return comparison
  }

  /// Returns the cost of a stretch less the value of the energy left in the battery [currency], and the largest import
  /// [kW].
  private func run(_ way: Way, stretch: Stretch, cap: Double?) -> (cost: Double, peak: Double) {
    let series = stretch.series
    let worth = max(0, series.price.reduce(0, +) / Double(series.count)) * fleet.battery.oneWayEfficiency
    let powers: [Double]
    switch way {
    case .nothing: powers = Array(repeating: 0, count: series.count)
    case .rule: powers = series.run(problem, from: stretch.start) { ruleWish($0, energy: $1, stretch: stretch) }
    case .actual: powers = stretch.powers
    case .best:
      let value = EnergyValue(capacity: problem.capacity, cells: PerfectForesight.cells, value: worth)
      let caps = cap.map { Array(repeating: $0, count: series.count) } ?? []
      powers = PerfectForesight.powers(series, problem: problem, caps: caps, from: stretch.start, valued: value)
    }
    var energy = stretch.end
    if way != .actual {
      energy = powers.reduce(stretch.start) { problem.advance($0, wanted: $1).energy }
    }
    return (series.bill(of: powers, problem: problem).total - worth * energy, peak(of: stretch, powers: powers))
  }

  /// Returns the largest mean import of an interval [kW]. Intervals at the ends of a stretch may be shorter.
  private func peak(of stretch: Stretch, powers: [Double]) -> Double {
    var (greatest, sum, count) = (0.0, 0.0, 0)
    for slot in stretch.series.load.indices {
      sum += stretch.series.netDemand(slot) - powers[slot]
      count += 1
      let isLast = slot + 1 == stretch.series.count
      if isLast || (stretch.quarters.lowerBound + slot + 1) % quartersPerInterval == 0 {
        greatest = max(greatest, sum / Double(count))
        (sum, count) = (0, 0)
      }
    }
    return greatest
  }

  private func ruleWish(_ slot: Int, energy: Double, stretch: Stretch) -> Double {
    let soc = fleet.battery.minimumStateOfCharge + energy / fleet.battery.energyKilowattHours
    return DispatchRule(hasGeneration: hasGeneration).request(
      netDemand: stretch.series.netDemand(slot), stateOfCharge: soc, battery: fleet.battery,
      outlook: outlooks[stretch.quarters.lowerBound + slot], hours: problem.hours
    ).power
  }
}
