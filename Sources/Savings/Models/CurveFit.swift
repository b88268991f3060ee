import Glibc

/// Fit of an ``EffectiveTemperatureCurve`` by the Levenberg-Marquardt method, with weak penalties towards a start.
///
/// Outliers are weighted down after Huber, by a scale that grows with the part that depends on weather.
struct CurveFit {
  /// Damped steps at most.
  private static let steps = 40
  /// Residuals beyond this multiple of their scale are weighted down.
  private static let huber = 2.5

  let design: DailyDesign
  let use: [Double]
  /// Days to fit.
  let isUsed: [Bool]
  private(set) var curve: EffectiveTemperatureCurve
  /// Penalty of each parameter.
  private let penalty: [Double]
  private let centers: [Double]
  /// Weight of each day.
  private(set) var weights: [Double]

  /// Fits a curve.
  ///
  /// - Parameters:
  ///   - design: Explaining variables.
  ///   - use: Use of each day [kWh].
  ///   - isUsed: Days to fit.
  ///   - start: First parameters, towards which weak penalties draw.
  ///   - isRobust: Whether outliers are weighted down.
  init(design: DailyDesign, use: [Double], isUsed: [Bool], start: EffectiveTemperatureCurve, isRobust: Bool = true) {
    self.design = design
    self.use = use
    self.isUsed = isUsed
    curve = start
    centers = start.parameters
    penalty = CurveFit.penalty(start.layout, deviation: CurveFit.deviation(use, isUsed: isUsed))
    weights = isUsed.map { $0 ? 1 : 0 }
    minimise()
    guard isRobust else { return }
    for _ in 0..<3 {
      reweight()
      minimise()
    }
  }

  /// Continues from a fit with other days left out, with its weights.
  init(_ fit: CurveFit, isUsed: [Bool]) {
    (design, use, curve, penalty, centers) = (fit.design, fit.use, fit.curve, fit.penalty, fit.centers)
    self.isUsed = isUsed
    weights = zip(isUsed, fit.weights).map { $0 ? $1 : 0 }
    minimise()
  }

  private static func deviation(_ use: [Double], isUsed: [Bool]) -> Double {
    let values = zip(use, isUsed).filter(\.1).map(\.0)
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return max(1e-9, sqrt(values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count))))
  }

  private static func penalty(_ layout: EffectiveTemperatureCurve.Layout, deviation: Double) -> [Double] {
    let unit = 0.04 * deviation * deviation
    var penalty = [Double](repeating: 1e-9, count: layout.types)
    penalty += Array(repeating: 0.0016, count: layout.linear)
    penalty += Array(repeating: 0.0025 * unit, count: layout.shifts)
    let branch =
      Array(repeating: 0.09 * unit, count: layout.slopes) + Array(repeating: 0.0025 * unit, count: layout.slopes)
      + [0.25 * unit]
    if layout.hasHeating { penalty += branch }
    if layout.hasCooling { penalty += branch }
    return penalty
  }

  /// Sum of weighted squares and penalties of some parameters.
  private func cost(_ curve: EffectiveTemperatureCurve) -> Double {
    var sum = 0.0
    for row in 0..<design.count where weights[row] > 0 {
      let residual = use[row] - curve.parts(row, design: design, derivatives: nil).total
      sum += weights[row] * residual * residual
    }
    for (place, value) in curve.parameters.enumerated() {
      let distance = value - centers[place]
      sum += penalty[place] * distance * distance
    }
    return sum.isFinite ? sum : .infinity
  }

  /// Normal equations of the step from the present parameters.
  private func equations(damping: Double) -> NormalEquations {
    var equations = NormalEquations(count: curve.layout.count)
    var diagonal = [Double](repeating: 0, count: curve.layout.count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: curve.layout.count) { row in
      for day in 0..<design.count where weights[day] > 0 {
        let predicted = curve.parts(day, design: design, derivatives: row).total
        equations.add(UnsafeBufferPointer(row), value: use[day] - predicted, weight: weights[day])
        if damping > 0 { for place in row.indices { diagonal[place] += weights[day] * row[place] * row[place] } }
      }
    }
    for place in penalty.indices {
      equations.penalise(place, weight: penalty[place], center: centers[place] - curve.parameters[place])
      equations.penalise(place, weight: damping * (diagonal[place] + penalty[place]))
    }
    return equations
  }

  private mutating func minimise() {
    var damping = 1e-3
    var best = cost(curve)
    for _ in 0..<CurveFit.steps {
      guard let step = equations(damping: damping).solution() else {
        damping *= 10
        continue
      }
      var trial = curve
      for place in step.indices {
        trial.parameters[place] += max(-3, min(3, step[place] / scale(place))) * scale(place)
      }
      let found = cost(trial)
      guard found < best else {
        damping *= 8
        if damping > 1e8 { break }
        continue
      }
      let isDone = best - found < 1e-5 * best
      (curve, best) = (trial, found)
      damping = max(1e-9, damping / 6)
      if isDone { break }
    }
  }

  /// Scale by which the step of a parameter is limited: bases and linear terms are free.
  private func scale(_ place: Int) -> Double { place < curve.layout.firstShift ? 1e12 : 1 }

  private mutating func reweight() {
    let scales = ResidualScale(predicted: curve.parts(design), residuals: residuals, isUsed: isUsed)
    for row in 0..<design.count where isUsed[row] {
      let limit = CurveFit.huber * scales.deviation(curve.parts(row, design: design, derivatives: nil))
      let size = abs(residuals(row))
      weights[row] = size > limit ? limit / size : 1
    }
  }

  private func residuals(_ row: Int) -> Double { use[row] - curve.parts(row, design: design, derivatives: nil).total }

  /// Use minus prediction of every day [kWh].
  var residuals: [Double] { (0..<design.count).map(residuals) }

  /// The curve with bases moved so that the days of each type sum up to their use: no net determination bias.
  ///
  /// Outliers have no say in the shape, but their energy was used.
  var balancedCurve: EffectiveTemperatureCurve {
    var balanced = curve
    for type in 0..<curve.layout.types {
      let rows = (0..<design.count).filter { isUsed[$0] && (curve.layout.types == 1 || design.types[$0] == type) }
      guard !rows.isEmpty else { continue }
      balanced.parameters[type] += rows.reduce(0) { $0 + residuals($1) } / Double(rows.count)
    }
    return balanced
  }

  /// Inverse of the penalised normal matrix, row-major: times the variance, the covariance of the parameters.
  var inverse: [Double]? { equations(damping: 0).inverse() }
}
