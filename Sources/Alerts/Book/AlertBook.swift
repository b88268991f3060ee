import PlantModel
import StreamCore

/// The alerts that are active or not yet acknowledged, and the writing of their transitions and states.
struct AlertBook {
  var alerts: [AlertKey: Alert] = [:]
  /// Those of ``alerts`` that can explain others; few, whatever else there is.
  var explainers: Set<AlertKey> = []
  /// Until when alerts are put aside.
  var shelves: [AlertKey: Timestamp] = [:]
  /// When each alert was last raised, newest last; for what chatters.
  var raisings: [AlertKey: [Timestamp]] = [:]
  /// Ids of alerts that are done with, newest last, to tell a late instruction from a wrong one.
  var ended: [String] = []
  /// How many were raised that are not shelved, since the counter was last read.
  var raisedCount = 0
  /// Whether the plant is live, so that transitions are published.
  var isLive = true

  var activeCount: Int { alerts.values.count { $0.isActive } }

  /// Whether the condition holds as far as the book knows.
  func isActive(_ key: AlertKey) -> Bool { alerts[key].map { $0.isActive && $0.quiet == nil } ?? false }

  /// Whether ``raise`` would write something.
  func wouldChange(_ key: AlertKey, _ severity: Severity) -> Bool {
    guard let alert = alerts[key], alert.isActive, alert.quiet == nil else { return true }
    return severity > alert.severity
  }

  /// Raises an alert, escalates one that is active at a lower severity, and leaves any other alone. What was raised
  /// before its condition can have begun, by more than ``hold``, does not follow from it.
  mutating func raise(
    _ key: AlertKey, _ severity: Severity, at time: Timestamp, begunAfter sound: Timestamp = .distantPast,
    _ message: @autoclosure () -> AlertMessage, _ frame: inout Frame, _ register: PlantRegister
  ) {
    if let alert = alerts[key], alert.isActive {
      alerts[key]?.quiet = nil
      guard severity > alert.severity else { return }
      let words = message()
      alerts[key]?.severity = severity
      alerts[key]?.message = words
      // What has grown worse is news to whoever knew of it.
      alerts[key]?.isAcknowledged = false
      record(.escalated, key, at: time, &frame)
      if alert.told == .yes { tell([key], &frame) }
    } else {
      remove(key)
      var alert = Alert(
        id: AlertBook.identifier(key, time, register), severity: severity, raised: time, noticed: frame.received,
        message: message())
      alert.cause = cause(of: key)
      alerts[key] = alert
      if AlertRules.explainers.contains(key.rule) { explainers.insert(key) }
      noteRaising(key, time)
      record(.raised, key, at: time, &frame)
      adopt(for: key, since: max(time - AlertBook.adoption, min(sound, time - AlertBook.hold)), &frame)
    }
    writeState(of: key, at: time, &frame)
  }

  /// Clears an alert, if it is active; one that chatters only after it has been quiet for a while.
  mutating func clear(
    _ key: AlertKey, at time: Timestamp, _ text: @autoclosure () -> String, value: Double = .nan, _ frame: inout Frame
  ) {
    guard let alert = alerts[key], alert.isActive, alert.quiet == nil else { return }
    let lasted = AlertBook.duration(time - alert.raised)
    let message = AlertMessage(
      title: "\(alert.message.title): over",
      text: "\(text()) It had lasted \(lasted), since \(alert.raised).", value: value)
    if chatters(key) {
      alerts[key]?.quiet = (frame.received, message)
    } else {
      finish(key, at: time, message, &frame)
    }
  }

  mutating func finish(_ key: AlertKey, at time: Timestamp, _ message: AlertMessage, _ frame: inout Frame) {
    guard let alert = alerts[key] else { return }
    alerts[key]?.isActive = false
    alerts[key]?.quiet = nil
    alerts[key]?.message = message
    if AlertRules.explainers.contains(key.rule) { release(membersOf: alert.id, frame.received) }
    record(.cleared, key, at: time, &frame)
    if alert.told == .yes { tell([key], &frame) }
    writeState(of: key, at: time, &frame)
    removeIfDone(key)
  }

  /// Clears whatever is active, chattering or not.
  mutating func clearAll(at time: Timestamp, _ text: String, _ frame: inout Frame) {
    for (key, alert) in alerts.filter(\.value.isActive).sorted(by: { $0.key.order < $1.key.order }) {
      finish(key, at: time, AlertMessage(title: "\(alert.message.title): over", text: text), &frame)
    }
  }

  /// Forgets an alert that is over and known. One that is shelved stays, so that it can be taken from the shelf.
  mutating func removeIfDone(_ key: AlertKey) {
    if state(of: key) == .normal { remove(key) }
  }

