import PlantModel
import StreamCore

/// The latest good value of each series, by ``PlantModel/SeriesIndex``.
struct LastValues {
  private(set) var values: [Double] = []
  private(set) var times: [Timestamp] = []

  /// Series whose values hold until the next, and for how long each does at the most.
  private var holding: [Bool] = []
  private var longest: [TimeSpan] = []

  /// Makes room for the series of a register.
  mutating func follow(_ register: PlantRegister) {
    let count = register.series.count
    values.grow(to: count, .nan)
    times.grow(to: count, .distantPast)
    guard longest.count < count else { return }
    for series in register.series[longest.count...] { longest.append(series.profile.longestSilence ?? .day) }
  }

  /// Takes over which values hold, and forgets what holds of assets that went.
  mutating func note(_ frame: Frame, _ register: PlantRegister) {
    holding = frame.holding
    for change in frame.availability where !change.isOnline {
      for series in register.seriesOfAsset[change.asset.position] where values.indices.contains(series.position) {
        times[series.position] = .distantPast
      }
    }
  }

  /// Keeps the good readings of a batch; an older one does not replace a newer.
  mutating func take(_ readings: ReadingBatch) {
    for row in 0..<readings.count where readings.quality[row] == .good {
      let position = readings.series[row].position
      guard values.indices.contains(position), readings.value[row].isFinite else { continue }
      guard readings.time[row] >= times[position] else { continue }
      values[position] = readings.value[row]
      times[position] = readings.time[row]
    }
  }

  /// The value of a series unless it is older than `age` at `moment`, or holds no longer.
  func value(_ series: SeriesIndex?, at moment: Timestamp, within age: TimeSpan) -> Double? {
    guard let position = series?.position, values.indices.contains(position), values[position].isFinite,
      moment - times[position] <= (holds(position) ? max(age, longest[position]) : age)
    else { return nil }
    return values[position]
  }

  private func holds(_ position: Int) -> Bool {
    holding.indices.contains(position) && holding[position] && longest.indices.contains(position)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(values)
    writer.write(times) { $0.write($1) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    values = try reader.readDoubles()
    times = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.readTimestamp() }
    guard values.count == times.count else { throw .invalid("last values without times") }
  }
}
