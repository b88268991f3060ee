#if Solver
  /// Batteries and cars that are set before errors are known, at the least risk.
  ///
  /// As in ``PriceCoordination``, answers of homes to prices are the columns of a linear program. The risk of their sum
  /// is convex: the program has tangents of it as rows. Both are added where the last solution lies.
  struct RiskCoordination {
    /// A mix of answers.
    struct Mix {
      /// Prices that were answered.
      var prices: [[Double]]
      /// Weight of each price for each group: `weights[price][group]`.
      var weights: [[Double]]
      /// Price of the greatest lower bound.
      var bestPrice: [Double]
      /// Greatest lower bound of the risk.
      var bound: Double
    }

    /// A place between homes and risk: weights of answers, and what they come to.
    private struct Place {
      var weights: [[Double]]
      var demand: [Double]
      var wear: Double

      /// Returns the place between this and another.
      func middle(_ other: Place, share: Double) -> Place {
        var result = other
        for price in other.weights.indices {
          for group in other.weights[price].indices {
            let mine = price < weights.count ? weights[price][group] : 0
            result.weights[price][group] = share * mine + (1 - share) * other.weights[price][group]
          }
        }
        result.demand = zip(demand, other.demand).map { share * $0 + (1 - share) * $1 }
        result.wear = share * wear + (1 - share) * other.wear
        return result
      }
    }

    private let instance: CommunityInstance
    private let risk: RiskFunction
    private let program: LinearProgram
    private var groups: HomeGroups
    private var prices: [[Double]] = []
    private var answers: [HomeGroups.Answers] = []
    private var tails: [(row: Int, weights: [Double])] = []
    private var rowCount: Int

    private static let draw = 0.3
    /// Share of the best place in the next one at which tangents are added.
    private static let hold = 0.5

    /// Prepares the program of an instance; `nil` if memory is exhausted.
    ///
    /// - Parameters:
    ///   - instance: The instance, whose cars can be full.
    ///   - scenarios: Scenarios of errors.
    ///   - count: Number of groups of members.
    init?(_ instance: CommunityInstance, scenarios: RiskScenarios, groups count: Int) {
      self.instance = instance
      risk = RiskFunction(instance, scenarios: scenarios)
      groups = HomeGroups(instance, count: count)
      let steps = instance.steps
      let sides = Array(repeating: 0.0, count: steps) + Array(repeating: 1, count: groups.count)
      guard let program = LinearProgram(rows: sides.map { $0...$0 }) else { return nil }
      self.program = program
      rowCount = sides.count
      var columns = LinearProgram.Columns()
      let free = -Double.infinity...Double.infinity
      for _ in 0..<steps { columns.close(cost: 1 - RiskFunction.tailWeight, range: free) }
      columns.close(cost: RiskFunction.tailWeight, range: free)
      for step in 0..<steps {
        columns.put(1, row: step)
        columns.close(cost: 0, range: free)
      }
      program.append(columns)
    }

    private var fixedColumns: Int { 2 * instance.steps + 1 }

    /// Finds a mix whose risk is within the gap of a lower bound, or the best one when the time is over.
    ///
    /// - Parameters:
    ///   - limits: When to stop.
    ///   - first: Prices to start with, not empty.
    ///   - progress: Receives the number of prices asked for, and the gap.
    /// - Returns: The mix; `nil` if the solver failed.
    mutating func solve(
      _ limits: CommunityLimits, first: [[Double]],
      progress: (_ iterations: Int, _ gap: Double) -> Void
    ) -> Mix? {
      let clock = ContinuousClock()
      let end = clock.now + .seconds(limits.seconds)
      first.forEach { ask($0) }
      var best: (place: Place, risk: Double)?
      var bound = -Double.infinity
      var bestPrice = first[0]
      var place = placeOfFirst()
      while true {
        let value = tangents(at: place)
        let total =
          place.wear + RiskFunction.tailWeight * value.tail
          + (1 - RiskFunction.tailWeight) * value.means.reduce(0, +)
        if best.map({ total < $0.risk }) ?? true { best = (place, total) }
        guard program.solve(), let found = best else { return nil }
        let duals = program.duals
        let outer = (0..<instance.steps).map { duals[$0] / instance.stepHours }
        let weights = tailWeights(duals)
        let price =
          best == nil
          ? outer
          : zip(bestPrice, outer).map {
            RiskCoordination.draw * $0 + (1 - RiskCoordination.draw) * $1
          }
        let next = placeOfSolution()
        for asked in [outer, price] {
          let lower = ask(asked) + risk.bound(asked, weights: weights)
          if lower > bound { (bound, bestPrice) = (lower, asked) }
        }
        let gap = (found.risk - bound) / max(1e-9, found.risk.magnitude)
        progress(prices.count, gap)
        if gap <= limits.gap || clock.now >= end {
          return Mix(
            prices: prices, weights: padded(found.place.weights), bestPrice: bestPrice, bound: bound
          )
        }
        tangents(at: next)
        place = found.place.middle(next, share: RiskCoordination.hold)
      }
    }

    /// Asks for answers to a price, adds them as columns, and returns what they cost.
    @discardableResult
    private mutating func ask(_ price: [Double]) -> Double {
      let found = groups.answers(price)
      let steps = instance.steps
      var columns = LinearProgram.Columns()
      for group in 0..<groups.count {
        for step in 0..<steps { columns.put(-found.demand[group * steps + step], row: step) }
        columns.put(1, row: steps + group)
        columns.close(cost: found.wear[group], range: 0...Double.infinity)
      }
      program.append(columns)
      prices.append(price)
      answers.append(found)
      return found.cost.reduce(0, +)
    }

    /// Adds tangents of the risk at a place, and returns the risk.
    @discardableResult
    private mutating func tangents(at place: Place) -> RiskFunction.Value {
      let value = risk.value(place.demand)
      let steps = instance.steps
      var rows = LinearProgram.Rows()
      for step in 0..<steps {
        rows.put(1, column: step)
        rows.put(-value.meanSlopes[step], column: steps + 1 + step)
        rows.close(least: value.means[step] - value.meanSlopes[step] * place.demand[step])
      }
      rows.put(1, column: steps)
      var least = value.tail
      for step in 0..<steps {
        rows.put(-value.tailSlopes[step], column: steps + 1 + step)
        least -= value.tailSlopes[step] * place.demand[step]
      }
      rows.close(least: least)
      program.append(rows)
      rowCount += steps + 1
      tails.append((rowCount - 1, value.tailWeights))
      return value
    }

    /// Returns the weights of scenarios that the duals of tangents give.
    private func tailWeights(_ duals: UnsafeBufferPointer<Double>) -> [Double] {
      var weights = Array(repeating: 0.0, count: tails[0].weights.count)
      var sum = 0.0
      for tail in tails where duals[tail.row] > 0 {
        sum += duals[tail.row]
        for scenario in weights.indices {
          weights[scenario] += duals[tail.row] * tail.weights[scenario]
        }
      }
      return sum > 0 ? weights.map { $0 / sum } : tails[tails.count - 1].weights
    }

    private func placeOfFirst() -> Place {
      place(
        prices.indices.map { price in
          Array(repeating: 1 / Double(prices.count), count: groups.count)
        })
    }

    private func placeOfSolution() -> Place {
      let solution = program.solution
      return place(
        prices.indices.map { price in
          (0..<groups.count).map { max(0, solution[fixedColumns + price * groups.count + $0]) }
        })
    }

    private func place(_ weights: [[Double]]) -> Place {
      let steps = instance.steps
      var place = Place(weights: weights, demand: Array(repeating: 0, count: steps), wear: 0)
      for group in 0..<groups.count {
        let sum = weights.reduce(0) { $0 + $1[group] }
        for price in weights.indices where weights[price][group] > 0 {
          let weight = weights[price][group] / sum
          place.weights[price][group] = weight
          place.wear += weight * answers[price].wear[group]
          for step in 0..<steps {
            place.demand[step] += weight * answers[price].demand[group * steps + step]
          }
        }
      }
      return place
    }

    private func padded(_ weights: [[Double]]) -> [[Double]] {
      weights
        + Array(
          repeating: Array(repeating: 0, count: groups.count), count: prices.count - weights.count)
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
  }
#endif
