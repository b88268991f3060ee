public import WattlineTime

/// Exponential back-off with jitter: each wait lies between half of a bound and the bound, which doubles.
///
/// The jitter keeps the clients of a restarted server from returning simultaneously. For connections, the back-off
/// resets only after one that lasted longer than the current bound; see ``ended(after:)``. Two clients that take over
/// a session from each other connect successfully each time, and would otherwise never back off.
public struct Backoff: Sendable {
  /// Number of consecutive connections that were accepted but short-lived.
  public private(set) var shortLived = 0

  private let shortest: TimeSpan
  private let longest: TimeSpan
  private var bound: TimeSpan
  private var random: UInt64

  /// Creates a back-off at its shortest bound. The defaults suit connections to a broker.
  ///
  /// - Parameters:
  ///   - shortest: first bound; the first wait is at least half of it.
  ///   - longest: last bound.
  ///   - seed: seed of the jitter; random by default.
  public init(
    shortest: TimeSpan = .milliseconds(250), longest: TimeSpan = .seconds(30),
    seed: UInt64 = .random(in: .min ... .max)
  ) {
    self.shortest = shortest
    self.longest = longest
    bound = shortest
    random = seed
  }

  /// Returns the next wait and doubles the bound up to the longest.
  public mutating func next() -> TimeSpan {
    let half = bound.nanoseconds / 2
    bound = min(bound * 2, longest)
    return TimeSpan(nanoseconds: half + Int64(Double(half) * fraction()))
  }

  /// Records that an accepted connection ended after `span`.
  public mutating func ended(after span: TimeSpan) {
    if span > bound { reset() } else { shortLived += 1 }
  }

  /// Restarts from the shortest bound after a success.
  public mutating func reset() {
    bound = shortest
    shortLived = 0
  }

  /// Returns a SplitMix64 random number in [0, 1).
  private mutating func fraction() -> Double {
    random &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (random ^ (random >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((mixed ^ (mixed >> 31)) >> 11) / 9_007_199_254_740_992
  }
}
