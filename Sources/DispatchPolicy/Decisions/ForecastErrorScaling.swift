/// An enlargement of forecast errors, to measure the cost of a poor forecast. It moves forecasts away from the actual
/// values.
public struct ForecastErrorScaling: Sendable {
  /// Factor of the error: 1 keeps it, 1.3 enlarges it by 30 %.
  public var factor: Double
  /// Actual net demand of the slots ahead [kW].
  public var actual: [Double]

  /// Creates the distortion of the forecasts made in a slot; `nil` if the factor is 1.
  ///
  /// - Parameters:
  ///   - factor: factor of the error.
  ///   - slot: the slot in which forecasts are made.
  ///   - series: the actual slots.
  ///   - slotsPerDay: number of slots ahead.
  package init?(factor: Double, after slot: Int, of series: DispatchSeries, slotsPerDay: Int) {
    guard factor != 1 else { return nil }
    self.factor = factor
    actual = (slot + 1..<max(slot + 1, min(slot + 1 + slotsPerDay, series.count))).map(series.netDemand)
  }

  /// Returns the distorted forecast of a slot ahead [kW].
  package func expected(_ netDemand: Double, slot: Int) -> Double {
    actual.indices.contains(slot) ? actual[slot] + factor * (netDemand - actual[slot]) : netDemand
  }
}
