import PlantModel
import StreamCore
import WattlineTime

/// The latest good value of each series, by ``PlantModel/SeriesIndex``.
struct LastValues {
  private(set) var values: [Double] = []
  private(set) var times: [Timestamp] = []

  /// Whether each series' value holds until the next one, and the longest time that it holds.
  private var holding: [Bool] = []
  private var longest: [TimeSpan] = []

  /// Adds the series that are new in the register.
  mutating func follow(_ register: PlantRegister) {
    let count = register.series.count
    values.grow(to: count, element: .nan)
    times.grow(to: count, element: .distantPast)
    guard longest.count < count else { return }
    for series in register.series[longest.count...] { longest.append(series.profile.longestSilence ?? .day) }
  }

  /// Records which values hold, and discards the values of assets that went offline.
  mutating func observe(_ frame: Frame, in register: PlantRegister) {
    holding = frame.holding
    for change in frame.availability where !change.isOnline {
      for series in register.seriesOfAsset[change.asset.position] where values.indices.contains(series.position) {
        times[series.position] = .distantPast
      }
    }
  }

  /// Records the good readings of a batch; an older reading does not replace a newer one.
  mutating func observe(_ readings: ReadingBatch) {
    for row in 0..<readings.count where readings.quality[row] == .good {
      let position = readings.series[row].position
      guard values.indices.contains(position), readings.value[row].isFinite else { continue }
      guard readings.time[row] >= times[position] else { continue }
      values[position] = readings.value[row]
      times[position] = readings.time[row]
    }
  }

  /// Returns the value of a series; `nil` if it is older than `age`, or no longer holds.
  ///
  /// - Parameters:
  ///   - series: the series; `nil` gives `nil`.
  ///   - timestamp: the current time.
  ///   - age: largest age of a value that does not hold until the next one.
  func value(_ series: SeriesIndex?, at timestamp: Timestamp, within age: TimeSpan) -> Double? {
    guard let position = series?.position, values.indices.contains(position), values[position].isFinite,
      timestamp - times[position] <= (holds(position) ? max(age, longest[position]) : age)
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
