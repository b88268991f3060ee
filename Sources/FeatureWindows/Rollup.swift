import PlantModel
import StreamCore

/// Local hours and days of one series, summed from its quarter-hour windows, which fit the offset of every zone.
struct Rollup {
  /// The part of an hour or day that one quarter-hour gives.
  struct Part: Equatable {
    var start = Timestamp.distantPast
    var mean = 0.0
    var minimum = 0.0
    var maximum = 0.0
    var energy = Double.nan
    var goodShare = 0.0
  }

  /// Quarter-hours that are kept: a day of 25 hours, so that late readings change their hour and day.
  private static let kept = 100

  private var parts: [Part] = []
  private var hourStart = Timestamp.distantPast
  private var dayStart = Timestamp.distantPast

  init() {}

  /// Takes in a quarter-hour window, or the change of one.
  mutating func take(_ window: FeatureWindow) {
    let part = Part(
      start: window.start, mean: window.mean, minimum: window.minimum, maximum: window.maximum,
      energy: window.energyKilowattHours, goodShare: window.goodShare)
    if let known = parts.lastIndex(where: { $0.start == window.start }) {
      parts[known] = part
    } else {
      let position = parts.lastIndex { $0.start < window.start }.map { $0 + 1 } ?? 0
      parts.insert(part, at: position)
      if parts.count > Rollup.kept { parts.removeFirst() }
    }
  }

  /// Writes the hours and days that have ended.
  mutating func close(
    until clock: Timestamp, _ calendar: inout LocalCalendar, _ series: SeriesIndex, _ points: inout PointBatch
  ) {
    guard let newest = parts.last else { return }
    let hour = calendar.startOfHour(containing: clock)
    if hour != hourStart {
      let previous = hourStart == .distantPast ? parts[0].start : hourStart
      hourStart = hour
      var start = calendar.startOfHour(containing: max(previous, parts[0].start))
      while start < hour, start <= newest.start {
        write(.cleanHourly, from: start, until: start + .hour, series, &points)
        start += .hour
      }
    }
    let day = calendar.startOfDay(containing: clock)
    if day != dayStart {
      if dayStart != .distantPast { write(.cleanDaily, from: dayStart, until: day, series, &points) }
      dayStart = day
      parts.removeAll { $0.start < day }
    }
  }

  private func write(
    _ measurement: Measurement, from start: Timestamp, until end: Timestamp, _ series: SeriesIndex,
    _ points: inout PointBatch
  ) {
    let inside = parts.filter { $0.start >= start && $0.start < end }
    guard !inside.isEmpty else { return }
    let count = Double(inside.count)
    points.begin(PointKey(measurement, .series(series)), at: start)
    points.field("mean", inside.reduce(0) { $0 + $1.mean } / count)
    points.field("min", inside.map(\.minimum).min())
    points.field("max", inside.map(\.maximum).max())
    points.field("energy_kwh", inside.reduce(0) { $0 + $1.energy })
    points.field("good_share", inside.reduce(0) { $0 + $1.goodShare } / count)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(hourStart)
    writer.write(dayStart)
    writer.write(parts) { writer, part in
      writer.write(part.start)
      for number in [part.mean, part.minimum, part.maximum, part.energy, part.goodShare] { writer.write(number) }
    }
  }

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    hourStart = try reader.readTimestamp()
    dayStart = try reader.readTimestamp()
    parts = try reader.readArray(elementSize: 48) { (reader) throws(SnapshotError) in
      var part = Part(start: try reader.readTimestamp())
      part.mean = try reader.readDouble()
      part.minimum = try reader.readDouble()
      part.maximum = try reader.readDouble()
      part.energy = try reader.readDouble()
      part.goodShare = try reader.readDouble()
      return part
    }
  }
}
