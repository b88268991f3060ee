import Testing

@testable import Community

@Suite("random years of a community")
struct CommunitySimulationTests {
  /// Inputs that are as they are: no growth, no adoption, no outages.
  private static let fixed: [UncertainInput: ClosedRange<Double>] = [
    .weather: 1...1, .load: 1...1, .loadGrowth: 0...0, .price: 1...1, .priceGrowth: 0...0, .exportPrice: 1...1,
    .pv: 0...0, .storage: 0...0, .cars: 0...0, .heatPumps: 0...0, .outages: 0...0, .outageHours: 1...1,
  ]

  private static func aggregate(_ seed: UInt64 = 1, members: Int = 20) -> CommunityAggregate {
    var draw = SmallCommunity(seed: seed)
    return CommunityAggregate(draw.instance(members: members))
  }

  private static func simulation(
    _ ranges: [UncertainInput: ClosedRange<Double>] = [:], years: Int = 5, control: StorageControl = .rule
  ) -> CommunitySimulation {
    var settings = CommunitySimulation.Settings()
    (settings.daysPerYear, settings.years, settings.control, settings.ranges) = (40, years, control, ranges)
    return CommunitySimulation(days: [aggregate()], settings: settings)
  }

  @Test func `a run is the same whichever runs and variants stand beside it`() throws {
    let simulation = Self.simulation()
    let sun = try CommunityVariant("sun:pv=+50%,storage=+30,cars=+4,invest=1000")
    let alone = simulation.run(7, variants: [.base])
    let both = simulation.run(7, variants: [.base, sun])
    #expect(alone[0] == both[0] && both == simulation.run(7, variants: [.base, sun]))
    #expect(simulation.run(8, variants: [.base]) != alone)
  }

  @Test func `a variant that adds nothing saves nothing, and costs its investment`() throws {
    let same = try CommunityVariant("same:invest=500")
    let outcomes = Self.simulation().run(3, variants: [.base, same])
    #expect(outcomes[1].cost == outcomes[0].cost && outcomes[1].netPresentValue == -500)
    #expect(outcomes[1].payback == nil && outcomes[0].netPresentValue == nil)
  }

  @Test func `more PV and storage lower import, and emissions with it`() throws {
    let sun = try CommunityVariant("sun:pv=+100%")
    let both = try CommunityVariant("both:pv=+100%,storage=+100%")
    for run in 0..<5 {
      let outcomes = Self.simulation().run(run, variants: [.base, sun, both])
      #expect(outcomes[1].selfSufficiency > outcomes[0].selfSufficiency)
      #expect(outcomes[2].selfSufficiency > outcomes[1].selfSufficiency)
      #expect(outcomes[2].emissions < outcomes[1].emissions && outcomes[1].emissions < outcomes[0].emissions)
    }
  }

  @Test func `where no limit is in the way, a plan of storage costs less than its rule`() {
    var aggregate = Self.aggregate()
    (aggregate.terms.importLimit, aggregate.terms.exportLimit) = (1e6, 1e6)
    let costs = [StorageControl.rule, .plan].map { control in
      var settings = CommunitySimulation.Settings()
      (settings.daysPerYear, settings.years, settings.control, settings.ranges) = (40, 1, control, Self.fixed)
      return CommunitySimulation(days: [aggregate], settings: settings).run(0, variants: [.base])[0].cost
    }
    #expect(costs[1] < costs[0], "\(costs)")
  }

  @Test func `without outages all is served, and with them storage helps`() throws {
    let none = Self.simulation(Self.fixed).run(0, variants: [.base])[0]
    #expect(none.unserved == 0)
    var ranges = Self.fixed
    (ranges[.outages], ranges[.outageHours]) = (200...200, 4...4)
    let bare = try CommunityVariant("bare:storage=-100%")
    let more = try CommunityVariant("more:storage=+100%")
    let outcomes = Self.simulation(ranges).run(0, variants: [.base, bare, more])
    #expect(outcomes[1].unserved > outcomes[0].unserved && outcomes[0].unserved > outcomes[2].unserved)
  }

  @Test func `growth of load and price raises the cost of later years`() {
    let still = Self.simulation(Self.fixed).run(0, variants: [.base])[0]
    for input in [UncertainInput.loadGrowth, .priceGrowth, .cars, .heatPumps] {
      var ranges = Self.fixed
      ranges[input] = 0.1...0.1
      #expect(Self.simulation(ranges).run(0, variants: [.base])[0].cost > still.cost, "\(input)")
    }
  }

  @Test func `money is discounted, and pays back when its present value says so`() {
    let years = DiscountedYears(years: 3, rate: 0.1)
    let value = 100 / 1.1 + 110 / 1.21 + 120 / 1.331
    #expect(abs(years.value(first: 100, last: 120) - value) < 1e-9)
    #expect(abs(years.mean(first: 70, last: 70) - 70) < 1e-9)
    #expect(years.payback(of: 100 / 1.1, first: 100, last: 100) == 1)
    let half = years.payback(of: 100 / 1.1 + 50 / 1.21, first: 100, last: 100) ?? 0
    #expect(abs(half - 1.5) < 1e-9)
    #expect(years.payback(of: 1000, first: 100, last: 100) == nil)
    #expect(DiscountedYears(years: 1, rate: 0).value(first: 3, last: 5) == 5)
  }

