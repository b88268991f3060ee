/// The lower triangular factor of a symmetric positive definite matrix, `A = L Lᵀ`.
///
/// Worked value: [[4, 2], [2, 5]] has L = [[2, 0], [1, 2]]; the squared distance of (2, 3) from 0 under A is 2.
public struct CholeskyFactor: Sendable, Equatable {
  /// Number of rows and columns.
  public let order: Int
  /// Elements row by row; those above the diagonal are 0.
  public let lower: [Double]

  /// Factors a matrix given row by row; `nil` unless it has order² finite values and is positive definite.
  public init?(_ matrix: [Double], order: Int) {
    guard order > 0, matrix.count == order * order else { return nil }
    var lower = [Double](repeating: 0, count: matrix.count)
    for row in 0..<order {
      for column in 0...row {
        var sum = matrix[row * order + column]
        for k in 0..<column { sum -= lower[row * order + k] * lower[column * order + k] }
        if row == column {
          guard sum > 0, sum.isFinite else { return nil }
          lower[row * order + row] = sum.squareRoot()
        } else {
          lower[row * order + column] = sum / lower[column * order + column]
        }
      }
    }
    self.order = order
    self.lower = lower
  }

  /// Returns `xᵀ A⁻¹ x`, the squared Mahalanobis distance of `x` from the origin; NaN for a vector of another length.
  public func squaredDistance(_ x: [Double]) -> Double {
    guard x.count == order else { return .nan }
    var solved = x
    var sum = 0.0
    for row in 0..<order {
      for k in 0..<row { solved[row] -= lower[row * order + k] * solved[k] }
      solved[row] /= lower[row * order + row]
      sum += solved[row] * solved[row]
    }
    return sum
  }

  /// Returns the solution of `A x = b`; `nil` for a vector of another length.
  public func solve(_ b: [Double]) -> [Double]? {
    guard b.count == order else { return nil }
    var x = b
    for row in 0..<order {
      for k in 0..<row { x[row] -= lower[row * order + k] * x[k] }
      x[row] /= lower[row * order + row]
    }
    for row in (0..<order).reversed() {
      for k in (row + 1)..<max(order, row + 1) { x[row] -= lower[k * order + row] * x[k] }
      x[row] /= lower[row * order + row]
    }
    return x
  }
}
