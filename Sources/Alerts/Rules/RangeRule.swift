import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// A sensor reports values outside its plausible range.
  static let range = AlertRuleID("range", concernsData: true)
}

/// Rule that counts readings outside the plausible range. If they are a thousand times the usual values, it raises the
/// alert about the unit instead.
struct RangeRule: AlertRule {
  static let ids = [AlertRuleID.range]
  static let guide = [
    AlertGuide(
      "5 readings in a row are out of the plausible range; cleared by 5 that are not",
      remedy: "Look at the sensor's wiring, and at range, unit and scale in the plant file.")
  ]
  static let causes = [AlertCause(.outage, scope: .plant), AlertCause(.watts, scope: .series)]

  private struct State: BitwiseCopyable {
    var run = AlertRun()
    /// Latest value of good quality other than 0 [canonical unit].
    var lastGood = 0.0
  }

  private var states: [State] = []

  mutating func follow(_ register: PlantRegister) { states.grow(to: register.series.count, element: State()) }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    !register.series[series.position].profile.isDerived
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (position, value, time) = (reading.series.position, reading.value, reading.time)
    states[position].run.count(reading.quality == .outOfRange)
    if reading.quality == .good && value != 0 { states[position].lastGood = value }
    let run = states[position].run
    // Evaluates only the reading that completes a run, so that the others cost no look-up.
    if run.length.magnitude != AlertRun.slow.magnitude { return }
    let range = AlertKey(rule: .range, asset: reading.asset, series: reading.series)
    let unit = AlertKey(rule: .unit, asset: reading.asset, series: reading.series)
    guard run.length > 0 else {
      for key in [range, unit] {
        context.book.clear(key, at: time, text: "Readings are plausible again.", value: value, into: &frame)
      }
      return
    }
    let before = states[position].lastGood
    let plausible = register.series[position].profile.range
    if UnitMixup.isOne(value, range: plausible, lastGood: before) {
      let message = UnitRule.message(reading.series, value: value, before: before, at: time, in: register)
      context.book.raise(unit, severity: .warning, at: time, message: message, into: &frame, in: register)
    } else {
      let message = Self.message(reading.series, value: value, at: time, in: register)
      context.book.raise(range, severity: .warning, at: time, message: message, into: &frame, in: register)
    }
  }

  private static func message(
    _ series: SeriesIndex, value: Double, at time: Timestamp, in register: PlantRegister
  ) -> AlertMessage {
    let name = AlertContext.name(of: series, in: register)
    let plausible = register.series[series.position].profile.range
    let bounds =
      plausible.contains(value)
      ? "far beyond what it usually reports"
      : "outside \(plausible.lowerBound) to \(AlertContext.amount(plausible.upperBound, of: series, in: register))"
    return AlertMessage(
      title: "\(name) is out of range",
      text:
        "\(AlertRun.slow) readings in a row are \(bounds), the last "
        + "\(AlertContext.amount(AlertRegistry.rounded(value), of: series, in: register)) at \(time). Look at the sensor's "
        + "wiring, and at range, unit and scale in the plant file.", value: value)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(states) { writer, state in
      state.run.write(to: &writer)
      writer.write(state.lastGood)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = try reader.readArray(elementSize: 10) { (reader) throws(SnapshotError) in
      State(run: try AlertRun(from: &reader), lastGood: try reader.readDouble())
    }
  }
}
