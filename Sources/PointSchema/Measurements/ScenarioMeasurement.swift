/// Quantile that is stored beside others of the same figure.
public enum Quantile: String, Sendable, CaseIterable {
  /// 10 % quantile.
  case p10
  /// Median.
  case p50
  /// 90 % quantile.
  case p90
}

extension Tag {
  /// Name of a scenario.
  public static let scenario = Tag("scenario", meaning: "name of the scenario")
}

extension FieldKey where Value == Double {
  /// Load with the events [kW].
  public static func loadPower(_ quantile: Quantile) -> Self { Self("load_kw_\(quantile.rawValue)") }
  /// Cost since the start of the span [currency].
  public static func cost(_ quantile: Quantile) -> Self { Self("cost_\(quantile.rawValue)") }
  /// Greatest import since the start of the span [kW].
  public static func peakPower(_ quantile: Quantile) -> Self { Self("peak_kw_\(quantile.rawValue)") }
  /// Median of the cost since the start of the span without the events [currency].
  public static var costWithout: Self { Self("cost_without") }
  /// Median of the greatest import since the start of the span without the events [kW].
  public static var peakPowerWithout: Self { Self("peak_kw_without") }
  /// Recorded load [kW].
  public static var recordedPower: Self { Self("recorded_kw") }
}

extension Measurement {
  /// Outcome of a scenario.
  public static let scenario = Measurement(
    "scenario",
    contents: "each quarter of an hour of a scenario's span",
    tags: [.plant, .scenario],
    fields: Quantile.allCases.map { .float(.loadPower($0), "load with the events [kW]") }
      + Quantile.allCases.map { .float(.cost($0), "cost since the start of the span [currency]") }
      + Quantile.allCases.map { .float(.peakPower($0), "greatest import since the start of the span [kW]") }
      + [
        .float(.recordedPower, "recorded load [kW]"),
        .float(.costWithout, "median cost since the start of the span without the events [currency]"),
        .float(.peakPowerWithout, "median of the greatest import since the start of the span without the events [kW]"),
      ])
}
