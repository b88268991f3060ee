import PlantModel

/// Import prices over one local day in quarters of an hour: what the rule looks ahead on.
///
/// A live price series overrides the tariff: the price of a quarter is the one last seen at that time of day, so that
/// the rest of today is expected to be as yesterday.
public struct PriceCurve: Hashable, Sendable {
  /// Quarters of an hour in a day.
  public static let quartersPerDay = 96

  private var tariff: [Double]
  private var seen: [Double]

  /// The prices of a tariff.
  public init(tariff: Tariff) {
    self.tariff = (0..<PriceCurve.quartersPerDay).map { tariff.importPrice(minute: 15 * $0) }
    seen = Array(repeating: .nan, count: PriceCurve.quartersPerDay)
  }

  /// Prices that were observed, by quarter of the local day; NaN where none was.
  public var observed: [Double] {
    get { seen }
    set { if newValue.count == PriceCurve.quartersPerDay { seen = newValue } }
  }

  /// Notes a live price [currency/kWh] at a quarter of the local day, 0..<96.
  public mutating func observe(_ price: Double, quarter: Int) {
    if seen.indices.contains(quarter), price.isFinite { seen[quarter] = price }
  }

  /// Price expected at a quarter of the local day, 0..<96 [currency/kWh].
  public func price(quarter: Int) -> Double {
    guard seen.indices.contains(quarter) else { return 0 }
    return seen[quarter].isFinite ? seen[quarter] : tariff[quarter]
  }

  /// The day as seen from one of its quarters.
  public struct Outlook: Hashable, Sendable {
    /// Price now [currency/kWh].
    public var now: Double
    /// Least price of the day.
    public var lowest: Double
    /// Greatest price after this quarter until midnight; the present one at the day's end.
    public var highestLater: Double
    /// How long prices until midnight are above the present one [h].
    public var higherHours: Double
    /// Mean price of the day.
    public var mean: Double
  }

  /// What lies ahead at a quarter of the local day, 0..<96, if energy costs `now` in it.
  public func outlook(quarter: Int, now: Double) -> Outlook {
    var result = Outlook(now: now, lowest: now, highestLater: now, higherHours: 0, mean: 0)
    // Prices that differ by less than a thousandth of a cent are one price.
    let tolerance = 1e-5
    for other in 0..<PriceCurve.quartersPerDay {
      let price = other == quarter ? now : price(quarter: other)
      result.mean += price / Double(PriceCurve.quartersPerDay)
      result.lowest = min(result.lowest, price)
      guard other > quarter else { continue }
      result.highestLater = max(result.highestLater, price)
      if price > now + tolerance { result.higherHours += 0.25 }
    }
    return result
  }
}
