/// Flexible demand of all members, summed by elasticity.
///
/// A member's utility of `y` kW is `p [y (1 + 1/ε) − y² / (2 ε y0)]` in money an hour. Its demand at a price `q` is
/// `y0 (1 − ε (q/p − 1))` within its bounds. `p` is the reference price, `y0` the reference demand, `ε` the elasticity.
public struct ElasticDemand: Sendable {
  private let referencePrice: Double
  private let shares: ClosedRange<Double>
  private let elasticities: [Double]
  /// Reference demand of each elasticity and step [kW].
  private let reference: [[Double]]

  /// Sums the flexible demand of an instance.
  ///
  /// - Parameter instance: The instance.
  public init(_ instance: CommunityInstance) {
    referencePrice = instance.terms.referencePrice
    shares = instance.terms.flexibleShares
    let flexible = instance.members.filter { $0.flexibleShare > 0 }
    let elasticities = Set(flexible.map(\.elasticity)).sorted()
    let places = Dictionary(uniqueKeysWithValues: elasticities.enumerated().map { ($1, $0) })
    var reference = elasticities.map { _ in Array(repeating: 0.0, count: instance.steps) }
    for (number, member) in instance.members.enumerated() where member.flexibleShare > 0 {
      guard let place = places[member.elasticity] else { continue }
      for step in 0..<instance.steps {
        reference[place][step] +=
          member.flexibleShare * instance.load[step * instance.members.count + number]
      }
    }
    self.elasticities = elasticities
    self.reference = reference
  }

  /// Returns the share of its reference that demand is at a price.
  public func share(_ price: Double, elasticity: Double) -> Double {
    let share = 1 - elasticity * (price / referencePrice - 1)
    return min(max(share, shares.lowerBound), shares.upperBound)
  }

  /// Returns the utility of demand, in money an hour.
  ///
  /// - Parameters:
  ///   - share: Demand as a share of its reference.
  ///   - reference: Demand at the reference price [kW].
  ///   - elasticity: Elasticity, positive.
  public func utility(share: Double, reference: Double, elasticity: Double) -> Double {
    referencePrice * reference * (share * (1 + 1 / elasticity) - share * share / (2 * elasticity))
  }

  /// Returns the demand of all members [kW] and its utility [money an hour] at a price.
  func answer(_ price: Double, step: Int) -> (demand: Double, utility: Double) {
    var demand = 0.0
    var worth = 0.0
    for (place, elasticity) in elasticities.enumerated() {
      let share = share(price, elasticity: elasticity)
      demand += share * reference[place][step]
      worth += utility(share: share, reference: reference[place][step], elasticity: elasticity)
    }
    return (demand, worth)
  }

  /// Returns the price at which all members together take a demand, by bisection.
  func price(of demand: Double, step: Int) -> Double {
    var (low, high) = (priceRange.lowerBound, priceRange.upperBound)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if answer(middle, step: step).demand > demand { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// Prices beyond which demand does not change.
  private var priceRange: ClosedRange<Double> {
    let least = elasticities.first ?? 1
    let low = referencePrice * (1 - (shares.upperBound - 1) / least)
    let high = referencePrice * (1 + (1 - shares.lowerBound) / least)
    return min(low, high)...max(low, high)
  }

  /// Prices at which a mix of demands starts.
  var sampledPrices: [Double] {
    let range = priceRange
    let near = stride(from: 0.0, through: 2, by: 0.125).map { $0 * referencePrice }
    return ([range.lowerBound, range.upperBound] + near.filter { range.contains($0) }).sorted()
  }
}
