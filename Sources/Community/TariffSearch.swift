/// A form of tariff whose prices are sought.
public enum TariffKind: String, Sendable, CaseIterable {
  /// One price.
  case flat
  /// The grid's price and a surcharge.
  case dynamic
  /// A price in a band of hours, and another outside of it.
  case tou
}

/// The best tariff of a form: that of the greatest welfare, with a daily fee by which members pay for the connection.
public struct TariffSearch {
  /// A tariff that was found, and its outcome.
  public struct Found: Sendable {
    /// The tariff, as ``TariffForm`` reads it.
    public var text: String
    /// The outcome of it.
    public var outcome: TariffOutcome
    /// Welfare if elasticities are other factors of what the instance tells, with the same utility of reference demand.
    public var welfareByElasticity: [Double]
  }

  /// Bounds that a tariff keeps.
  public struct Limits: Sendable {
    /// Prices of a kWh that may be offered.
    public var prices: ClosedRange<Double>
    /// Hours of the band of ``TariffKind/tou``.
    public var band: ClosedRange<Double>
    /// Greatest fee of a day.
    public var fee: Double
    /// Factors on elasticities for which the found tariff is evaluated as well.
    public var elasticityFactors: [Double]

    /// Creates limits; each parameter is the property of its name.
    public init(
      prices: ClosedRange<Double>, band: ClosedRange<Double> = 17...21, fee: Double = .infinity,
      elasticityFactors: [Double] = [0.5, 1.5]
    ) {
      self.prices = prices
      self.band = band
      self.fee = fee
      self.elasticityFactors = elasticityFactors
    }
  }

  private let instance: CommunityInstance
  private let firstHour: Double
  private let study: TariffStudy

  /// Places of a grid that each price is tried at in a round.
  private static let places = 7
  /// Rounds, each with a third of the range of the one before.
  private static let rounds = 4

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - firstHour: Local hour of the day at which its first step begins.
  public init(_ instance: CommunityInstance, firstHour: Double) {
    self.instance = instance
    self.firstHour = firstHour
    study = TariffStudy(instance)
  }

  /// Finds the best tariff of a form.
  ///
  /// The fee is what members' payments lack of the connection's bill; welfare does not depend on it. A tariff whose fee
  /// would be above its limit is not taken. Prices are sought on a grid that narrows.
  ///
  /// - Parameters:
  ///   - kind: The form.
  ///   - limits: What is asked of it.
  ///   - progress: Receives the share that is done.
  /// - Returns: The tariff; `nil` if none keeps the limits.
  public func best(_ kind: TariffKind, limits: Limits, progress: (Double) -> Void = { _ in }) -> Found? {
    let count = kind == .tou ? 2 : 1
    let ends = range(kind, limits: limits)
    var center = Array(repeating: (ends.lowerBound + ends.upperBound) / 2, count: count)
    var best: (text: String, outcome: TariffOutcome)?
    var width = ends.upperBound - ends.lowerBound
    for round in 0..<TariffSearch.rounds {
      // Prices are moved together first, so that a form with several is no worse than the flat one.
      let moves = count == 1 ? [[0]] : [Array(0..<count)] + (0..<count).map { [$0] }
      for (number, move) in moves.enumerated() {
        let origin = center
        for place in 0..<TariffSearch.places {
          var prices = origin
          let offset = (Double(place) / Double(TariffSearch.places - 1) - 0.5) * width
          for coordinate in move {
            prices[coordinate] = min(max(origin[coordinate] + offset, ends.lowerBound), ends.upperBound)
          }
          if let next = outcome(kind, prices: prices, limits: limits),
            next.outcome.welfare > best?.outcome.welfare ?? -.infinity
          {
            best = next
            center = prices
          }
        }
        progress(Double(round * moves.count + number + 1) / Double(TariffSearch.rounds * moves.count))
      }
      width /= 3
    }
    return best.map {
      Found(text: $0.text, outcome: $0.outcome, welfareByElasticity: uncertainty($0.text, limits: limits))
    }
  }

  /// Returns the range of what is sought: prices, or surcharges on the grid's.
  private func range(_ kind: TariffKind, limits: Limits) -> ClosedRange<Double> {
    guard kind == .dynamic else { return limits.prices }
    let grid = instance.series.importPrice
    let low = limits.prices.lowerBound - (grid.min() ?? 0)
    return min(low, 0)...max(0, limits.prices.upperBound - (grid.max() ?? 0))
  }

  /// Returns the outcome of prices with the fee that pays for the connection; `nil` if that is above its limit.
  private func outcome(
    _ kind: TariffKind, prices: [Double], limits: Limits
  ) -> (text: String, outcome: TariffOutcome)? {
    let text = words(kind, prices: prices, band: limits.band)
    guard let form = try? TariffForm(text) else { return nil }
    var outcome = study.outcome(form.tariff(for: instance, firstHour: firstHour))
    let memberDays = Double(instance.members.count) * instance.days
    let fee = (outcome.gridBill - outcome.revenue) / memberDays
    guard fee <= limits.fee else { return nil }
    let paid = max(0, fee)
    let whole = paid > 0 ? text + ",fee=\(TariffSearch.rounded(paid))" : text
    outcome.tariff.name = whole
    outcome.tariff.dailyFee = paid
    outcome.revenue += paid * memberDays
    outcome.gains = outcome.gains.map { $0 - paid * instance.days }
    return (whole, outcome)
  }

  private func words(_ kind: TariffKind, prices: [Double], band: ClosedRange<Double>) -> String {
    let texts = prices.map { "\(TariffSearch.rounded($0))" }
    switch kind {
    case .flat: return "flat=\(texts[0])"
    case .dynamic: return "dynamic=\(texts[0])"
    case .tou: return "tou=\(texts[0])/\(band.lowerBound)-\(band.upperBound):\(texts[1])"
    }
  }

  /// Returns the welfare of a tariff with other elasticities.
  private func uncertainty(_ text: String, limits: Limits) -> [Double] {
    limits.elasticityFactors.map { factor in
      var changed = instance
      for member in changed.members.indices { changed.members[member].elasticity *= factor }
      guard let form = try? TariffForm(text) else { return .nan }
      let other = TariffStudy(changed)
      let welfare = other.outcome(form.tariff(for: changed, firstHour: firstHour)).welfare
      return welfare - other.referenceUtility + study.referenceUtility
    }
  }

  private static func rounded(_ value: Double) -> Double { (value * 1e5).rounded() / 1e5 }
}
