import PlantPhysics

/// Least-squares fit of a battery's cells in series and resistance to a day of voltage, current and reported state of
/// charge: `V = N · OCV(s) − R I`.
struct CircuitCalibration: Sendable {
  /// Number of quarter-hours needed.
  static let enough = 96.0

  /// Count, then sums of OCV², OCV·I, I², OCV·V and I·V.
  private(set) var sums = [Double](repeating: 0, count: 6)

  init() {}

  /// Restores a calibration from its sums; `nil` if there are not six.
  init?(sums: [Double]) {
    guard sums.count == 6 else { return nil }
    self.sums = sums
  }

  mutating func add(voltage: Double, current: Double, stateOfCharge: Double) {
    let open = LithiumIonCell.openCircuitVoltage(stateOfCharge: stateOfCharge)
    for (position, term) in [1, open * open, open * current, current * current, open * voltage, current * voltage]
      .enumerated()
    { sums[position] += term }
  }

  /// The fitted circuit; `nil` before enough quarter-hours.
  var circuit: (cells: Double, resistance: Double)? {
    guard sums[0] >= CircuitCalibration.enough, sums[1] > 0 else { return nil }
    let determinant = sums[1] * sums[3] - sums[2] * sums[2]
    let resistance = (sums[2] * sums[4] - sums[1] * sums[5]) / determinant
    // A battery at rest gives no information about its resistance.
    guard determinant > 1e-9 * sums[1] * sums[1], resistance > 0 else { return (max(1, sums[4] / sums[1]), 0) }
    return (max(1, (sums[4] + resistance * sums[2]) / sums[1]), resistance)
  }
}
