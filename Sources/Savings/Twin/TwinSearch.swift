import Glibc
import PlantPhysics

/// Search for the most probable parameters of a twin.
struct TwinSearch {
  struct Result {
    var coordinates: [Double]
    var objective: Double
    /// Lower factor of the inverse covariance; `nil` if nothing is open.
    var precision: CholeskyFactor?
  }

  /// Size of residuals of a meter.
  private struct Noise {
    /// Standard deviation of an hour [kWh].
    var deviation: Double
    /// Share of the groups that are independent.
    var independence: Double
  }

  /// Points of the Latin hypercube.
  private static let points = 24
  /// Coordinates stay within this many deviations of the given values.
  private static let bound = 3.5

  let parameters: TwinParameters
  let period: TwinPeriod
  let meters: [TwinMeter]
  private var noises: [Noise]
  private(set) var simulations = 0

  /// Creates a search; at first, an hour is taken to vary by a tenth of the mean.
  ///
  /// - Parameters:
  ///   - parameters: Parameters.
  ///   - period: Hours of the baseline.
  ///   - meters: Electricity, and fuel if there is a meter of it.
  init(parameters: TwinParameters, period: TwinPeriod, meters: [TwinMeter]) {
    (self.parameters, self.period, self.meters) = (parameters, period, meters)
    noises = meters.map { meter in
      let mean = meter.energies.reduce(0, +) / max(1, meter.hours.reduce(0, +))
      return Noise(deviation: 0.1 * mean * (meter.resolution == .hourly ? 1 : 5), independence: 0.5)
    }
  }

  /// Returns the best parameters; `nil` if the equations cannot be solved.
  mutating func best() -> Result? {
    let origin = [Double](repeating: 0, count: parameters.quantities.count)
    if origin.isEmpty {
      return Result(coordinates: [], objective: objective(residuals(at: []), at: []), precision: nil)
    }
    let scored = latinHypercube().map { (point: $0, objective: objective(residuals(at: $0), at: $0)) }
      .sorted { $0.objective < $1.objective }
    var best: Result?
    for start in [origin] + scored.prefix(2).map(\.point) {
      guard let found = descend(from: start, rounds: 12) else { continue }
      if found.objective < best?.objective ?? .infinity { best = found }
    }
    for _ in 0..<3 {
      guard let found = best else { return nil }
      measureNoise(at: found.coordinates)
      best = descend(from: found.coordinates, rounds: 8)
    }
    return best
  }

  // MARK: Residuals

  /// Returns the residuals of all groups in deviations: measured less simulated.
  private mutating func residuals(at coordinates: [Double]) -> [Double] {
    simulations += 1
    let use = TwinCalibration.use(parameters, coordinates: coordinates, period: period)
    var result: [Double] = []
    for (place, meter) in meters.enumerated() {
      let sums = meter.sums(place == 0 ? use.electricity : use.fuel)
      let scale = noises[place].independence.squareRoot() / noises[place].deviation
      for group in sums.indices {
        result.append((meter.energies[group] - sums[group]) * scale / meter.hours[group].squareRoot())
      }
    }
    return result
  }

  /// Returns twice the negative logarithm of the posterior density, up to a constant.
  private func objective(_ residuals: [Double], at coordinates: [Double]) -> Double {
    residuals.reduce(0) { $0 + $1 * $1 } + coordinates.reduce(0) { $0 + $1 * $1 }
  }

  /// Finds the size of residuals and their correlation with the next group.
  private mutating func measureNoise(at coordinates: [Double]) {
    let all = residuals(at: coordinates)
    var first = 0
    for (place, meter) in meters.enumerated() {
      let own = all[first..<(first + meter.energies.count)].map {
        $0 * noises[place].deviation / noises[place].independence.squareRoot()
      }
      first += meter.energies.count
      let variance = own.reduce(0) { $0 + $1 * $1 } / Double(max(1, own.count))
      let mean = meter.energies.reduce(0, +) / max(1, meter.hours.reduce(0, +))
      noises[place] = Noise(
        deviation: max(variance.squareRoot(), 0.01 * mean),
        independence: independence(own, meter: meter, variance: variance))
    }
  }

