import PlantModel
import StreamCore

/// A series against its own forecast of six hours before: late enough to know the day, too early to have seen a fault.
///
/// The residual is `(mean − p50) / σ` with `σ = (p90 − p10) / 2.563`, that of a normal distribution. People and weather
/// surprise forecasts for hours without anything being wrong, so that it counts for ``weight`` at the most.
///
/// Worked value: 60 kW where 40, 50 and 60 kW were the quantiles have a residual of 1.28.
struct ForecastTrack: Sendable {
  /// Quarters of an hour from the issue to the slot that is judged.
  static let lead = 24
  static let weight = 0.15

  private var track = ResidualTrack(learning: 150, floor: 1)
  /// What is expected of slots to come, oldest first.
  private var expected: [(slot: Int, median: Double, deviation: Double)] = []

  /// 0 as expected, ``weight`` at the most.
  var score: Double { ForecastTrack.weight * track.score }

  /// Takes in a forecast; one of other steps, or one that ends too early, says nothing.
  mutating func take(_ issue: ForecastIssue) {
    let lead = ForecastTrack.lead
    guard issue.step == WindowLength.quarterHour.span, min(issue.p10.count, issue.p50.count, issue.p90.count) > lead
    else { return }
    let slot = QuarterHour.slot(containing: issue.issued) + lead
    expected.removeAll { $0.slot >= slot || $0.slot < slot - 2 * lead }
    let deviation = (issue.p90[lead] - issue.p10[lead]) / 2.563
    guard issue.p50[lead].isFinite, deviation > 1e-6 else { return }
    expected.append((slot, issue.p50[lead], deviation))
  }

  /// Judges the mean of a slot.
  mutating func judge(_ mean: Double, slot: Int) {
    guard let found = expected.first(where: { $0.slot == slot }) else { return }
    expected.removeAll { $0.slot <= slot }
    track.judge((mean - found.median) / found.deviation)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    track.snapshot(into: &writer)
    writer.write(expected) { writer, entry in
      writer.write(Int64(entry.slot))
      writer.write(entry.median)
      writer.write(entry.deviation)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try track.restore(from: &reader)
    expected = try reader.readArray(elementSize: 24) { (reader) throws(SnapshotError) in
      let slot = try reader.read(Int64.self)
      guard (-100_000_000...100_000_000).contains(slot) else { throw .invalid("a slot outside all time") }
      return (Int(slot), try reader.readDouble(), try reader.readDouble())
    }
  }
}
