import Glibc

/// Standard deviation of residuals that grows with the part of use that depends on weather.
///
/// Equation: σ = √(α² + β²·(heating + cooling)²), by least squares of squared residuals, trimmed at three deviations.
struct ResidualScale: Sendable, Equatable, Codable {
  /// Variance without heating and cooling [kWh²].
  private(set) var constant: Double
  /// Variance for each kWh² of heating and cooling.
  private(set) var relative: Double

  /// Estimates the scale.
  ///
  /// - Parameters:
  ///   - predicted: Parts of each day.
  ///   - residuals: Residual of each day [kWh].
  ///   - isUsed: Days to use.
  init(predicted: [EffectiveTemperatureCurve.Parts], residuals: [Double], isUsed: [Bool]) {
    (constant, relative) = (1e-12, 0)
    var squares: [(part: Double, square: Double)] = []
    for (row, parts) in predicted.enumerated() where isUsed[row] && residuals[row].isFinite {
      let part = parts.heating + parts.cooling
      squares.append((part * part, residuals[row] * residuals[row]))
    }
    guard !squares.isEmpty else { return }
    constant = max(1e-12, squares.reduce(0) { $0 + $1.square } / Double(squares.count))
    for _ in 0..<8 { refine(squares) }
  }

  /// One step of weighted least squares, with variances of squares that grow with the square of their mean.
  private mutating func refine(_ squares: [(part: Double, square: Double)]) {
    var sums = (w: 0.0, x: 0.0, xx: 0.0, y: 0.0, xy: 0.0)
    for (part, square) in squares {
      let mean = constant + relative * part
      // A normal residual clipped at three deviations keeps 0.991 of its variance.
      let clipped = min(square, 9 * mean) / 0.991
      let weight = 1 / (mean * mean)
      sums.w += weight
      sums.x += weight * part
      sums.xx += weight * part * part
      sums.y += weight * clipped
      sums.xy += weight * part * clipped
    }
    let determinant = sums.w * sums.xx - sums.x * sums.x
    var (level, slope) = (sums.y / sums.w, 0.0)
    if determinant > 1e-9 * sums.w * sums.xx {
      slope = (sums.w * sums.xy - sums.x * sums.y) / determinant
      level = (sums.y - slope * sums.x) / sums.w
    }
    let floor = 0.04 * sums.y / sums.w
    if slope < 0 || level < floor {
      slope = max(0, slope)
      level = max(floor, level)
    }
    (constant, relative) = (max(1e-12, level), slope)
  }

  /// Returns the standard deviation of a day [kWh].
  func deviation(_ parts: EffectiveTemperatureCurve.Parts) -> Double {
    let part = parts.heating + parts.cooling
    return sqrt(constant + relative * part * part)
  }
}
