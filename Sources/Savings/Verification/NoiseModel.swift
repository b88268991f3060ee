import Glibc

/// Autocorrelation of standardised residuals: a slow part of first order beside noise without memory.
///
/// Equation: ρ(k) = g·φᵏ for k ≥ 1, fitted to lags 1 to 14 by least squares.
struct NoiseModel: Sendable, Equatable, Codable {
  /// Share of variance with memory.
  let share: Double
  /// Correlation of its consecutive days.
  let persistence: Double
  /// Correlation of consecutive days as seen, by which residuals are whitened.
  let lagOne: Double

  /// Estimates the model.
  ///
  /// - Parameters:
  ///   - values: Standardised residuals.
  ///   - dates: Their dates in order.
  init(_ values: [Double], dates: [Int]) {
    let places = Dictionary(zip(dates, values)) { first, _ in first }
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    let variance = max(1e-12, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count)))
    let correlations = (1...14).map { lag -> Double in
      var (sum, count) = (0.0, 0)
      for (date, value) in zip(dates, values) {
        guard let before = places[date - lag] else { continue }
        sum += (value - mean) * (before - mean)
        count += 1
      }
      return count > 20 ? sum / Double(count) / variance : 0
    }
    var best = (share: 0.0, persistence: 0.0, error: Double.infinity)
    for step in 4...19 {
      let persistence = Double(step) / 20
      var (upper, lower) = (0.0, 0.0)
      for (lag, correlation) in correlations.enumerated() {
        let weight = pow(persistence, Double(lag + 1))
        upper += weight * correlation
        lower += weight * weight
      }
      let share = min(1, max(0, upper / lower))
      let error = correlations.enumerated().reduce(0.0) { sum, item in
        let distance = item.element - share * pow(persistence, Double(item.offset + 1))
        return sum + distance * distance
      }
      if error < best.error { best = (share, persistence, error) }
    }
    (share, persistence) = (best.share, best.persistence)
    lagOne = min(0.95, max(0, correlations[0]))
  }

  /// Variance of long sums over that of independent days.
  var inflation: Double { 1 + 2 * share * persistence / (1 - persistence) }

  /// Returns the variance of a sum [kWh²].
  ///
  /// - Parameters:
  ///   - deviations: Standard deviation of each day [kWh].
  ///   - dates: Dates in order.
  func variance(_ deviations: [Double], dates: [Int]) -> Double {
    var (sum, memory) = (0.0, 0.0)
    for place in deviations.indices {
      if place > 0 {
        memory = (memory + deviations[place - 1]) * pow(persistence, Double(dates[place] - dates[place - 1]))
      }
      sum += deviations[place] * (deviations[place] + 2 * share * memory)
    }
    return sum
  }
}
