import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// The clock of an asset is wrong.
  static let clock = AlertRuleID("clock", concernsData: true)
}

/// Rule that compares the lag between timestamp and receipt of an asset's readings with that of the plant's other
/// assets.
struct ClockRule: AlertRule {
  static let ids = [AlertRuleID.clock]
  static let guide = [
    AlertGuide(
      "5 readings in a row are more than a minute behind or ahead of those of the plant's other assets; cleared by 5 "
        + "that are not", remedy: "Look at the time server of its gateway.")
  ]
  static let admits: ReadingStandings = [.inOrder, .outOfOrder]

  /// Largest ordinary difference between an asset's lag and that of the others.
  static let tolerance = TimeSpan.minute
  /// Longest age of another asset's last reading to be compared with.
  static let recent = TimeSpan.minutes(10)

  private struct State {
    /// Lag of the latest reading's receipt behind its timestamp.
    var lag = TimeSpan.zero
    var received = Timestamp.distantPast
    var skewed = AlertRun()
  }

  private var states: [State] = []

  mutating func follow(_ register: PlantRegister) { states.grow(to: register.assets.count, element: State()) }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool { true }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    guard reading.hasSourceTime, !frame.isCatchingUp else { return }
    let asset = reading.asset.position
    let lag = frame.received - reading.time
    (states[asset].lag, states[asset].received) = (lag, frame.received)
    let key = AlertKey(rule: .clock, asset: reading.asset)
    // Fast path: the lag is small and was small before.
    if lag.magnitude <= Self.tolerance, states[asset].skewed.length <= 0, !context.book.isActive(key) { return }
    // The smallest lag of the other assets shows the delay of the transport.
    let others = states.indices.filter { $0 != asset && frame.received - states[$0].received < Self.recent }
    guard let least = others.map({ states[$0].lag }).min(by: { $0.magnitude < $1.magnitude }) else { return }
    let skew = lag - least
    states[asset].skewed.count(skew.magnitude > Self.tolerance)
    if states[asset].skewed.holds(for: AlertRun.slow) {
      let name = register.assets[asset].name
      let side = skew > .zero ? "behind" : "ahead of"
      let message = AlertMessage(
        title: "The clock of \(name) is wrong",
        text:
          "Readings of \(name) are \(AlertRegistry.duration(skew.magnitude)) \(side) those of the plant's other assets, "
          + "seen at \(frame.received). Look at the time server of its gateway.", value: skew.inSeconds)
      context.book.raise(key, severity: .warning, at: frame.received, message: message, into: &frame, in: register)
    } else if states[asset].skewed.isOver(for: AlertRun.slow) {
      context.book.clear(key, at: frame.received, text: "Its times are right again.", into: &frame)
    }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(states) { writer, state in
      writer.write(state.lag)
      writer.write(state.received)
      state.skewed.write(to: &writer)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = try reader.readArray(elementSize: 18) { (reader) throws(SnapshotError) in
      State(
        lag: try reader.readTimeSpan(), received: try reader.readTimestamp(), skewed: try AlertRun(from: &reader))
    }
  }
}
