import DispatchStudies
import PlantPhysics
import Testing

@testable import DispatchPolicy

@Suite("Learned dispatch")
struct AnalogPolicyTests {
  @Test func `it recovers most of the perfect saving, above the best fixed rule and the receding horizon`() throws {
    let comparison = DispatchComparison(Toy.series(days: 60, seed: 3), problem: Toy.problem())
    func cost(_ policy: DispatchComparison.Policy) throws -> Double { try #require(comparison.bills[policy]).total }
    let (nothing, perfect, learned) = (try cost(.nothing), try cost(.perfect), try cost(.learned))
    #expect((nothing - learned) / (nothing - perfect) > 0.9)
    #expect(try learned < cost(.rule))
    #expect(try learned < cost(.receding))
    #expect(try perfect < cost(.learned))
  }

  @Test(
    "what comes later, other than a day's prices, does not change what was decided before: there is no look-ahead",
    arguments: [1, 25, 100, 301, 407], [0.0, 15])
  func whatComesLaterOtherThanADaysPricesDoesNotChangeWhatWasDecidedBeforeThere(hour: Int, demandCharge: Double) throws
  {
    func decided(_ series: DispatchSeries) throws -> [Double] {
      let problem = Toy.problem(wearPrice: 0.01, demandCharge: demandCharge)
      return try #require(DispatchComparison(series, problem: problem, policies: [.learned]).powers[.learned])
    }
    let series = Toy.series(days: 20, seed: 5)
    let powers = try decided(series)
    var changed = series
    var shuffled = series
    var order = Array(hour..<series.count)
    var generator = SeededGenerator(seed: 8)
    order.shuffle(using: &generator)
    for (slot, other) in zip(hour..<series.count, order) {
      changed.load[slot] += 2
      changed.generation[slot] *= 0.3
      (shuffled.load[slot], shuffled.generation[slot]) = (series.load[other], series.generation[other])
      // The tariff is known a day ahead.
      if slot >= hour + 24 { (changed.price[slot], shuffled.price[slot]) = (9, series.price[other]) }
    }
    for later in [changed, shuffled] {
      let others = try decided(later)
      #expect(powers[..<hour] == others[..<hour])
      #expect(powers[hour...] != others[hour...])
    }
    let cut = try decided(series.slots(0..<hour))
    #expect(powers[..<max(0, hour - 24)] == cut[..<max(0, hour - 24)])
  }

  @Test
  func `priced wear lowers throughput, and the cost with wear is below that of a policy that ignores it`() throws {
    let series = Toy.series(days: 40, seed: 11)
    let priced = Toy.problem(wearPrice: 0.08)
    let blind = try #require(DispatchComparison(series, problem: Toy.problem()).powers[.learned])
    let aware = try #require(DispatchComparison(series, problem: priced).powers[.learned])
    #expect(
      series.bill(of: aware, problem: priced).throughput < 0.97 * series.bill(of: blind, problem: priced).throughput)
    #expect(series.bill(of: aware, problem: priced).total < series.bill(of: blind, problem: priced).total)
  }

  @Test func `before anything was seen, and without prices, energy has no value and nothing breaks`() {
    var policy = AnalogPolicy(problem: Toy.problem())
    policy.learn(prices: [0.2])
    policy.observe(load: .nan, generation: 1, isWorkday: true)
    #expect(policy.count == 0)
    policy.observe(load: 1, generation: 0, isWorkday: true)
    policy.learn(prices: [])
    #expect(policy.value.worth(of: 6) == 0)
    #expect(policy.power(energy: 3, netDemand: 2, price: 0.2) == 2)
  }

  @Test func `the day before a peak fills the battery even for a home that was never seen through one`() {
    var policy = AnalogPolicy(problem: Toy.problem())
    policy.observe(load: 2, generation: 0, isWorkday: true)
    policy.learn(prices: Array(repeating: 0.5, count: 5) + Array(repeating: 0.2, count: 19))
    #expect(policy.power(energy: 0, netDemand: 2, price: 0.2) == -3)
    #expect(policy.power(energy: 5, netDemand: 2, price: 0.5) == 2)
  }
}
