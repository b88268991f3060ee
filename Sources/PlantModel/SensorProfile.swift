/// What the number of a reading stands for in time.
public enum Sampling: String, Sendable, CaseIterable, BitwiseCopyable {
  /// The value at its time.
  case instant
  /// The mean of the interval that starts at its time.
  case intervalStart = "interval_start"
  /// The mean of the interval that ends at its time.
  case intervalEnd = "interval_end"
  /// A cumulative count; resets and rollovers are handled.
  case counter
}

/// What a sensor measures and what is plausible for it.
public struct SensorProfile: Hashable, Sendable {
  /// The unit in which values arrive; `nil` where a sensor has none or none is known.
  public var unit: Unit?
  /// Plausible values [canonical unit]; infinite ends where nothing is known.
  public var range: ClosedRange<Double>
  /// Fastest plausible change [canonical unit per second]; infinite where nothing is known.
  public var maximumRate: Double
  /// What the value stands for in time.
  public var sampling: Sampling
  /// Whether an unchanged value is ordinary: switches, states, counters, prices, setpoints.
  public var mayStandStill: Bool
  /// Whether zero may stand for hours though other values may not: PV at night, an idle charger.
  public var mayRestAtZero: Bool

  /// When the sensor sends; see ``holdsByNature`` for what ``Reporting/auto`` starts from.
  public var reports = Reporting.auto
  /// For how long a value holds at the most where it holds until the next; `nil`: a day.
  public var longestSilence: TimeSpan?

  /// Whether values are what is expected at their times, which lie ahead: a forecast feed. They are not judged.
  public var isForecast = false
  /// Whether values are computed from those of other sensors, see ``DerivedSensor``: there is no raw value, and what is
  /// wrong with the inputs has been told of them.
  public var isDerived = false

  /// A profile; without arguments, one that knows nothing.
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

  /// Takes on a unit that is known from the values alone; an energy is then a counter, as energies mostly are.
  mutating func take(unit: Unit) {
    self.unit = unit
    guard sampling == .instant, unit.quantity == .energy else { return }
    sampling = .counter
    mayStandStill = true
  }

  /// Whether a value holds until the next by what it measures: states, states of charge, prices, setpoints and what a
  /// device asks for. Powers, temperatures and the like are told by their own readings.
  public var holdsByNature: Bool {
    guard sampling == .instant, mayStandStill else { return false }
    switch unit?.quantity {
    case .power, .voltage, .current, .temperature: return false
    default: return true
    }
  }

  /// The unit in which `clean` and everything after it is written.
  public var canonicalUnit: Unit? { unit?.canonicalUnit }
}
