import PlantModel
import PointSchema
import StreamCore
import WattlineTime

/// The alerts that are active or not yet acknowledged. Writes their transitions and states.
struct AlertRegistry {
  var alerts: [AlertKey: Alert] = [:]
  /// Keys in ``alerts`` whose rule can explain other alerts. There are few, however many alerts there are.
  var explainers: Set<AlertKey> = []
  /// End of shelving of each shelved alert.
  var shelves: [AlertKey: Timestamp] = [:]
  /// Latest times of raising of each alert, newest last, for the detection of chattering.
  var raisings: [AlertKey: [Timestamp]] = [:]
  /// Ids of at most 256 removed alerts, newest last, to distinguish a late request from an unknown id.
  var ended: [String] = []
  /// Number of raisings of alerts that were not shelved, since the alert rates were last written.
  var raisedCount = 0
  /// Whether the plant is live; only then transitions are published and notices sent.
  var isLive = true

  var activeCount: Int { alerts.values.count { $0.isActive } }

  /// Returns whether an alert is active and its condition holds.
  func isActive(_ key: AlertKey) -> Bool { alerts[key].map { $0.isActive && $0.quiet == nil } ?? false }

  /// Returns whether ``raise`` with this severity would change anything.
  func wouldChange(_ key: AlertKey, severity: Severity) -> Bool {
    guard let alert = alerts[key], alert.isActive, alert.quiet == nil else { return true }
    return severity > alert.severity
  }

  /// Raises an alert, or escalates an active one of lower severity. Leaves any other alert unchanged.
  ///
  /// A new alert becomes the cause of the earlier alerts that it explains, if they were raised at most ``adoption``
  /// before. Alerts raised both before `sound` and more than ``hold`` before `time` do not follow from it.
  ///
  /// - Parameters:
  ///   - key: the alert.
  ///   - severity: its severity.
  ///   - time: time of raising.
  ///   - sound: latest time at which the condition did not hold.
  ///   - message: its message; evaluated only if something changes.
  ///   - frame: receives the points, transitions and notices.
  ///   - register: the plant's register.
  mutating func raise(
    _ key: AlertKey, severity: Severity, at time: Timestamp, begunAfter sound: Timestamp = .distantPast,
    message: @autoclosure () -> AlertMessage, into frame: inout Frame, in register: PlantRegister
  ) {
    if let alert = alerts[key], alert.isActive {
      alerts[key]?.quiet = nil
      guard severity > alert.severity else { return }
      let words = message()
      alerts[key]?.severity = severity
      alerts[key]?.message = words
      // Escalation resets the acknowledgement.
      alerts[key]?.isAcknowledged = false
      record(.escalated, key: key, at: time, into: &frame)
      if alert.told == .yes { announce([key], into: &frame) }
    } else {
      remove(key)
      var alert = Alert(
        id: AlertRegistry.identifier(key, at: time, in: register), severity: severity, raised: time,
        noticed: frame.received,
        message: message())
      alert.cause = cause(of: key)
      alerts[key] = alert
      if AlertRules.explainers.contains(key.rule) { explainers.insert(key) }
      recordRaising(key, at: time)
      record(.raised, key: key, at: time, into: &frame)
      adopt(for: key, since: max(time - AlertRegistry.adoption, min(sound, time - AlertRegistry.hold)), into: &frame)
    }
    writeState(of: key, at: time, into: &frame)
  }

  /// Clears an active alert. One that chatters is cleared after it has been quiet for a while.
  ///
  /// - Parameters:
  ///   - key: the alert.
  ///   - time: time of clearing.
  ///   - text: the reason; evaluated only if the alert is active.
  ///   - value: the measured value; NaN without one.
  ///   - frame: receives the points, transitions and notices.
  mutating func clear(
    _ key: AlertKey, at time: Timestamp, text: @autoclosure () -> String, value: Double = .nan, into frame: inout Frame
  ) {
    guard let alert = alerts[key], alert.isActive, alert.quiet == nil else { return }
    let lasted = AlertRegistry.duration(time - alert.raised)
    let message = AlertMessage(
      title: "\(alert.message.title): over",
      text: "\(text()) It had lasted \(lasted), since \(alert.raised).", value: value)
    if chatters(key) {
      alerts[key]?.quiet = (frame.received, message)
    } else {
      finish(key, at: time, message: message, into: &frame)
    }
  }

  mutating func finish(_ key: AlertKey, at time: Timestamp, message: AlertMessage, into frame: inout Frame) {
    guard let alert = alerts[key] else { return }
    alerts[key]?.isActive = false
    alerts[key]?.quiet = nil
    alerts[key]?.message = message
    if AlertRules.explainers.contains(key.rule) { release(membersOf: alert.id, at: frame.received) }
    record(.cleared, key: key, at: time, into: &frame)
    if alert.told == .yes { announce([key], into: &frame) }
    writeState(of: key, at: time, into: &frame)
    removeIfDone(key)
  }

  /// Clears all active alerts, chattering ones included.
  ///
  /// - Parameters:
  ///   - time: time of clearing.
  ///   - text: the reason.
  ///   - frame: receives the points, transitions and notices.
  mutating func clearAll(at time: Timestamp, text: String, into frame: inout Frame) {
    for (key, alert) in alerts.filter(\.value.isActive).sorted(by: { $0.key.order < $1.key.order }) {
      finish(key, at: time, message: AlertMessage(title: "\(alert.message.title): over", text: text), into: &frame)
    }
  }

  /// Removes an alert that is over and acknowledged. A shelved one stays, so that it can be unshelved.
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

