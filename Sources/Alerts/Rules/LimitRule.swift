import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// The power of a grid connection exceeds its limit.
  static let limit = AlertRuleID("limit")
}

/// Rule that compares the power of a grid connection with its import and export limits.
struct LimitRule: AlertRule {
  static let ids = [AlertRuleID.limit]
  static let guide = [
    AlertGuide(
      "2 readings in a row are above an import or export limit; critical above 110 % of it; cleared below 95 %",
      remedy: "Shed flexible load, or curtail generation or charge; look at what changed on the power panel.")
  ]

  /// Shares of a limit below which the alert is cleared, and above which it is critical.
  static let share = (clears: 0.95, critical: 1.1)

  private var runs: [Int32: AlertRun] = [:]

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    let asset = register.asset(of: series)
    return asset.kind.role == .gridExchange && (asset.importLimitKilowatts != nil || asset.exportLimitKilowatts != nil)
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (value, time) = (reading.value, reading.time)
    // A breach is sudden, so readings with the qualities `rate` and `spike` count too.
    guard context.isPower[reading.series.position], reading.quality != .outOfRange, value.isFinite else { return }
    let asset = register.assets[reading.asset.position]
    let isImport = value >= 0
    // Without a limit in this direction, an alert about the other direction is cleared.
    let limit = (isImport ? asset.importLimitKilowatts : asset.exportLimitKilowatts) ?? .infinity
    var run = runs[reading.series.rawValue] ?? AlertRun()
    if value.magnitude > limit {
      run.count(true)
    } else if value.magnitude < Self.share.clears * limit {
      run.count(false)
    }
    runs[reading.series.rawValue] = run
    let key = AlertKey(rule: .limit, asset: reading.asset, series: reading.series)
    if run.isOver(for: AlertRun.fast) {
      let words = "Power is back at \(AlertRegistry.rounded(value)) kW."
      context.book.clear(key, at: time, text: words, value: value, into: &frame)
    } else if run.holds(for: AlertRun.fast) && value.magnitude > limit {
      let isCritical = value.magnitude > Self.share.critical * limit
      let message = Self.message(asset.name, value: value, limit: limit, isImport: isImport, at: time)
      context.book.raise(
        key, severity: isCritical ? .critical : .warning, at: time, message: message, into: &frame, in: register)
    }
  }

  private static func message(
    _ name: String, value: Double, limit: Double, isImport: Bool, at time: Timestamp
  ) -> AlertMessage {
    let direction = isImport ? "import" : "export"
    return AlertMessage(
      title: "\(name) is above its \(direction) limit",
      text:
        "\(name) carries \(AlertRegistry.rounded(value.magnitude)) kW of \(direction) at \(time); its limit is "
        + "\(AlertRegistry.rounded(limit)) kW. " + (isImport ? "Shed flexible load" : "Curtail generation or charge")
        + ", and look at what changed on the power panel.", value: value)
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
    for (series, run) in entries { runs[series] = run }
  }
}
