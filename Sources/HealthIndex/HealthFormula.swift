import PlantModel

/// The formulas of the health index.
///
/// 1. Residual `r = mean − expected`; expected is what is usual at this time of the day, in bins of two hours with straight
///    lines between them: a mean over about ten days in which no day counts with more than three scales, once three days
///    are known; before that, for steady sensors, the median over the bins of the first.
/// 2. Standardized `z = r / scale`, where `scale` is the largest of 1.4826 × median |r| and q90 |r| / 1.2816 over about a
///    week (both estimate a normal standard deviation or exceed it), a quarter of the spread of the series, and a
///    floor for its quantity. The spread lies between the extremes of the day, which follow half of the way when a day
///    goes beyond them and a seventh of it when it does not. A value inside the spread is therefore never beyond
///    |z| = 4.
/// 3. Anomaly `a = clip((|z| − 3) / 5, 0, 1)`, the median of the last three windows, so that one odd window is silent.
/// 4. Drift: two-sided CUSUM `S ← max(0, S ± z − 1)` with |z| held at 8; `d = clip((S − 60) / 120, 0, 1)`.
/// 5. Data: `q = 1 − good share`, mean of the last four windows; a window that is due and missing has q = 1.
/// 6. Penalty of a sensor `p = 1 − (1 − a)(1 − w·d)(1 − 0.7·q)`, where `w` is 0.5, for series driven by weather or
///    people 0.2.
///    A finding of a twin is the penalty of a further sensor: a CUSUM of its standardized residual, see `ResidualTrack`.
///    So is what an isolation forest finds odd in all sensors together, and how far a series is from its forecast, each
///    0.15 at the most, see `PatternClass` and `ForecastTrack`.
///    Of an asset all of whose sensors are overdue nothing but q = 1 counts.
/// 7. `index = 100 × (1 − P)`, `P = max p + (1 − max p) × 0.25 × mean of the other sensors' p`.
/// 8. While an alert of a fault of the asset itself stands (trip, outage, derating, heat, charger), the index is at most 25
///    where it is critical and 75 where it is a warning, from the minute after the alert until the minute after its end.
///
/// Worked value: a = 0.5, d = 0.4 with w = 0.5, q = 0.1 give p = 1 − 0.5 × 0.8 × 0.93 = 0.628. With one other sensor of
/// p = 0.2: P = 0.628 + 0.372 × 0.05 = 0.6466, index 35.34. A trip
/// makes that 25.
public enum HealthFormula {
  /// Anomaly score of a standardized residual, 0...1: 3 and less is 0, 8 and more is 1. NaN is 0.
  public static func anomaly(standardizedResidual z: Double) -> Double { clip((z.magnitude - 3) / 5) }

  /// Drift score of a CUSUM, 0...1: 60 and less is 0, 180 and more is 1.
  public static func drift(cusum: Double) -> Double { clip((cusum - 60) / 120) }

  /// Penalty of a sensor, 0...1, of its anomaly and drift scores and its share of bad data, each 0...1.
  public static func penalty(anomaly: Double, drift: Double, driftWeight: Double, badShare: Double) -> Double {
    1 - (1 - clip(anomaly)) * (1 - driftWeight * clip(drift)) * (1 - 0.7 * clip(badShare))
  }

  /// The index of an asset, 0...100, of the penalties of its sensors; 100 without any.
  public static func index(penalties: [Double]) -> Double {
    guard let worst = penalties.max() else { return 100 }
    let others = penalties.count > 1 ? (penalties.reduce(0, +) - worst) / Double(penalties.count - 1) : 0
    return 100 * clip(1 - (worst + (1 - worst) * 0.25 * others))
  }

  /// The most that a fault which stands leaves of an index, 0...100.
  public static func most(under severity: Severity) -> Double {
    switch severity {
    case .critical: 25
    case .warning: 75
    case .info: 100
    }
  }

  /// The `state` field: `learning` in the first three days, then `good` from 80, `watch` from 60, `poor` below.
  public static func state(index: Double, isLearning: Bool) -> String {
    if isLearning { return "learning" }
    return index >= 80 ? "good" : index >= 60 ? "watch" : "poor"
  }

  static func clip(_ value: Double) -> Double { value.isNaN ? 0 : min(max(value, 0), 1) }
}
