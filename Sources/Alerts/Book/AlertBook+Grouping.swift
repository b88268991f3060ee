import PlantModel
import StreamCore

/// Which alerts have one cause, and what people are told when.
///
/// Points and transitions are made at once. People are told after ``AlertBook/hold``, so that alerts with one cause come
/// in one message and what is over by then in none (as Alertmanager's `group_wait`); what follows from an alert that
/// they know of is not told again while that one is active (its `inhibit_rules`).
extension AlertBook {
  /// How long an alert waits for others with the same cause before people are told.
  static let hold = TimeSpan.seconds(10)
  /// How far apart the beginnings of cause and consequence may be where the consequence is seen first.
  static let adoption = TimeSpan.minute
  /// How long after the end of its cause a consequence may stay before it is told on its own.
  static let grace = TimeSpan.minute
  /// An alert that is raised so often within so long chatters (ISA-18.2, in slower time: silence is noticed after half
  /// a minute at the earliest), and is over only after its condition has been gone for so long.
  static let chatter = (raisings: 3, within: TimeSpan.minutes(10), quiet: TimeSpan.minutes(5))
  /// So many alerts within so long are a flood (EEMUA 191), in which people get one message a minute for all of them.
  static let flood = (alerts: 10, within: TimeSpan.minutes(10), pace: TimeSpan.minute)

  /// The id of the active alert from which one of `key` follows.
  func cause(of key: AlertKey) -> String? {
    let explaining = explainers.compactMap { other -> (rank: Int, alert: Alert)? in
      guard other != key, other.explains(key), let alert = alerts[other], alert.isActive else { return nil }
      return (other.rank, alert)
    }
    let first = explaining.min { ($0.rank, $0.alert.raised, $0.alert.id) < ($1.rank, $1.alert.raised, $1.alert.id) }
    return first?.alert.cause ?? first?.alert.id
  }

  /// Names a new alert as the cause of those that it explains and that came shortly before it, `start` at the earliest.
  mutating func adopt(for key: AlertKey, since start: Timestamp, _ frame: inout Frame) {
    guard AlertRules.explainers.contains(key.rule), let cause = alerts[key], cause.cause == nil else { return }
    let explained = alerts.filter { member in
      member.key != key && member.value.isActive && key.explains(member.key) && member.value.raised >= start
    }
    let ids = Set(explained.map(\.value.id))
    let followers = alerts.filter { explained[$0.key] != nil || $0.value.cause.map(ids.contains) == true }
    for (member, alert) in followers.sorted(by: { $0.value.id < $1.value.id }) where alert.cause != cause.id {
      alerts[member]?.cause = cause.id
      guard var told = alerts[member] else { continue }
      // The same point once more, now with its cause.
      writePoint(of: member, told, &frame)
      told.status = .grouped
      frame.alerts.append(transition(of: member, told))
    }
  }

  /// Lets the consequences of an alert that is over be told on their own, should they stay.
  mutating func release(membersOf id: String, _ now: Timestamp) {
    for (key, alert) in alerts where alert.cause == id && alert.isActive && alert.told != .yes {
      alerts[key]?.told = .no
      alerts[key]?.noticed = now + (AlertBook.grace - AlertBook.hold)
    }
  }

  /// Tells people of what has been active for long enough. Called on ticks of a live plant.
  mutating func tellWhatIsDue(_ now: Timestamp, _ frame: inout Frame) {
    let untold = alerts.filter { key, alert in
      alert.isActive && alert.told == .no && !alert.isAcknowledged && alert.quiet == nil && shelves[key] == nil
    }
    if untold.isEmpty { return }
    let active = Set(explainers.compactMap { key in alerts[key].flatMap { $0.isActive ? $0.id : nil } })
    // A consequence goes with its cause, or is not told while that is active.
    let due = untold.filter { _, alert in
      alert.cause.map(active.contains) != true && now - alert.noticed >= AlertBook.hold
    }
    if due.isEmpty { return }
    let members = Dictionary(grouping: untold.filter { $0.value.cause != nil }) { $0.value.cause ?? "" }
    let groups = due.sorted { ($1.value.severity, $0.value.id) < ($0.value.severity, $1.value.id) }.map { key, alert in
      [key] + (members[alert.id] ?? []).sorted { $0.value.id < $1.value.id }.map(\.key)
    }
    let toldLately = alerts.values.count { $0.told != .no && now - $0.noticed < AlertBook.flood.within }
    if toldLately > AlertBook.flood.alerts {
      if now.floored(to: AlertBook.flood.pace) == now { tell(groups.flatMap { $0 }, &frame) }
    } else if groups.count > AlertBook.flood.alerts {
      tell(groups.flatMap { $0 }, &frame)
    } else {
      for group in groups { tell(group, &frame) }
    }
  }

