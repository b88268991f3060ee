import PlantModel
import StreamCore

/// A comparison of a series with its own forecast of six hours before.
///
/// That forecast is recent enough to fit the day, and too early to include a fault.
///
/// The residual is `(mean − p50) / σ` with `σ = (p90 − p10) / 2.563`, that of a normal distribution. People and weather
/// can deviate from forecasts for hours without a fault, so the score is at most ``weight``.
///
/// Worked value: 60 kW with quantiles of 40, 50 and 60 kW have a residual of 1.28.
struct ForecastTrack: Sendable {
  /// Quarter-hours from the issue to the slot that is judged.
  static let lead = 24
  static let weight = 0.15

  private var track = ResidualTrack(learning: 150, floor: 1)
  /// Expected values of future slots, oldest first.
  private var expected: [(slot: Int, median: Double, deviation: Double)] = []

  /// Score: 0 as expected, ``weight`` at most.
  var score: Double { ForecastTrack.weight * track.score }

  /// Adds a forecast; one with other steps or a shorter horizon is ignored.
  mutating func observe(_ issue: ForecastIssue) {
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
