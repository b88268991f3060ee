import Glibc

/// Normal equations of a linear least-squares problem with a ridge penalty.
///
/// Equation: (Xᵀ W X + D) b = Xᵀ W y + D b₀, with a diagonal D. Solved by Cholesky factorisation.
///
/// Worked value: the rows (1, 0) → 1 and (1, 1) → 3 without a penalty give b = (1, 2).
struct NormalEquations {
  let count: Int
  /// Lower triangle of the matrix, row-major with `count` columns.
  private var matrix: [Double]
  private var right: [Double]

  /// Creates empty equations of `count` unknowns.
  init(count: Int) {
    self.count = count
    matrix = Array(repeating: 0, count: count * count)
    right = Array(repeating: 0, count: count)
  }

  /// Adds an observation.
  ///
  /// - Parameters:
  ///   - row: Values of the explaining variables.
  ///   - value: The observed value.
  ///   - weight: Weight of the observation, at least 0.
  mutating func add(_ row: UnsafeBufferPointer<Double>, value: Double, weight: Double) {
    let n = count
    matrix.withUnsafeMutableBufferPointer { matrix in
      for i in 0..<n where row[i] != 0 {
        let scaled = weight * row[i]
        right[i] += scaled * value
        for j in 0...i { matrix[i * n + j] += scaled * row[j] }
      }
    }
  }

  /// Adds an observation.
  mutating func add(_ row: [Double], value: Double, weight: Double = 1) {
    row.withUnsafeBufferPointer { add($0, value: value, weight: weight) }
  }

  /// Adds the penalty `weight · (b − center)²` on one unknown.
  mutating func penalise(_ unknown: Int, weight: Double, center: Double = 0) {
    matrix[unknown * count + unknown] += weight
    right[unknown] += weight * center
  }

  /// Returns the lower Cholesky factor; `nil` if the matrix is not positive definite.
  private func factor() -> [Double]? {
    var lower = matrix
    let n = count
    let isDefinite = lower.withUnsafeMutableBufferPointer { l -> Bool in
      for i in 0..<n {
        for j in 0...i {
          var sum = l[i * n + j]
          for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
          if i == j {
            guard sum > 1e-12 * max(1e-12, matrix[i * n + i]) else { return false }
            l[i * n + i] = sqrt(sum)
          } else {
            l[i * n + j] = sum / l[j * n + j]
          }
        }
      }
      return true
    }
    return isDefinite ? lower : nil
  }

  private func solve(_ lower: [Double], right: [Double]) -> [Double] {
    var x = right
    let n = count
    for i in 0..<n {
      for k in 0..<i { x[i] -= lower[i * n + k] * x[k] }
      x[i] /= lower[i * n + i]
    }
    for i in (0..<n).reversed() {
      for k in (i + 1)..<max(n, i + 1) { x[i] -= lower[k * n + i] * x[k] }
      x[i] /= lower[i * n + i]
    }
    return x
  }

  /// Returns the unknowns; `nil` if the data do not determine them.
  func solution() -> [Double]? { factor().map { solve($0, right: right) } }

  /// Returns the inverse of the matrix, row-major; `nil` if the data do not determine the unknowns.
  func inverse() -> [Double]? {
    guard let lower = factor() else { return nil }
    var result: [Double] = []
    result.reserveCapacity(count * count)
    for column in 0..<count {
      var unit = [Double](repeating: 0, count: count)
      unit[column] = 1
      result += solve(lower, right: unit)
    }
    return result
  }
}
