import PlantPhysics

/// Fits a battery's cells in series and its resistance to a day of voltage, current and reported state of charge:
/// `V = N · OCV(s) − R I` by least squares.
struct CircuitCalibration: Sendable {
  /// Quarters of an hour that are enough.
  static let enough = 96.0

  /// Count, then sums of OCV², OCV·I, I², OCV·V and I·V.
  private(set) var sums = [Double](repeating: 0, count: 6)

  init() {}

  /// The calibration of sums that were kept; `nil` if there are not six.
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

  /// The circuit, once enough was seen.
  var circuit: (cells: Double, resistance: Double)? {
    guard sums[0] >= CircuitCalibration.enough, sums[1] > 0 else { return nil }
    let determinant = sums[1] * sums[3] - sums[2] * sums[2]
    let resistance = (sums[2] * sums[4] - sums[1] * sums[5]) / determinant
    // A battery at rest tells nothing of its resistance.
    guard determinant > 1e-9 * sums[1] * sums[1], resistance > 0 else { return (max(1, sums[4] / sums[1]), 0) }
    return (max(1, (sums[4] + resistance * sums[2]) / sums[1]), resistance)
  }
}
