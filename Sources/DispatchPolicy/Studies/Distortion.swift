/// Makes expectations worse than they are, to see what a poor forecast costs: each moves away from what will be.
public struct Distortion: Sendable {
  /// 1 leaves an expectation as it is, 1.3 makes its error 30 % larger.
  public var factor: Double
  /// What will be in the slots ahead [kW].
  public var actual: [Double]

  /// The distortion of a slot's expectations, or none if the factor is 1.
  init?(factor: Double, after slot: Int, of series: DispatchSeries, slotsPerDay: Int) {
    guard factor != 1 else { return nil }
    self.factor = factor
    actual = (slot + 1..<max(slot + 1, min(slot + 1 + slotsPerDay, series.count))).map(series.netDemand)
  }

  /// What is expected in place of `netDemand` in a slot ahead [kW].
  func expected(_ netDemand: Double, slot: Int) -> Double {
    actual.indices.contains(slot) ? actual[slot] + factor * (netDemand - actual[slot]) : netDemand
  }
}
