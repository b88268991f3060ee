/// A forecast of one series, issued at one moment: what dispatch and health read.
public struct ForecastIssue: Sendable, Equatable {
  /// The series.
  public var series: SeriesIndex
  /// When it was issued; the first slot starts here.
  public var issued: Timestamp
  /// The length of a slot.
  public var step: TimeSpan
  /// The model in charge.
  public var model: String
  /// The 10 % quantile of each slot's mean [canonical unit].
  public var p10: [Double]
  /// The median of each slot's mean [canonical unit].
  public var p50: [Double]
  /// The 90 % quantile of each slot's mean [canonical unit].
  public var p90: [Double]

  /// A forecast; the three arrays have one element a slot.
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

/// A fault of an asset of which an alert stands.
public struct StandingFault: Sendable, Equatable {
  /// What it is: the alert's rule.
  public var name: String
  /// How grave it is.
  public var severity: Severity

  /// A fault.
  public init(name: String, severity: Severity) { (self.name, self.severity) = (name, severity) }
}

/// How well an asset is, at the end of a window or as soon as a fault stands.
public struct AssetHealth: Sendable, Equatable {
  /// The asset.
  public var asset: AssetIndex
  /// End of the window that was judged.
  public var time: Timestamp
  /// 0 (failed) to 100 (nothing against it).
  public var index: Double
  /// The index as it would be without a fault that stands, of which there is an alert of its own.
  public var indexWithoutFault: Double
  /// Anomaly score, 0 ordinary, 1 certain.
  public var anomaly: Double
  /// Drift score, 0 none, 1 certain.
  public var drift: Double
  /// The sensors that lower the index most, worst first.
  public var contributors: [String]
  /// Whether anything is known of it now; an asset without has an index that says so, and silence rules of its own.
  public var hasData = true

  /// A judgement.
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

/// A recommendation for one battery at one moment.
public struct DispatchDecision: Sendable, Equatable {
  /// The battery.
  public var asset: AssetIndex
  /// Decision time.
  public var time: Timestamp
  /// Recommended power, positive discharge [kW].
  public var recommendedKilowatts: Double
  /// State of charge, 0...1; NaN where unknown.
  public var stateOfCharge: Double
  /// Import price now [currency/kWh]; NaN where it is not known.
  public var price: Double
  /// Which limit or reason decided, for people.
  public var reason: String
  /// Whether too little is known to decide, so that the power is none that the asset should be set to.
  public var lacksData: Bool

  /// The reason where a generator that was held back may give all again.
  public static let released = "curtail: released"

  /// A decision.
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
