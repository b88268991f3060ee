public import PlantModel

/// The formulas of the health index.
///
/// 1. Residual `r = mean − expected`. The expected value is the usual one at this time of day, in bins of two hours
///    with straight lines between them. Once three days are known, it is a mean over about ten days in which no day
///    counts with more than three scales. Before that, for steady sensors, it is the median over the bins so far.
/// 2. Standardized residual `z = r / scale`, where `scale` is the largest of four values: 1.4826 × median |r|, q90 |r|
///    / 1.2816, a quarter of the spread of the series, and a floor for its quantity. The first two cover about a week
///    and are at least a normal standard deviation. The spread lies between the extremes of the day. An extreme moves
///    half of the way when a day exceeds it and a seventh of the way otherwise. A value inside the spread is therefore
///    never beyond |z| = 4.
/// 3. Anomaly `a = clip((|z| − 3) / 5, 0, 1)`, the median of the last three windows, so one odd window has no effect.
/// 4. Drift: two-sided CUSUM `S ← max(0, S ± z − 1)` with |z| limited to 8; `d = clip((S − 60) / 120, 0, 1)`.
/// 5. Data: `q = 1 − good share`, mean of the last four windows; a window that is due and missing has q = 1.
/// 6. Penalty of a sensor `p = 1 − (1 − a)(1 − w·d)(1 − 0.7·q)`. The weight `w` is 0.5, for series driven by weather or
///    people 0.2, and 0 for event-driven ones. A finding of a twin is the penalty of a further sensor: a CUSUM of its
///    standardized residual, see `ResidualTrack`. Two more are the isolation forest's score of all sensors together and
///    the distance of a series from its forecast. Each of these is at most 0.15, see `PatternClass` and
///    `ForecastTrack`. If all sensors of an asset are overdue, only q = 1 counts.
/// 7. `index = 100 × (1 − P)`, `P = max p + (1 − max p) × 0.25 × mean of the other sensors' p`.
/// 8. A standing alert of a fault of the asset itself (trip, outage, derating, heat, charger) limits the index: to 25
///    if it is critical, to 75 if it is a warning. The limit applies from the minute after the alert until the minute
///    after its end.
///
/// Worked value: a = 0.5, d = 0.4 with w = 0.5 and q = 0.1 give p = 1 − 0.5 × 0.8 × 0.93 = 0.628. With one other sensor
/// of p = 0.2: P = 0.628 + 0.372 × 0.05 = 0.6466, index 35.34. A trip makes that 25.
public enum HealthFormula {
  /// Returns the anomaly score of a standardized residual, 0...1: up to 3 is 0, 8 and more is 1. NaN is 0.
  public static func anomaly(standardizedResidual z: Double) -> Double { clip((z.magnitude - 3) / 5) }

  /// Returns the drift score of a CUSUM, 0...1: up to 60 is 0, 180 and more is 1.
  public static func drift(cusum: Double) -> Double { clip((cusum - 60) / 120) }

  /// Returns the penalty of a sensor, 0...1.
  ///
  /// - Parameters:
  ///   - anomaly: Anomaly score, 0...1.
  ///   - drift: Drift score, 0...1.
  ///   - driftWeight: Weight of the drift score, 0...1.
  ///   - badShare: Share of bad data, 0...1.
  public static func penalty(anomaly: Double, drift: Double, driftWeight: Double, badShare: Double) -> Double {
    1 - (1 - clip(anomaly)) * (1 - driftWeight * clip(drift)) * (1 - 0.7 * clip(badShare))
  }

  /// Returns the index of an asset, 0...100, from the penalties of its sensors; 100 without any.
  public static func index(penalties: [Double]) -> Double {
    guard let worst = penalties.max() else { return 100 }
    let others = penalties.count > 1 ? (penalties.reduce(0, +) - worst) / Double(penalties.count - 1) : 0
    return 100 * clip(1 - (worst + (1 - worst) * 0.25 * others))
  }

  /// Returns the highest index, 0...100, that an asset can have while a fault of a severity stands.
  public static func most(under severity: Severity) -> Double {
    switch severity {
    case .critical: 25
    case .warning: 75
    case .info: 100
    }
  }

  /// Returns the `state` field: `learning` in the first three days, then `good` from 80, `watch` from 60, `poor` below.
  public static func state(index: Double, isLearning: Bool) -> String {
    if isLearning { return "learning" }
    return index >= 80 ? "good" : index >= 60 ? "watch" : "poor"
  }

  static func clip(_ value: Double) -> Double { value.isNaN ? 0 : min(max(value, 0), 1) }
}
