import Glibc

/// Uncertainty of a sum of daily savings.
///
/// The variance of predicted minus actual use over a window is the sum of four parts:
/// - noise of the window's days, with their autocorrelation,
/// - uncertainty of the parameters, by a sandwich estimate that is inflated for autocorrelation,
/// - misfit of seasons, found by predicting each month of the baseline by a model without it,
/// - change of the level from year to year, which one baseline year cannot show: ``yearToYear`` of the use.
struct SavingsUncertainty: Sendable, Codable {
  /// Standard deviation of a year's level in an unchanged building, beyond what the baseline shows [1].
  static let yearToYear = 0.005

  let model: DailyModel
  let noise: NoiseModel
  /// Covariance of the parameters, row-major.
  private let covariance: [Double]
  /// Deviation of a month's error that noise does not explain, over the sum of its days' deviations [1].
  let misfit: Double
  private let typeFactors: [Double]

  /// Estimates the parts from the baseline.
  init(_ model: DailyModel) {
    self.model = model
    let design = DailyDesign(model.days, specification: model.specification, holidays: model.holidays.dates)
    let parts = model.curve.parts(design)
    let plain = parts.map(model.scale.deviation)
    typeFactors = SavingsUncertainty.factors(model, design: design, deviations: plain)
    let factors = typeFactors
    let deviations = plain.indices.map { plain[$0] * factors[min(factors.count - 1, design.types[$0])] }
    let dates = model.days.map(\.date)
    let standard = zip(model.residuals, deviations).map { max(-4, min(4, $0 / $1)) }
    noise = NoiseModel(standard, dates: dates)
    covariance = SavingsUncertainty.sandwich(model, design: design, deviations: deviations, inflation: noise.inflation)
    misfit = SavingsUncertainty.misfit(model, deviations: deviations, noise: noise)
  }

  /// Ratio of each type's deviation to the common scale, drawn towards 1 by ten days.
  private static func factors(_ model: DailyModel, design: DailyDesign, deviations: [Double]) -> [Double] {
    var sums = [Double](repeating: 10, count: model.specification.types.count)
    var counts = sums
    for row in model.days.indices {
      let standard = max(-4, min(4, model.residuals[row] / deviations[row]))
      sums[design.types[row]] += standard * standard
      counts[design.types[row]] += 1
    }
    return zip(sums, counts).map { sqrt($0 / $1) }
  }

  private static func sandwich(
    _ model: DailyModel, design: DailyDesign, deviations: [Double], inflation: Double
  ) -> [Double] {
    let count = model.curve.layout.count
    var middle = [Double](repeating: 0, count: count * count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { row in
      for day in 0..<design.count {
        _ = model.curve.parts(day, design: design, derivatives: row)
        let weight = deviations[day] * deviations[day]
        for i in 0..<count where row[i] != 0 {
          for j in 0..<count { middle[i * count + j] += weight * row[i] * row[j] }
        }
      }
    }
    func product(_ a: [Double], _ b: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: count * count)
      for i in 0..<count {
        for k in 0..<count where a[i * count + k] != 0 {
          for j in 0..<count { result[i * count + j] += a[i * count + k] * b[k * count + j] }
        }
      }
      return result
    }
    return product(product(model.inverse, middle), model.inverse).map { $0 * inflation }
  }

  private static func misfit(_ model: DailyModel, deviations: [Double], noise: NoiseModel) -> Double {
    var months: [Int: [Int]] = [:]
    for (row, day) in model.days.enumerated() { months[day.month, default: []].append(row) }
    var (excess, size) = (0.0, 0.0)
    for rows in months.values {
      let error = rows.reduce(0) { $0 + model.heldOut[$1] }
      let own = rows.map { deviations[$0] }
      excess += error * error - noise.variance(own, dates: rows.map { model.days[$0].date })
      let sum = own.reduce(0, +)
      size += sum * sum
    }
    return size > 0 ? sqrt(max(0, excess / size)) : 0
  }

  /// Returns the deviation of each day [kWh].
  ///
  /// - Parameters:
  ///   - design: Explaining variables.
  ///   - parts: Parts of each day's prediction.
  func deviations(_ design: DailyDesign, parts: [EffectiveTemperatureCurve.Parts]) -> [Double] {
    parts.indices.map { model.scale.deviation(parts[$0]) * typeFactors[min(typeFactors.count - 1, design.types[$0])] }
  }

  /// Returns the standard deviation of predicted minus actual use of some days [kWh].
  ///
  /// - Parameters:
  ///   - rows: The days.
  ///   - days: All days.
  ///   - design: Their explaining variables.
  ///   - parts: Parts of their predictions.
  func deviation(
    _ rows: [Int], days: [MeterDay], design: DailyDesign, parts: [EffectiveTemperatureCurve.Parts],
    deviations: [Double]
  ) -> Double {
    var variance = noise.variance(rows.map { deviations[$0] }, dates: rows.map { days[$0].date })
    let gradient = model.gradient(design, rows: rows)
    let count = gradient.count
    for i in 0..<count {
      for j in 0..<count { variance += gradient[i] * covariance[i * count + j] * gradient[j] }
    }
    var months: [Int: Double] = [:]
    for row in rows { months[days[row].month, default: 0] += deviations[row] }
    // The misfit of a whole year sums up to nothing in the baseline: months are drawn without replacement.
    let share = max(0, 1 - Double(rows.count) / 365)
    for sum in months.values { variance += share * misfit * misfit * sum * sum }
    let level = SavingsUncertainty.yearToYear * rows.reduce(0) { $0 + parts[$1].total }
    return sqrt(variance + level * level)
  }

  /// Returns the factor of the deviation for a two-sided interval.
  func factor(confidence: Double) -> Double {
    let effective = Double(model.days.count) / noise.inflation
    return Quantiles.student(0.5 + confidence / 2, freedom: max(5, effective / 4))
  }
}
