import PlantModel
import StreamCore

extension AlertRuleID {
  /// The health index of an asset is low.
  static let health = AlertRuleID("health")
}

/// Rule about the health index of assets. Silence and standing faults are left out, because other rules raise alerts
/// about them.
struct HealthRule: AlertRule {
  static let ids = [AlertRuleID.health]
  static let guide = [
    AlertGuide(
      "the health index is below 60 in two judgements in a row; critical below 30; cleared from 70",
      remedy: "Look at the sensors that the alert names, and at the board Asset.")
  ]
  static let causes = [
    AlertCause(.outage, scope: .plant), AlertCause(.offline, scope: .asset), AlertCause(.trip, scope: .asset),
    AlertCause(.derating, scope: .asset),
    AlertCause(.unit, scope: .asset),
  ]

  /// Health index below which a warning is raised, from which it is cleared, and below which it is critical [0...100].
  static let index = (warning: 60.0, clears: 70.0, critical: 30.0)
  /// Number of consecutive health findings that raise an alert.
  static let judgements: Int16 = 2

  private var low: [AlertRun] = []

  mutating func follow(_ register: PlantRegister) { low.grow(to: register.assets.count, element: AlertRun()) }

  mutating func finish(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    for health in frame.health where health.hasData && health.index.isFinite {
      guard register.assets.indices.contains(health.asset.position) else { continue }
      judge(health, context: &context, into: &frame, in: register)
    }
  }

  private mutating func judge(
    _ health: AssetHealth, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let own = health.indexWithoutFault
    let key = AlertKey(rule: .health, asset: health.asset)
    let name = register.assets[health.asset.position].name
    let index = AlertRegistry.rounded(health.index)
    if own >= Self.index.clears {
      let words = "The health index of \(name) is back at \(index) of 100."
      context.book.clear(key, at: health.time, text: words, value: health.index, into: &frame)
    }
    low[health.asset.position].count(own < Self.index.warning)
    guard low[health.asset.position].holds(for: Self.judgements) else { return }
    let worst = health.contributors.prefix(3).joined(separator: ", ")
    let message = AlertMessage(
      title: "\(name) is not well",
      text: "The health index of \(name) is \(index) of 100 at \(health.time). "
        + (worst.isEmpty ? "Compare its sensors with the forecast" : "What lowers it most: \(worst)")
        + "; look at the board Asset.", value: health.index)
    let isCritical = own < Self.index.critical
    context.book.raise(
      key, severity: isCritical ? .critical : .warning, at: health.time, message: message, into: &frame, in: register)
  }

  func snapshot(into writer: inout SnapshotWriter) { writer.write(low) { $1.write(to: &$0) } }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    low = try reader.readArray(elementSize: 2) { (reader) throws(SnapshotError) in try AlertRun(from: &reader) }
  }
}
