import PlantModel
import StreamCore

extension AlertRuleID {
  /// A power arrives in W where the plant file says kW.
  static let watts = AlertRuleID("watts", concernsData: true)
}

/// Compares the power of an asset with its size: some hundred times of what it can be is a power in W.
///
/// ``RangeRule`` and ``UnitRule`` compare a sensor with its own past, which a fresh start has not. The size is known
/// from the first reading on. A sensor that has already sent readings that fit has to send many others before it is
/// doubted.
///
/// Worked values, for an inverter of 3.6 kW:
/// - 5 kW is 1.4 times its size, and a spike of 400 kW is one reading: no alert.
/// - 2,900 kW is 806 times its size, and 2.9 kW in W: the alert, at the third reading.
/// - 60 kW is 17 times its size, and 60 W in the morning: not judged, and most readings of a day are larger.
struct WattsRule: AlertRule {
  static let ids = [AlertRuleID.watts]
  static let guide = [
    AlertGuide(
      "3 readings in a row of a power are 30 to 3,000 times the size in the plant file (20, if others have fitted it "
        + "before); cleared by 3 below twice the size",
      remedy: "Write unit: W or scale: {power: 0.001} for the sensor in the plant file, or correct the size there.")
  ]
  static let causes = [AlertCause(.unit, scope: .series)]

  /// Length of a run that raises or clears the alert [readings].
  static let fresh: Int16 = 3
  /// Length of a run that raises the alert of a sensor that has sent readings that fit [readings].
  static let proven: Int16 = 20
  /// Multiples of the size between which a power is taken for W.
  static let watts = 30.0...3_000
  /// Multiple of the size below which a power is in kW.
  static let usual = 2.0

  private struct State: BitwiseCopyable {
    var run = AlertRun()
    /// Whether a reading has fitted the size.
    var hasFitted = false
  }

  private var states: [State] = []

  mutating func follow(_ register: PlantRegister) { states.grow(to: register.series.count, element: State()) }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    let profile = register.series[series.position].profile
    return !profile.isDerived && !profile.isForecast && profile.unit?.symbol == "kW"
      && Self.size(of: register.asset(of: series)) != nil
      && Self.isPower(register.series[series.position].sensor)
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (position, value, time) = (reading.series.position, reading.value, reading.time)
    guard value.isFinite, value != 0, let size = Self.size(of: register.assets[reading.asset.position]) else { return }
    let multiple = value.magnitude / size
    if Self.watts.contains(multiple) {
      states[position].run.count(true)
    } else if multiple < Self.usual {
      states[position].run.count(false)
      states[position].hasFitted = true
    } else {
      return
    }
    // Evaluates only the reading that completes a run, so that the others cost no look-up.
    let run = states[position].run
    guard run.length == (states[position].hasFitted ? Self.proven : Self.fresh) || run.length == -Self.fresh else {
      return
    }
    let key = AlertKey(rule: .watts, asset: reading.asset, series: reading.series)
    if run.length > 0 {
      let message = Self.message(reading, size: size, in: register)
      context.book.raise(key, severity: .warning, at: time, message: message, into: &frame, in: register)
    } else {
      context.book.clear(key, at: time, text: "The power fits the size again.", value: value, into: &frame)
    }
  }

  /// Returns the size of an asset [kW]; of a connection its import limit. `nil` if it is not known.
  ///
  /// An export limit alone says little: it is often far below what is imported.
  private static func size(of asset: Asset) -> Double? {
    let limit = asset.importLimitKilowatts.map { max($0, asset.exportLimitKilowatts ?? 0) }
    let size = asset.kind.role == .gridExchange ? limit : asset.nominalKilowatts
    return size.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
  }

  private static func isPower(_ sensor: String) -> Bool {
    ["power", "active_power", "ac_power", "dc_power"].contains(sensor.lowercased())
  }

  private static func message(_ reading: AlertReading, size: Double, in register: PlantRegister) -> AlertMessage {
    let name = AlertContext.name(of: reading.series, in: register)
    let (asset, sensor) = (
      register.assets[reading.asset.position].name, register.series[reading.series.position].sensor
    )
    let watts = AlertRegistry.rounded(reading.value / 1000)
    return AlertMessage(
      title: "\(name) is in W, not in kW",
      text:
        "\(name) is \(AlertRegistry.rounded(reading.value)) kW at \(reading.time), and \(asset) has "
        + "\(AlertRegistry.rounded(size)) kW: it sends W. Write scale: {\(sensor): 0.001} in its rule under topics, or "
        + "{match: \"\(asset).\(sensor)\", unit: W} under sensors of the plant file; then it is \(watts) kW. If it does "
        + "send kW, correct the size of \(asset).", value: reading.value)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(states) { writer, state in
      state.run.write(to: &writer)
      writer.write(UInt8(state.hasFitted ? 1 : 0))
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = try reader.readArray(elementSize: 3) { (reader) throws(SnapshotError) in
      State(run: try AlertRun(from: &reader), hasFitted: try reader.read(UInt8.self) != 0)
    }
  }
}