  @Test func `risk is told of the worst share`() {
    let values = (1...100).map(Double.init)
    let cost = SampleStatistics(values, tail: 0.05, isWorseHigh: true)
    #expect(cost.mean == 50.5 && cost.p50 == 50.5 && abs(cost.tailMean - 98) < 1e-9)
    #expect(abs(cost.valueAtRisk - 95.05) < 1e-9)
    #expect(abs(SampleStatistics(values, tail: 0.05, isWorseHigh: false).tailMean - 3) < 1e-9)
    #expect(SampleStatistics([4], tail: 0.05, isWorseHigh: true).tailMean == 4)
  }

  @Test func `the error of the mean falls with the root of the runs`() {
    let simulation = Self.simulation()
    let costs = (0..<400).map { simulation.run($0, variants: [.base])[0].cost }
    let few = SampleStatistics(Array(costs.prefix(25)), tail: 0.1, isWorseHigh: true)
    let many = SampleStatistics(costs, tail: 0.1, isWorseHigh: true)
    #expect((2.5...6).contains(few.standardError / many.standardError))
    #expect(abs(few.mean - many.mean) < 4 * few.standardError)
  }

  @Test func `effects of a sum are its factors, and only a product has a deviation`() throws {
    let screening = try #require(
      MorrisScreening(inputs: 3, trajectories: 10, seed: 4) { [3 * $0[0] - 2 * $0[1], $0[1] * $0[2]] })
    #expect(abs(screening.effects[0][0].mean - 3) < 1e-9 && screening.effects[0][0].deviation < 1e-9)
    #expect(abs(screening.effects[1][0].mean + 2) < 1e-9 && abs(screening.effects[1][0].magnitude - 2) < 1e-9)
    #expect(screening.effects[2][0].magnitude == 0 && screening.effects[0][1].magnitude == 0)
    #expect(screening.effects[2][1].deviation > 0.05)
    #expect(MorrisScreening(inputs: 1, trajectories: 2, seed: 1) { _ in nil } == nil)
  }

  @Test func `the price matters for cost and not for emissions`() throws {
    var ranges = Self.fixed
    (ranges[.price], ranges[.weather]) = (0.8...1.2, 0.9...1.1)
    let simulation = Self.simulation(ranges)
    #expect(simulation.variedInputs == [.weather, .price])
    let effects = try #require(simulation.sensitivity(trajectories: 4) { true }).effects
    #expect(effects[1][0].mean > 0 && effects[1][2].magnitude == 0 && effects[0][2].mean < 0)
  }

  @Test func `a statistical community has the energies that it is told`() {
    let community = StatisticalCommunity(
      prosumers: 100, pvPower: 500, storageEnergy: 1000, storagePower: 200, cars: 10, heatPumps: 5)
    let terms = CommunityInstance.Terms(importLimit: 1e6, exportLimit: 1e6, referencePrice: 0.3)
    let hours = Array(repeating: 0.3, count: 24)
    let days = community.year(terms: terms, prices: .init(importPrice: hours, exportPrice: hours, carbon: hours))
    func yearly(_ values: (CommunityAggregate) -> [Double]) -> Double {
      days.reduce(0) { $0 + values($1).reduce(0, +) } / Double(days.count) * 365
    }
    #expect(abs(yearly(\.load) - 370_000) < 1e-3 && abs(yearly(\.generation) - 500_000) < 1e-3)
    #expect(abs(yearly(\.cars) - 10 * 7 * 365) < 1e-6 && abs(yearly(\.heatPump) - 4000) < 1e-6)
    #expect(days[0].generation.reduce(0, +) < 0.4 * days[11].generation.reduce(0, +))
    #expect(days[0].generation[0] == 0 && days[0].storage?.power == 200)
  }

  @Test(arguments: [
    ("sun", "'sun' is no variant"), ("base:pv=+1", "a name other than base"), ("a:pv", "'pv' is no part of a variant"),
    ("a:pv=x", "is no part"), ("a:cars=+5%", "is no part"), ("a:storage=-5", "is no part"), ("a:", "is no variant"),
  ])
  func `a variant that is unclear is refused with words`(text: String, hint: String) throws {
    let error = try #require(throws: CommunityError.self) { try CommunityVariant(text) }
    #expect(error.description.contains(hint), "\(error)")
  }

  @Test func `a range has two ends or is one value`() throws {
    #expect(try UncertainInput.range("price=0.9..1.4") == (.price, 0.9...1.4))
    #expect(try UncertainInput.range("outages=2") == (.outages, 2...2))
    for text in ["price", "price=", "price=2..1", "price=-1..1", "cost=1", "price=1..2..3", "price=a..b"] {
      #expect(throws: CommunityError.self, "\(text)") { try UncertainInput.range(text) }
    }
  }
}
