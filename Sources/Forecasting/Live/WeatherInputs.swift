import PlantModel
import StreamCore
import WattlineTime

/// A plant's weather by quarter-hour: measured values of its weather stations and expected values of a feed, for the
/// models of all series.
///
/// The sensors are `temperature`, `irradiance` and `wind_speed` of assets of kind `weather`, the first of each name. A
/// feed is a sensor of the same name with the suffix `_forecast`, whose readings carry the times that they refer to. A
/// feed can also be a file named in the plant file. A value of the feed remains valid for its slot after that has
/// begun, so that models learn from expected values. Values of the feed at most six hours apart are joined by a
/// straight line.
struct WeatherInputs: Sendable {
  /// Names of the sensors.
  static let sensors = WeatherForecast.columns.map(\.name)
  private static let suffix = "_forecast"
  /// Number of slots that are kept, and number of slots ahead that a feed may cover.
  private static let kept = LearningModel.keptDays * QuarterHour.perDay
  private static let reach = 16 * QuarterHour.perDay
  private static let longestGap = 24

  /// Values from a slot on; NaN if there is none.
  private struct Track: Sendable {
    var first = 0
    var values: [Double] = []

    subscript(slot: Int) -> Double {
      slot >= first && slot - first < values.count ? values[slot - first] : .nan
    }

    mutating func set(_ slot: Int, to value: Double) {
      if values.isEmpty || slot - (first + values.count) > WeatherInputs.kept {
        first = slot
        values = []
      }
      guard slot >= first else { return }
      while first + values.count <= slot { values.append(.nan) }
      values[slot - first] = value
      let most = WeatherInputs.kept + WeatherInputs.reach
      if values.count > most + most / 8 {
        first += values.count - most
        values.removeFirst(values.count - most)
      }
    }
  }

  private var measured = Array(repeating: Track(), count: sensors.count)
  private var expected = Array(repeating: Track(), count: sensors.count)
  /// Role of each series of the register: a sensor's number, plus the number of sensors for a feed; −1 for others.
  private var roles: [Int8] = []

  /// Whether there are no values at all.
  var isEmpty: Bool { (measured + expected).allSatisfy { $0.values.isEmpty } }

  /// Records the mean of a quarter-hour.
  mutating func observe(_ window: FeatureWindow, in register: PlantRegister) {
    guard let role = role(window.series, in: register), role < WeatherInputs.sensors.count, window.mean.isFinite else {
      return
    }
    measured[role].set(QuarterHour.slot(containing: window.start), to: window.mean)
  }

  /// Records a feed's values for slots that have not begun.
  mutating func observe(_ frame: Frame, in register: PlantRegister) {
    let now = QuarterHour.slot(containing: frame.clock)
    for row in 0..<frame.readings.count {
      guard let role = role(frame.readings.series[row], in: register), role >= WeatherInputs.sensors.count else {
        continue
      }
      let slot = QuarterHour.slot(containing: frame.readings.time[row])
      guard frame.readings.value[row].isFinite, slot > now,
        slot <= now + WeatherInputs.reach || frame.clock == .distantPast
      else { continue }
      expected[role - WeatherInputs.sensors.count].set(slot, to: frame.readings.value[row])
    }
  }

  /// Records the values of the plant file's forecast for the slots from `first` on, which begins now.
  mutating func observe(_ forecast: WeatherForecast, first: Int) {
    let end = QuarterHour.start(of: first + WeatherInputs.reach)
    for row in forecast.rows(from: QuarterHour.start(of: first), until: end) {
      let slot = QuarterHour.slot(containing: row.time)
      for (index, value) in row.values.enumerated() {
        if let value, expected.indices.contains(index) { expected[index].set(slot, to: value) }
      }
    }
  }

  private mutating func role(_ series: SeriesIndex, in register: PlantRegister) -> Int? {
    while roles.count < register.series.count {
      let index = SeriesIndex(roles.count)
      let name = register.series[roles.count].sensor
      var role = -1
      if register.kind(of: index).role == .none {
        let isFeed = name.hasSuffix(WeatherInputs.suffix)
        let stem = isFeed ? String(name.dropLast(WeatherInputs.suffix.count)) : name
        if let number = WeatherInputs.sensors.firstIndex(of: stem) {
          role = number + (isFeed ? WeatherInputs.sensors.count : 0)
          if roles.contains(Int8(role)) { role = -1 }
        }
      }
      roles.append(Int8(role))
    }
    guard roles.indices.contains(series.position), roles[series.position] >= 0 else { return nil }
    return Int(roles[series.position])
  }

  /// Returns the weather as input of the models, with slots shifted by `shift` from those of
  /// ``StreamCore/QuarterHour``.
  func exogenous(shift: Int) -> [ForecastInput.Exogenous] {
    WeatherInputs.sensors.indices.map { index in
      let (past, feed) = (measured[index], expected[index])
      var series = ForecastInput.Exogenous(
        name: WeatherInputs.sensors[index], isKnownAhead: !feed.values.isEmpty, values: [])
      let starts = [past, feed].filter { !$0.values.isEmpty }
      guard let first = starts.map(\.first).min() else { return series }
      let end = starts.map { $0.first + $0.values.count }.max() ?? first
      series.first = first + shift
      series.values = (first..<end).map { past[$0] }
      var last: Int?
      for slot in max(first, feed.first)..<max(first, feed.first + feed.values.count) where !feed[slot].isNaN {
        series.values[slot - first] = feed[slot]
        if let last, slot - last <= WeatherInputs.longestGap {
          for between in (last + 1)..<slot {
            let share = Double(between - last) / Double(slot - last)
            series.values[between - first] = feed[last] + share * (feed[slot] - feed[last])
          }
        }
        last = slot
      }
      return series
    }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    for track in measured + expected {
      writer.write(Int64(track.first))
      writer.write(track.values)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    for index in 0..<(2 * WeatherInputs.sensors.count) {
      var track = Track()
      track.first = Int(try reader.read(Int64.self))
      track.values = try reader.readDoubles()
      guard track.first.magnitude < 1 << 40 else { throw .invalid("a slot outside all time") }
      if index < WeatherInputs.sensors.count {
        measured[index] = track
      } else {
        expected[index - WeatherInputs.sensors.count] = track
      }
    }
  }
}
