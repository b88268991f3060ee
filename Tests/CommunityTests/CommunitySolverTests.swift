#if Solver
  import Testing

  @testable import Community

  @Suite("the optimum of a community")
  struct CommunitySolverTests {
    private static func instance(_ seed: UInt64, members: Int = 12) -> CommunityInstance {
      var draw = SmallCommunity(seed: seed)
      return draw.instance(members: members)
    }

    private static func solve(
      _ instance: CommunityInstance, _ objective: CommunityObjective = .cost
    ) throws -> CommunitySolution {
      try CommunitySolver.solve(instance, objective: objective, limits: CommunityLimits(gap: 1e-7, seconds: 60))
    }

    /// The greatest breach of any limit of a schedule [kW or kWh].
    private static func breach(_ solution: CommunitySolution, of instance: CommunityInstance) -> Double {
      let schedule = solution.schedule
      var worst = 0.0
      for (row, owner) in schedule.owners.enumerated() {
        guard let battery = instance.members[owner].battery else { continue }
        var energy = battery.start
        for step in 0..<instance.steps {
          let charge = schedule.charge[row * instance.steps + step]
          let discharge = schedule.discharge[row * instance.steps + step]
          energy += instance.stepHours * (charge * battery.efficiency - discharge / battery.efficiency)
          worst = max(worst, charge - battery.power, discharge - battery.power, -charge, -discharge)
          worst = max(worst, energy - battery.capacity, battery.minimum - energy)
        }
        worst = max(worst, battery.start - energy)
      }
      for (stay, session) in instance.sessions.enumerated() {
        let powers = schedule.car[schedule.sessionStarts[stay]..<schedule.sessionStarts[stay + 1]]
        let energy = powers.reduce(0, +) * instance.stepHours * session.efficiency
        worst = max(worst, (session.energy - energy).magnitude, (powers.max() ?? 0) - session.power)
      }
      let meter = MemberMeter(solution, of: instance)
      var total = Array(repeating: 0.0, count: instance.steps)
      for member in instance.members.indices {
        for (step, power) in meter.reading(member).net.enumerated() { total[step] += power }
      }
      for step in 0..<instance.steps {
        let flow = solution.imported[step] - solution.exported[step] - solution.curtailed[step]
        worst = max(worst, (flow - total[step]).magnitude)
      }
      return worst
    }

    @Test(arguments: [CommunityObjective.cost, .welfare], [1, 2, 3] as [UInt64])
    func `a schedule keeps all limits, and its cost is that of its bound`(
      objective: CommunityObjective, seed: UInt64
    ) throws {
      let instance = Self.instance(seed)
      let solution = try Self.solve(instance, objective)
      #expect(Self.breach(solution, of: instance) < 1e-6)
      #expect(solution.gap <= 1e-6, "\(solution.gap)")
      #expect(solution.cost - solution.utility >= solution.bound - 1e-6)
    }

    @Test func `no member does better at the price`() throws {
      let instance = Self.instance(4)
      let solution = try Self.solve(instance)
      var planner = BatteryPlanner(steps: instance.steps, stepHours: instance.stepHours)
      var regret = 0.0
      for (row, owner) in solution.schedule.owners.enumerated() {
        let battery = try #require(instance.members[owner].battery)
        let best = solution.price.withUnsafeBufferPointer { planner.answer(battery, price: $0).cost }
        var cost = 0.0
        for step in 0..<instance.steps {
          let charge = solution.schedule.charge[row * instance.steps + step]
          let discharge = solution.schedule.discharge[row * instance.steps + step]
          cost += instance.stepHours * (solution.price[step] * (charge - discharge) + battery.wear * discharge)
        }
        #expect(cost - best > -1e-9)
        regret += cost - best
      }
      #expect(regret < 1e-5 * solution.cost.magnitude)
    }

    @Test(arguments: [CommunityObjective.cost, .welfare])
    func `the order of members changes nothing`(objective: CommunityObjective) throws {
      let instance = Self.instance(5)
      let count = instance.members.count
      let order = (0..<count).map { ($0 * 5 + 3) % count }
      var changed = instance
      changed.members = order.map { instance.members[$0] }
      for step in 0..<instance.steps {
        for (place, member) in order.enumerated() {
          changed.load[step * count + place] = instance.load[step * count + member]
          changed.generation[step * count + place] = instance.generation[step * count + member]
        }
      }
      for place in changed.sessions.indices {
        changed.sessions[place].member = order.firstIndex(of: instance.sessions[place].member) ?? 0
      }
      let (first, second) = (try Self.solve(instance, objective), try Self.solve(changed, objective))
      #expect(abs((first.cost - first.utility) - (second.cost - second.utility)) < 1e-5 * first.cost.magnitude)
    }

    @Test func `the same instance gives the same schedule to the last bit`() throws {
      let instance = Self.instance(6)
      let (first, second) = (try Self.solve(instance, .welfare), try Self.solve(instance, .welfare))
      #expect(first.schedule.charge == second.schedule.charge && first.price == second.price)
    }

    @Test(arguments: [CommunityObjective.cost, .welfare], [7, 8, 9] as [UInt64])
    func `nobody is worse off than alone, and the sums close with the meter`(
      objective: CommunityObjective, seed: UInt64
    ) throws {
      let instance = Self.instance(seed, members: 30)
      let settlement = CommunitySettlement(try Self.solve(instance, objective), of: instance)
      #expect(settlement.worseOff == 0 && settlement.gains.allSatisfy { $0 > -1e-9 })
      #expect(settlement.operatorPays <= settlement.budget + 1e-9)
      let paid = settlement.bills.reduce(0, +) - settlement.credits.reduce(0, +)
      #expect(abs(paid + settlement.operatorPays - settlement.gridBill) < 1e-9)
    }

    @Test func `welfare is at least that of demand as it is`() throws {
      let instance = Self.instance(10)
      let fixed = try Self.solve(instance)
      let flexible = try Self.solve(instance, .welfare)
      let meter = MemberMeter(fixed, of: instance)
      let reference = instance.members.indices.reduce(0) { $0 + meter.referenceUtility($1) }
      #expect(flexible.utility - flexible.cost > reference - fixed.cost)
    }

    @Test func `a car that cannot be full is charged all the time, and what is short is told`() throws {
      var instance = Self.instance(11)
      instance.sessions = [
        CarSession(member: 3, arrival: 6, departure: 10, energy: 40, power: 7.4, efficiency: 0.92)
      ]
      let solution = try Self.solve(instance)
      #expect(solution.shortfalls.count == 1)
      #expect(abs(solution.shortfalls[0].energy - (40 - 4 * 7.4 * 0.92)) < 1e-9)
      #expect(solution.schedule.car.allSatisfy { abs($0 - 7.4) < 1e-6 })
    }

    @Test func `a community without batteries and cars has its own cost`() throws {
      var instance = Self.instance(12)
      instance.sessions = []
      for place in instance.members.indices { instance.members[place].battery = nil }
      let solution = try Self.solve(instance)
      let terms = GridTerms(instance)
      #expect(abs(solution.cost - terms.flows(terms.net).cost) < 1e-9 && solution.gap <= 1e-6)
    }

    @Test func `when the time is over there is a schedule all the same, with its gap`() throws {
      let instance = Self.instance(13, members: 40)
      let solution = try CommunitySolver.solve(
        instance, objective: .cost, limits: CommunityLimits(gap: 1e-9, seconds: 1e-9))
      #expect(solution.iterations == 1 && solution.gap > 1e-3 && solution.gap.isFinite)
      #expect(Self.breach(solution, of: instance) < 1e-6)
    }

    @Test func `negative prices are used: batteries may burn energy, and PV is curtailed`() throws {
      var instance = Self.instance(14)
      for step in 8..<14 {
        instance.series.importPrice[step] = -0.2
        instance.series.exportPrice[step] = -0.25
      }
      let solution = try Self.solve(instance)
      #expect(solution.gap <= 1e-6 && Self.breach(solution, of: instance) < 1e-6)
    }
  }
#endif
