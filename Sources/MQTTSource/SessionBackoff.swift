/// Pauses between attempts: doubling from 0.25 s to 30 s, each shortened by up to a half so that many clients of a
/// broker that comes back do not come at once.
struct SessionBackoff {
  private var ceiling = 0.25
  private var state: UInt64

  /// A sequence of its own for each seed.
  init(seed: UInt64) { state = seed }

  /// The next pause [s], within 0.125...30.
  mutating func next() -> Double {
    defer { ceiling = min(30, ceiling * 2) }
    return ceiling * (0.5 + 0.5 * unit())
  }

  /// Starts over after a success.
  mutating func reset() { ceiling = 0.25 }

  /// SplitMix64 (Steele, Lea and Flood, 2014), as a fraction in 0..<1.
  private mutating func unit() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}
