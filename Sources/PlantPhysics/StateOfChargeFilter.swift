/// An estimator of a battery's state of charge and inner resistance from current and voltage.
///
/// It is an extended Kalman filter (G. Plett, 2004, doi:10.1016/j.jpowsour.2004.02.033) with the states `s` and `R` and
///
///     s ← s − I Δt / (3600 Q)        V = N · OCV(s) − I · R + noise
///
/// The innovation of the voltage, in its standard deviations, measures how well the battery follows the model.
///
/// Worked value: from 0.5 ± 0.1, a rest voltage of 200 cells that corresponds to 0.6 leads to 0.611 ± 0.006.
public struct StateOfChargeFilter: Sendable, Equatable {
  /// Cells in series.
  public let cells: Double
  /// Capacity [Ah].
  public let capacityAmpereHours: Double
  /// Estimated state of charge; it may leave 0...1 slightly.
  public private(set) var stateOfCharge: Double
  /// Estimated inner resistance [Ω].
  public private(set) var resistance = 0.0
  /// Variance of ``stateOfCharge``.
  public private(set) var variance: Double
  private var crossCovariance = 0.0
  private var resistanceVariance: Double
  private let voltageVariance: Double

  /// Creates a filter.
  ///
  /// - Parameters:
  ///   - cells: Cells in series, at least 1.
  ///   - capacityAmpereHours: Capacity [Ah].
  ///   - stateOfCharge: Initial state of charge, 0...1.
  ///   - deviation: Standard deviation of the initial state of charge.
  ///   - resistance: Initial inner resistance [Ω].
  public init(
    cells: Double, capacityAmpereHours: Double, stateOfCharge: Double, deviation: Double = 0.1, resistance: Double = 0
  ) {
    self.cells = max(1, cells)
    self.capacityAmpereHours = max(1e-6, capacityAmpereHours)
    self.stateOfCharge = stateOfCharge
    variance = deviation * deviation
    self.resistance = max(0, resistance)
    // Cells drop by some tenths of a volt at a one-hour current.
    let scale = 0.1 * self.cells / self.capacityAmpereHours
    resistanceVariance = scale * scale
    voltageVariance = 4e-6 * self.cells * self.cells
  }

  /// Standard deviation of ``stateOfCharge``.
  public var deviation: Double { max(0, variance).squareRoot() }

  /// Advances the state by a time [h] at a mean current [A], positive discharge.
  public mutating func predict(current: Double, hours: Double) {
    guard current.isFinite, hours > 0 else { return }
    let moved = current * hours / capacityAmpereHours
    stateOfCharge = min(1.2, max(-0.2, stateOfCharge - moved))
    // Current sensors have errors of half a percent, and cells lose some charge at rest.
    variance += 0.005 * 0.005 * moved * moved + 1e-7 * hours
    resistanceVariance *= 1 + 1e-4 * hours
  }

  /// Corrects the state by a voltage [V] under a current [A] and returns the innovation in standard deviations.
  @discardableResult
  public mutating func update(voltage: Double, current: Double) -> Double {
    guard voltage.isFinite, current.isFinite else { return 0 }
    let slope = cells * LithiumIonCell.openCircuitSlope(stateOfCharge: stateOfCharge)
    let expected = cells * LithiumIonCell.openCircuitVoltage(stateOfCharge: stateOfCharge) - current * resistance
    let toCharge = variance * slope - crossCovariance * current
    let toResistance = crossCovariance * slope - resistanceVariance * current
    let spread = slope * toCharge - current * toResistance + voltageVariance
    guard spread > 0, spread.isFinite else { return 0 }
    let innovation = voltage - expected
    // An outlier moves the estimate by at most as much as three standard deviations.
    let held = min(max(innovation, -3 * spread.squareRoot()), 3 * spread.squareRoot())
    stateOfCharge = min(1.2, max(-0.2, stateOfCharge + toCharge / spread * held))
    resistance = max(0, resistance + toResistance / spread * held)
    variance = max(1e-8, variance - toCharge * toCharge / spread)
    crossCovariance -= toCharge * toResistance / spread
    resistanceVariance = max(1e-12, resistanceVariance - toResistance * toResistance / spread)
    return innovation / spread.squareRoot()
  }

  /// The state as seven numbers, from which ``init(restoring:)`` makes an equal filter.
  public var state: [Double] {
    [cells, capacityAmpereHours, stateOfCharge, variance, resistance, crossCovariance, resistanceVariance]
  }

  /// Restores the filter of a ``state``; `nil` if that is not seven finite numbers.
  public init?(restoring state: [Double]) {
    guard state.count == 7, state.allSatisfy({ $0.isFinite }) else { return nil }
    self.init(cells: state[0], capacityAmpereHours: state[1], stateOfCharge: state[2])
    variance = max(0, state[3])
    resistance = state[4]
    crossCovariance = state[5]
    resistanceVariance = max(0, state[6])
  }
}
