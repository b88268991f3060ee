import Glibc
import PlantPhysics

/// The expected power of a PV plant, learned from its past.
///
/// The formula is `P = G (a + b G + c T + d sin h + e cos h + f sin² h + g sin h cos h)`. G is the irradiance, T the
/// module temperature, h the hour angle of the plant's clock. `a + b G + c T` is PVWatts with a free temperature
/// coefficient and part-load loss. The terms in h allow for modules that face another way than the irradiance sensor
/// does. The weights are fitted by least squares.
public struct ExpectedPower: Sendable, Equatable {
  /// One record of a recording.
  public struct Sample: Sendable, Equatable {
    /// Irradiance [kW/m²].
    public var irradiance: Double
    /// Module temperature [°C].
    public var moduleTemperature: Double
    /// Hours since midnight in the plant's local time, 0..<24.
    public var hour: Double
    /// Power [any unit]; not used by ``ExpectedPower/power(_:)``.
    public var power: Double

    /// Creates a record.
    ///
    /// - Parameters:
    ///   - irradiance: Irradiance [kW/m²].
    ///   - moduleTemperature: Module temperature [°C].
    ///   - hour: Hours since midnight in the plant's local time, 0..<24.
    ///   - power: Power [any unit]; NaN if unknown.
    public init(irradiance: Double, moduleTemperature: Double, hour: Double, power: Double = .nan) {
      self.irradiance = irradiance
      self.moduleTemperature = moduleTemperature
      self.hour = hour
      self.power = power
    }
  }

  /// Irradiance up to which a record counts as night [kW/m²].
  public static let leastIrradiance = 0.02
  private let weights: [Double]

  /// Fits the model to a past; `nil` if fewer than 50 records have sun and a power, or all are alike.
  public init?(fitting samples: [Sample]) {
    let used = samples.filter {
      $0.irradiance > ExpectedPower.leastIrradiance && $0.moduleTemperature.isFinite && $0.hour.isFinite
        && $0.power.isFinite
    }
    guard used.count >= 50 else { return nil }
    let n = ExpectedPower.terms(used[0]).count
    var normal = [Double](repeating: 0, count: n * n)
    var right = [Double](repeating: 0, count: n)
    for sample in used {
      let terms = ExpectedPower.terms(sample)
      for i in 0..<n {
        right[i] += terms[i] * sample.power
        for j in 0..<n { normal[i * n + j] += terms[i] * terms[j] }
      }
    }
    // A billionth of the mean square separates terms that are nearly equal.
    let ridge = 1e-9 * (0..<n).reduce(0) { $0 + normal[$1 * n + $1] } / Double(n)
    for i in 0..<n { normal[i * n + i] += ridge }
    guard let weights = CholeskyFactor(normal, order: n)?.solve(right) else { return nil }
    self.weights = weights
  }

  /// Returns the expected power of a record [unit of the fitted power], not below 0.
  public func power(_ sample: Sample) -> Double {
    max(0, zip(weights, ExpectedPower.terms(sample)).reduce(0) { $0 + $1.0 * $1.1 })
  }

  private static func terms(_ sample: Sample) -> [Double] {
    let g = sample.irradiance
    let angle = (sample.hour - 12) / 12 * Double.pi
    let (s, c) = (sin(angle), cos(angle))
    return [g, g * g, g * (sample.moduleTemperature - 25) / 25, g * s, g * c, g * s * s, g * s * c]
  }
}
