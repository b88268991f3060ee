import PlantModel
import StreamCore
import WattlineTime

/// Grouping of alerts by cause, and the times of notices.
///
/// Points and transitions are written at once. A notice follows after ``AlertRegistry/hold``, so that alerts with one
/// cause share a notice. Alerts that are over by then get none. This corresponds to Alertmanager's `group_wait`.
/// Consequences of an active alert that was already notified get no notice while it is active (`inhibit_rules`).
extension AlertRegistry {
  /// Time that an alert waits for others with the same cause before the notice.
  static let hold = TimeSpan.seconds(10)
  /// Longest time by which a consequence may be raised before its cause.
  static let adoption = TimeSpan.minute
  /// Time that a consequence may outlast its cause before it gets a dedicated notice.
  static let grace = TimeSpan.minute
  /// Limits for chattering: an alert raised this often within this time chatters. It is cleared only after its
  /// condition has been absent for `quiet`. The definition follows ISA-18.2, but is slower because silence is detected
  /// after half a minute at the earliest.
  static let chatter = (raisings: 3, within: TimeSpan.minutes(10), quiet: TimeSpan.minutes(5))
  /// Limits for an alert flood (EEMUA 191): above this number of alerts within this time, one notice per `pace` covers
  /// all alerts that are due.
  static let flood = (alerts: 10, within: TimeSpan.minutes(10), pace: TimeSpan.minute)

  /// Returns the id of the root cause among the active alerts that explain `key`; `nil` if there is none.
  func cause(of key: AlertKey) -> String? {
    let explaining = explainers.compactMap { other -> (rank: Int, alert: Alert)? in
      guard other != key, other.explains(key), let alert = alerts[other], alert.isActive else { return nil }
      return (other.rank, alert)
    }
    let first = explaining.min { ($0.rank, $0.alert.raised, $0.alert.id) < ($1.rank, $1.alert.raised, $1.alert.id) }
    return first?.alert.cause ?? first?.alert.id
  }

  /// Records a new alert as the cause of the active alerts that it explains, and of their consequences.
  ///
  /// - Parameters:
  ///   - key: the new alert.
  ///   - start: earliest time of raising of an alert that it explains.
  ///   - frame: receives the points and transitions.
  mutating func adopt(for key: AlertKey, since start: Timestamp, into frame: inout Frame) {
    guard AlertRules.explainers.contains(key.rule), let cause = alerts[key], cause.cause == nil else { return }
    let explained = alerts.filter { member in
      member.key != key && member.value.isActive && key.explains(member.key) && member.value.raised >= start
    }
    let ids = Set(explained.map(\.value.id))
    let followers = alerts.filter { explained[$0.key] != nil || $0.value.cause.map(ids.contains) == true }
    for (member, alert) in followers.sorted(by: { $0.value.id < $1.value.id }) where alert.cause != cause.id {
      alerts[member]?.cause = cause.id
      guard var told = alerts[member] else { continue }
      // The same point is written again, now with its cause.
      writePoint(of: member, alert: told, into: &frame)
      told.status = .grouped
      frame.alerts.append(transition(of: member, alert: told))
    }
  }

  /// Schedules dedicated notices for the consequences of an alert that is over, if they outlast it by
  /// ``AlertRegistry/grace``.
  mutating func release(membersOf id: String, at now: Timestamp) {
    for (key, alert) in alerts where alert.cause == id && alert.isActive && alert.told != .yes {
      alerts[key]?.told = .no
      alerts[key]?.noticed = now + (AlertRegistry.grace - AlertRegistry.hold)
    }
  }

  /// Adds the notices that are due to the frame. Called on ticks of a live plant.
  mutating func announceDue(_ now: Timestamp, into frame: inout Frame) {
    let untold = alerts.filter { key, alert in
      alert.isActive && alert.told == .no && !alert.isAcknowledged && alert.quiet == nil && shelves[key] == nil
    }
    if untold.isEmpty { return }
    let active = Set(explainers.compactMap { key in alerts[key].flatMap { $0.isActive ? $0.id : nil } })
    // The notice of an active cause includes its consequences; they get no other.
    let due = untold.filter { _, alert in
      alert.cause.map(active.contains) != true && now - alert.noticed >= AlertRegistry.hold
    }
    if due.isEmpty { return }
    let members = Dictionary(grouping: untold.filter { $0.value.cause != nil }) { $0.value.cause ?? "" }
    let groups = due.sorted { ($1.value.severity, $0.value.id) < ($0.value.severity, $1.value.id) }.map { key, alert in
      [key] + (members[alert.id] ?? []).sorted { $0.value.id < $1.value.id }.map(\.key)
    }
    let toldLately = alerts.values.count { $0.told != .no && now - $0.noticed < AlertRegistry.flood.within }
    if toldLately > AlertRegistry.flood.alerts {
      if now.floored(to: AlertRegistry.flood.pace) == now { announce(groups.flatMap { $0 }, into: &frame) }
    } else if groups.count > AlertRegistry.flood.alerts {
      announce(groups.flatMap { $0 }, into: &frame)
    } else {
      for group in groups { announce(group, into: &frame) }
    }
  }

