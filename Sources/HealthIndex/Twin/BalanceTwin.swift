import PlantModel
import PlantPhysics
import PointSchema
import StreamCore

/// A comparison of the grid meter with all other meters of the plant.
///
/// The residual is the innovation of the plant's state divided by the power that moves. A plant with unmeasured
/// consumers has a wide residual, and its scale is learned accordingly. While one meter is silent its value is inferred
/// from the others, and nothing is judged.
struct BalanceTwin: Sendable {
  private(set) var track = ResidualTrack(learning: 150, floor: 0.01)
  private(set) var filter = PlantStateFilter()
  private var innovation = (value: Double.nan, deviation: Double.nan)
  private var greatest = 0.0

  /// Judges a quarter-hour.
  ///
  /// - Parameters:
  ///   - balance: Sums of the plant's powers [kW]; parts may be NaN.
  ///   - grid: Power of the grid meter [kW]; may be NaN.
  ///   - moved: Sum of the magnitudes of all powers [kW].
  mutating func judge(_ balance: PowerBalance, grid: Double, moved: Double) {
    innovation = filter.update(balance, grid: grid)
    guard moved.isFinite, innovation.value.isFinite else { return }
    greatest = max(greatest, moved)
    guard greatest > 0 else { return }
    track.judge(innovation.value / (moved + 0.1 * greatest))
  }

  /// Adds the state and its standard deviations [kW] to the current point.
  func describe(_ points: inout PointBatch) {
    let keys: [(FieldKey<Double>, deviation: FieldKey<Double>)] = [
      (.loadEstimate, .loadDeviation), (.generationEstimate, .generationDeviation),
      (.storageEstimate, .storageDeviation),
    ]
    for (position, (level, deviation)) in keys.enumerated() {
      points.field(level, filter.levels[position])
      points.field(deviation, filter.variances[position].squareRoot())
    }
    points.field(.innovation, innovation.value)
    points.field(.innovationDeviation, innovation.deviation)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    track.snapshot(into: &writer)
    writer.write(greatest)
    writer.write([innovation.value, innovation.deviation])
    writer.write(filter.state)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try track.restore(from: &reader)
    greatest = try reader.readDouble()
    let numbers = try reader.readDoubles()
    guard numbers.count == 2, let filter = PlantStateFilter(restoring: try reader.readDoubles()) else {
      throw .invalid("a plant's state of another shape")
    }
    innovation = (numbers[0], numbers[1])
    self.filter = filter
  }
}
