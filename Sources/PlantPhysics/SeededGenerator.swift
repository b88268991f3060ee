import Glibc

/// A fast pseudorandom generator that depends on its seed alone: xoshiro256** 1.0, its state filled by SplitMix64 (D.
/// Blackman and S. Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021).
///
/// It is not suitable for cryptography. From the state (1, 2, 3, 4) the first numbers are 11520, 0, 1509978240.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)
  private var spareNormal: Double?

  /// Creates the generator of a seed; every seed is allowed.
  public init(seed: UInt64) {
    var filler = SplitMix64(seed: seed)
    state = (filler.next(), filler.next(), filler.next(), filler.next())
  }

  /// Creates the generator of `name` under a seed, so that the parts of a simulation do not disturb each other.
  public init(seed: UInt64, name: String) {
    // FNV-1a, 64 bits.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    self.init(seed: seed ^ hash)
  }

  /// Creates a generator in a given state, not all zero.
  init(state: (UInt64, UInt64, UInt64, UInt64)) { self.state = state }

  /// Returns the next 64 bits.
  public mutating func next() -> UInt64 {
    let result = rotated(state.1 &* 5, count: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotated(state.3, count: 45)
    return result
  }

  /// Returns a number uniformly distributed in 0..<1, with 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Returns a number uniformly distributed between `low` and `high`.
  public mutating func uniform(_ low: Double, high: Double) -> Double { low + (high - low) * uniform() }

  /// Returns a normal deviate of mean 0 and standard deviation 1 (G. Box and M. Muller, 1958).
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    // 1 − u lies in 0 < … ≤ 1, so the logarithm is finite.
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }

  private func rotated(_ value: UInt64, count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
}

/// The generator that fills the state of others (S. Vigna, 2015). Its first number for seed 1234567 is
/// 6457827717110365317.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Creates the generator of a seed.
  public init(seed: UInt64) { state = seed }

  /// Returns the next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
