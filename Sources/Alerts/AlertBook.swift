import PlantModel
import StreamCore

/// What an alert is about: the rule and whom it concerns.
struct AlertKey: Hashable {
  var rule: AlertRule
  var asset: AssetIndex?
  var series: SeriesIndex?
}

/// An alert that has been raised and not cleared.
struct ActiveAlert: Equatable {
  var id: String
  var severity: Severity
  var raised: Timestamp
  var title: String
}

/// Words and a number for a transition.
struct AlertMessage {
  var title: String
  var text: String
  var value: Double = .nan
}

/// The alerts that are active, and the writing of their transitions and states.
struct AlertBook {
  private(set) var active: [AlertKey: ActiveAlert] = [:]

  func isActive(_ key: AlertKey) -> Bool { active[key] != nil }

  /// Whether ``raise`` would write something.
  func wouldChange(_ key: AlertKey, _ severity: Severity) -> Bool { active[key].map { severity > $0.severity } ?? true }

  /// Raises an alert, escalates one that is active at a lower severity, and leaves any other alone.
  mutating func raise(
    _ key: AlertKey, _ severity: Severity, at time: Timestamp, _ message: @autoclosure () -> AlertMessage,
    _ frame: inout Frame, _ register: PlantRegister
  ) {
    if var alert = active[key] {
      guard severity > alert.severity else { return }
      alert.severity = severity
      active[key] = alert
      write(key, alert, .escalated, time, message(), &frame)
    } else {
      let message = message()
      let alert = ActiveAlert(
        id: AlertBook.identifier(key, time, register), severity: severity, raised: time, title: message.title)
      active[key] = alert
      write(key, alert, .raised, time, message, &frame)
    }
    writeState(of: key, at: time, &frame)
  }

  /// Clears an alert, if it is active.
  mutating func clear(
    _ key: AlertKey, at time: Timestamp, _ text: @autoclosure () -> String, value: Double = .nan, _ frame: inout Frame
  ) {
    guard let alert = active.removeValue(forKey: key) else { return }
    let lasted = AlertBook.duration(time - alert.raised)
    let message = AlertMessage(
      title: "\(alert.title): over", text: "\(text()) It had lasted \(lasted), since \(alert.raised).", value: value)
    write(key, alert, .cleared, time, message, &frame)
    writeState(of: key, at: time, &frame)
  }

  /// Writes the state of all that is active.
  func writeStates(at time: Timestamp, _ frame: inout Frame) {
    var seen: Set<PointKey> = []
    for (key, _) in active.sorted(by: { $0.value.id < $1.value.id })
    where seen.insert(AlertBook.stateKey(key)).inserted {
      writeState(of: key, at: time, &frame)
    }
  }

  /// A length of time in the largest unit that gives at least two: `90 s`, `12 min`, `3 h`.
  static func duration(_ span: TimeSpan) -> String {
    let seconds = max(0, span.nanoseconds / 1_000_000_000)
    if seconds < 120 { return "\(seconds) s" }
    return seconds < 7_200 ? "\(seconds / 60) min" : "\(seconds / 3_600) h"
  }

  /// A number with one decimal, for texts.
  static func rounded(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    return "\((value * 10).rounded() / 10)"
  }

  private static func identifier(_ key: AlertKey, _ time: Timestamp, _ register: PlantRegister) -> String {
    var parts = [register.plant.name, Plant.wholePlant]
    if let asset = key.asset { parts[1] = register.assets[asset.position].name }
    if let series = key.series { parts.append(register.series[series.position].sensor) }
    return (parts + [key.rule.rawValue, "\(time.milliseconds)"]).joined(separator: "/")
  }

  private static func stateKey(_ key: AlertKey) -> PointKey {
    PointKey(.alertState, key.asset.map { .asset($0) } ?? .wholePlant(sensor: ""), key.rule.rawValue)
  }

  private func write(
    _ key: AlertKey, _ alert: ActiveAlert, _ status: AlertTransition.Status, _ time: Timestamp,
    _ message: AlertMessage, _ frame: inout Frame
  ) {
    let subject: Subject =
      key.series.map { .series($0) } ?? key.asset.map { .asset($0) } ?? .wholePlant(sensor: "")
    frame.points.begin(PointKey(.alerts, subject, key.rule.rawValue), at: time)
    frame.points.field("status", text: status.rawValue)
    frame.points.field("severity", text: alert.severity.rawValue)
    frame.points.field("id", text: alert.id)
    frame.points.field("title", text: message.title)
    frame.points.field("text", text: message.text)
    frame.points.field("value", message.value)
    frame.alerts.append(
      AlertTransition(
        id: alert.id, rule: key.rule.rawValue, asset: key.asset, series: key.series, status: status,
        severity: alert.severity, time: time, title: message.title, text: message.text, value: message.value))
  }

  /// The state has no sensor, so that alerts of several sensors of an asset make one: the worst of them.
  private func writeState(of key: AlertKey, at time: Timestamp, _ frame: inout Frame) {
    let worst = active.filter { $0.key.rule == key.rule && $0.key.asset == key.asset }.map(\.value.severity).max()
    frame.points.begin(AlertBook.stateKey(key), at: time)
    frame.points.field("active", integer: worst == nil ? 0 : 1)
    frame.points.field("severity", text: (worst ?? .info).rawValue)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(active.sorted { $0.value.id < $1.value.id }) { writer, alert in
      writer.write(alert.key.rule.rawValue)
      writer.write(alert.key.asset?.rawValue ?? -1)
      writer.write(alert.key.series?.rawValue ?? -1)
      writer.write(alert.value.id)
      writer.write(alert.value.severity.rawValue)
      writer.write(alert.value.raised)
      writer.write(alert.value.title)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    active.removeAll()
    let count = try reader.read(UInt32.self)
    for _ in 0..<count {
      guard let rule = AlertRule(rawValue: try reader.readString()) else { throw .invalid("an unknown rule") }
      let asset = try reader.read(Int32.self)
      let series = try reader.read(Int32.self)
      let id = try reader.readString()
      guard let severity = Severity(rawValue: try reader.readString()) else { throw .invalid("an unknown severity") }
      let key = AlertKey(
        rule: rule, asset: asset < 0 ? nil : AssetIndex(Int(asset)),
        series: series < 0 ? nil : SeriesIndex(Int(series)))
      active[key] = ActiveAlert(
        id: id, severity: severity, raised: try reader.readTimestamp(), title: try reader.readString())
    }
  }
}
