public import WattlineTime

/// Forecast of one series, issued at one time and read by dispatch and health.
public struct ForecastIssue: Sendable, Equatable {
  /// Series that is forecast.
  public var series: SeriesIndex
  /// Time of issue and start of the first slot.
  public var issued: Timestamp
  /// Length of a slot.
  public var step: TimeSpan
  /// Champion model that made it.
  public var model: String
  /// 10 % quantile of each slot's mean [canonical unit].
  public var p10: [Double]
  /// Median of each slot's mean [canonical unit].
  public var p50: [Double]
  /// 90 % quantile of each slot's mean [canonical unit].
  public var p90: [Double]

  /// Creates a forecast; the parameters are the properties of the same names. The three arrays have one element per
  /// slot.
  public init(
    series: SeriesIndex, issued: Timestamp, step: TimeSpan, model: String, p10: [Double], p50: [Double], p90: [Double]
  ) {
    self.series = series
    self.issued = issued
    self.step = step
    self.model = model
    self.p10 = p10
    self.p50 = p50
    self.p90 = p90
  }
}

/// Fault of an asset with an active alert.
public struct StandingFault: Sendable, Equatable {
  /// Name of the alert's rule.
  public var name: String
  /// Severity of the alert.
  public var severity: Severity

  /// Creates a fault.
  public init(name: String, severity: Severity) { (self.name, self.severity) = (name, severity) }
}

/// Health of an asset at the end of a window, or as soon as a fault appears.
public struct AssetHealth: Sendable, Equatable {
  /// Asset that was assessed.
  public var asset: AssetIndex
  /// End of the window that was assessed.
  public var time: Timestamp
  /// Health index, 0 (failed) to 100 (no findings).
  public var index: Double
  /// Health index without active faults, which have alerts of their own.
  public var indexWithoutFault: Double
  /// Anomaly score, 0 (ordinary) to 1 (certain).
  public var anomaly: Double
  /// Drift score, 0 (none) to 1 (certain).
  public var drift: Double
  /// Sensors that lower the index most, worst first.
  public var contributors: [String]
  /// Whether there are current data. Without, the index reflects that, and alert rules for silence apply instead.
  public var hasData = true

  /// Creates an assessment; the parameters are the properties of the same names.
  public init(
    asset: AssetIndex, time: Timestamp, index: Double, anomaly: Double, drift: Double, contributors: [String]
  ) {
    self.asset = asset
    self.time = time
    self.index = index
    indexWithoutFault = index
    self.anomaly = anomaly
    self.drift = drift
    self.contributors = contributors
  }
}

/// Recommendation for one battery at one time.
public struct DispatchDecision: Sendable, Equatable {
  /// Battery concerned.
  public var asset: AssetIndex
  /// Time of the decision.
  public var time: Timestamp
  /// Recommended power, positive discharge [kW].
  public var recommendedKilowatts: Double
  /// State of charge, 0...1; NaN if unknown.
  public var stateOfCharge: Double
  /// Current import price [currency/kWh]; NaN if unknown.
  public var price: Double
  /// Limit or reason that determined the decision, for people.
  public var reason: String
  /// Whether too little is known to decide; the power is then not a setpoint.
  public var lacksData: Bool

  /// Reason given when the limit on a curtailed generator is lifted.
  public static let released = "curtail: released"

  /// Creates a decision; the parameters are the properties of the same names.
  public init(
    asset: AssetIndex, time: Timestamp, recommendedKilowatts: Double, stateOfCharge: Double, price: Double,
    reason: String, lacksData: Bool = false
  ) {
    self.asset = asset
    self.time = time
    self.recommendedKilowatts = recommendedKilowatts
    self.stateOfCharge = stateOfCharge
    self.price = price
    self.reason = reason
    self.lacksData = lacksData
  }
}
