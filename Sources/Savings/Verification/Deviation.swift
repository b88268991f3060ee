/// Difference of actual use from what a model expects over a span of days.
public struct Deviation: Sendable, Equatable {
  /// First day [days since 1970-01-01].
  public var first: Int
  /// Last day [days since 1970-01-01].
  public var last: Int
  /// Number of days with reading and expectation.
  public var dayCount: Int
  /// Expected use of these days [kWh].
  public var expected: Double
  /// Actual use of these days [kWh].
  public var actual: Double
  /// Half of the interval of the difference [kWh].
  public var half: Double

  /// Actual minus expected use [kWh].
  public var excess: Double { actual - expected }
  /// Actual minus expected use over the expectation [%].
  public var percent: Double { 100 * excess / expected }
  /// Half of the interval over the expectation [%].
  public var halfPercent: Double { 100 * half / abs(expected) }
  /// State of the span. One within its own interval is tracking.
  public var state: SavingsAssessment.State {
    SavingsAssessment.State(percent: percent, isSignificant: abs(excess) > half)
  }
}

/// Change of level that CUSUM has noticed.
public struct ChangeAlarm: Sendable, Equatable {
  /// Date of the alarm [days since 1970-01-01].
  public var detected: Int
  /// Day on which the change is thought to have begun.
  public var start: Int
  /// Whether use has grown.
  public var isIncrease: Bool
}

/// Correction of a model by which it follows a changed plant.
///
/// The effects are those of ``MeasureTracker``: levels of working days and days of rest [kWh], scales of heating and
/// cooling [1] and shifts of their balance points [K].
public struct ModelAdjustment: Sendable, Equatable, Codable {
  /// Least number of days of a fit of all effects.
  static let leastDays = 90
  /// Least number of days of a fit of the level alone.
  static let leastOffsetDays = 14
  /// Days that are left out of the fit and judge it.
  static let judgedDays = 30
  /// Fall of CV(RMSE) on the judged days from which a correction is accepted [1].
  static let leastGain = 0.2

  /// Effects on daily use.
  public let effects: [Double]
  /// Number of days that the fit used.
  public let dayCount: Int
  /// Last day of the fit [days since 1970-01-01].
  public let lastDay: Int
  /// CV(RMSE) of the judged days before and after [1].
  public let judged: [Double]

  /// Whether the level alone is corrected.
  public var isOffset: Bool { effects.dropFirst(2).allSatisfy { $0 == 0 } }
  /// Whether the correction fits days that it has not seen better by a fifth.
  public var isAccepted: Bool { judged[1] <= (1 - Self.leastGain) * judged[0] }
  /// The correction in words.
  public var name: String { isOffset ? "level" : "levels, heating and cooling" }

  /// Fits a correction to the days since a change, without the last thirty, which judge it.
  ///
  /// - Parameters:
  ///   - verifier: The model to correct.
  ///   - present: The correction that it has already.
  ///   - days: Days in order.
  ///   - start: First day of the change [days since 1970-01-01].
  /// - Returns: `nil` if too few days are known, or the model is of bills.
  public init?(
    of verifier: SavingsVerifier, replacing present: ModelAdjustment?, days: [MeterDay], since start: Int
  ) {
    let outlook = verifier.outlook(days)
    let rows = outlook.rows.filter { days[$0].date >= start }
    let (fitted, judged) = (rows.dropLast(Self.judgedDays), rows.suffix(Self.judgedDays))
    guard let uncertainty = verifier.uncertainty, fitted.count >= Self.leastOffsetDays,
      judged.count == Self.judgedDays, let last = fitted.last
    else { return nil }
    let residuals = outlook.residuals
    let level = rows.reduce(0) { $0 + abs(outlook.parts[$1].total) } / Double(rows.count)
    var effects = [Double](repeating: 0, count: MeasureTracker.count)
    if fitted.count >= Self.leastDays {
      var equations = NormalEquations(count: MeasureTracker.count)
      for row in fitted {
        let deviation = outlook.deviations[row]
        equations.add(
          outlook.effects[row], value: residuals[row], weight: 1 / (deviation * deviation * uncertainty.noise.inflation)
        )
      }
      for (place, deviation) in MeasureTracker.priors(level: level).enumerated() {
        equations.penalise(place, weight: 1 / (deviation * deviation))
      }
      guard let solution = equations.solution() else { return nil }
      effects = solution
    } else {
      let offset = fitted.reduce(0) { $0 + residuals[$1] } / Double(fitted.count)
      (effects[0], effects[1]) = (offset, offset)
    }
    func error(_ effects: [Double]) -> Double {
      let squares = judged.reduce(0.0) { sum, row in
        let rest = residuals[row] - zip(outlook.effects[row], effects).reduce(0) { $0 + $1.0 * $1.1 }
        return sum + rest * rest
      }
      let mean = judged.reduce(0) { $0 + days[$1].use } / Double(judged.count)
      return (squares / Double(judged.count)).squareRoot() / max(1e-9, abs(mean))
    }
    (self.effects, dayCount, lastDay) = (effects, fitted.count, days[last].date)
    self.judged = [error(present?.effects ?? [0, 0, 0, 0, 0, 0]), error(effects)]
  }
}

extension SavingsVerifier {
  /// Returns ``witness`` of the model with a correction [kWh].
  public func witness(_ adjustment: ModelAdjustment?) -> Double {
    guard let adjustment, let days = uncertainty?.model.days else { return witness }
    return witness
      + outlook(days).effects.reduce(0) { sum, row in
        sum + zip(row, adjustment.effects).reduce(0) { $0 + $1.0 * $1.1 }
      }
  }
}