  mutating func remove(_ key: AlertKey) {
    guard let alert = alerts.removeValue(forKey: key) else { return }
    explainers.remove(key)
    end(alert.id)
  }

  private mutating func end(_ id: String) {
    if ended.count >= 256 { ended.removeFirst() }
    ended.append(id)
  }

  /// Writes the state of all that is active.
  func writeStates(at time: Timestamp, _ frame: inout Frame) {
    var seen: Set<PointKey> = []
    for (key, _) in alerts.filter(\.value.isActive).sorted(by: { $0.value.id < $1.value.id })
    where seen.insert(AlertBook.stateKey(key)).inserted {
      writeState(of: key, at: time, &frame)
    }
  }

  func state(of key: AlertKey) -> AlertState {
    guard let alert = alerts[key] else { return .normal }
    if shelves[key] != nil { return .shelved }
    if alert.isActive { return alert.isAcknowledged ? .acknowledged : .unacknowledged }
    return alert.isAcknowledged ? .normal : .returned
  }

  /// An alert as it stands.
  func transition(of key: AlertKey, _ alert: Alert) -> AlertTransition {
    AlertTransition(
      id: alert.id, rule: key.rule, asset: key.asset, series: key.series, status: alert.status,
      state: state(of: key), severity: alert.severity, time: alert.changed, title: alert.message.title,
      text: alert.message.text, value: alert.message.value, cause: alert.cause,
      isPublished: isLive && (shelves[key] == nil || alert.status == .shelved))
  }
}

// MARK: - Writing

extension AlertBook {
  /// Writes a transition of an alert that has its new form, with further words before its text. No two of one alert
  /// share a time, because their points would be one.
  @discardableResult
  mutating func record(
    _ status: AlertTransition.Status, _ key: AlertKey, at time: Timestamp, saying words: String = "",
    _ frame: inout Frame
  ) -> AlertTransition? {
    guard var alert = alerts[key] else { return nil }
    alert.changed = status == .raised ? time : max(time, alert.changed + .milliseconds(1))
    alert.status = status
    alerts[key] = alert
    if !words.isEmpty { alert.message.text = words + " " + alert.message.text }
    writePoint(of: key, alert, &frame)
    let transition = transition(of: key, alert)
    frame.alerts.append(transition)
    return transition
  }

  func writePoint(of key: AlertKey, _ alert: Alert, _ frame: inout Frame) {
    let subject: Subject =
      key.series.map { .series($0) } ?? key.asset.map { .asset($0) } ?? .wholePlant(sensor: "")
    frame.points.begin(PointKey(.alerts, subject, key.rule.name), at: alert.changed)
    frame.points.field("status", text: alert.status.rawValue)
    frame.points.field("severity", text: alert.severity.rawValue)
    frame.points.field("id", text: alert.id)
    frame.points.field("title", text: alert.message.title)
    frame.points.field("text", text: alert.message.text)
    frame.points.field("state", text: state(of: key).rawValue)
    // Empty where there is none: a board puts what follows from nothing first.
    let cause = alert.cause.flatMap { id in alerts.values.first { $0.id == id } }
    frame.points.field("cause", text: alert.cause ?? "")
    frame.points.field("cause_title", text: cause?.message.title ?? "")
    frame.points.field("value", alert.message.value)
  }

  /// The state has no sensor, so that alerts of several sensors of an asset make one: the worst of them.
  func writeState(of key: AlertKey, at time: Timestamp, _ frame: inout Frame) {
    // Keys are looked through, of which there may be thousands, and few alerts.
    let same = alerts.keys.lazy.filter { $0.rule == key.rule && $0.asset == key.asset }.compactMap { key in
      alerts[key].flatMap { $0.isActive ? (key: key, severity: $0.severity, id: $0.id) : nil }
    }
    let worst = same.max { ($0.severity, $1.id) < ($1.severity, $0.id) }
    frame.points.begin(AlertBook.stateKey(key), at: time)
    frame.points.field("active", integer: worst == nil ? 0 : 1)
    frame.points.field("severity", text: (worst?.severity ?? .info).rawValue)
    frame.points.field("state", text: worst.map { state(of: $0.key) }?.rawValue ?? state(of: key).rawValue)
  }

  private static func stateKey(_ key: AlertKey) -> PointKey {
    PointKey(.alertState, key.asset.map { .asset($0) } ?? .wholePlant(sensor: ""), key.rule.name)
  }

  private static func identifier(_ key: AlertKey, _ time: Timestamp, _ register: PlantRegister) -> String {
    var parts = [register.plant.name, Plant.wholePlant]
    if let asset = key.asset { parts[1] = register.assets[asset.position].name }
    if let series = key.series { parts.append(register.series[series.position].sensor) }
    return (parts + [key.rule.name, "\(time.milliseconds)"]).joined(separator: "/")
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
}
