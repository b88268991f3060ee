import Glibc

/// Curve of daily use over an effective temperature, with smooth change points.
///
/// Equation, for a day of type k:
///
///     E = bₖ + q·Q + hₖ·w·ln(1 + e^((cₖ − u)/w)) + gₖ·v·ln(1 + e^((u − dₖ)/v)),   u = T + a·Z
///
/// T is the day's mean outdoor temperature. Z holds differences to earlier days and the night, the sun and yearly
/// harmonics, Q indicators. As w and v go to 0, this is the change-point model of three to five parameters (ASHRAE
/// Guideline 14, RP-1050); a positive width accounts for the hours of a day on both sides of the balance point.
struct EffectiveTemperatureCurve: Sendable, Equatable, Codable {
  /// Numbers of parameters by block.
  struct Layout: Sendable, Equatable, Codable {
    let types: Int
    let linear: Int
    let shifts: Int
    /// Number of slopes: 1 or one a day type.
    let slopes: Int
    let hasHeating: Bool
    let hasCooling: Bool

    var firstShift: Int { types + linear }
    var firstHeating: Int { firstShift + shifts }
    var firstCooling: Int { firstHeating + (hasHeating ? 2 * slopes + 1 : 0) }
    var count: Int { firstCooling + (hasCooling ? 2 * slopes + 1 : 0) }
  }

  /// Parts of a day's use [kWh].
  struct Parts: Sendable, Equatable {
    var base = 0.0
    var heating = 0.0
    var cooling = 0.0
    var total: Double { base + heating + cooling }
  }

  let layout: Layout
  /// Bases, linear terms, shifts; then logarithmic slopes, balance points and the logarithmic width of each branch.
  var parameters: [Double]

  /// Returns the parts of a day and, if wanted, writes the derivatives by the parameters.
  ///
  /// - Parameters:
  ///   - row: Index of the day.
  ///   - design: Explaining variables.
  ///   - derivatives: Buffer of one value a parameter, or `nil`.
  func parts(_ row: Int, design: DailyDesign, derivatives: UnsafeMutableBufferPointer<Double>?) -> Parts {
    var parts = Parts()
    let type = layout.types > 1 ? design.types[row] : 0
    if let derivatives { derivatives.update(repeating: 0) }
    parts.base = parameters[type]
    derivatives?[type] = 1
    for column in 0..<layout.linear {
      let value = design.linear[row * layout.linear + column]
      parts.base += parameters[layout.types + column] * value
      derivatives?[layout.types + column] = value
    }
    var effective = design.temperature[row]
    for column in 0..<layout.shifts {
      effective += parameters[layout.firstShift + column] * design.shifts[row * layout.shifts + column]
    }
    var slope = 0.0
    if layout.hasHeating {
      let branch = branch(
        layout.firstHeating, type: type, effective: effective, sign: -1, derivatives: derivatives)
      parts.heating = branch.value
      slope += branch.slope
    }
    if layout.hasCooling {
      let branch = branch(layout.firstCooling, type: type, effective: effective, sign: 1, derivatives: derivatives)
      parts.cooling = branch.value
      slope += branch.slope
    }
    if let derivatives {
      for column in 0..<layout.shifts {
        derivatives[layout.firstShift + column] = slope * design.shifts[row * layout.shifts + column]
      }
    }
    return parts
  }

  /// Returns the value of a branch and its derivative by the effective temperature.
  private func branch(
    _ first: Int, type: Int, effective: Double, sign: Double, derivatives: UnsafeMutableBufferPointer<Double>?
  ) -> (value: Double, slope: Double) {
    let place = layout.slopes > 1 ? type : 0
    let slope = exp(parameters[first + place])
    let balance = first + layout.slopes + place
    let widthIndex = first + 2 * layout.slopes
    let width = exp(parameters[widthIndex])
    let x = sign * (effective - parameters[balance]) / width
    let soft = x > 30 ? x : log1p(exp(x))
    let gate = x > 30 ? 1 : x < -30 ? 0 : 1 / (1 + exp(-x))
    let value = slope * width * soft
    if let derivatives {
      derivatives[first + place] = value
      derivatives[balance] = -sign * slope * gate
      derivatives[widthIndex] = slope * width * (soft - x * gate)
    }
    return (value, sign * slope * gate)
  }

  /// Returns the parts of every day.
  func parts(_ design: DailyDesign) -> [Parts] {
    (0..<design.count).map { parts($0, design: design, derivatives: nil) }
  }
}
