#if Solver
  /// The community's optimum by prices: homes answer a price exactly, and a linear program mixes their answers.
  ///
  /// Each answer of a group is a column of the program. Its duals are the next price, drawn towards the best price so
  /// far. What homes and grid cost at a price is a lower bound (Lagrange). Any mix is a schedule. Flexible demand
  /// takes part by its own columns, one curve a step.
  struct PriceCoordination {
    /// A mix of answers.
    struct Mix {
      /// Prices that were answered.
      var prices: [[Double]]
      /// Weight of each price for each group: `weights[price][group]`.
      var weights: [[Double]]
      /// Flexible demand by step [kW]; empty if demand is fixed.
      var flexible: [Double]
      /// Price of the greatest lower bound.
      var bestPrice: [Double]
      /// Greatest lower bound of cost less utility.
      var bound: Double
    }

    private struct Answer {
      let price: Int
      let group: Int
      /// Solutions since it was last of use.
      var idle = 0
    }

    private let instance: CommunityInstance
    private let grid: GridTerms
    private let elastic: ElasticDemand?
    private let program: LinearProgram
    private let fixedColumns: Int
    private var groups: HomeGroups
    private var answers: [Answer] = []
    private var prices: [[Double]] = []
    private var elasticPoints: [ElasticPoint] = []
    private var elasticPrices: [[Double]] = []

    private struct ElasticPoint {
      let step: Int
      let demand: Double
      let utility: Double
    }

    /// Share of the best price in the next one, by which duals do not swing.
    private static let draw = 0.3
    /// Prices without a smaller gap after which rounding, not the price, is what is left.
    private static let mostIdle = 100
    /// Solutions after which an answer that is of no use is dropped.
    private static let patience = 10

    /// Prepares the program of an instance; `nil` if memory is exhausted.
    ///
    /// - Parameters:
    ///   - instance: The instance, whose cars can be full.
    ///   - grid: Costs of net demand; without flexible demand if that is `elastic`.
    ///   - elastic: Flexible demand; `nil` if demand is fixed.
    ///   - count: Number of groups of members.
    init?(
      _ instance: CommunityInstance, grid: GridTerms, elastic: ElasticDemand?, groups count: Int
    ) {
      self.instance = instance
      self.grid = grid
      self.elastic = elastic
      groups = HomeGroups(instance, count: count)
      let ones = groups.count + (elastic == nil ? 0 : instance.steps)
      let sides = grid.net + Array(repeating: 1, count: ones)
      guard let program = LinearProgram(rows: sides.map { $0...$0 }) else { return nil }
      self.program = program
      let columns = PriceCoordination.columns(of: grid, stepHours: instance.stepHours)
      fixedColumns = columns.count
      program.append(columns)
      guard let elastic else { return }
      elasticPrices = Array(repeating: [], count: instance.steps)
      for price in elastic.sampledPrices {
        addElastic(Array(repeating: price, count: instance.steps))
      }
    }

    /// Import, import above its limit, export, export above its limit, and curtailment of each step.
    private static func columns(of grid: GridTerms, stepHours: Double) -> LinearProgram.Columns {
      var columns = LinearProgram.Columns()
      for (step, curve) in grid.curves.enumerated() {
        func add(_ sign: Double, cost: Double, most: Double) {
          columns.put(sign, row: step)
          columns.close(cost: cost * stepHours, range: 0...most)
        }
        add(1, cost: curve.buy, most: curve.importLimit)
        add(1, cost: curve.buy + curve.overload, most: .infinity)
        add(-1, cost: -curve.feed, most: curve.exportLimit)
        add(-1, cost: -curve.feed + curve.overload, most: .infinity)
        add(-1, cost: 0, most: curve.curtailable)
      }
      return columns
    }

    /// Finds a mix whose cost is within the gap of a lower bound, or the best one when the time is over.
    ///
    /// - Parameters:
    ///   - limits: When to stop.
    ///   - progress: Receives the number of prices asked for, and the gap.
    /// - Returns: The mix; `nil` if the solver failed.
    mutating func solve(
      _ limits: CommunityLimits, progress: (_ iterations: Int, _ gap: Double) -> Void
    ) -> Mix? {
      let clock = ContinuousClock()
      let end = clock.now + .seconds(limits.seconds)
      var price = grid.curves.map { $0.buy }
      var bound = -Double.infinity
      var bestPrice = price
      var least = Double.infinity
      var idle = 0
      while true {
        let value = ask(price)
        if value > bound { (bound, bestPrice) = (value, price) }
        guard program.solve() else { return nil }
        let objective = program.objective
        let duals = program.duals
        let outer = (0..<instance.steps).map { duals[$0] / instance.stepHours }
        let gap = (objective - bound) / max(1e-9, (objective + utility).magnitude)
        progress(prices.count, gap)
        idle = gap < least ? 0 : idle + 1
        least = min(least, gap)
        if gap <= limits.gap || clock.now >= end || idle == PriceCoordination.mostIdle {
          return mix(bound: bound, bestPrice: bestPrice)
        }
        price = zip(bestPrice, outer).map {
          PriceCoordination.draw * $0 + (1 - PriceCoordination.draw) * $1
        }
        dropIdle()
      }
    }

    /// Returns members' powers under a mix: each answer is asked for again, and weighted.
    mutating func schedule(of mix: Mix) -> HomeSchedule {
      var schedule = HomeSchedule(instance)
      for (price, weights) in zip(mix.prices, mix.weights) {
        groups.add(price, weights: weights, to: &schedule)
      }
      schedule.settleBatteries(instance, price: mix.bestPrice)
      return schedule
    }

    /// Asks for answers to a price, adds them as columns, and returns the lower bound that they give.
    private mutating func ask(_ price: [Double]) -> Double {
      let found = groups.answers(price)
      let steps = instance.steps
      var columns = LinearProgram.Columns()
      for group in 0..<groups.count {
        for step in 0..<steps { columns.put(-found.demand[group * steps + step], row: step) }
        columns.put(1, row: steps + group)
        columns.close(cost: found.wear[group], range: 0...Double.infinity)
        answers.append(Answer(price: prices.count, group: group))
      }
      program.append(columns)
      prices.append(price)
      var bound = grid.bound(price) + found.cost.reduce(0, +)
      if elastic != nil { bound += addElastic(price) }
      return bound
    }

    /// Adds flexible demand at a price as columns, and returns what it costs less its utility.
    @discardableResult
    private mutating func addElastic(_ price: [Double]) -> Double {
      guard let elastic else { return 0 }
      var columns = LinearProgram.Columns()
      var sum = 0.0
      for step in 0..<instance.steps {
        let answer = elastic.answer(price[step], step: step)
        sum += (price[step] * answer.demand - answer.utility) * instance.stepHours
        guard !elasticPrices[step].contains(where: { abs($0 - price[step]) < 1e-6 }) else {
          continue
        }
        elasticPrices[step].append(price[step])
        columns.put(-answer.demand, row: step)
        columns.put(1, row: instance.steps + groups.count + step)
        columns.close(cost: -answer.utility * instance.stepHours, range: 0...Double.infinity)
        elasticPoints.append(
          ElasticPoint(step: step, demand: answer.demand, utility: answer.utility))
        answers.append(Answer(price: -elasticPoints.count, group: 0))
      }
      program.append(columns)
      return sum
    }

    /// Utility of the mix of flexible demand in the last solution, in money.
    private var utility: Double {
      guard elastic != nil else { return 0 }
      let solution = program.solution
      var sum = 0.0
      for (place, answer) in answers.enumerated() where answer.price < 0 {
        sum += solution[fixedColumns + place] * elasticPoints[-answer.price - 1].utility
      }
      return sum * instance.stepHours
    }

    /// Removes answers of homes that have not been of use for long.
    private mutating func dropIdle() {
      let solution = program.solution
      let reduced = program.reducedCosts
      var removed: [Int] = []
      var kept: [Answer] = []
      for (place, answer) in answers.enumerated() {
        var answer = answer
        let column = fixedColumns + place
        answer.idle = solution[column] > 0 || reduced[column] < 1e-9 ? 0 : answer.idle + 1
        if answer.price >= 0, answer.idle > PriceCoordination.patience {
          removed.append(column)
        } else {
          kept.append(answer)
        }
      }
      program.remove(removed)
      answers = kept
    }

    private func mix(bound: Double, bestPrice: [Double]) -> Mix {
      let solution = program.solution
      var weights = prices.map { _ in Array(repeating: 0.0, count: groups.count) }
      var flexible = Array(repeating: 0.0, count: elastic == nil ? 0 : instance.steps)
      for (place, answer) in answers.enumerated() {
        let weight = max(0, solution[fixedColumns + place])
        if answer.price >= 0 {
          weights[answer.price][answer.group] = weight < 1e-9 ? 0 : weight
        } else {
          let point = elasticPoints[-answer.price - 1]
          flexible[point.step] += weight * point.demand
        }
      }
      for group in 0..<groups.count {
        let sum = weights.reduce(0) { $0 + $1[group] }
        for price in weights.indices { weights[price][group] /= sum }
      }
      return Mix(
        prices: prices, weights: weights, flexible: flexible, bestPrice: bestPrice, bound: bound)
    }
  }
#endif
