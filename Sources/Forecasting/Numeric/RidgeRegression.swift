import Glibc
import StreamCore

/// Linear least squares with a penalty on the coefficients (A. Hoerl and R. Kennard 1970,
/// doi:10.1080/00401706.1970.10488634).
///
/// The strength of the penalty is chosen by generalised cross-validation (G. Golub, M. Heath and G. Wahba 1979,
/// doi:10.1080/00401706.1979.10489751). Columns should be centred and of similar scale; the intercept is the weighted
/// mean of the targets.
public struct RidgeRegression: Sendable {
  /// Coefficients, one for each column.
  public private(set) var coefficients: [Double] = []
  /// Prediction with all columns at their mean.
  public private(set) var intercept = 0.0
  /// Target of each row minus the prediction of a fit without that row.
  public private(set) var leftOutErrors: [Double] = []
  private var means: [Double] = []

  /// Creates a regression whose predictions are 0.
  public init() {}

  /// Fits rows of `columns` numbers each, which must be finite.
  ///
  /// - Parameters:
  ///   - rows: Numbers row by row.
  ///   - columns: Numbers in a row, at least 1.
  ///   - targets: Target of each row.
  ///   - weights: Weight of each row, not negative.
  ///   - penalties: Strengths to choose from, as shares of the total weight, above 0.
  public init(rows: [Double], columns: Int, targets: [Double], weights: [Double], penalties: [Double]) {
    let count = targets.count
    guard columns > 0, count > 1, rows.count == count * columns, weights.count == count else { return }
    let total = weights.reduce(0, +)
    guard total > 0 else { return }
    means = Array(repeating: 0, count: columns)
    for row in 0..<count {
      intercept += weights[row] * targets[row] / total
      for column in 0..<columns { means[column] += weights[row] * rows[row * columns + column] / total }
    }
    var centred = rows
    for row in 0..<count { for column in 0..<columns { centred[row * columns + column] -= means[column] } }
    let gram = RidgeRegression.gram(centred, columns: columns, weights: weights)
    var right = Array(repeating: 0.0, count: columns)
    for row in 0..<count {
      let scaled = weights[row] * (targets[row] - intercept)
      for column in 0..<columns { right[column] += scaled * centred[row * columns + column] }
    }
    let problem = Normal(
      gram: gram, right: right,
      energy: zip(weights, targets).reduce(0) { $0 + $1.0 * ($1.1 - intercept) * ($1.1 - intercept) },
      effective: total * total / weights.reduce(0) { $0 + $1 * $1 })
    var best = (score: Double.infinity, factor: [Double](), solution: [Double]())
    for penalty in penalties {
      guard let fit = RidgeRegression.fit(problem, penalty: penalty * total), fit.score < best.score else { continue }
      best = fit
    }
    guard best.score.isFinite else { return }
    coefficients = best.solution
    leftOutErrors = RidgeRegression.leftOut(
      centred, columns: columns, targets: targets.map { $0 - intercept }, weights: weights, total: total,
      factor: best.factor, solution: best.solution)
  }

  /// Returns the prediction for one row.
  public func predict(_ row: some Collection<Double>) -> Double {
    guard !coefficients.isEmpty else { return intercept }
    var sum = intercept
    for (column, value) in row.enumerated() { sum += coefficients[column] * (value - means[column]) }
    return sum
  }

  /// Discards the data not needed for predictions.
  mutating func forgetRows() { leftOutErrors = [] }

