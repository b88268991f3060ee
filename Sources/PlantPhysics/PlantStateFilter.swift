/// Estimates of the plant's consumption, generation and storage power from their meters and the grid meter.
///
/// A Kalman filter of local levels that change from window to window; its four measurements are applied one after the
/// other (A. Harvey, "Forecasting, Structural Time Series Models", 1989, chapter 3). The grid meter measures
/// `consumption − generation − storage`.
///
/// The innovation of the grid meter is the part that the other meters do not explain: 0 while all of them are right. A
/// level whose meters are silent follows from the others, with the uncertainty of that inference.
///
/// Worked values: the meters show 50, 30 and 15 kW to 1 %. A grid meter of 5 kW then has an innovation of 0 ± 0.60 kW,
/// one of 11 kW has 6 kW. Without the first meter, 5 kW at the grid give 50 ± 0.34 kW.
public struct PlantStateFilter: Sendable, Equatable {
  /// Consumption, generation and storage [kW].
  public private(set) var levels: [Double] = [0, 0, 0]
  /// Covariances of the levels [kW²], row by row.
  public private(set) var covariance: [Double] = [Double](repeating: 0, count: 9)

  /// Creates a filter without any measurement.
  public init() {}

  /// Restores a filter from three levels and nine covariances; `nil` if these are not twelve finite numbers.
  public init?(restoring state: [Double]) {
    guard state.count == 12, state.allSatisfy({ $0.isFinite }) else { return nil }
    levels = Array(state[..<3])
    covariance = Array(state[3...])
  }

  /// The state as ``init(restoring:)`` reads it: three levels, nine covariances.
  public var state: [Double] { levels + covariance }

  /// Variances of the levels [kW²].
  public var variances: [Double] { (0..<3).map { max(0, covariance[4 * $0]) } }

  /// Applies the four measurements of a window; NaN stands for a silent meter.
  ///
  /// - Parameters:
  ///   - balance: Measured consumption, generation and storage power [kW].
  ///   - grid: Measured grid power [kW], import positive.
  ///   - accuracy: Standard deviation of a meter, as a share of its reading.
  /// - Returns: The innovation of the grid meter and its standard deviation [kW]; NaN if any meter is silent.
  @discardableResult
  public mutating func update(_ balance: PowerBalance, grid: Double, accuracy: Double = 0.01)
    -> (value: Double, deviation: Double)
  {
    let measured = [balance.consumption, balance.generation, balance.storage]
    // The variance of a level's change is the square of the level, or of all powers together if its meter is silent.
    let whole = (measured + [grid]).reduce(0) { $1.magnitude < 1e12 ? $0 + $1 * $1 : $0 }
    for (i, value) in measured.enumerated() {
      let change = levels[i] * levels[i] + (value.magnitude < 1e12 ? value * value : whole)
      covariance[4 * i] = min(1e24, covariance[4 * i] + change)
    }
    for (i, value) in measured.enumerated() {
      correct((0..<3).map { $0 == i ? 1 : 0 }, value: value, accuracy: accuracy)
    }
    let innovation = correct([1, -1, -1], value: grid, accuracy: accuracy)
    return measured.allSatisfy { $0.isFinite } ? innovation : (.nan, .nan)
  }

  /// Applies one measurement `weights · levels`.
  ///
  /// - Parameters:
  ///   - weights: Weight of each level in the measurement.
  ///   - value: Measured power [kW].
  ///   - accuracy: Standard deviation of the meter, as a share of its reading.
  /// - Returns: The innovation and its standard deviation [kW].
  @discardableResult
  private mutating func correct(
    _ weights: [Double], value: Double, accuracy: Double
  ) -> (value: Double, deviation: Double) {
    guard value.magnitude < 1e12 else { return (.nan, .nan) }
    let projected = (0..<3).map { i in (0..<3).reduce(0) { $0 + covariance[3 * i + $1] * weights[$1] } }
    let noise = max(1e-6, accuracy * accuracy * value * value)
    let variance = zip(weights, projected).reduce(noise) { $0 + $1.0 * $1.1 }
    let innovation = value - zip(weights, levels).reduce(0) { $0 + $1.0 * $1.1 }
    for i in 0..<3 {
      levels[i] += projected[i] / variance * innovation
      for j in 0..<3 { covariance[3 * i + j] -= projected[i] * projected[j] / variance }
    }
    return (innovation, variance.squareRoot())
  }
}
