/// The plant as a whole: consumption, generation and storage as slowly changing states, seen by their own meters and once
/// more by that of the grid, `grid = consumption − generation − storage` (a Kalman filter of local levels, its four
/// measurements taken one after the other; A. Harvey, "Forecasting, Structural Time Series Models", 1989, chapter 3).
///
/// The innovation of the grid's meter is what the other meters do not explain: 0 while all of them are right.
///
/// Worked value: 50, 30 and 15 kW, measured to 1 %, and a grid meter of 5 kW have an innovation of 0; one of 11 kW has
/// one of 6 kW.
public struct PlantStateFilter: Sendable, Equatable {
  /// Consumption, generation and storage [kW].
  public private(set) var levels: [Double] = [0, 0, 0]
  /// Their variances [kW²].
  public private(set) var variances: [Double] = [1e12, 1e12, 1e12]

  /// A filter that knows nothing.
  public init() {}

  /// The filter of three levels and then their variances; `nil` if these are not six finite numbers.
  public init?(restoring state: [Double]) {
    guard state.count == 6, state.allSatisfy({ $0.isFinite }) else { return nil }
    levels = Array(state[..<3])
    variances = state[3...].map { max(0, $0) }
  }

  /// What ``init(restoring:)`` takes.
  public var state: [Double] { levels + variances }

  /// Takes in the four meters and returns the innovation of the grid's [kW] and its standard deviation.
  /// - Parameter accuracy: Standard deviation of a meter, share of its reading.
  public mutating func update(_ balance: PowerBalance, grid: Double, accuracy: Double = 0.01)
    -> (innovation: Double, deviation: Double)
  {
    let measured = [balance.consumption, balance.generation, balance.storage]
    guard grid.isFinite, measured.allSatisfy({ $0.isFinite }) else { return (0, .infinity) }
    for i in 0..<3 {
      let noise = max(1e-6, accuracy * accuracy * measured[i] * measured[i])
      // A level may change by all of itself from one window to the next.
      let predicted = min(1e12, variances[i] + levels[i] * levels[i] + measured[i] * measured[i])
      let gain = predicted / (predicted + noise)
      levels[i] += gain * (measured[i] - levels[i])
      variances[i] = (1 - gain) * predicted
    }
    let expected = PowerBalance(consumption: levels[0], generation: levels[1], storage: levels[2]).gridExchange
    let noise = max(1e-6, accuracy * accuracy * grid * grid)
    return (grid - expected, (variances.reduce(0, +) + noise).squareRoot())
  }
}