  /// Writes the alert states of all active alerts.
  func writeStates(at time: Timestamp, into frame: inout Frame) {
    var seen: Set<PointKey> = []
    for (key, _) in alerts.filter(\.value.isActive).sorted(by: { $0.value.id < $1.value.id })
    where seen.insert(AlertRegistry.stateKey(key)).inserted {
      writeState(of: key, at: time, into: &frame)
    }
  }

  func state(of key: AlertKey) -> AlertState {
    guard let alert = alerts[key] else { return .normal }
    if shelves[key] != nil { return .shelved }
    if alert.isActive { return alert.isAcknowledged ? .acknowledged : .unacknowledged }
    return alert.isAcknowledged ? .normal : .returned
  }

  /// Returns the current state of an alert as a transition.
  func transition(of key: AlertKey, alert: Alert) -> AlertTransition {
    AlertTransition(
      id: alert.id, rule: key.rule, asset: key.asset, series: key.series, status: alert.status,
      state: state(of: key), severity: alert.severity, time: alert.changed, title: alert.message.title,
      text: alert.message.text, value: alert.message.value, cause: alert.cause,
      isPublished: isLive && (shelves[key] == nil || alert.status == .shelved))
  }
}

// MARK: - Writing

extension AlertRegistry {
  /// Writes a transition of an alert. Each transition of an alert gets a later time than the previous one, because
  /// points with equal times would overwrite each other.
  ///
  /// - Parameters:
  ///   - status: kind of the transition.
  ///   - key: the alert, already with its new values.
  ///   - time: time of the transition.
  ///   - words: text that precedes the alert's text.
  ///   - frame: receives the point and the transition.
  /// - Returns: the transition, or `nil` if there is no such alert.
  @discardableResult
  mutating func record(
    _ status: AlertTransition.Status, key: AlertKey, at time: Timestamp, saying words: String = "",
    into frame: inout Frame
  ) -> AlertTransition? {
    guard var alert = alerts[key] else { return nil }
    alert.changed = status == .raised ? time : max(time, alert.changed + .milliseconds(1))
    alert.status = status
    alerts[key] = alert
    if !words.isEmpty { alert.message.text = words + " " + alert.message.text }
    writePoint(of: key, alert: alert, into: &frame)
    let transition = transition(of: key, alert: alert)
    frame.alerts.append(transition)
    return transition
  }

  func writePoint(of key: AlertKey, alert: Alert, into frame: inout Frame) {
    let subject: Subject =
      key.series.map { .series($0) } ?? key.asset.map { .asset($0) } ?? .wholePlant(sensor: "")
    frame.points.begin(PointKey(.alerts, subject, key.rule.name), at: alert.changed)
    frame.points.field(.status, text: alert.status.rawValue)
    frame.points.field(.severity, text: alert.severity.rawValue)
    frame.points.field(.id, text: alert.id)
    frame.points.field(.title, text: alert.message.title)
    frame.points.field(.text, text: alert.message.text)
    frame.points.field(.state, text: state(of: key).rawValue)
    // Empty without a cause, so that dashboards can sort alerts without a cause first.
    let cause = alert.cause.flatMap { id in alerts.values.first { $0.id == id } }
    frame.points.field(.cause, text: alert.cause ?? "")
    frame.points.field(.causeTitle, text: cause?.message.title ?? "")
    frame.points.field(.value, alert.message.value)
    frame.points.field(.rank, integer: Int64(alert.severity.rank))
    frame.points.field(.since, integer: alert.raised.milliseconds)
  }

  /// Writes the state of a rule at an asset. A state has no sensor; alerts of several sensors of an asset give one
  /// state, that of the worst.
  ///
  /// - Parameters:
  ///   - key: an alert of the rule at the asset.
  ///   - time: time of the state.
  ///   - frame: receives the point.
  func writeState(of key: AlertKey, at time: Timestamp, into frame: inout Frame) {
    // Only keys are compared first: there may be thousands of alerts, of which few match.
    let same = alerts.keys.lazy.filter { $0.rule == key.rule && $0.asset == key.asset }.compactMap { key in
      alerts[key].flatMap { $0.isActive ? (key: key, severity: $0.severity, id: $0.id) : nil }
    }
    let worst = same.max { ($0.severity, $1.id) < ($1.severity, $0.id) }
    frame.points.begin(AlertRegistry.stateKey(key), at: time)
    frame.points.field(.active, integer: worst == nil ? 0 : 1)
    frame.points.field(.severity, text: (worst?.severity ?? .info).rawValue)
    frame.points.field(.state, text: worst.map { state(of: $0.key) }?.rawValue ?? state(of: key).rawValue)
  }

  private static func stateKey(_ key: AlertKey) -> PointKey {
    PointKey(.alertState, key.asset.map { .asset($0) } ?? .wholePlant(sensor: ""), key.rule.name)
  }

  private static func identifier(_ key: AlertKey, at time: Timestamp, in register: PlantRegister) -> String {
    var parts = [register.plant.name, Plant.wholePlant]
    if let asset = key.asset { parts[1] = register.assets[asset.position].name }
    if let series = key.series { parts.append(register.series[series.position].sensor) }
    return (parts + [key.rule.name, "\(time.milliseconds)"]).joined(separator: "/")
  }

  /// Returns a duration in the largest unit that gives at least two: `90 s`, `12 min`, `3 h`.
  static func duration(_ span: TimeSpan) -> String {
    let seconds = max(0, span.nanoseconds / 1_000_000_000)
    if seconds < 120 { return "\(seconds) s" }
    return seconds < 7_200 ? "\(seconds / 60) min" : "\(seconds / 3_600) h"
  }

  /// Returns a number with one decimal for texts.
  static func rounded(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    return "\((value * 10).rounded() / 10)"
  }
}
