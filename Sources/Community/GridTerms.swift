/// Costs of a community's net demand over the horizon.
struct GridTerms {
  /// Net demand without batteries and cars [kW], by step.
  let net: [Double]
  /// Cost of net demand, by step.
  let curves: [GridCurve]
  private let stepHours: Double

  /// Sums the members of an instance.
  ///
  /// - Parameter instance: The instance.
  init(_ instance: CommunityInstance) {
    self.init(
      instance, load: instance.totals(instance.load),
      generation: instance.totals(instance.generation))
  }

  /// Takes other sums than those of the members, as of a scenario.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - load: Load of all members [kW], by step.
  ///   - generation: PV of all members [kW], by step.
  init(_ instance: CommunityInstance, load: [Double], generation: [Double]) {
    stepHours = instance.stepHours
    net = zip(load, generation).map { $0 - $1 }
    let (terms, series) = (instance.terms, instance.series)
    curves = generation.indices.map { step in
      GridCurve(
        buy: series.importPrice[step] + terms.carbonPrice * series.carbon[step],
        feed: series.exportPrice[step],
        importLimit: terms.importLimit, exportLimit: terms.exportLimit,
        overload: terms.overloadPrice,
        curtailable: max(0, generation[step]))
    }
  }

  /// Returns the flows and the money of a net demand before curtailment [kW].
  func flows(_ demand: [Double]) -> (flows: [GridCurve.Flow], cost: Double) {
    var cost = 0.0
    let flows = zip(curves, demand).map { curve, net in
      let flow = curve.flow(net)
      cost += curve.cost(flow) * stepHours
      return flow
    }
    return (flows, cost)
  }

  /// Returns a lower bound of the cost of the grid and of the fixed demand at a price.
  func bound(_ price: [Double]) -> Double {
    var sum = 0.0
    for (step, curve) in curves.enumerated() {
      sum += curve.bound(at: price[step]) + price[step] * net[step]
    }
    return sum * stepHours
  }
}
