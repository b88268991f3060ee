import PlantModel
import PlantPhysics
import StreamCore

/// The plant as a whole: what the meter at the grid says against what all other meters say.
///
/// The residual is the innovation of the plant's state over the power that moves. A plant with consumers that nobody
/// measures has a wide residual, and is judged by that.
struct BalanceTwin: Sendable {
  private(set) var track = ResidualTrack(learning: 150, floor: 0.01)
  private var filter = PlantStateFilter()
  private var greatest = 0.0

  /// Judges a quarter of an hour in which all meters spoke.
  mutating func judge(_ balance: PowerBalance, grid: Double, moved: Double) {
    let (innovation, deviation) = filter.update(balance, grid: grid)
    guard deviation.isFinite, moved.isFinite else { return }
    greatest = max(greatest, moved)
    guard greatest > 0 else { return }
    track.judge(innovation / (moved + 0.1 * greatest))
  }

  func snapshot(into writer: inout SnapshotWriter) {
    track.snapshot(into: &writer)
    writer.write(greatest)
    writer.write(filter.state)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try track.restore(from: &reader)
    greatest = try reader.readDouble()
    guard let filter = PlantStateFilter(restoring: try reader.readDoubles()) else {
      throw .invalid("a plant's state of another shape")
    }
    self.filter = filter
  }
}
