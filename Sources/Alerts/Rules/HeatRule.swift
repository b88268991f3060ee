import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// A battery is too hot, or heats up too fast.
  static let heat = AlertRuleID("heat", isFaultOfAsset: true)
}

/// Rule about a battery's temperature and its rate of rise.
///
/// Lithium cells age fast above 45 °C, at which their makers end charging, and may run away above 60 °C. A battery that
/// heats up faster than its load explains needs an alert before the next health finding.
struct HeatRule: AlertRule {
  static let ids = [AlertRuleID.heat]
  static let guide = [
    AlertGuide(
      "5 readings in a row are above 45 °C or rise by more than 20 K an hour; critical from 55 °C or 60 K an hour; "
        + "cleared below 42 °C and 10 K an hour",
      remedy: "Take its load away, and look at its cooling; from 60 °C on keep away.")
  ]

  /// Temperatures above which an alert is raised, below which it is cleared, and above which it is critical [°C].
  static let celsius = (raises: 45.0, clears: 42.0, critical: 55.0)
  /// Rates of rise above which cooling has failed, below which the alert is cleared, and above which it is critical
  /// [K/h].
  static let warming = (raises: 20.0, clears: 10.0, critical: 60.0)
  /// Shortest and longest time over which the rate of rise is measured.
  static let span = (shortest: TimeSpan.minutes(5), longest: TimeSpan.minutes(20))

  private struct State {
    /// Reference temperature of at least five minutes ago [°C], and the candidate that replaces it. `distantPast`
    /// without one.
    var earlier = (celsius: 0.0, time: Timestamp.distantPast)
    var next = (celsius: 0.0, time: Timestamp.distantPast)
    var hot = AlertRun()

    /// Records a temperature and returns the rate of rise [K/h]; 0 if it is unknown or the rise is at most 2 K.
    mutating func rise(_ celsius: Double, at time: Timestamp) -> Double {
      if time - next.time > HeatRule.span.longest || time < next.time {
        (earlier, next) = ((0, .distantPast), (celsius, time))
      } else if time - next.time >= HeatRule.span.shortest {
        (earlier, next) = (next, (celsius, time))
      }
      let span = time - earlier.time
      guard span >= HeatRule.span.shortest, span <= HeatRule.span.longest, celsius - earlier.celsius > 2 else {
        return 0
      }
      return (celsius - earlier.celsius) / span.inHours
    }
  }

  private var states: [Int32: State] = [:]

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    register.kind(of: series).role == .storage && register.series[series.position].sensor == "temperature"
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (celsius, time) = (reading.value, reading.time)
    guard celsius.isFinite, register.series[reading.series.position].profile.range.contains(celsius) else { return }
    var state = states[reading.asset.rawValue] ?? State()
    defer { states[reading.asset.rawValue] = state }
    let rise = reading.quality == .good ? state.rise(celsius, at: time) : 0
    if celsius > Self.celsius.raises || rise > Self.warming.raises {
      state.hot.count(true)
    } else if celsius < Self.celsius.clears, rise < Self.warming.clears {
      state.hot.count(false)
    }
    let key = AlertKey(rule: .heat, asset: reading.asset)
    if state.hot.isOver(for: AlertRun.slow) {
      return context.book.clear(
        key, at: time, text: "It is at \(AlertRegistry.rounded(celsius)) °C.", value: celsius, into: &frame)
    }
    guard state.hot.holds(for: AlertRun.slow) else { return }
    let isCritical = celsius > Self.celsius.critical || rise > Self.warming.critical
    guard context.book.wouldChange(key, severity: isCritical ? .critical : .warning) else { return }
    let name = register.assets[reading.asset.position].name
    let speed = rise > 0 ? " and rises by \(AlertRegistry.rounded(rise)) K an hour" : ""
    let message = AlertMessage(
      title: "\(name) is getting too hot",
      text:
        "\(name) is at \(AlertRegistry.rounded(celsius)) °C\(speed), at \(time). Take its load away, and look at its "
        + "cooling; from 60 °C on keep away.", value: celsius)
    context.book.raise(
      key, severity: isCritical ? .critical : .warning, at: time, message: message, into: &frame, in: register)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(states.sorted { $0.key < $1.key }) { writer, entry in
      writer.write(entry.key)
      for mark in [entry.value.earlier, entry.value.next] {
        writer.write(mark.celsius)
        writer.write(mark.time)
      }
      entry.value.hot.write(to: &writer)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = [:]
    let entries = try reader.readArray(elementSize: 38) { (reader) throws(SnapshotError) in
      (
        try reader.read(Int32.self),
        State(
          earlier: (try reader.readDouble(), try reader.readTimestamp()),
          next: (try reader.readDouble(), try reader.readTimestamp()), hot: try AlertRun(from: &reader))
      )
    }
    for (asset, state) in entries { states[asset] = state }
  }
}
