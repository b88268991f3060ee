/// The objective of a community.
public enum CommunityObjective: String, Sendable, CaseIterable {
  /// Least cost of the connection and of wear, with demand as it is.
  case cost
  /// Greatest utility of demand less that cost, with flexible demand.
  case welfare
  /// Least mean and worst tenth of the cost over errors of forecasts, with batteries and cars set before.
  case risk
}

/// When to stop the search for a community's optimum.
public struct CommunityLimits: Sendable {
  /// Difference between cost and lower bound, as a share of the cost, that is good enough.
  public var gap: Double
  /// Time after which the best schedule so far is taken [s].
  public var seconds: Double

  /// Creates limits.
  ///
  /// - Parameters:
  ///   - gap: Difference between cost and lower bound, as a share of the cost, that is good enough; not negative.
  ///   - seconds: Time after which the best schedule so far is taken [s], positive.
  public init(gap: Double = 1e-6, seconds: Double = 300) {
    self.gap = gap
    self.seconds = seconds
  }
}

/// A reason why a community cannot be solved.
public struct CommunityError: Error, CustomStringConvertible, Equatable {
  /// The reason in one sentence.
  public let description: String

  /// Creates an error with its reason in one sentence.
  public init(description: String) { self.description = description }
}

/// Schedules and prices of a community.
public struct CommunitySolution: Sendable {
  /// The objective.
  public var objective: CommunityObjective
  /// Powers of batteries and cars.
  public var schedule: HomeSchedule
  /// Price that flexible demand answers, by step; `nil` if demand is fixed.
  public var flexiblePrice: [Double]?
  /// Import [kW], by step.
  public var imported: [Double]
  /// Export [kW], by step.
  public var exported: [Double]
  /// PV that is curtailed [kW], by step.
  public var curtailed: [Double]
  /// Price of a kWh within the community, by step, for buying and selling alike.
  public var price: [Double]
  /// Money of the connection and of wear over the horizon.
  public var cost: Double
  /// Utility of flexible demand over the horizon, in money; 0 if demand is fixed.
  public var utility: Double
  /// No schedule has a lower cost less utility than this.
  public var bound: Double
  /// Number of prices that homes were asked for.
  public var iterations: Int
  /// Mean of the cost over scenarios, and that of the worst tenth; `nil` unless risk was sought.
  public var risk: (mean: Double, tail: Double)?
  /// Stays of cars that are too short for their energy, with what is missing [kWh].
  public var shortfalls: [(session: Int, energy: Double)]

  /// The least value: cost less utility, or the risk.
  public var least: Double {
    risk.map { (1 - RiskFunction.tailWeight) * $0.mean + RiskFunction.tailWeight * $0.tail }
      ?? (cost - utility)
  }

  /// ``least`` above its lower bound, as a share of the cost, or of the risk where that is sought.
  public var gap: Double {
    max(0, least - bound) / max(1e-9, risk == nil ? cost.magnitude : least.magnitude)
  }
}

/// Solves communities.
public enum CommunitySolver {
  /// Finds schedules and prices of a community.
  ///
  /// A car that cannot be full is charged as far as it can, which the solution tells. Members may be in any order: the
  /// optimum is the same.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - objective: What is sought.
  ///   - limits: When to stop.
  ///   - progress: Receives the number of prices asked for, and the gap.
  /// - Returns: The best solution within the limits, with its lower bound.
  /// - Throws: ``CommunityError`` if this build has no solver, or the solver fails.
  public static func solve(
    _ instance: CommunityInstance, objective: CommunityObjective,
    limits: CommunityLimits = CommunityLimits(),
    progress: (_ iterations: Int, _ gap: Double) -> Void = { _, _ in }
  ) throws(CommunityError) -> CommunitySolution {
    #if Solver
      guard ClpLibrary.shared != nil else {
        throw CommunityError(
          description: "the solver \(ClpLibrary.name) cannot be loaded; install it: apt install coinor-libclp1")
      }
      var instance = instance
      var shortfalls: [(session: Int, energy: Double)] = []
      for (place, session) in instance.sessions.enumerated() {
        let short = session.shortfall(stepHours: instance.stepHours)
        guard short > 0 else { continue }
        shortfalls.append((place, short))
        instance.sessions[place].energy -= short
      }
      var solution =
        objective == .risk
        ? try leastRisk(instance, limits: limits, progress: progress)
        : try optimum(instance, objective: objective, limits: limits, progress: progress)
      solution.shortfalls = shortfalls
      return solution
    #else
      throw CommunityError(
        description:
          "this program was built without the trait Solver, by which communities are optimised")
    #endif
  }

