import Testing

@testable import Community

@Suite("tariffs of a community")
struct TariffTests {
  private static func instance(_ seed: UInt64) -> CommunityInstance {
    var draw = SmallCommunity(seed: seed)
    return draw.instance(members: 9)
  }

  @Test func `a battery behind a meter does as well as at one price where both prices are one`() {
    let battery = HomeBattery(capacity: 9, power: 3, efficiency: 0.95, wear: 0.02, minimum: 1, start: 4)
    let price: [Double] = (0..<24).map { step in 0.2 + 0.02 * Double((step * 7) % 11) }
    let net: [Double] = (0..<24).map { step in 2 - Double((step * 5) % 9) / 2 }
    var planner = MeterPlanner(steps: 24, stepHours: 1)
    let power = planner.answer(battery, net: net, buy: price, feed: price)
    var best = BatteryPlanner(steps: 24, stepHours: 1)
    let cost = price.withUnsafeBufferPointer { best.answer(battery, price: $0).cost }
    var sum = 0.0
    for step in 0..<24 { sum += power[step] * price[step] + max(0, -power[step]) * 0.02 }
    #expect(abs(sum - cost) < 1e-9)
  }

  @Test func `a battery behind a meter keeps its limits and is worth it`() {
    let battery = HomeBattery(capacity: 9, power: 3, efficiency: 0.95, wear: 0.02, minimum: 1, start: 4)
    let buy = Array(repeating: 0.3, count: 24)
    let feed = Array(repeating: 0.05, count: 24)
    let net: [Double] = (0..<24).map { step in step < 8 ? -2.0 : 1.0 }
    var planner = MeterPlanner(steps: 24, stepHours: 1)
    let power = planner.answer(battery, net: net, buy: buy, feed: feed)
    var energy = battery.start
    for step in 0..<24 {
      energy += max(0, power[step]) * 0.95 - max(0, -power[step]) / 0.95
      #expect(power[step].magnitude <= 3 + 1e-9 && energy > 1 - 1e-9 && energy < 9 + 1e-9)
      // A flat price gives no reason to buy for the store, or to sell from it.
      #expect(power[step] <= max(0, -net[step]) + 1e-9 && -power[step] <= max(0, net[step]) + 1e-9)
    }
    #expect(energy >= 4 - 1e-9)
    #expect(abs(power.reduce(0) { $0 + max(0, -$1) } - 5 * 0.95) < 1e-9)
  }

  @Test func `revenue is what the members' meters read, and a dearer tariff leaves them worse off`() throws {
    let instance = Self.instance(1)
    let study = TariffStudy(instance)
    let cheap = study.outcome(try TariffForm("flat=0.25").tariff(for: instance, firstHour: 12))
    let dear = study.outcome(try TariffForm("flat=0.35,fee=1").tariff(for: instance, firstHour: 12))
    #expect(dear.gains.reduce(0, +) < cheap.gains.reduce(0, +))
    #expect(cheap.gains.count == 9 && cheap.gaining + cheap.losing <= 9)
    #expect(cheap.peak > 0 && cheap.welfare.isFinite)
  }

  #if Solver
    @Test func `no tariff is worth more than the welfare optimum`() throws {
      let instance = Self.instance(2)
      let best = -(try CommunitySolver.solve(instance, objective: .welfare).bound)
      let study = TariffStudy(instance)
      for text in ["flat=0.3", "dynamic=+0.02", "tou=0.22/16-20:0.45,export=0.1,fee=0.2"] {
        let outcome = study.outcome(try TariffForm(text).tariff(for: instance, firstHour: 12))
        #expect(outcome.welfare <= best + 1e-9, "\(text)")
      }
    }
  #endif

  @Test(arguments: TariffKind.allCases)
  func `the best tariff of a form pays for the connection, and none of its neighbours is worth more`(kind: TariffKind)
    throws
  {
    let instance = Self.instance(5)
    let search = TariffSearch(instance, firstHour: 12)
    let found = try #require(search.best(kind, limits: .init(prices: 0.05...0.6)))
    #expect(found.text.hasPrefix(kind.rawValue + "="))
    #expect(found.outcome.revenue >= found.outcome.gridBill - 1e-3, "\(found.text)")
    // The words are a tariff with the same outcome.
    let again = TariffStudy(instance).outcome(try TariffForm(found.text).tariff(for: instance, firstHour: 12))
    #expect(abs(again.welfare - found.outcome.welfare) < 1e-9 && abs(again.revenue - found.outcome.revenue) < 1e-2)
    for text in ["flat=0.2", "flat=0.3", "flat=0.45"] where kind != .dynamic {
      let other = TariffStudy(instance).outcome(try TariffForm(text).tariff(for: instance, firstHour: 12))
      #expect(other.welfare <= found.outcome.welfare + 0.01 * other.welfare.magnitude, "\(text) \(found.text)")
    }
    #expect(found.welfareByElasticity.count == 2 && found.welfareByElasticity.allSatisfy(\.isFinite))
  }

  @Test func `where no fee is allowed that a form would need, there is no tariff`() {
    let search = TariffSearch(Self.instance(5), firstHour: 12)
    #expect(search.best(.flat, limits: .init(prices: 0...0.001, fee: 0)) == nil)
  }

  @Test func `bands hold by hours of the local day`() throws {
    let instance = Self.instance(3)
    let tariff = try TariffForm("tou=0.2/17-21:0.4,export=0.6,fee=0.5").tariff(for: instance, firstHour: 12)
    #expect(tariff.importPrice[4] == 0.2 && tariff.importPrice[5] == 0.4 && tariff.importPrice[8] == 0.4)
    #expect(tariff.importPrice[9] == 0.2 && tariff.dailyFee == 0.5)
    // Nobody is paid more for export than import costs.
    #expect(tariff.exportPrice[0] == 0.2)
  }

  @Test(arguments: [
    ("flat", "'flat' is no part of a tariff"), ("flat=x", "'x' is no price"), ("tou=0.2/22-6:0.4", "is no band"),
    ("export=0.1", "is no part"), ("flat=0.2,dynamic=0.1", "is no part"), ("", "is no part"), ("tou=", "is no part"),
  ])
  func `a tariff that is unclear is refused with words`(text: String, hint: String) throws {
    let error = try #require(throws: CommunityError.self) { try TariffForm(text) }
    #expect(error.description.contains(hint), "\(error)")
  }
}