  /// Returns the share of residuals that counts as independent: the variance that the sum of a month would have if they
  /// were, over the one that it has (batch means).
  ///
  /// The part that the parameters took out of twelve months is put back, at most by a factor of 3.
  ///
  /// - Parameters:
  ///   - residuals: Residual of each group over the root of its hours [kWh].
  ///   - meter: Meter.
  ///   - variance: Variance of an hour [kWh²].
  private func independence(_ residuals: [Double], meter: TwinMeter, variance: Double) -> Double {
    var sums: [Int: (residual: Double, hours: Double)] = [:]
    for (group, residual) in residuals.enumerated() {
      let month = meter.months[group]
      sums[month, default: (0, 0)].residual += residual * meter.hours[group].squareRoot()
      sums[month, default: (0, 0)].hours += meter.hours[group]
    }
    let count = Double(sums.count)
    let found = sums.values.reduce(0) { $0 + $1.residual * $1.residual } / count
    let expected = variance * sums.values.reduce(0) { $0 + $1.hours } / count
    let taken = min(2 * count / 3, Double(parameters.quantities.count))
    return expected > 0 ? min(1, expected / (found * count / (count - taken))) : 1
  }

  // MARK: Descent

  /// Follows Levenberg and Marquardt to the nearest minimum.
  ///
  /// - Parameters:
  ///   - start: Coordinates of the start.
  ///   - rounds: Greatest number of Jacobians.
  private mutating func descend(from start: [Double], rounds: Int) -> Result? {
    var point = start
    var errors = residuals(at: point)
    var value = objective(errors, at: point)
    var damping = 0.01
    var equations = normalEquations(at: point, errors: errors)
    for _ in 0..<rounds {
      var gain = 0.0
      for _ in 0..<6 {
        guard let step = step(equations, damping: damping) else { return nil }
        let trial = zip(point, step).map { min(Self.bound, max(-Self.bound, $0 + $1)) }
        let trialErrors = residuals(at: trial)
        let trialValue = objective(trialErrors, at: trial)
        if trialValue < value {
          gain = (value - trialValue) / value
          (point, errors, value) = (trial, trialErrors, trialValue)
          damping = max(1e-6, damping / 5)
          break
        }
        damping *= 6
      }
      equations = normalEquations(at: point, errors: errors)
      if gain < 1e-5 { break }
    }
    guard let precision = CholeskyFactor(equations.matrix, order: point.count) else { return nil }
    return Result(coordinates: point, objective: value, precision: precision)
  }

  /// Returns JᵀJ + I and the downhill direction; J by differences of a twentieth of a deviation.
  private mutating func normalEquations(at point: [Double], errors: [Double]) -> (matrix: [Double], right: [Double]) {
    let n = point.count
    let columns: [[Double]] = (0..<n).map { place in
      var moved = point
      let size = point[place] > 0 ? -0.05 : 0.05
      moved[place] += size
      return zip(residuals(at: moved), errors).map { ($0 - $1) / size }
    }
    var matrix = [Double](repeating: 0, count: n * n)
    var right = [Double](repeating: 0, count: n)
    for row in 0..<n {
      for column in 0...row {
        let sum = zip(columns[row], columns[column]).reduce(0) { $0 + $1.0 * $1.1 }
        (matrix[row * n + column], matrix[column * n + row]) = (sum, sum)
      }
      matrix[row * n + row] += 1
      right[row] = -zip(columns[row], errors).reduce(0) { $0 + $1.0 * $1.1 } - point[row]
    }
    return (matrix, right)
  }

  private func step(_ equations: (matrix: [Double], right: [Double]), damping: Double) -> [Double]? {
    let n = equations.right.count
    var matrix = equations.matrix
    for place in 0..<n { matrix[place * n + place] *= 1 + damping }
    return CholeskyFactor(matrix, order: n)?.solve(equations.right)
  }

  /// Returns points that cover each coordinate evenly in probability.
  private func latinHypercube() -> [[Double]] {
    var random = SeededGenerator(seed: 13_790)
    let columns = parameters.quantities.map { _ in
      (0..<Self.points).shuffled(using: &random).map { stratum in
        Quantiles.normal((Double(stratum) + random.uniform()) / Double(Self.points))
      }
    }
    return (0..<Self.points).map { point in columns.map { min(2, max(-2, $0[point])) } }
  }
}
