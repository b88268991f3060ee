/// Effect of measures on daily use, learnt day by day, beside the frozen baseline.
///
/// The residual of a day after a measure is a linear function of the baseline's parts: levels of working days and of
/// days of rest, scales of heating and cooling, and shifts of their balance points. A Kalman filter without process
/// noise, which is recursive least squares, starts from wide priors at each measure.
struct MeasureTracker {
  /// Number of effects.
  static let count = 6

  private var state = [Double](repeating: 0, count: MeasureTracker.count)
  private var covariance = [Double](repeating: 0, count: MeasureTracker.count * MeasureTracker.count)

  /// Opens the effects at a measure.
  ///
  /// - Parameter level: Mean use of a day [kWh].
  mutating func open(level: Double) {
    for (place, deviation) in MeasureTracker.priors(level: level).enumerated() {
      covariance[place * MeasureTracker.count + place] += deviation * deviation
    }
  }

  /// Standard deviations of the effects before they are seen: half of a day's use, 30 % of heating and cooling, 1.5 K.
  static func priors(level: Double) -> [Double] { [0.5 * level, 0.5 * level, 0.3, 1.5, 0.3, 1.5] }

  /// Returns the expected residual and its variance beyond noise [kWh, kWh²].
  func expectation(_ row: [Double]) -> (value: Double, variance: Double) {
    var (value, variance) = (0.0, 0.0)
    for i in 0..<MeasureTracker.count {
      value += row[i] * state[i]
      for j in 0..<MeasureTracker.count { variance += row[i] * covariance[i * MeasureTracker.count + j] * row[j] }
    }
    return (value, max(0, variance))
  }

  /// Learns from a residual.
  ///
  /// - Parameters:
  ///   - row: Explaining variables of the day.
  ///   - residual: Actual minus predicted use [kWh].
  ///   - variance: Variance of the day's noise [kWh²].
  mutating func learn(_ row: [Double], residual: Double, variance: Double) {
    let n = MeasureTracker.count
    let (value, spread) = expectation(row)
    let total = spread + variance
    guard total > 0, spread > 0 else { return }
    let gain = (0..<n).map { i in (0..<n).reduce(0) { $0 + covariance[i * n + $1] * row[$1] } / total }
    for i in 0..<n { state[i] += gain[i] * (residual - value) }
    let old = covariance
    for i in 0..<n {
      for j in 0..<n { covariance[i * n + j] = old[i * n + j] - gain[i] * gain[j] * total }
    }
  }
}
