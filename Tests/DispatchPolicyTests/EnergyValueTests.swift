import DispatchPolicy
import DispatchStudies
import PlantPhysics
import Testing

/// Problems and series of a seed, small enough to be solved by trying everything.
enum Toy {
  static func problem(
    efficiency: Double = 0.81, exportPrice: Double = 0, wearPrice: Double = 0, demandCharge: Double = 0
  ) -> DispatchProblem {
    let battery = BatteryModel(
      energyKilowattHours: 6, powerKilowatts: 3, efficiency: efficiency, minimumStateOfCharge: 0,
      maximumStateOfCharge: 1)
    return DispatchProblem(
      battery: battery, exportPrice: exportPrice, wearPrice: wearPrice, demandCharge: demandCharge)
  }

  /// Days of a home: sun at noon, load in the evening, a peak price at 16 to 20, all with noise.
  static func series(days: Int, seed: UInt64) -> DispatchSeries {
    var generator = SeededGenerator(seed: seed)
    var series = DispatchSeries()
    for slot in 0..<24 * days {
      let hour = slot % 24
      series.load.append(
        generator.uniform(0.2, high: 1) + (hour >= 15 && hour < 22 ? generator.uniform(0.5, high: 2.5) : 0))
      series.generation.append(hour > 6 && hour < 18 ? generator.uniform(0, high: 3) : 0)
      series.price.append((15...19).contains(hour) ? 0.5 : 0.2)
      series.hour.append(hour)
      series.month.append(slot / 24 / 30)
      series.isWorkday.append(slot / 24 % 7 < 5)
    }
    return series
  }
}

@Suite("Value of stored energy")
struct EnergyValueTests {
  @Test
  func `the worked values of the problem: an hour from 2 to 1.1 kWh delivers 0.81 kW, and 3 kW less 2 costs 0.60`() {
    #expect(abs(Toy.problem().power(from: 2, to: 1.1) - 0.81) < 1e-12)
    #expect(abs(Toy.problem().power(from: 1.1, to: 2) + 1) < 1e-12)
    #expect(abs(Toy.problem(wearPrice: 0.05).cost(netDemand: 3, power: 2, price: 0.5) - 0.6) < 1e-12)
  }

  @Test(arguments: [-99, -1, 0, 0.3, 99, .nan, .infinity])
  func `a step at any wish stays inside energy and power`(wish: Double) {
    let problem = Toy.problem()
    for energy in [0, 0.01, 3, 6] {
      let step = problem.advance(energy, wanted: wish)
      #expect((0...6).contains(step.energy))
      #expect(abs(step.power) <= 3)
    }
  }

  @Test func `before an hour of 1 kW at 0.50 the first 1/η kWh are worth 0.50 η each, the rest nothing`() {
    var value = EnergyValue(capacity: 6, cells: 540)
    value.stepBack(over: SlotOffers(netDemand: 1, price: 0.5, problem: Toy.problem()))
    #expect(abs(value.worth(of: 6) - 0.5) < 1e-5)
    #expect(abs(value.worth(of: 1) - 0.45) < 1e-5)
    #expect(abs(value.level(worthMoreThan: 0.01) - 1 / 0.9) < 0.02)
  }

  @Test(arguments: [0.0, 0.05], [0.0, 0.08])
  func `the bound agrees with trying every level in every slot`(wear: Double, export: Double) {
    let problem = Toy.problem(exportPrice: export, wearPrice: wear)
    let series = Toy.series(days: 4, seed: 7)
    let best = series.bill(of: PerfectForesight.powers(series, problem: problem), problem: problem).total
    let tried = EnergyValueTests.leastCost(series, problem: problem, levels: 400)
    #expect(abs(best - tried) < 0.004 * tried)
  }

  @Test("where export pays more than import costs, or prices are negative, trying every level finds nothing better")
  func whereExportPaysMoreThanImportCostsOrPricesAreNegativeTryingEveryLevel() {
    let sold = Toy.problem(exportPrice: 0.6, wearPrice: 0.02)
    let series = Toy.series(days: 4, seed: 7)
    var paid = series
    for slot in paid.price.indices where slot % 24 < 6 { paid.price[slot] = -0.2 }
    for (series, problem) in [(series, sold), (paid, Toy.problem())] {
      let best = series.bill(of: PerfectForesight.powers(series, problem: problem), problem: problem).total
      let tried = EnergyValueTests.leastCost(series, problem: problem, levels: 400)
      #expect(best < tried + 0.001 * abs(tried))
      #expect(best > tried - 0.01 * abs(tried))
      for policy in [DispatchComparison.Policy.rule, .receding, .learned] {
        let bill = DispatchComparison(series, problem: problem, policies: [policy]).bills[policy]
        #expect((bill?.total ?? .nan) >= best - 1e-3 * abs(best), "\(policy)")
      }
    }
  }

  @Test(arguments: [1.0 / 60, 0.25, 2])
  func `slots of every length from a minute to two hours are run by every policy`(hours: Double) {
    let count = Int(9 * 24 / hours / (hours < 0.1 ? 20 : 1))
    var series = DispatchSeries()
    series.load = Array(repeating: 1, count: count)
    series.generation = Array(repeating: 0, count: count)
    series.price = (0..<count).map { $0 % 12 < 6 ? 0.2 : 0.4 }
    series.hour = (0..<count).map { Int(Double($0) * hours) % 24 }
    series.month = Array(repeating: 1, count: count)
    series.isWorkday = Array(repeating: true, count: count)
    let problem = DispatchProblem(battery: Toy.problem().battery, hours: hours)
    let comparison = DispatchComparison(series, problem: problem)
    let nothing = (comparison.bills[.nothing]?.total ?? .nan)
    let byHand = series.price.reduce(0) { $0 + $1 * hours }
    #expect(abs(nothing - byHand) < 1e-9 * byHand)
    #expect(comparison.bills.count == DispatchComparison.Policy.allCases.count)
  }

  @Test func `under a demand charge the bound is below that of the plan that ignores it, and never above`() {
    let series = Toy.series(days: 60, seed: 9)
    let problem = Toy.problem(demandCharge: 15)
    let blind = series.bill(of: PerfectForesight.powers(series, problem: Toy.problem()), problem: problem).total
    let aware = series.bill(of: PerfectForesight.powers(series, problem: problem), problem: problem).total
    #expect(aware < 0.95 * blind)
  }

  /// Dynamic programming over pairs of levels, without any use of convexity.
  private static func leastCost(_ series: DispatchSeries, problem: DispatchProblem, levels: Int) -> Double {
    let width = problem.capacity / Double(levels)
    let reach = Int(3 / 0.9 / width) + 1
    var next = [Double](repeating: 0, count: levels + 1)
    for slot in (0..<series.count).reversed() {
      next = (0...levels).map { level in
        var least = Double.infinity
        for target in max(0, level - reach)...min(levels, level + reach) {
          let power = problem.power(from: Double(level) * width, to: Double(target) * width)
          guard abs(power) <= 3 else { continue }
          least = min(
            least,
            next[target] + problem.cost(netDemand: series.netDemand(slot), power: power, price: series.price[slot])
          )
        }
        return least
      }
    }
    return next[0]
  }
}
