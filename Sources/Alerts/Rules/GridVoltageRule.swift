import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// The grid voltage is outside the band of EN 50160.
  static let voltage = AlertRuleID("voltage")
  /// The grid has failed.
  static let outage = AlertRuleID("outage", isFaultOfAsset: true)
}

/// Rule that compares the voltage at a grid connection with its usual value. That is the mean of the first readings,
/// and later follows the voltage slowly.
struct GridVoltageRule: AlertRule {
  static let ids = [AlertRuleID.voltage, .outage]
  static let guide = [
    AlertGuide(
      "2 readings in a row are more than 10 % off the usual voltage (EN 50160); cleared within 8 %",
      remedy: "Look at the transformer's tap and at what feeds in."),
    AlertGuide(
      "2 readings in a row are below half the usual voltage; cleared when it is back",
      remedy: "Look at the main breaker, then ask the network operator."),
  ]
  static let causes = [AlertCause(.outage, scope: .plant)]

  /// Deviations as shares of the usual voltage: above the first an alert is raised, below the second it is cleared.
  static let band = (raises: 0.10, clears: 0.08)
  /// Share of the usual voltage below which the grid has failed.
  static let dead = 0.5
  /// Number of readings that determine the usual voltage.
  static let learned: Int32 = 20

  private struct State {
    /// The usual voltage [V]; 0 while unknown.
    var usual = 0.0
    /// Number of readings in the mean, up to ``GridVoltageRule/learned``.
    var count: Int32 = 0
    var deviating = AlertRun()
    var dead = AlertRun()
    /// Time of the last reading inside the band; an outage cannot have begun earlier.
    var lastSound = Timestamp.distantPast

    /// Adds a reading to the runs; one inside the band moves the usual voltage.
    mutating func follow(_ value: Double, at time: Timestamp) {
      let deviation = (value / usual - 1).magnitude
      dead.count(value < GridVoltageRule.dead * usual)
      if deviation > GridVoltageRule.band.raises {
        deviating.count(true)
      } else if deviation < GridVoltageRule.band.clears {
        deviating.count(false)
        lastSound = time
        usual += 1e-4 * (value - usual)
      }
    }
  }

  private var states: [State] = []

  mutating func follow(_ register: PlantRegister) { states.grow(to: register.assets.count, element: State()) }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    register.kind(of: series).role == .gridExchange && register.series[series.position].sensor == "voltage"
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (value, time) = (reading.value, reading.time)
    guard value.isFinite else { return }
    var state = states[reading.asset.position]
    defer { states[reading.asset.position] = state }
    if state.count < Self.learned {
      guard value > 1 else { return }
      state.count += 1
      state.usual += (value - state.usual) / Double(state.count)
      return
    }
    state.follow(value, at: time)
    judge(reading, state: state, context: &context, into: &frame, in: register)
  }

  /// Raises and clears the alerts of a grid connection by its runs of readings.
  private func judge(
    _ reading: AlertReading, state: State, context: inout AlertContext, into frame: inout Frame,
    in register: PlantRegister
  ) {
    let (value, time) = (reading.value, reading.time)
    let name = register.assets[reading.asset.position].name
    let outage = AlertKey(rule: .outage, asset: reading.asset)
    let voltage = AlertKey(rule: .voltage, asset: reading.asset)
    var text: String {
      "at \(time) it is \(AlertRegistry.rounded(value)) V, usual are \(AlertRegistry.rounded(state.usual)) V."
    }
    if state.dead.holds(for: AlertRun.fast) {
      let message = AlertMessage(
        title: "The grid at \(name) is gone",
        text: "The voltage at \(name) has collapsed: \(text) Look at the main breaker, then ask the network operator.",
        value: value)
      context.book.raise(
        outage, severity: .critical, at: time, begunAfter: state.lastSound, message: message, into: &frame, in: register
      )
      context.book.clear(voltage, at: time, text: "It is now an outage.", value: value, into: &frame)
      return
    }
    if state.dead.isOver(for: AlertRun.fast) {
      context.book.clear(outage, at: time, text: "The grid is back.", into: &frame)
    }
    if state.deviating.holds(for: AlertRun.fast), state.dead.length <= 0 {
      let message = AlertMessage(
        title: "The voltage at \(name) is off",
        text: "The voltage at \(name) is outside ±10 % of what is usual: \(text) Look at the transformer's tap and at "
          + "what feeds in.", value: value)
      context.book.raise(voltage, severity: .warning, at: time, message: message, into: &frame, in: register)
    } else if state.deviating.isOver(for: AlertRun.fast) {
      context.book.clear(voltage, at: time, text: "The voltage is as usual.", value: value, into: &frame)
    }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(states) { writer, state in
      writer.write(state.usual)
      writer.write(state.count)
      state.deviating.write(to: &writer)
      state.dead.write(to: &writer)
      writer.write(state.lastSound)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = try reader.readArray(elementSize: 24) { (reader) throws(SnapshotError) in
      State(
        usual: try reader.readDouble(), count: try reader.read(Int32.self), deviating: try AlertRun(from: &reader),
        dead: try AlertRun(from: &reader), lastSound: try reader.readTimestamp())
    }
  }
}
