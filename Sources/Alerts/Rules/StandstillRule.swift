import PlantModel
import PlantPhysics
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// The value of a sensor does not change.
  static let stuck = AlertRuleID("stuck", concernsData: true)
  /// A generator is held below the power that its irradiance or wind lets expect.
  static let derating = AlertRuleID("derating", isFaultOfAsset: true)
}

/// Rule about values that do not change.
///
/// A generator held below the power that its irradiance or wind lets expect is derated or curtailed. If it is above
/// that power, its meter is stuck. Between the two, it counts as stuck after half an hour. A power close to the rating
/// is limited by the inverter, which is normal.
struct StandstillRule: AlertRule {
  static let ids = [AlertRuleID.stuck, .derating]
  static let guide = [
    AlertGuide(
      "5 readings in a row are stuck: unchanged for longer than the quantity can be; cleared when it moves",
      remedy: "Look at the sensor and at whether its gateway repeats an old value."),
    AlertGuide(
      "a generator stands between 5 and 97 % of its rating while 10 % more can be expected; cleared when it has risen",
      remedy: "Look at its inverter's temperature and fans, and at limits that the grid operator has set."),
  ]
  static let causes = [
    AlertCause(.outage, scope: .plant), AlertCause(.offline, scope: .asset), AlertCause(.trip, scope: .asset),
  ]

  /// Longest age of an irradiance or wind speed that determines the expected power.
  static let recent = TimeSpan.minutes(2)
  /// Time after which an unexplained constant power counts as a stuck meter.
  static let patience = TimeSpan.minutes(30)

  /// State of a generator.
  private struct Generator {
    /// Time since which its power is constant; `distantPast` while it changes.
    var heldSince = Timestamp.distantPast
    /// Power at which a derating holds it [kW]; 0 without one.
    var ceiling = 0.0
    /// Run of readings more than 3 % above ``ceiling``.
    var free = AlertRun()
  }

  private var runs: [AlertRun] = []
  private var generators: [Int32: Generator] = [:]

