import Glibc

/// Model of uneven billing periods by degree days, with searched balance points.
///
/// Equation: E = b·n + h·Σ max(0, c − T) + g·Σ max(0, T − d) over the n days of a period, with b, h and g not negative.
/// Residuals are weighted by 1/n. Terms and balance points are those with the least error of bills left out in turn
/// (ASHRAE Guideline 14, "variable-base degree days").
public struct DegreeDayModel: BaselineModel, Codable {
  /// Terms of a form.
  private struct Form: Codable {
    var hasHeating: Bool
    var hasCooling: Bool
    var heatingBalance = 0.0
    var coolingBalance = 0.0

    var count: Int { 1 + (hasHeating ? 1 : 0) + (hasCooling ? 1 : 0) }
    var parameterCount: Int { count + (hasHeating ? 1 : 0) + (hasCooling ? 1 : 0) }

    func row(_ temperatures: [Double]) -> [Double] {
      var row = [Double(temperatures.count)]
      if hasHeating { row.append(temperatures.reduce(0) { $0 + max(0, heatingBalance - $1) }) }
      if hasCooling { row.append(temperatures.reduce(0) { $0 + max(0, $1 - coolingBalance) }) }
      return row
    }
  }

  private let form: Form
  private let coefficients: [Double]
  private let covariance: [Double]
  /// Standard deviation of a single day's noise, of which a period has n [kWh].
  let dailyDeviation: Double
  /// Number of periods of the baseline.
  let billCount: Int
  /// Figures of the fit, of periods.
  public let statistics: FitStatistics
  /// Least and greatest mean temperature of a baseline day [°C].
  public let temperatureRange: ClosedRange<Double>
  /// Bills show no holidays.
  public var holidayCountry: String? { nil }

  /// Name in the field's terms.
  public var name: String {
    let parts = form.hasHeating && form.hasCooling ? "5P" : form.hasHeating ? "3PH" : form.hasCooling ? "3PC" : "mean"
    return "\(parts) degree days"
  }
  /// Number of parameters.
  public var parameterCount: Int { form.parameterCount }

  /// Fits the periods of a baseline; `nil` if they determine no model.
  init?(_ bills: [MeterBills.Bill]) {
    let temperatures = bills.map { $0.days.map(\.temperature).filter(\.isFinite) }
    let all = temperatures.joined()
    guard let low = all.min(), let high = all.max() else { return nil }
    var best: (form: Form, error: Double)?
    for (heating, cooling) in [(false, false), (true, false), (false, true), (true, true)] {
      let form = Form(hasHeating: heating, hasCooling: cooling)
      guard bills.count > form.parameterCount + 2 else { continue }
      let error = DegreeDayModel.heldOut(form, bills: bills, temperatures: temperatures)
        .reduce(0) { $0 + $1 * $1 }
      if best.map({ error < 0.98 * $0.error }) ?? true { best = (form, error) }
    }
    guard let best,
      let fit = DegreeDayModel.fit(best.form, bills: bills, temperatures: temperatures, without: nil)
    else { return nil }
    form = fit.form
    coefficients = fit.coefficients
    billCount = bills.count
    temperatureRange = low...high
    let freedom = Double(max(1, bills.count - fit.form.parameterCount))
    let residuals = DegreeDayModel.residuals(fit, bills: bills, temperatures: temperatures)
    let variance = zip(residuals, bills).reduce(0) { $0 + $1.0 * $1.0 / Double($1.1.days.count) } / freedom
    dailyDeviation = sqrt(variance)
    covariance = fit.inverse.map { $0 * variance }
    statistics = FitStatistics(
      uses: bills.map(\.use), residuals: residuals,
      heldOut: DegreeDayModel.heldOut(best.form, bills: bills, temperatures: temperatures),
      parameters: fit.form.parameterCount)
  }

  private struct Fit {
    var form: Form
    var coefficients: [Double]
    var inverse: [Double]
    var error: Double
  }

