import Glibc
import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// A sensor repeatedly reports odd values.
  static let spikes = AlertRuleID("spikes", concernsData: true)
}

/// Rule that counts isolated odd values.
struct SpikesRule: AlertRule {
  static let ids = [AlertRuleID.spikes]
  static let guide = [
    AlertGuide(
      "4 odd values that came one at a time, each fading with a half-life of half an hour; cleared after some hours "
        + "without one", remedy: "Look at the sensor's wiring and at what disturbs it.")
  ]
  static let causes = [AlertCause(.outage, scope: .plant)]
  static let admits: ReadingStandings = [.inOrder, .glitch]

  /// Decaying count of odd values from which an alert is raised, and below which it is cleared.
  static let count = (raises: 4.0, clears: 0.5)
  /// Half-life of the count [s].
  static let halfLife = 1800.0

  private struct State: BitwiseCopyable {
    /// Decaying count of isolated odd values, and the time to which it applies.
    var count = 0.0
    var time = Timestamp.distantPast
    var wasOdd = false
  }

  /// States of the series with recent odd values only.
  private var states = SeriesStates<State>()

  mutating func follow(_ register: PlantRegister) { states.grow(to: register.series.count) }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    !register.series[series.position].profile.isDerived
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let isOdd = reading.quality == .spike || reading.quality == .outOfRange || reading.quality == .rate
    let known = states.place(of: reading.series.position)
    if !isOdd && known == nil { return }
    let place = known ?? states.add(State(), to: reading.series.position)
    let state = states[place]
    // Of consecutive odd values only the first is counted.
    let isNew = isOdd && !state.wasOdd
    let halves = min(100, max(0, (reading.time - state.time).inSeconds / Self.halfLife))
    let count = state.count * exp2(-halves) + (isNew ? 1 : 0)
    states[place] = State(count: count, time: reading.time, wasOdd: isOdd)
    let key = AlertKey(rule: .spikes, asset: reading.asset, series: reading.series)
    if isNew, count >= Self.count.raises {
      let name = AlertContext.name(of: reading.series, in: register)
      let message = AlertMessage(
        title: "\(name) is erratic",
        text: "\(name) has reported \(Int(count)) values within the last hour that do not fit its others, the last at "
          + "\(reading.time). Look at its wiring and at what disturbs it.", value: reading.value)
      context.book.raise(key, severity: .warning, at: reading.time, message: message, into: &frame, in: register)
    } else if count < Self.count.clears {
      context.book.clear(key, at: reading.time, text: "It has been quiet.", value: reading.value, into: &frame)
    }
    if count < 0.01 && !isOdd { states.drop(reading.series.position) }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    states.snapshot(into: &writer) { writer, state in
      writer.write(state.count)
      writer.write(state.time)
      writer.write(state.wasOdd)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = try SeriesStates(from: &reader) { (reader) throws(SnapshotError) in
      State(count: try reader.readDouble(), time: try reader.readTimestamp(), wasOdd: try reader.readBool())
    }
  }
}
