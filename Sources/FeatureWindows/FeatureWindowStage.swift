import PlantModel
import StreamCore

/// Feature windows of 1 m, 15 m and 1 h by event time, their rollups to local hours and days, and the plant's `kpi`.
///
/// A window closes when the series' watermark (its latest event time less the lateness) passes its end, when the
/// plant's clock does, or when the series has been silent for a minute and the receive time has passed the end. Late
/// readings change windows up to two lengths after their end, and these are emitted again. Good, late and imputed
/// readings are used; the others count towards the share of good ones only, and duplicates not at all.
public struct FeatureWindowStage: Stage {
  /// `windows`.
  public static let name = "windows"
  private static let lateness = TimeSpan.seconds(10)
  private static let silence = TimeSpan.minute

  private var series: [SeriesWindows] = []
  private var rollups: [Rollup] = []
  private var indicators = PlantIndicators()
  private var calendar: LocalCalendar?

  /// A stage that has seen nothing.
  public init() {}

  /// Readings that came too late for any window, since the start.
  public var tooLate: UInt64 { series.reduce(0) { $0 + $1.tooLate } }

  /// Takes in readings, closes windows and writes `feature`, `clean_1h`, `clean_1d` and `kpi`.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    while series.count < register.series.count {
      series.append(SeriesWindows())
      rollups.append(Rollup())
    }
    switch frame.cause {
    case .readings: take(&frame, register)
    case .minute:
      for position in series.indices { close(position, until: frame.clock, &frame, register) }
      rollUp(&frame, register)
      indicators.minute(&frame, in: register)
    case .tick: closeSilent(&frame, register)
    }
  }

  private mutating func take(_ frame: inout Frame, _ register: PlantRegister) {
    for reading in 0..<frame.readings.count {
      let index = frame.readings.series[reading]
      let position = index.position
      let time = frame.readings.time[reading]
      let value = frame.readings.value[reading]
      let quality = frame.readings.quality[reading]
      switch quality {
      case .future, .duplicate: continue
      case .good where value.isFinite, .late where value.isFinite, .imputed where value.isFinite:
        series[position].add(value, at: time, isGood: quality == .good, register.series[position].profile)
        indicators.observe(index, value, at: time, interval: series[position].interval, in: register)
      default:
        series[position].noteTime(time)
        series[position].addUnused(at: time)
      }
      series[position].lastReceived = frame.received
      close(position, until: series[position].highest - FeatureWindowStage.lateness, &frame, register)
    }
  }

  /// Windows of series that have gone silent close by the receive clock, unless the plant is catching up.
  private mutating func closeSilent(_ frame: inout Frame, _ register: PlantRegister) {
    guard !frame.isCatchingUp else { return }
    for position in series.indices where frame.received - series[position].lastReceived >= FeatureWindowStage.silence {
      close(position, until: frame.received - FeatureWindowStage.lateness, &frame, register)
    }
  }

  /// Emits what is due of a series, oldest first, and forgets what no late reading may change any more.
  private mutating func close(
    _ position: Int, until watermark: Timestamp, _ frame: inout Frame, _ register: PlantRegister
  ) {
    var isAnyOld = false
    for slot in series[position].slots.indices {
      let end = series[position].slots[slot].end
      guard end <= watermark else { continue }
      if series[position].slots[slot].isChanged { emit(position, slot, &frame, register) }
      if end + series[position].slots[slot].length.span * SeriesWindows.keptLengths <= watermark { isAnyOld = true }
    }
    if isAnyOld {
      series[position].slots.removeAll {
        $0.end + $0.length.span * SeriesWindows.keptLengths <= watermark
      }
    }
  }

  private mutating func emit(_ position: Int, _ slot: Int, _ frame: inout Frame, _ register: PlantRegister) {
    let window = series[position].slots[slot].window(of: SeriesIndex(position), register.series[position].profile)
    series[position].slots[slot].isEmitted = true
    series[position].slots[slot].isChanged = false
    guard window.count > 0 else { return }
    frame.windows.append(window)
    if window.length == .quarterHour { rollups[position].take(window) }
    frame.points.begin(PointKey(.feature, .series(window.series), window.length.rawValue), at: window.start)
    frame.points.field("mean", window.mean)
    frame.points.field("min", window.minimum)
    frame.points.field("max", window.maximum)
    frame.points.field("std", window.standardDeviation)
    frame.points.field("slope", window.slope)
    frame.points.field("count", integer: Int64(window.count))
    frame.points.field("energy_kwh", window.energyKilowattHours)
  }

  private mutating func rollUp(_ frame: inout Frame, _ register: PlantRegister) {
    guard frame.clock.floored(to: .minutes(15)) == frame.clock else { return }
    var local = calendar ?? LocalCalendar(identifier: register.plant.location.timezone) ?? .utc
    for position in rollups.indices {
      rollups[position].close(until: frame.clock, &local, SeriesIndex(position), &frame.points)
    }
    calendar = local
  }
}

extension SeriesWindows.Slot {
  /// The window as it is emitted.
  func window(of index: SeriesIndex, _ profile: SensorProfile) -> FeatureWindow {
    let quantity = profile.canonicalUnit?.quantity
    let energy: Double =
      switch (quantity, profile.sampling) {
      case (.power, .instant): statistics.mean * length.span.inHours
      case (.power, .intervalStart), (.power, .intervalEnd): statistics.energy
      case (.energy, .counter): statistics.energy
      default: .nan
      }
    return FeatureWindow(
      series: index, length: length, start: start, mean: statistics.mean, minimum: statistics.minimum,
      maximum: statistics.maximum, standardDeviation: statistics.standardDeviation, slope: statistics.slope,
      count: statistics.count, energyKilowattHours: energy,
      goodShare: statistics.seen > 0 ? Double(statistics.goodCount) / Double(statistics.seen) : 0,
      isUpdate: isEmitted)
  }
}

extension FeatureWindowStage {
  /// Writes the state of every series.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(UInt16(1))
    writer.write(series) { writer, series in series.snapshot(into: &writer) }
    writer.write(rollups) { writer, rollup in rollup.snapshot(into: &writer) }
    indicators.snapshot(into: &writer)
  }

  /// Replaces the state.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: 1, of: FeatureWindowStage.name)
    series = try reader.readArray { (reader) throws(SnapshotError) in try SeriesWindows(restoring: &reader) }
    rollups = try reader.readArray { (reader) throws(SnapshotError) in try Rollup(restoring: &reader) }
    guard series.count == rollups.count else { throw .invalid("rollups of \(rollups.count) series") }
    indicators = try PlantIndicators(restoring: &reader)
  }
}