  /// Searches balance points in steps of half a kelvin.
  private static func fit(
    _ form: Form, bills: [MeterBills.Bill], temperatures: [[Double]], without: Int?
  ) -> Fit? {
    var best: Fit?
    for heating in form.hasHeating ? Array(14...44) : [0] {
      for cooling in form.hasCooling ? Array(max(24, heating)...52) : [0] {
        var trial = form
        (trial.heatingBalance, trial.coolingBalance) = (Double(heating) / 2, Double(cooling) / 2)
        if let fit = solve(trial, bills: bills, temperatures: temperatures, without: without),
          fit.error < best?.error ?? .infinity
        {
          best = fit
        }
      }
    }
    return best
  }

  private static func solve(
    _ form: Form, bills: [MeterBills.Bill], temperatures: [[Double]], without: Int?
  ) -> Fit? {
    var equations = NormalEquations(count: form.count)
    let rows = bills.indices.map { place -> [Double] in
      let scale = Double(bills[place].days.count) / Double(temperatures[place].count)
      return form.row(temperatures[place]).map { $0 * scale }
    }
    for (place, bill) in bills.enumerated() where place != without {
      equations.add(rows[place], value: bill.use, weight: 1 / Double(bill.days.count))
    }
    guard let coefficients = equations.solution(), let inverse = equations.inverse() else { return nil }
    // More heat for warmer days would be a line through noise.
    guard coefficients.dropFirst().allSatisfy({ $0 >= 0 }) else { return nil }
    var fit = Fit(form: form, coefficients: coefficients, inverse: inverse, error: 0)
    for (place, bill) in bills.enumerated() where place != without {
      let residual = bill.use - zip(rows[place], coefficients).reduce(0) { $0 + $1.0 * $1.1 }
      fit.error += residual * residual / Double(bill.days.count)
    }
    return fit
  }

  private static func residuals(_ fit: Fit, bills: [MeterBills.Bill], temperatures: [[Double]]) -> [Double] {
    bills.indices.map { place in
      let scale = Double(bills[place].days.count) / Double(temperatures[place].count)
      return bills[place].use
        - zip(fit.form.row(temperatures[place]), fit.coefficients).reduce(0) { $0 + scale * $1.0 * $1.1 }
    }
  }

  /// Residual of each bill by a model fitted without it.
  private static func heldOut(_ form: Form, bills: [MeterBills.Bill], temperatures: [[Double]]) -> [Double] {
    bills.indices.map { place in
      guard let fit = fit(form, bills: bills, temperatures: temperatures, without: place) else {
        return bills[place].use
      }
      return residuals(fit, bills: bills, temperatures: temperatures)[place]
    }
  }

  /// Returns the parts of a day's use.
  func parts(_ temperature: Double) -> EffectiveTemperatureCurve.Parts {
    guard temperature.isFinite else { return EffectiveTemperatureCurve.Parts(base: .nan) }
    let row = form.row([temperature])
    var parts = EffectiveTemperatureCurve.Parts(base: coefficients[0])
    if form.hasHeating { parts.heating = coefficients[1] * row[1] }
    if form.hasCooling { parts.cooling = coefficients[row.count - 1] * row[row.count - 1] }
    return parts
  }

  /// Returns the predicted use of each day [kWh]; NaN if the weather is unknown.
  public func predict(_ days: [MeterDay]) -> [Double] { days.map { parts($0.temperature).total } }

  /// Returns the standard deviation of predicted minus actual use of some days [kWh].
  func deviation(_ days: [MeterDay]) -> Double {
    let row = form.row(days.map(\.temperature))
    var variance = dailyDeviation * dailyDeviation * Double(days.count)
    for i in row.indices {
      for j in row.indices { variance += row[i] * covariance[i * row.count + j] * row[j] }
    }
    let level = SavingsUncertainty.yearToYear * predict(days).reduce(0, +)
    return sqrt(variance + level * level)
  }
}
