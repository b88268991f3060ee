import Glibc

/// Autocorrelated noise: the Ornstein–Uhlenbeck process, sampled exactly at any step (an AR(1) series at a fixed one).
///
/// `x(t + Δ) = φ x(t) + σ √(1 − φ²) ε` with `φ = exp(−Δ / τ)`. The standard deviation is σ at any step.
/// Worked value: τ = 60 s and Δ = 60 s give φ = 0.3679.
public struct AutoregressiveNoise: Sendable {
  /// Standard deviation of the values.
  public var standardDeviation: Double
  /// Time in which the autocorrelation falls to 1/e [s], positive.
  public var timeConstant: Double
  /// The current value.
  public private(set) var value: Double

  /// Creates noise that starts at `value`.
  ///
  /// - Parameters:
  ///   - standardDeviation: Standard deviation of the values.
  ///   - timeConstant: Time in which the autocorrelation falls to 1/e [s], positive.
  ///   - value: Initial value.
  public init(standardDeviation: Double, timeConstant: Double, value: Double = 0) {
    self.standardDeviation = standardDeviation
    self.timeConstant = timeConstant
    self.value = value
  }

  /// Returns the share of the current value that remains after `seconds`, 0...1.
  public func persistence(over seconds: Double) -> Double {
    timeConstant > 0 ? exp(-max(0, seconds) / timeConstant) : 0
  }

  /// Advances the process by `seconds` and returns the new value.
  @discardableResult
  public mutating func advance(by seconds: Double, using generator: inout SeededGenerator) -> Double {
    let phi = persistence(over: seconds)
    value = phi * value + standardDeviation * (1 - phi * phi).squareRoot() * generator.normal()
    return value
  }
}
