import Glibc

/// Errors of forecasts as factors on all load and on all PV, drawn from a seed.
///
/// Both are autoregressive with a correlation of 0.97 a quarter of an hour below steps of an hour, else of 0.9 an hour.
/// Load has a common error of 6 % and 30 % of each member, which average out. PV has an error of 25 %.
public struct RiskScenarios: Sendable {
  /// Factors of one scenario by step.
  public struct Factors: Sendable {
    /// Factor on load.
    public var load: [Double]
    /// Factor on PV.
    public var generation: [Double]
  }

  /// The scenarios.
  public let scenarios: [Factors]

  /// Draws scenarios; those of a number are the same whatever the others are.
  ///
  /// - Parameters:
  ///   - instance: The instance, of which steps and number of members count.
  ///   - numbers: Numbers of the scenarios.
  ///   - seed: Seed of the draw.
  public init(_ instance: CommunityInstance, numbers: Range<Int>, seed: UInt64 = 7) {
    let hours = instance.stepHours
    let correlation = hours < 1 ? pow(0.97, hours / 0.25) : pow(0.9, hours)
    let innovation = (1 - correlation * correlation).squareRoot()
    let deviation = (0.06 * 0.06 + 0.3 * 0.3 / Double(instance.members.count)).squareRoot()
    scenarios = numbers.map { number in
      var draw = SplitMix(seed: (seed &* 7919 &+ UInt64(number)) &* 0x9E37_79B9_7F4A_7C15 &+ 99)
      var load = draw.normal()
      var sun = draw.normal()
      var factors = Factors(load: [], generation: [])
      for _ in 0..<instance.steps {
        factors.load.append(max(0.2, 1 + deviation * load))
        factors.generation.append(max(0, 1 + 0.25 * sun))
        load = correlation * load + innovation * draw.normal()
        sun = correlation * sun + innovation * draw.normal()
      }
      return factors
    }
  }
}

/// The generator SplitMix64, whose numbers are the same on every machine.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// Returns a number of 0 ..< 1.
  mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    return Double(bits >> 11) / 9_007_199_254_740_992
  }

  /// Returns a nearly normal number of mean 0 and deviation 1: the sum of twelve uniform ones.
  mutating func normal() -> Double {
    var sum = 0.0
    for _ in 0..<12 { sum += uniform() }
    return sum - 6
  }
}
