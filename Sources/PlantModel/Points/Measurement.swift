/// Measurements that Wattline writes. The raw value is the name in the database.
public enum Measurement: String, Sendable, CaseIterable {
  case raw, clean, feature, forecast, health, alerts, dispatch, command, kpi, energy, scenario, pipeline, reporting
  case forecastLatest = "forecast_latest"
  case forecastEvaluation = "forecast_eval"
  case alertState = "alert_state"
  case alertRate = "alert_rate"
  case cleanHourly = "clean_1h"
  case cleanDaily = "clean_1d"

  /// Tags after plant, asset, sensor and unit, in order; ``PointKey/qualifiers`` holds their values.
  public var qualifierTags: [String] {
    switch self {
    case .raw, .clean, .cleanHourly, .cleanDaily, .forecastLatest, .health, .dispatch, .command, .kpi, .energy,
      .alertRate, .reporting:
      []
    case .feature: ["window"]
    case .forecast: ["lead"]
    case .forecastEvaluation: ["model", "lead"]
    case .alerts, .alertState: ["rule"]
    case .scenario: ["scenario"]
    case .pipeline: ["instance", "stage"]
    }
  }

  /// Whether points have the series' unit as a tag.
  public var hasUnitTag: Bool {
    switch self {
    case .raw, .clean, .feature, .cleanHourly, .cleanDaily: true
    default: false
    }
  }
}
