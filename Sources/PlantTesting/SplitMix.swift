/// SplitMix64, a small seeded generator: the same numbers in every run (Steele, Lea and Flood, "Fast Splittable
/// Pseudorandom Number Generators", 2014, doi:10.1145/2660193.2660195).
public struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Creates a generator from a seed.
  public init(state: UInt64) { self.state = state }

  /// Returns the next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Returns a number uniformly distributed in a range.
  public mutating func uniform(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &self) }

  /// Returns an integer uniformly distributed in 0..<`bound`; 0 if `bound` is less than 2.
  public mutating func index(below bound: Int) -> Int { Int.random(in: 0..<max(bound, 1), using: &self) }
}