  /// Writes the coefficients.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(coefficients)
    writer.write(means)
    writer.write(intercept)
  }

  /// Reads the coefficients of `columns` columns, or of none.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  mutating func restore(from reader: inout SnapshotReader, columns: Int) throws(SnapshotError) {
    coefficients = try reader.readDoubles()
    means = try reader.readDoubles()
    intercept = try reader.readDouble()
    guard coefficients.isEmpty || coefficients.count == columns, means.count >= coefficients.count else {
      throw .invalid("coefficients of other columns")
    }
  }

  /// Normal equations of centred rows.
  private struct Normal {
    /// Lower triangle of X'X, row by row.
    var gram: [Double]
    /// X'y.
    var right: [Double]
    /// y'y.
    var energy: Double
    /// Effective number of rows.
    var effective: Double
  }

  /// Returns the fit with a penalty and its score by cross-validation; `nil` if the matrix is not positive definite.
  private static func fit(
    _ problem: Normal, penalty: Double
  ) -> (score: Double, factor: [Double], solution: [Double])? {
    let (gram, right, columns) = (problem.gram, problem.right, problem.right.count)
    var factor = gram
    for column in 0..<columns { factor[column * columns + column] += penalty }
    guard factorise(&factor, size: columns) else { return nil }
    let solution = solve(factor, size: columns, right: right)
    let freedom = freedom(factor, size: columns, penalty: penalty)
    // Residual sum of squares without the rows: y'y − 2 b'X'y + b'X'X b.
    var error = problem.energy
    for i in 0..<columns {
      var product = 0.0
      for j in 0..<columns { product += gram[max(i, j) * columns + min(i, j)] * solution[j] }
      error += solution[i] * (product - 2 * right[i])
    }
    let share = min(0.95, (freedom + 1) / problem.effective)
    return (max(0, error) / ((1 - share) * (1 - share)), factor, solution)
  }

  private static func gram(_ rows: [Double], columns: Int, weights: [Double]) -> [Double] {
    var gram = Array(repeating: 0.0, count: columns * columns)
    rows.withUnsafeBufferPointer { rows in
      gram.withUnsafeMutableBufferPointer { gram in
        for row in weights.indices where weights[row] > 0 {
          let start = row * columns
          for i in 0..<columns {
            let scaled = weights[row] * rows[start + i]
            if scaled == 0 { continue }
            for j in 0...i { gram[i * columns + j] += scaled * rows[start + j] }
          }
        }
      }
    }
    return gram
  }

  /// Replaces the lower triangle by its Cholesky factor; `false` if the matrix is not positive definite.
  private static func factorise(_ matrix: inout [Double], size: Int) -> Bool {
    matrix.withUnsafeMutableBufferPointer { a in
      for i in 0..<size {
        for j in 0...i {
          var sum = a[i * size + j]
          for k in 0..<j { sum -= a[i * size + k] * a[j * size + k] }
          if i == j {
            guard sum > 0, sum.isFinite else { return false }
            a[i * size + i] = sqrt(sum)
          } else {
            a[i * size + j] = sum / a[j * size + j]
          }
        }
      }
      return true
    }
  }

  private static func solve(_ factor: [Double], size: Int, right: [Double]) -> [Double] {
    var x = right
    for i in 0..<size {
      for k in 0..<i { x[i] -= factor[i * size + k] * x[k] }
      x[i] /= factor[i * size + i]
    }
    for i in stride(from: size - 1, through: 0, by: -1) {
      for k in (i + 1)..<max(size, i + 1) { x[i] -= factor[k * size + i] * x[k] }
      x[i] /= factor[i * size + i]
    }
    return x
  }

  /// Returns the trace of the hat matrix: columns minus penalty times the trace of the inverse.
  ///
  /// - Parameters:
  ///   - factor: Cholesky factor of the penalised matrix.
  ///   - size: Rows and columns of the matrix.
  ///   - penalty: Penalty that was added to the diagonal.
  private static func freedom(_ factor: [Double], size: Int, penalty: Double) -> Double {
    var trace = 0.0
    var column = Array(repeating: 0.0, count: size)
    factor.withUnsafeBufferPointer { factor in
      for j in 0..<size {
        for i in j..<size {
          var value = i == j ? 1.0 : 0.0
          for k in j..<i { value -= factor[i * size + k] * column[k] }
          column[i] = value / factor[i * size + i]
          trace += column[i] * column[i]
        }
      }
    }
    return Double(size) - penalty * trace
  }

  private static func leftOut(
    _ rows: [Double], columns: Int, targets: [Double], weights: [Double], total: Double, factor: [Double],
    solution: [Double]
  ) -> [Double] {
    var errors: [Double] = []
    var z = Array(repeating: 0.0, count: columns)
    factor.withUnsafeBufferPointer { factor in
      for row in targets.indices {
        let start = row * columns
        var fitted = 0.0
        var leverage = 1 / total
        for i in 0..<columns {
          let value = rows[start + i]
          fitted += value * solution[i]
          var sum = value
          for k in 0..<i { sum -= factor[i * columns + k] * z[k] }
          z[i] = sum / factor[i * columns + i]
          leverage += z[i] * z[i]
        }
        errors.append((targets[row] - fitted) / max(0.05, 1 - weights[row] * leverage))
      }
    }
    return errors
  }
}
