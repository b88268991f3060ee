import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// A sensor sends values in a unit that is a thousand times smaller or larger.
  static let unit = AlertRuleID("unit", concernsData: true)
}

/// Rule that detects values that have become thousandths. Each may be plausible by itself. ``RangeRule`` detects values
/// that are a thousand times too large.
struct UnitRule: AlertRule {
  static let ids = [AlertRuleID.unit]
  static let guide = [
    AlertGuide(
      "5 readings in a row are a thousandth or a thousand times of what came before; cleared by 5 that are not",
      remedy: "Look at the gateway, and at unit and scale in the plant file.")
  ]

  private var states: [UnitScaleDetector] = []

  mutating func follow(_ register: PlantRegister) {
    states.grow(to: register.series.count, element: UnitScaleDetector())
  }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    let profile = register.series[series.position].profile
    return !profile.isDerived && profile.sampling != .counter
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (position, value, time) = (reading.series.position, reading.value, reading.time)
    states[position].observe(value, at: time)
    let run = states[position].run
    if run.length.magnitude != AlertRun.slow.magnitude { return }
    let key = AlertKey(rule: .unit, asset: reading.asset, series: reading.series)
    if run.length > 0 {
      let message = Self.message(reading.series, value: value, before: states[position].level, at: time, in: register)
      context.book.raise(key, severity: .warning, at: time, message: message, into: &frame, in: register)
    } else {
      context.book.clear(key, at: time, text: "Readings are plausible again.", value: value, into: &frame)
    }
  }

  /// Returns the message of an alert about a unit.
  ///
  /// - Parameters:
  ///   - series: the series.
  ///   - value: current value [canonical unit].
  ///   - before: value before the change [canonical unit].
  ///   - time: timestamp of the current value.
  ///   - register: the plant's register.
  static func message(
    _ series: SeriesIndex, value: Double, before: Double, at time: Timestamp, in register: PlantRegister
  ) -> AlertMessage {
    let name = AlertContext.name(of: series, in: register)
    let unit = register.series[series.position].profile.unit
    let isLarge = value.magnitude > before.magnitude
    let number = isLarge ? AlertRegistry.rounded(value) : "\(value)"
    return AlertMessage(
      title: "\(name) is in the wrong unit",
      text:
        "\(name) reports \(number) at \(time), a \(isLarge ? "thousand times" : "thousandth of") the "
        + "\(AlertRegistry.rounded(before)) \(unit?.canonicalUnit.symbol ?? "") of before: it sends "
        + "\(isLarge ? UnitMixup.smaller(than: unit) : UnitMixup.larger(than: unit)). Look at its gateway, and at unit "
        + "and scale in the plant file.", value: value)
  }

  func snapshot(into writer: inout SnapshotWriter) { writer.write(states) { $1.write(to: &$0) } }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = try reader.readArray(elementSize: 34) { (reader) throws(SnapshotError) in
      try UnitScaleDetector(from: &reader)
    }
  }
}

extension UnitScaleDetector {
  fileprivate func write(to writer: inout SnapshotWriter) {
    for value in [level, least] { writer.write(value) }
    for timestamp in [time, first] { writer.write(timestamp) }
    run.write(to: &writer)
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    (level, least) = (try reader.readDouble(), try reader.readDouble())
    (time, first) = (try reader.readTimestamp(), try reader.readTimestamp())
    run = try AlertRun(from: &reader)
  }
}