  /// Tells people again of what nobody has acknowledged (ISA-18.2's re-alarming): after `span`, and each time after as
  /// long as it has stood, up to a day. Called on ticks of a live plant.
  mutating func tellAgain(after span: TimeSpan, _ now: Timestamp, _ frame: inout Frame) {
    let due = alerts.filter { key, alert in
      alert.told == .yes && alert.isActive && !alert.isAcknowledged && alert.quiet == nil && shelves[key] == nil
        && now - alert.noticed >= max(span, min(alert.noticed - alert.raised, .day))
    }
    for (key, alert) in due.sorted(by: { $0.value.id < $1.value.id }) {
      let words = "It has stood for \(AlertBook.duration(now - alert.raised)) and nobody has acknowledged it."
      guard let transition = record(.escalated, key, at: now, saying: words, &frame) else { continue }
      frame.notices.append(AlertNotice([transition]))
      alerts[key]?.noticed = now
    }
  }

  /// Tells people of an alert and of others that come in the same message.
  mutating func tell(_ keys: [AlertKey], _ frame: inout Frame) {
    guard isLive, let first = keys.first, shelves[first] == nil else { return }
    frame.notices.append(AlertNotice(keys.compactMap { key in alerts[key].map { transition(of: key, $0) } }))
    for key in keys {
      alerts[key]?.told = key == first ? .yes : .withCause
      alerts[key]?.noticed = frame.received
    }
  }

  /// Counts a raising.
  mutating func noteRaising(_ key: AlertKey, _ time: Timestamp) {
    if shelves[key] == nil { raisedCount += 1 }
    var times = raisings[key] ?? []
    times.append(time)
    raisings[key] = times.suffix(AlertBook.chatter.raisings)
  }

  func chatters(_ key: AlertKey) -> Bool {
    guard let times = raisings[key], let first = times.first, let last = times.last else { return false }
    return times.count >= AlertBook.chatter.raisings && last - first <= AlertBook.chatter.within
  }

  /// Ends what has been quiet for long enough and shelving whose time is over; called on ticks.
  mutating func tick(_ now: Timestamp, escalateAfter span: TimeSpan?, _ frame: inout Frame) {
    if alerts.isEmpty && shelves.isEmpty { return }
    for (key, alert) in alerts.filter({ $0.value.quiet != nil }).sorted(by: { $0.value.id < $1.value.id }) {
      guard let quiet = alert.quiet, now - quiet.since >= AlertBook.chatter.quiet else { continue }
      finish(key, at: now, quiet.message, &frame)
    }
    for (key, _) in shelves.filter({ $0.value <= now }).sorted(by: { $0.key.order < $1.key.order }) {
      unshelve(key, "The time for which it was shelved is over.", now, &frame)
    }
    if isLive {
      tellWhatIsDue(now, &frame)
      if let span { tellAgain(after: span, now, &frame) }
    }
  }

  /// Forgets when alerts were raised that can no longer chatter; called every minute.
  mutating func forgetRaisings(before time: Timestamp) {
    raisings = raisings.filter { ($0.value.last ?? .distantPast) >= time }
  }
}

extension AlertKey {
  /// Of several causes the one with the least rank is named.
  fileprivate var rank: Int { rule == .outage ? 0 : asset == nil ? 1 : 2 }

  /// A total order, so that what is done for several alerts does not depend on how they are stored.
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
