#if Solver
  import Testing

  @testable import Community

  @Suite("the risk of a community")
  struct RiskTests {
    private static func instance(_ seed: UInt64) -> CommunityInstance {
      var draw = SmallCommunity(seed: seed)
      return draw.instance(members: 15)
    }

    @Test func `a scenario is the same whatever others are drawn`() {
      let instance = Self.instance(1)
      let (few, many) = (RiskScenarios(instance, numbers: 3..<4), RiskScenarios(instance, numbers: 0..<10))
      #expect(few.scenarios[0].load == many.scenarios[3].load)
      #expect(few.scenarios[0].generation == many.scenarios[3].generation)
      #expect(RiskScenarios(instance, numbers: 3..<4, seed: 8).scenarios[0].load != few.scenarios[0].load)
    }

    @Test func `the curve of a connection is its least cost`() {
      for (buy, feed, overload) in [(0.3, 0.05, 1), (0.3, 0.05, 0.01), (-0.1, -0.2, 1), (0.1, 0.2, 0.5)] {
        let curve = GridCurve(
          buy: buy, feed: feed, importLimit: 10, exportLimit: 8, overload: overload, curtailable: 15)
        let fast = ConvexCurve(curve, net: 3)
        for demand in stride(from: -60.0, through: 40, by: 0.7) {
          #expect(abs(fast.value(demand).cost - curve.cost(curve.flow(demand + 3))) < 1e-9)
        }
      }
    }

    @Test func `the least risk is within its gap, and below that of the least cost`() throws {
      let instance = Self.instance(3)
      let limits = CommunityLimits(gap: 5e-4, seconds: 20)
      let solution = try CommunitySolver.solve(instance, objective: .risk, limits: limits)
      #expect(solution.gap < 5e-4 && solution.least >= solution.bound)
      let risk = try #require(solution.risk)
      #expect(risk.tail > risk.mean)
      let other = try CommunitySolver.solve(instance, objective: .cost)
      let function = RiskFunction(instance, scenarios: RiskScenarios(instance, numbers: 0..<100))
      let (demand, wear) = other.schedule.totals(instance)
      let value = function.value(demand)
      #expect(solution.least < 0.5 * (value.means.reduce(0, +) + value.tail) + wear)
      #expect(abs(value.tailWeights.reduce(0, +) - 1) < 1e-9)
    }
  }
#endif
