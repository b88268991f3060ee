import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// A connected vehicle does not charge.
  static let charger = AlertRuleID("charger", isFaultOfAsset: true)
}

/// Rule that detects connected vehicles that do not charge.
struct ChargerRule: AlertRule {
  static let ids = [AlertRuleID.charger]
  static let guide = [
    AlertGuide(
      "a vehicle is connected and gets nothing for 5 minutes, or for 2 after its charging broke off; cleared when it "
        + "charges, leaves, or a command holds it back",
      remedy: "Look at the contactor, and at whether a schedule holds the charger back.")
  ]
  static let causes = [AlertCause(.outage, scope: .plant)]

  /// Waiting time before the alert: after an interrupted charge, and for a vehicle that never charged.
  static let wait = (served: TimeSpan.minutes(2), unserved: TimeSpan.minutes(5))
  /// Share of the rated power below which a vehicle does not charge.
  static let nothing = 0.02
  /// Share of the rated power above which charging does not end by itself, because a nearly full vehicle takes less and
  /// less.
  static let full = 0.3

  private struct State {
    /// Time of connection; `distantPast` if no vehicle is connected.
    var connected = Timestamp.distantPast
    /// Time since which it does not charge; `distantPast` while it charges.
    var unserved = Timestamp.distantPast
    /// Latest charging power [kW]; 0 if the vehicle never charged.
    var lastPower = 0.0
  }

  private var states: [Int32: State] = [:]

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    register.kind(of: series).traits.hasVehicles
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (value, time) = (reading.value, reading.time)
    guard value.isFinite else { return }
    var state = states[reading.asset.rawValue] ?? State()
    defer { states[reading.asset.rawValue] = state }
    let key = AlertKey(rule: .charger, asset: reading.asset)
    let asset = register.assets[reading.asset.position]
    if register.series[reading.series.position].sensor == "connected" {
      if value < 0.5 {
        state = State()
        context.book.clear(key, at: time, text: "The vehicle has left.", into: &frame)
      } else if state.connected == .distantPast {
        state.connected = time
      }
      return
    }
    if let limit = frame.limits[reading.asset], limit <= Self.nothing * (asset.nominalKilowatts ?? 0) {
      state.unserved = .distantPast
      return context.book.clear(key, at: time, text: "A command holds it back.", value: value, into: &frame)
    }
    guard context.isPower[reading.series.position], state.connected != .distantPast,
      let size = asset.nominalKilowatts, size > 0
    else { return }
    if value > Self.nothing * size {
      (state.unserved, state.lastPower) = (.distantPast, value)
      let words = "It charges again, with \(AlertRegistry.rounded(value)) kW."
      return context.book.clear(key, at: time, text: words, value: value, into: &frame)
    }
    if state.unserved == .distantPast { state.unserved = time }
    let wait: TimeSpan? =
      state.lastPower == 0 ? Self.wait.unserved : state.lastPower > Self.full * size ? Self.wait.served : nil
    guard let wait, time - state.unserved >= wait else { return }
    let message = AlertMessage(
      title: "\(asset.name) does not charge",
      text: "A vehicle has been connected to \(asset.name) since \(state.connected) and gets nothing since "
        + "\(state.unserved). Look at its contactor, and at whether a schedule holds it back.", value: value)
    context.book.raise(key, severity: .warning, at: time, message: message, into: &frame, in: register)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(states.sorted { $0.key < $1.key }) { writer, entry in
      writer.write(entry.key)
      writer.write(entry.value.connected)
      writer.write(entry.value.unserved)
      writer.write(entry.value.lastPower)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = [:]
    let entries = try reader.readArray(elementSize: 28) { (reader) throws(SnapshotError) in
      (
        try reader.read(Int32.self),
        State(
          connected: try reader.readTimestamp(), unserved: try reader.readTimestamp(),
          lastPower: try reader.readDouble())
      )
    }
    for (asset, state) in entries { states[asset] = state }
  }
}
