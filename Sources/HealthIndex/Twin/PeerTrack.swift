import StreamCore

/// A comparison of a PV generator's yield (power over capacity) with the median yield of the plant's generators, at
/// least three.
///
/// Worked value: yields of 0.5, 0.5 and 0.4 give the third a residual of −0.2.
struct PeerTrack: Sendable {
  static let leastPeers = 3
  var track = ResidualTrack(learning: 100, floor: 0.04)

  /// Returns the relative deviation of a yield from the median; NaN with too few peers or little sun.
  static func residual(_ yield: Double, among yields: [Double]) -> Double {
    let median = EmpiricalQuantile.median(yields)
    return yields.count >= leastPeers && median > 0.1 ? yield / median - 1 : .nan
  }

  mutating func judge(_ yield: Double, among yields: [Double]) {
    track.judge(PeerTrack.residual(yield, among: yields))
  }
}
