import PlantModel
import StreamCore

extension AlertRuleID {
  /// The frequency of the grid is outside what EN 50160 allows.
  static let frequency = AlertRuleID("frequency")
}

/// Compares the frequency at a grid connection with its nominal value, 50 or 60 Hz, whichever is nearer.
///
/// EN 50160:2010, 4.2.1: in interconnected systems ±1 % during 99.5 % of a year, and −6 % to +4 % at all times. Worked
/// value: 49.4 Hz is 1.2 % low and a warning; 46.9 Hz is 6.2 % low and critical.
struct FrequencyRule: AlertRule {
  static let ids = [AlertRuleID.frequency]
  static let guide = [
    AlertGuide(
      "5 readings in a row are more than 1 % off 50 or 60 Hz (EN 50160); critical from 6 % below or 4 % above; cleared "
        + "within 0.6 %",
      remedy: "Ask the network operator. In an island, look at the generator's governor and shed load or generation.")
  ]
  static let causes = [AlertCause(.outage, scope: .plant)]

  /// Shares of the nominal frequency by which it may deviate, and within which it is back.
  static let band = (raises: 0.01, clears: 0.006)
  /// Shares of the nominal frequency, below and above, from which a deviation is critical.
  static let critical = (below: 0.06, above: 0.04)
  /// A frequency below this is none: the grid is gone [Hz].
  static let none = 25.0

  private var runs: [Int32: AlertRun] = [:]

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    register.kind(of: series).role == .gridExchange && register.series[series.position].sensor == "frequency"
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (value, time) = (reading.value, reading.time)
    guard value.isFinite, value > Self.none else { return }
    let nominal = value < 55 ? 50.0 : 60
    let deviation = value / nominal - 1
    var run = runs[reading.asset.rawValue] ?? AlertRun()
    if deviation.magnitude > Self.band.raises {
      run.count(true)
    } else if deviation.magnitude < Self.band.clears {
      run.count(false)
    }
    runs[reading.asset.rawValue] = run
    let key = AlertKey(rule: .frequency, asset: reading.asset)
    if run.isOver(for: AlertRun.slow) {
      context.book.clear(key, at: time, text: "The frequency is as usual.", value: value, into: &frame)
    } else if run.holds(for: AlertRun.slow), deviation.magnitude > Self.band.raises {
      let isCritical = deviation < -Self.critical.below || deviation > Self.critical.above
      let name = register.assets[reading.asset.position].name
      let message = AlertMessage(
        title: "The frequency at \(name) is off",
        text: "The frequency at \(name) is \(AlertRegistry.rounded(value)) Hz at \(time), "
          + "\(AlertRegistry.rounded(100 * deviation)) % off \(Int(nominal)) Hz. Ask the network operator. In an island, "
          + "look at the generator's governor and shed load or generation.", value: value)
      context.book.raise(
        key, severity: isCritical ? .critical : .warning, at: time, message: message, into: &frame, in: register)
    }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(runs.sorted { $0.key < $1.key }) { writer, entry in
      writer.write(entry.key)
      entry.value.write(to: &writer)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    runs = [:]
    let entries = try reader.readArray(elementSize: 6) { (reader) throws(SnapshotError) in
      (try reader.read(Int32.self), try AlertRun(from: &reader))
    }
    for (asset, run) in entries { runs[asset] = run }
  }
}
