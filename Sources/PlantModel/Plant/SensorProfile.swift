public import WattlineTime

/// Meaning of a reading's value in time.
public enum Sampling: String, Sendable, CaseIterable, BitwiseCopyable {
  /// Value at its time.
  case instant
  /// Mean of the interval that starts at its time.
  case intervalStart = "interval_start"
  /// Mean of the interval that ends at its time.
  case intervalEnd = "interval_end"
  /// Cumulative count; resets and rollovers are handled.
  case counter
}

/// Unit, meaning and plausible values of a sensor.
public struct SensorProfile: Hashable, Sendable {
  /// Unit in which values arrive; `nil` if there is none or it is unknown.
  public var unit: Unit?
  /// Plausible values [canonical unit]; infinite bounds if unknown.
  public var range: ClosedRange<Double>
  /// Fastest plausible change [canonical unit per second]; infinite if unknown.
  public var maximumRate: Double
  /// Meaning of the value in time.
  public var sampling: Sampling
  /// Whether a constant value is normal, as for switches, states, counters, prices and setpoints.
  public var mayStandStill: Bool
  /// Whether zero is normal for hours although other constant values are not, as for PV at night and an idle charger.
  public var mayRestAtZero: Bool

  /// Reporting behaviour; ``holdsByNature`` is the initial assumption of ``Reporting/auto``.
  public var reports = Reporting.auto
  /// Longest time for which a value holds if values hold until the next; `nil` for a day.
  public var longestSilence: TimeSpan?

  /// Whether values are expectations for future times, as in a forecast feed. They are not checked.
  public var isForecast = false
  /// Whether values are computed from other sensors, see ``DerivedSensor``. They have no raw value; faults of the
  /// inputs are reported for the inputs.
  public var isDerived = false

  /// Creates a profile; omitted arguments assume nothing. The parameters are the properties of the same names.
  public init(
    unit: Unit? = nil, range: ClosedRange<Double> = -.infinity ... .infinity, maximumRate: Double = .infinity,
    sampling: Sampling = .instant, mayStandStill: Bool = false, mayRestAtZero: Bool = false
  ) {
    self.unit = unit
    self.range = range
    self.maximumRate = maximumRate
    self.sampling = sampling
    self.mayStandStill = mayStandStill
    self.mayRestAtZero = mayRestAtZero
  }

  /// Sets a unit that was inferred from the values. An energy is then a counter, as is usual.
  mutating func apply(unit: Unit) {
    self.unit = unit
    guard sampling == .instant, unit.quantity == .energy else { return }
    sampling = .counter
    mayStandStill = true
  }

  /// Whether a value holds until the next because of its quantity: states, states of charge, prices, setpoints and
  /// requests.
  ///
  /// For powers, temperatures and the like, the readings decide.
  public var holdsByNature: Bool {
    guard sampling == .instant, mayStandStill else { return false }
    switch unit?.quantity {
    case .power, .voltage, .current, .temperature: return false
    default: return true
    }
  }

  /// Unit of `clean` and all later stages.
  public var canonicalUnit: Unit? { unit?.canonicalUnit }
}
