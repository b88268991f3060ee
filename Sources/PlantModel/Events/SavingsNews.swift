/// News of a meter whose savings are verified, for the operators of its plant.
public struct SavingsNews: Sendable, Equatable {
  /// Kind of the news. The raw value is in the journal and never changes.
  public enum Kind: String, Sendable, CaseIterable {
    /// Use deviates from what the operational model expects.
    case deviation
    /// Nothing can be said, because there is no model or there are no data.
    case silence
  }

  /// Kind.
  public var kind: Kind
  /// Name of the plant.
  public var plant: String
  /// Asset of the meter.
  public var asset: String
  /// Sensor of the meter; `nil` for the asset's energy account.
  public var sensor: String?
  /// Whether it is so; `false` for its end.
  public var isStanding: Bool
  /// Severity.
  public var severity: Severity
  /// Short summary.
  public var title: String
  /// Description: how much, since when, what to look at.
  public var text: String
  /// Deviation [%]; NaN without one.
  public var value: Double

  /// Creates news.
  ///
  /// - Parameters:
  ///   - kind: Kind.
  ///   - plan: The meter.
  ///   - plant: Name of its plant.
  ///   - isStanding: Whether it is so; `false` for its end.
  ///   - severity: Severity.
  ///   - title: Short summary.
  ///   - text: Description.
  ///   - value: Deviation [%]; NaN without one.
  public init(
    _ kind: Kind, of plan: SavingsPlan, plant: String, isStanding: Bool, severity: Severity = .warning, title: String,
    text: String, value: Double = .nan
  ) {
    self.init(
      kind, plant: plant, asset: plan.asset, sensor: plan.sensor, isStanding: isStanding, severity: severity,
      title: title, text: text, value: value)
  }

  /// Creates news of an asset or sensor; the parameters are the properties of the same names.
  public init(
    _ kind: Kind, plant: String, asset: String, sensor: String?, isStanding: Bool, severity: Severity, title: String,
    text: String, value: Double
  ) {
    (self.kind, self.plant, self.asset, self.sensor) = (kind, plant, asset, sensor)
    (self.isStanding, self.severity, self.title, self.text, self.value) = (isStanding, severity, title, text, value)
  }
}
