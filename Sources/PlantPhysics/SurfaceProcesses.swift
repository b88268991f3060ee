import Glibc

/// Dust on PV modules: it grows on every dry day and rain takes it away (A. Kimber and others, 2006,
/// doi:10.1109/WCPEC.2006.279690).
///
/// Worked value: 0.05 % a day for 20 dry days loses 1 %; rain leaves a tenth of it.
public struct Soiling: Hashable, Sendable {
  /// Loss that is added on a dry day, 0...1; 0.0005 in a temperate place.
  public var dailyRate: Double
  /// Share of light that is lost now, 0...0.3.
  public private(set) var loss: Double

  /// Modules that lose `loss` at the start.
  public init(dailyRate: Double = 0.0005, loss: Double = 0) {
    self.dailyRate = max(0, dailyRate)
    self.loss = min(0.3, max(0, loss))
  }

  /// Moves on by dry seconds, or lets it rain.
  public mutating func advance(seconds: Double, isRaining: Bool = false) {
    loss = isRaining ? 0.1 * loss : min(0.3, loss + dailyRate * max(0, seconds) / 86_400)
  }
}

/// The outdoor temperature as a building feels it: walls and floors follow slowly, so that heating and cooling lag
/// behind the weather. A first-order lag, exact at any step (ISO 52016-1 with one capacity).
///
/// Worked value: after one time constant 63.2 % of a step has come through.
public struct ThermalMass: Hashable, Sendable {
  /// Time in which a difference falls to 1/e [s]: a few hours for offices, a day for stone.
  public var timeConstant: Double
  /// The temperature that counts [°C]; `nil` before the first step.
  public private(set) var temperature: Double?

  /// A mass that takes on the first temperature that it meets.
  public init(timeConstant: Double = 4 * 3600) { self.timeConstant = max(1, timeConstant) }

  /// Moves on by a step in air of a temperature [°C] and returns the temperature that counts.
  @discardableResult
  public mutating func advance(air: Double, seconds: Double) -> Double {
    let kept = exp(-max(0, seconds) / timeConstant)
    let felt = air + ((temperature ?? air) - air) * kept
    temperature = felt
    return felt
  }
}
