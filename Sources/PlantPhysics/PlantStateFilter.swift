/// The plant as a whole: consumption, generation and storage as levels that change from window to window, seen by their
/// own meters and once more by that of the grid, `grid = consumption − generation − storage` (a Kalman filter of local
/// levels, its four measurements taken one after the other; A. Harvey, "Forecasting, Structural Time Series Models", 1989,
/// chapter 3).
///
/// The innovation of the grid's meter is what the other meters do not explain: 0 while all of them are right. A part whose
/// meters are silent follows from the others, with the uncertainty that this has.
///
/// Worked values: 50, 30 and 15 kW, measured to 1 %, and a grid meter of 5 kW have an innovation of 0 ± 0.60 kW; one of
/// 11 kW has one of 6 kW. Without the first meter, 5 kW at the grid make 50 ± 0.34 kW.
public struct PlantStateFilter: Sendable, Equatable {
  /// Consumption, generation and storage [kW].
  public private(set) var levels: [Double] = [0, 0, 0]
  /// Their covariances [kW²], row by row.
  public private(set) var covariance: [Double] = [Double](repeating: 0, count: 9)

  /// A filter that knows nothing.
  public init() {}

  /// The filter of three levels and then nine covariances; `nil` if these are not twelve finite numbers.
  public init?(restoring state: [Double]) {
    guard state.count == 12, state.allSatisfy({ $0.isFinite }) else { return nil }
    levels = Array(state[..<3])
    covariance = Array(state[3...])
  }

  /// What ``init(restoring:)`` takes.
  public var state: [Double] { levels + covariance }

  /// The levels' variances [kW²].
  public var variances: [Double] { (0..<3).map { max(0, covariance[4 * $0]) } }

  /// Takes in the four meters, NaN for one that is silent, and returns the innovation of the grid's [kW] and its standard
  /// deviation; NaN where a meter is silent.
  /// - Parameter accuracy: Standard deviation of a meter, share of its reading.
  @discardableResult
  public mutating func update(_ balance: PowerBalance, grid: Double, accuracy: Double = 0.01)
    -> (value: Double, deviation: Double)
  {
    let measured = [balance.consumption, balance.generation, balance.storage]
    // A level may change by all of itself from one window to the next, one that nobody measures by all that there is.
    let whole = (measured + [grid]).reduce(0) { $1.magnitude < 1e12 ? $0 + $1 * $1 : $0 }
    for (i, value) in measured.enumerated() {
      let change = levels[i] * levels[i] + (value.magnitude < 1e12 ? value * value : whole)
      covariance[4 * i] = min(1e24, covariance[4 * i] + change)
    }
    for (i, value) in measured.enumerated() {
      correct((0..<3).map { $0 == i ? 1 : 0 }, value, accuracy)
    }
    let innovation = correct([1, -1, -1], grid, accuracy)
    return measured.allSatisfy { $0.isFinite } ? innovation : (.nan, .nan)
  }

  /// Takes in one measurement `weights · levels`; returns its innovation and that one's standard deviation.
  @discardableResult
  private mutating func correct(
    _ weights: [Double], _ value: Double, _ accuracy: Double
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
