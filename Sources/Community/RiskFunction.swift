/// The cost of the demand of batteries and cars over scenarios: a mean, and the mean of the worst tenth.
struct RiskFunction {
  /// Costs of a demand, and how they change with it.
  struct Value {
    /// Mean cost at each step, in money of the step.
    var means: [Double]
    /// Change of ``means`` a kW more.
    var meanSlopes: [Double]
    /// Mean cost of the worst scenarios over the horizon.
    var tail: Double
    /// Change of ``tail`` a kW more at each step.
    var tailSlopes: [Double]
    /// Weight of each scenario in ``tail``; their sum is 1.
    var tailWeights: [Double]
  }

  /// Share of the worst scenarios that ``Value/tail`` is the mean of.
  static let tailShare = 0.1
  /// Weight of the tail in the objective; the rest is that of the mean.
  static let tailWeight = 0.5

  private let steps: Int
  private let count: Int
  private let stepHours: Double
  /// Cost of the demand, in the order of steps and scenarios.
  private let curves: [ConvexCurve]

  /// Takes the scenarios of an instance.
  init(_ instance: CommunityInstance, scenarios: RiskScenarios) {
    steps = instance.steps
    count = scenarios.scenarios.count
    stepHours = instance.stepHours
    let load = instance.totals(instance.load)
    let generation = instance.totals(instance.generation)
    let series = instance.series
    let terms = instance.terms
    var curves: [ConvexCurve] = []
    for step in 0..<instance.steps {
      for factors in scenarios.scenarios {
        let sun = generation[step] * factors.generation[step]
        let curve = GridCurve(
          buy: series.importPrice[step] + terms.carbonPrice * series.carbon[step],
          feed: series.exportPrice[step],
          importLimit: terms.importLimit, exportLimit: terms.exportLimit,
          overload: terms.overloadPrice,
          curtailable: max(0, sun))
        curves.append(ConvexCurve(curve, net: load[step] * factors.load[step] - sun))
      }
    }
    self.curves = curves
  }

  /// Returns mean and tail of the cost of a demand [kW].
  func value(_ demand: [Double]) -> Value {
    var costs = Array(repeating: 0.0, count: count)
    var result = Value(
      means: [], meanSlopes: [], tail: 0, tailSlopes: Array(repeating: 0, count: steps),
      tailWeights: Array(repeating: 0, count: count))
    for step in 0..<steps {
      var (sum, slope) = (0.0, 0.0)
      for scenario in 0..<count {
        let value = curves[step * count + scenario].value(demand[step])
        costs[scenario] += value.cost * stepHours
        sum += value.cost
        slope += value.slope
      }
      result.means.append(sum * stepHours / Double(count))
      result.meanSlopes.append(slope * stepHours / Double(count))
    }
    let worst = costs.indices.sorted { costs[$0] == costs[$1] ? $0 < $1 : costs[$0] > costs[$1] }
    var left = 1.0
    let most = 1 / (RiskFunction.tailShare * Double(count))
    for scenario in worst where left > 1e-12 {
      result.tailWeights[scenario] = min(left, most)
      left -= most
      result.tail += result.tailWeights[scenario] * costs[scenario]
    }
    for scenario in 0..<count where result.tailWeights[scenario] > 0 {
      for step in 0..<steps {
        let slope = curves[step * count + scenario].value(demand[step]).slope
        result.tailSlopes[step] += result.tailWeights[scenario] * slope * stepHours
      }
    }
    return result
  }

  /// Returns a lower bound of the risk of any demand less its worth at a price.
  ///
  /// - Parameters:
  ///   - price: Price of a kWh at each step.
  ///   - weights: Weights of scenarios in the tail, each at most the greatest that a tail has; their sum is 1.
  func bound(_ price: [Double], weights: [Double]) -> Double {
    let weights = weights.map {
      RiskFunction.tailWeight * $0 + (1 - RiskFunction.tailWeight) / Double(count)
    }
    var sum = 0.0
    for step in 0..<steps {
      let row = curves[step * count..<(step + 1) * count]
      func evaluate(_ demand: Double) -> (cost: Double, slope: Double) {
        var (cost, slope) = (0.0, 0.0)
        for (weight, curve) in zip(weights, row) where weight > 0 {
          let value = curve.value(demand)
          cost += weight * value.cost
          slope += weight * value.slope
        }
        return (cost - price[step] * demand, slope - price[step])
      }
      var low = row.reduce(Double.infinity) { min($0, $1.start) } - 1
      var high = row.reduce(-Double.infinity) { max($0, $1.end) } + 1
      for _ in 0..<45 {
        let middle = (low + high) / 2
        if evaluate(middle).slope < 0 { low = middle } else { high = middle }
      }
      let (first, second) = (evaluate(low), evaluate(high))
      // Below both tangents nothing can be.
      let crossing = second.slope - first.slope
      let place =
        crossing > 1e-12 ? (first.cost - second.cost + second.slope * (high - low)) / crossing : 0
      sum += (first.cost + min(0, first.slope * min(max(place, 0), high - low))) * stepHours
    }
    return sum
  }
}

/// A convex cost of a demand with three pieces between two slopes that never end.
struct ConvexCurve {
  /// Demand below which the slope is the least [kW].
  let start: Double
  /// Demand beyond which the slope is the greatest [kW].
  let end: Double
  private let cost: Double
  private let slopes: (Double, Double, Double, Double, Double)
  private let lengths: (Double, Double, Double)

  /// Takes the cost of a community's connection at a step.
  ///
  /// - Parameters:
  ///   - curve: Cost of net demand.
  ///   - net: Net demand beside the demand [kW].
  init(_ curve: GridCurve, net: Double) {
    let (least, most) = (curve.feed - curve.overload, curve.buy + curve.overload)
    var first = -curve.exportLimit - curve.curtailable
    var pieces: [(slope: Double, length: Double)] = []
    for piece in [
      (0, curve.curtailable), (curve.feed, curve.exportLimit), (curve.buy, curve.importLimit),
    ] {
      if piece.0 < least { first += piece.1 } else if piece.0 <= most { pieces.append(piece) }
    }
    pieces.sort { $0.slope < $1.slope }
    while pieces.count < 3 { pieces.append((most, 0)) }
    start = first - net
    end = start + pieces[0].length + pieces[1].length + pieces[2].length
    cost = curve.cost(curve.flow(first))
    slopes = (least, pieces[0].slope, pieces[1].slope, pieces[2].slope, most)
    lengths = (pieces[0].length, pieces[1].length, pieces[2].length)
  }

  /// Returns the cost [money an hour] and its slope at a demand [kW].
  @inline(__always)
  func value(_ demand: Double) -> (cost: Double, slope: Double) {
    var left = demand - start
    if left < 0 { return (cost + left * slopes.0, slopes.0) }
    if left < lengths.0 { return (cost + left * slopes.1, slopes.1) }
    var sum = cost + lengths.0 * slopes.1
    left -= lengths.0
    if left < lengths.1 { return (sum + left * slopes.2, slopes.2) }
    sum += lengths.1 * slopes.2
    left -= lengths.1
    if left < lengths.2 { return (sum + left * slopes.3, slopes.3) }
    return (sum + lengths.2 * slopes.3 + (left - lengths.2) * slopes.4, slopes.4)
  }
}