  /// Repeats notices of alerts that nobody has acknowledged (re-alarming, ISA-18.2). The first repetition comes after
  /// `span`. Each further one waits as long as the alert had lasted at the previous notice, between `span` and one day.
  /// Called on ticks of a live plant.
  ///
  /// - Parameters:
  ///   - span: shortest time between two notices of an alert.
  ///   - now: receive time.
  ///   - frame: receives the points, transitions and notices.
  mutating func repeatAnnouncements(after span: TimeSpan, at now: Timestamp, into frame: inout Frame) {
    let due = alerts.filter { key, alert in
      alert.told == .yes && alert.isActive && !alert.isAcknowledged && alert.quiet == nil && shelves[key] == nil
        && now - alert.noticed >= max(span, min(alert.noticed - alert.raised, .day))
    }
    for (key, alert) in due.sorted(by: { $0.value.id < $1.value.id }) {
      let words = "It has stood for \(AlertRegistry.duration(now - alert.raised)) and nobody has acknowledged it."
      guard let transition = record(.escalated, key: key, at: now, saying: words, into: &frame) else { continue }
      frame.notices.append(AlertNotice([transition]))
      alerts[key]?.noticed = now
    }
  }

  /// Adds one notice about the first alert to the frame, which includes the others. Does nothing while the plant is
  /// catching up or the first alert is shelved.
  mutating func announce(_ keys: [AlertKey], into frame: inout Frame) {
    guard isLive, let first = keys.first, shelves[first] == nil else { return }
    frame.notices.append(AlertNotice(keys.compactMap { key in alerts[key].map { transition(of: key, alert: $0) } }))
    for key in keys {
      alerts[key]?.told = key == first ? .yes : .withCause
      alerts[key]?.noticed = frame.received
    }
  }

  /// Counts a raising for the alert rates, unless the alert is shelved, and for the detection of chattering.
  mutating func recordRaising(_ key: AlertKey, at time: Timestamp) {
    if shelves[key] == nil { raisedCount += 1 }
    var times = raisings[key] ?? []
    times.append(time)
    raisings[key] = times.suffix(AlertRegistry.chatter.raisings)
  }

  func chatters(_ key: AlertKey) -> Bool {
    guard let times = raisings[key], let first = times.first, let last = times.last else { return false }
    return times.count >= AlertRegistry.chatter.raisings && last - first <= AlertRegistry.chatter.within
  }

  /// Clears chattering alerts that have been quiet long enough, ends expired shelving and adds due notices. Called on
  /// ticks.
  ///
  /// - Parameters:
  ///   - now: receive time.
  ///   - span: time after which unacknowledged alerts are notified again; `nil`: never.
  ///   - frame: receives the points, transitions and notices.
  mutating func tick(_ now: Timestamp, escalateAfter span: TimeSpan?, into frame: inout Frame) {
    if alerts.isEmpty && shelves.isEmpty { return }
    for (key, alert) in alerts.filter({ $0.value.quiet != nil }).sorted(by: { $0.value.id < $1.value.id }) {
      guard let quiet = alert.quiet, now - quiet.since >= AlertRegistry.chatter.quiet else { continue }
      finish(key, at: now, message: quiet.message, into: &frame)
    }
    for (key, _) in shelves.filter({ $0.value <= now }).sorted(by: { $0.key.order < $1.key.order }) {
      unshelve(key, text: "The time for which it was shelved is over.", at: now, into: &frame)
    }
    if isLive {
      announceDue(now, into: &frame)
      if let span { repeatAnnouncements(after: span, at: now, into: &frame) }
    }
  }

  /// Drops the raisings of alerts that were last raised before `time` and can no longer chatter. Called every minute.
  mutating func forgetRaisings(before time: Timestamp) {
    raisings = raisings.filter { ($0.value.last ?? .distantPast) >= time }
  }
}

extension AlertKey {
  /// Priority as a cause; of several causes the one with the lowest rank is recorded.
  fileprivate var rank: Int { rule == .outage ? 0 : asset == nil ? 1 : 2 }

  /// A total order of keys, so that output does not depend on the order in a dictionary.
  var order: OrderedKey {
    OrderedKey(rule: rule.name, asset: asset?.rawValue ?? -1, series: series?.rawValue ?? -1)
  }

  struct OrderedKey: Comparable {
    var rule: String
    var asset: Int32
    var series: Int32

    static func < (a: OrderedKey, b: OrderedKey) -> Bool { (a.rule, a.asset, a.series) < (b.rule, b.asset, b.series) }
  }
}
