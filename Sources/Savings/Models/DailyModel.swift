import Glibc

/// Daily model of a meter, fitted on its baseline and frozen.
public struct DailyModel: BaselineModel, Codable {
  let specification: DailySpecification
  let holidays: HolidayInference
  let curve: EffectiveTemperatureCurve
  let scale: ResidualScale
  /// Inverse of the penalised normal matrix, row-major.
  let inverse: [Double]
  /// Days of the baseline that the fit used.
  let days: [MeterDay]
  /// Residual of each of these days [kWh].
  let residuals: [Double]
  /// Residual of each of these days by a model fitted without its month [kWh].
  let heldOut: [Double]
  /// Figures of the fit.
  public let statistics: FitStatistics

  /// Name in the field's terms, such as `5P of effective temperature by day type`.
  public var name: String { specification.name }
  /// Number of parameters.
  public var parameterCount: Int { curve.layout.count }
  /// Country whose holidays the meter keeps, as an ISO 3166 code.
  public var holidayCountry: String? { holidays.country }
  /// Least and greatest mean temperature of a baseline day [°C].
  public var temperatureRange: ClosedRange<Double> {
    let known = days.map(\.temperature)
    return (known.min() ?? 0)...(known.max() ?? 0)
  }

  /// Variable that the model depends on besides weather and calendar.
  public struct VariableEffect: Sendable, Equatable {
    /// Place among the meter's variables.
    public let place: Int
    /// Use of a day by each unit of the variable's daily mean [kWh].
    public let slope: Double
    /// Least and greatest daily mean of the baseline.
    public let range: ClosedRange<Double>

    /// Returns whether a value lies outside the baseline's by more than a twentieth of their range.
    func isOutside(_ value: Double) -> Bool {
      let margin = (range.upperBound - range.lowerBound) / 20
      return value < range.lowerBound - margin || value > range.upperBound + margin
    }
  }

  /// Variables that the model depends on besides weather and calendar.
  public var variableEffects: [VariableEffect] {
    let terms = specification.variables ?? []
    // Terms of variables are the last linear ones.
    let first = curve.layout.firstShift - terms.count
    return terms.enumerated().map { order, term in
      let values = days.map { $0.variables[term.place] }
      return VariableEffect(
        place: term.place, slope: curve.parameters[first + order] / term.deviation,
        range: (values.min() ?? 0)...(values.max() ?? 0))
    }
  }

  /// Returns the parts of every day's use, with weather known; NaN for other days.
  func parts(_ days: [MeterDay]) -> [EffectiveTemperatureCurve.Parts] {
    let design = DailyDesign(days, specification: specification, holidays: holidays.dates)
    return curve.parts(design)
  }

  /// Returns the predicted use of each day [kWh]; NaN if the weather is unknown.
  public func predict(_ days: [MeterDay]) -> [Double] { parts(days).map(\.total) }

  /// Returns the sum of derivatives of predictions by the parameters.
  ///
  /// - Parameters:
  ///   - design: Explaining variables.
  ///   - rows: Days to sum.
  func gradient(_ design: DailyDesign, rows: [Int]) -> [Double] {
    var sum = [Double](repeating: 0, count: curve.layout.count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: sum.count) { row in
      for day in rows {
        _ = curve.parts(day, design: design, derivatives: row)
        for place in sum.indices { sum[place] += row[place] }
      }
    }
    return sum
  }
}

/// Figures of a fit after ASHRAE Guideline 14.
public struct FitStatistics: Sendable, Equatable, Codable {
  /// CV(RMSE) of the fit, with n − p in its denominator [1].
  public let cvrmse: Double
  /// Normalised mean bias error of the fit, use minus prediction, with n − p in its denominator [1].
  public let nmbe: Double
  /// CV(RMSE) of predictions by models fitted without the month [1].
  public let heldOutCVRMSE: Double
  /// R² of the fit [1].
  public let determination: Double
  /// CV(RMSE) of sums of calendar months, with n in its denominator [1].
  public let monthlyCVRMSE: Double

  /// Whether ASHRAE Guideline 14 accepts the model by its months: CV(RMSE) at most 15 %, |NMBE| at most 5 %.
  public var isAccepted: Bool { monthlyCVRMSE <= 0.15 && abs(nmbe) <= 0.05 }

  /// Computes the figures of daily residuals.
  ///
  /// - Parameters:
  ///   - days: Days of the fit.
  ///   - residuals: Residual of each day [kWh].
  ///   - heldOut: Residual of each day by a model fitted without its month [kWh].
  ///   - parameters: Number of parameters.
  init(days: [MeterDay], residuals: [Double], heldOut: [Double], parameters: Int) {
    var months: [Int: (residual: Double, use: Double)] = [:]
    for (day, residual) in zip(days, residuals) {
      months[day.month, default: (0, 0)].residual += residual
      months[day.month, default: (0, 0)].use += day.use
    }
    let sums = months.sorted { $0.key < $1.key }.map(\.value)
    self.init(
      uses: days.map(\.use), residuals: residuals, heldOut: heldOut, parameters: parameters,
      months: (sums.map(\.residual), sums.map(\.use)))
  }

  /// Computes the figures of residuals of periods.
  ///
  /// - Parameters:
  ///   - uses: Use of each period [kWh].
  ///   - residuals: Residual of each period [kWh].
  ///   - heldOut: Residual of each period by a model fitted without it [kWh].
  ///   - parameters: Number of parameters.
  ///   - months: Residuals and uses of months; `nil` if the periods are those.
  init(
    uses: [Double], residuals: [Double], heldOut: [Double], parameters: Int,
    months: (residuals: [Double], uses: [Double])? = nil
  ) {
    func sum(_ values: [Double]) -> Double { values.reduce(0, +) }
    func squares(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }
    let count = Double(uses.count)
    let mean = sum(uses) / count
    let freedom = max(1, count - Double(parameters))
    cvrmse = sqrt(squares(residuals) / freedom) / abs(mean)
    nmbe = sum(residuals) / freedom / mean
    heldOutCVRMSE = sqrt(squares(heldOut) / count) / abs(mean)
    let total = squares(uses.map { $0 - mean })
    determination = total > 0 ? 1 - squares(residuals) / total : 0
    let monthly = months ?? (residuals, uses)
    let monthCount = Double(monthly.uses.count)
    monthlyCVRMSE = sqrt(squares(monthly.residuals) / monthCount) / abs(sum(monthly.uses) / monthCount)
  }
}