  #if Solver
    private static func optimum(
      _ instance: CommunityInstance, objective: CommunityObjective, limits: CommunityLimits,
      progress: (_ iterations: Int, _ gap: Double) -> Void
    ) throws(CommunityError) -> CommunitySolution {
      let problem = CommunityProblem(instance, objective: objective)
      guard
        var coordination = PriceCoordination(
          instance, grid: problem.grid, elastic: problem.elastic, groups: groupCount),
        let mix = coordination.solve(limits, progress: progress)
      else { throw failure }
      let schedule = coordination.schedule(of: mix)
      var solution = problem.solution(schedule, flexible: mix.flexible, price: mix.bestPrice)
      solution.bound = mix.bound
      solution.iterations = mix.prices.count
      return solution
    }

    /// Finds the schedule of least risk, from the prices of the least cost on.
    private static func leastRisk(
      _ instance: CommunityInstance, limits: CommunityLimits,
      progress: (_ iterations: Int, _ gap: Double) -> Void
    ) throws(CommunityError) -> CommunitySolution {
      let problem = CommunityProblem(instance, objective: .cost)
      let scenarios = RiskScenarios(instance, numbers: 0..<100)
      guard
        var start = PriceCoordination(
          instance, grid: problem.grid, elastic: nil, groups: groupCount),
        let first = start.solve(
          CommunityLimits(gap: max(1e-3, limits.gap), seconds: limits.seconds),
          progress: { _, _ in }),
        var coordination = RiskCoordination(instance, scenarios: scenarios, groups: groupCount),
        let mix = coordination.solve(limits, first: first.prices.suffix(20), progress: progress)
      else { throw failure }
      let schedule = coordination.schedule(of: mix)
      var solution = problem.solution(schedule, flexible: [], price: mix.bestPrice)
      let (demand, wear) = schedule.totals(instance)
      let value = RiskFunction(instance, scenarios: scenarios).value(demand)
      solution.risk = (value.means.reduce(0, +) + wear, value.tail + wear)
      solution.objective = .risk
      solution.bound = mix.bound
      solution.iterations = mix.prices.count
      return solution
    }

    private static var failure: CommunityError {
      CommunityError(
        description: "the linear solver failed; the numbers may be of very different size")
    }
  #endif

  /// Groups of members whose answers are mixed: more need fewer prices, each with a larger program.
  private static let groupCount = 20
}

/// Costs of a community's demand, with its flexible part if that is sought.
struct CommunityProblem {
  let instance: CommunityInstance
  let objective: CommunityObjective
  let grid: GridTerms
  let elastic: ElasticDemand?

  init(_ instance: CommunityInstance, objective: CommunityObjective) {
    self.instance = instance
    self.objective = objective
    var load = instance.totals(instance.load)
    if objective == .welfare {
      elastic = ElasticDemand(instance)
      let count = instance.members.count
      for step in load.indices {
        for (number, member) in instance.members.enumerated() {
          load[step] -= member.flexibleShare * instance.load[step * count + number]
        }
      }
    } else {
      elastic = nil
    }
    grid = GridTerms(instance, load: load, generation: instance.totals(instance.generation))
  }

  /// Returns the solution of a schedule: the flows of least cost, and money.
  ///
  /// - Parameters:
  ///   - schedule: Powers of batteries and cars.
  ///   - flexible: Flexible demand by step [kW]; empty if demand is fixed.
  ///   - price: Price of a kWh within the community.
  func solution(_ schedule: HomeSchedule, flexible: [Double], price: [Double]) -> CommunitySolution {
    let (homes, wear) = schedule.totals(instance)
    var demand = zip(grid.net, homes).map { $0 + $1 }
    var flexiblePrice: [Double]?
    var utility = 0.0
    if let elastic {
      let found = flexible.indices.map { elastic.price(of: flexible[$0], step: $0) }
      for step in found.indices {
        let answer = elastic.answer(found[step], step: step)
        demand[step] += answer.demand
        utility += answer.utility * instance.stepHours
      }
      flexiblePrice = found
    }
    let (flows, cost) = grid.flows(demand)
    return CommunitySolution(
      objective: objective, schedule: schedule, flexiblePrice: flexiblePrice,
      imported: flows.map(\.imported),
      exported: flows.map(\.exported), curtailed: flows.map(\.curtailed), price: price,
      cost: cost + wear,
      utility: utility, bound: -.infinity, iterations: 0, shortfalls: [])
  }
}

extension CommunityProblem {
  /// The solution in which nothing charges, for readings of members' references.
  var idle: CommunitySolution {
    solution(HomeSchedule(instance), flexible: [], price: instance.series.importPrice)
  }
}
