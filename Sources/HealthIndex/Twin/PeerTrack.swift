import StreamCore

/// A PV generator against its like: its power over its capacity against the median of at least three of the plant.
///
/// Worked value: yields of 0.5, 0.5 and 0.4 leave the third with a residual of −0.2.
struct PeerTrack: Sendable {
  static let leastPeers = 3
  var track = ResidualTrack(learning: 100, floor: 0.04)

  /// The share by which a yield is above or below the median; NaN where there are too few peers or little sun.
  static func residual(_ yield: Double, among yields: [Double]) -> Double {
    let median = EmpiricalQuantile.median(yields)
    return yields.count >= leastPeers && median > 0.1 ? yield / median - 1 : .nan
  }

  mutating func judge(_ yield: Double, among yields: [Double]) {
    track.judge(PeerTrack.residual(yield, among: yields))
  }
}