  mutating func follow(_ register: PlantRegister) { runs.grow(to: register.series.count, element: AlertRun()) }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool { true }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    runs[reading.series.position].count(reading.quality == .stuck)
    let run = runs[reading.series.position]
    let isGenerator = context.isPower[reading.series.position] && register.kind(of: reading.series).role == .generation
    if isGenerator { judge(reading, run: run, context: &context, into: &frame, in: register) }
    if run.length.magnitude != AlertRun.slow.magnitude { return }
    let key = AlertKey(rule: .stuck, asset: reading.asset, series: reading.series)
    // Without a rated power there is nothing to compare with, so the series is stuck at once.
    if run.length > 0, !isGenerator || register.assets[reading.asset.position].nominalKilowatts == nil {
      raiseStuck(reading, context: &context, into: &frame, in: register)
    } else if run.length < 0 {
      context.book.clear(key, at: reading.time, text: "It moves again.", value: reading.value, into: &frame)
    }
  }

  private mutating func judge(
    _ reading: AlertReading, run: AlertRun, context: inout AlertContext, into frame: inout Frame,
    in register: PlantRegister
  ) {
    let (value, time) = (reading.value, reading.time)
    let asset = register.assets[reading.asset.position]
    let derating = AlertKey(rule: .derating, asset: reading.asset, series: reading.series)
    if run.length <= 0 || frame.limits[reading.asset] != nil {
      guard generators[reading.asset.rawValue] != nil else { return }
      generators[reading.asset.rawValue]?.heldSince = .distantPast
      return clear(derating, reading: reading, context: &context, into: &frame)
    }
    guard run.holds(for: AlertRun.slow), let size = asset.nominalKilowatts else { return }
    var generator = generators[reading.asset.rawValue] ?? Generator()
    defer { generators[reading.asset.rawValue] = generator }
    if generator.heldSince == .distantPast { generator.heldSince = time }
    let stuck = AlertKey(rule: .stuck, asset: reading.asset, series: reading.series)
    let expected = expectedPower(asset.kind, size: size, resource: context.resources[reading.asset.position], at: time)
    if value > 0.05 * size, value < 0.97 * size, expected > 1.1 * value {
      if context.book.isActive(derating) || context.book.isActive(stuck) { return }
      generator.ceiling = value
      let message = Self.message(asset.name, value: value, size: size, expected: expected, at: time)
      context.book.raise(derating, severity: .warning, at: time, message: message, into: &frame, in: register)
    } else if value < 0.97 * size, expected < 0.85 * value || time - generator.heldSince > Self.patience {
      context.book.clear(
        derating, at: time, text: "It stands at more than can be expected of it.", value: value, into: &frame)
      raiseStuck(reading, context: &context, into: &frame, in: register)
    }
  }

  /// Returns the power that the latest irradiance or wind speed lets expect [kW]; 0 without a recent one.
  ///
  /// - Parameters:
  ///   - kind: kind of the generator.
  ///   - size: rated power [kW].
  ///   - resource: irradiance [W/m²] or wind speed [m/s], and its timestamp.
  ///   - time: timestamp of the power.
  private func expectedPower(
    _ kind: AssetKind, size: Double, resource: (value: Double, time: Timestamp), at time: Timestamp
  ) -> Double {
    guard time - resource.time <= Self.recent else { return 0 }
    if kind.traits.driver == .wind { return WindTurbine(ratedKilowatts: size).power(windSpeed: resource.value) }
    // Cell temperature: 25 °C, plus 25 K in full sun.
    return PhotovoltaicModel(inverterKilowatts: size).power(
      irradiance: resource.value, cellTemperature: 25 + 0.025 * resource.value)
  }

  /// Clears a derating after its power was exceeded for several readings.
  private mutating func clear(
    _ key: AlertKey, reading: AlertReading, context: inout AlertContext, into frame: inout Frame
  ) {
    guard var generator = generators[reading.asset.rawValue], generator.ceiling > 0 else { return }
    defer { generators[reading.asset.rawValue] = generator }
    generator.free.count(reading.value > 1.03 * generator.ceiling)
    guard generator.free.holds(for: AlertRun.slow) else { return }
    generator.ceiling = 0
    let words = "It gives \(AlertRegistry.rounded(reading.value)) kW again."
    context.book.clear(key, at: reading.time, text: words, value: reading.value, into: &frame)
  }

  private func raiseStuck(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let key = AlertKey(rule: .stuck, asset: reading.asset, series: reading.series)
    guard context.book.wouldChange(key, severity: .warning) else { return }
    let name = AlertContext.name(of: reading.series, in: register)
    let amount = AlertContext.amount(AlertRegistry.rounded(reading.value), of: reading.series, in: register)
    let message = AlertMessage(
      title: "\(name) does not move",
      text: "\(name) has stood at \(amount) for longer than it can, seen at \(reading.time). Look at the sensor and at "
        + "whether its gateway repeats an old value.", value: reading.value)
    context.book.raise(key, severity: .warning, at: reading.time, message: message, into: &frame, in: register)
  }

  private static func message(
    _ name: String, value: Double, size: Double, expected: Double, at time: Timestamp
  ) -> AlertMessage {
    AlertMessage(
      title: "\(name) is held at \(AlertRegistry.rounded(value)) kW",
      text:
        "\(name) stands at \(AlertRegistry.rounded(value)) kW, \(AlertRegistry.rounded(100 * value / size)) % of its rating, "
        + "where \(AlertRegistry.rounded(expected)) kW can be expected, seen at \(time). It is derated or curtailed: "
        + "look at its inverter's temperature and fans, and at limits that the grid operator has set.", value: value)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(runs) { $1.write(to: &$0) }
    writer.write(generators.sorted { $0.key < $1.key }) { writer, entry in
      writer.write(entry.key)
      writer.write(entry.value.heldSince)
      writer.write(entry.value.ceiling)
      entry.value.free.write(to: &writer)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    runs = try reader.readArray(elementSize: 2) { (reader) throws(SnapshotError) in try AlertRun(from: &reader) }
    generators = [:]
    let entries = try reader.readArray(elementSize: 22) { (reader) throws(SnapshotError) in
      (
        try reader.read(Int32.self),
        Generator(
          heldSince: try reader.readTimestamp(), ceiling: try reader.readDouble(), free: try AlertRun(from: &reader))
      )
    }
    for (asset, generator) in entries { generators[asset] = generator }
  }
}
