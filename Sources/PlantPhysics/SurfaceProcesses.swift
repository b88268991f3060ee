import Glibc

/// Dust on PV modules: it grows on every dry day and is washed off by rain (A. Kimber and others, 2006,
/// doi:10.1109/WCPEC.2006.279690).
///
/// Worked value: 0.05 % a day for 20 dry days loses 1 %; rain leaves a tenth of it.
public struct Soiling: Hashable, Sendable {
  /// Loss added per dry day, 0...1; 0.0005 in a temperate climate.
  public var dailyRate: Double
  /// Present share of light lost, 0...0.3.
  public private(set) var loss: Double

  /// Creates modules with an initial `loss`, 0...0.3.
  public init(dailyRate: Double = 0.0005, loss: Double = 0) {
    self.dailyRate = max(0, dailyRate)
    self.loss = min(0.3, max(0, loss))
  }

  /// Advances by dry time [s], or applies rain.
  public mutating func advance(seconds: Double, isRaining: Bool = false) {
    loss = isRaining ? 0.1 * loss : min(0.3, loss + dailyRate * max(0, seconds) / 86_400)
  }
}

/// The outdoor temperature as smoothed by a building: walls and floors follow slowly, so heating and cooling lag behind
/// the weather.
///
/// It is a first-order lag, exact at any step (ISO 52016-1 with one capacity).
///
/// Worked value: after one time constant 63.2 % of a step has come through.
public struct ThermalMass: Hashable, Sendable {
  /// Time in which a difference falls to 1/e [s]: a few hours for offices, a day for stone.
  public var timeConstant: Double
  /// Smoothed temperature [°C]; `nil` before the first step.
  public private(set) var temperature: Double?

  /// Creates a mass that starts at the air temperature of the first step; the time constant is at least 1 s.
  public init(timeConstant: Double = 4 * 3600) { self.timeConstant = max(1, timeConstant) }

  /// Advances by a step in air of a temperature [°C] and returns the smoothed temperature.
  @discardableResult
  public mutating func advance(air: Double, seconds: Double) -> Double {
    let kept = exp(-max(0, seconds) / timeConstant)
    let felt = air + ((temperature ?? air) - air) * kept
    temperature = felt
    return felt
  }
}
