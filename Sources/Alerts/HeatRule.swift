import PlantModel
import StreamCore

/// How a battery's temperature has gone of late.
struct HeatWatch {
  /// Shortest and longest time over which a rise is measured.
  static let span = (shortest: TimeSpan.minutes(5), longest: TimeSpan.minutes(20))

  /// A temperature of five to ten minutes ago [°C], and the one that will be next; `distantPast` while there is none.
  var earlier = (celsius: 0.0, time: Timestamp.distantPast)
  var next = (celsius: 0.0, time: Timestamp.distantPast)
  /// Consecutive readings that are too hot, and others.
  var hot: Int32 = 0

  /// Takes in a temperature and returns how fast it has risen [K/h]; 0 where that is not known, or less than noise.
  mutating func rise(_ celsius: Double, at time: Timestamp) -> Double {
    if time - next.time > HeatWatch.span.longest || time < next.time {
      (earlier, next) = ((0, .distantPast), (celsius, time))
    } else if time - next.time >= HeatWatch.span.shortest {
      (earlier, next) = (next, (celsius, time))
    }
    let span = time - earlier.time
    guard span >= HeatWatch.span.shortest, span <= HeatWatch.span.longest, celsius - earlier.celsius > 2 else {
      return 0
    }
    return (celsius - earlier.celsius) / span.inHours
  }

  func write(to writer: inout SnapshotWriter) {
    for mark in [earlier, next] {
      writer.write(mark.celsius)
      writer.write(mark.time)
    }
    writer.write(hot)
  }

  static func read(from reader: inout SnapshotReader) throws(SnapshotError) -> HeatWatch {
    var watch = HeatWatch()
    watch.earlier = (try reader.readDouble(), try reader.readTimestamp())
    watch.next = (try reader.readDouble(), try reader.readTimestamp())
    watch.hot = try reader.read(Int32.self)
    return watch
  }
}

extension AlertStage {
  /// Judges a battery's temperature: lithium cells age fast above 45 °C, where their makers end charging, and may run away
  /// above 60 °C; one that warms up faster than load explains cannot wait for a window.
  mutating func judgeHeat(
    _ series: SeriesIndex, _ quality: Quality, _ celsius: Double, _ time: Timestamp, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    guard celsius.isFinite, register.series[series.position].profile.range.contains(celsius) else { return }
    let index = register.series[series.position].asset
    var watch = assetWatches[index.position].heat
    defer { assetWatches[index.position].heat = watch }
    let rise = quality == .good ? watch.rise(celsius, at: time) : 0
    if celsius > thresholds.heat.raises || rise > thresholds.warming.raises {
      SeriesWatch.count(&watch.hot, true)
    } else if celsius < thresholds.heat.clears, rise < thresholds.warming.clears {
      SeriesWatch.count(&watch.hot, false)
    }
    let key = AlertKey(rule: .heat, asset: index)
    if Int(watch.hot) <= -thresholds.qualityReadings {
      return book.clear(key, at: time, "It is at \(AlertBook.rounded(celsius)) °C.", value: celsius, &frame)
    }
    guard Int(watch.hot) >= thresholds.qualityReadings else { return }
    let severity: Severity =
      celsius > thresholds.heat.critical || rise > thresholds.warming.critical ? .critical : .warning
    guard book.wouldChange(key, severity) else { return }
    let name = register.assets[index.position].name
    let speed = rise > 0 ? " and rises by \(AlertBook.rounded(rise)) K an hour" : ""
    let message = AlertMessage(
      title: "\(name) is getting too hot",
      text: "\(name) is at \(AlertBook.rounded(celsius)) °C\(speed), at \(time). Take its load away, and look at its "
        + "cooling; from 60 °C on keep away.", value: celsius)
    book.raise(key, severity, at: time, message, &frame, register)
  }
}
