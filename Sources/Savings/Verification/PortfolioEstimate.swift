import Glibc

/// Sum of the savings of several meters with its uncertainty.
///
/// Errors of meters are not independent: one weather, one calendar and one economy move them together. The correlation
/// of two meters is that of their baseline residuals on common days, as what a model misses of the weather shows there.
/// Negative correlations count as none, so that no luck is promised.
///
/// Equation: u² = Σᵢ Σⱼ ρᵢⱼ uᵢ uⱼ with ρᵢᵢ = 1. Worked value: two meters with 100 ± 30 kWh and a correlation of 0.5
/// give 200 ± 52 kWh; with none ± 42, with 1 ± 60.
public struct PortfolioEstimate: Sendable, Equatable {
  /// Least number of common days that tell a correlation.
  private static let leastDays = 60

  /// Sum of savings with its interval [kWh].
  public let savings: SavingsAssessment.Estimate
  /// Half of the interval if meters were independent [kWh].
  public let independentHalf: Double
  /// Part that meters share: the root of what correlations add to the square [kWh].
  public let sharedHalf: Double
  /// Half of the interval if all meters erred alike [kWh].
  public let greatestHalf: Double
  /// Mean correlation of two meters; `nil` for one meter, or if no two have common days.
  public let correlation: Double?

  /// Adds savings up.
  ///
  /// - Parameters:
  ///   - members: Saving of each meter, and residuals of its baseline by date over their deviations.
  public init(_ members: [(savings: SavingsAssessment.Estimate, residuals: [Int: Double])]) {
    let halves = members.map(\.savings.half)
    var known: [(i: Int, j: Int, value: Double)] = []
    var unknown: [(i: Int, j: Int)] = []
    for i in members.indices {
      for j in members.indices where j > i {
        if let value = Self.correlation(members[i].residuals, members[j].residuals) {
          known.append((i, j, max(0, value)))
        } else {
          unknown.append((i, j))
        }
      }
    }
    let mean = known.isEmpty ? nil : known.reduce(0) { $0 + $1.value } / Double(known.count)
    // Meters without common days are as alike as the others; if none has any, they may err alike.
    var shared = known.reduce(0) { $0 + 2 * $1.value * halves[$1.i] * halves[$1.j] }
    shared += unknown.reduce(0) { $0 + 2 * (mean ?? 1) * halves[$1.i] * halves[$1.j] }
    let own = halves.reduce(0) { $0 + $1 * $1 }
    savings = SavingsAssessment.Estimate(
      value: members.reduce(0) { $0 + $1.savings.value }, half: sqrt(own + shared))
    (independentHalf, sharedHalf, correlation) = (sqrt(own), sqrt(shared), mean)
    greatestHalf = halves.reduce(0, +)
  }

  /// Returns the correlation of residuals on common days; `nil` with fewer than sixty.
  private static func correlation(_ one: [Int: Double], _ other: [Int: Double]) -> Double? {
    let common = one.compactMap { date, value in other[date].map { (value, $0) } }
    guard common.count >= leastDays else { return nil }
    let count = Double(common.count)
    let means = common.reduce((0.0, 0.0)) { ($0.0 + $1.0 / count, $0.1 + $1.1 / count) }
    var (cross, first, second) = (0.0, 0.0, 0.0)
    for (a, b) in common {
      cross += (a - means.0) * (b - means.1)
      first += (a - means.0) * (a - means.0)
      second += (b - means.1) * (b - means.1)
    }
    return first > 0 && second > 0 ? cross / sqrt(first * second) : nil
  }
}

extension SavingsVerifier {
  /// Residuals of the fit by date over their deviations, at most 4 in size; empty for bills.
  public var standardResiduals: [Int: Double] {
    guard let model = uncertainty?.model else { return [:] }
    let outlook = outlook(model.days)
    return Dictionary(
      zip(model.days.indices, model.residuals).map { row, residual in
        (model.days[row].date, max(-4, min(4, residual / outlook.deviations[row])))
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Returns the factor of a standard deviation for a two-sided interval; NaN for bills.
  public func intervalFactor(confidence: Double) -> Double { uncertainty?.factor(confidence: confidence) ?? .nan }

  /// Days of the fit with use and weather; empty for bills.
  public var fittedDays: [MeterDay] { uncertainty?.model.days ?? [] }
}
