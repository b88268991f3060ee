import PlantModel
import StreamCore
import WattlineTime

/// Operator requests: `{"id": …, "action": "acknowledge" | "shelve" | "unshelve", "by": …, "for": "2h"}`.
extension AlertRegistry {
  /// Longest time for which an alert can be shelved.
  static let longestShelving = TimeSpan.days(7)
  /// Longest stored name of a person [characters].
  static let longestName = 100

  /// Executes a request. Repeating an acknowledgement has no effect and records no transition.
  ///
  /// - Returns: `.taken`, or `.refused` with the reason.
  mutating func follow(_ instruction: Instruction, into frame: inout Frame) -> Instruction.Outcome {
    guard let id = instruction.members["id"], let action = instruction.members["action"] else {
      return .refused(.notUnderstood)
    }
    let now = frame.received
    let by = AlertRegistry.suffix(instruction.members["by"])
    var span = TimeSpan.zero
    switch action {
    case "acknowledge", "unshelve": break
    case "shelve":
      guard let text = instruction.members["for"], let time = TimeSpan(text),
        (.second...AlertRegistry.longestShelving).contains(time)
      else { return .refused(.notUnderstood) }
      span = time
    default: return .refused(.notUnderstood)
    }
    guard let key = alerts.first(where: { $0.value.id == id })?.key else {
      return .refused(ended.contains(id) ? .late : .unknown)
    }
    switch action {
    case "acknowledge": acknowledge(key, by: by, at: now, into: &frame)
    case "shelve": shelve(key, until: now + span, by: by, at: now, into: &frame)
    default:
      guard shelves[key] != nil else { return .refused(.late) }
      unshelve(key, text: "Unshelved\(by).", at: now, into: &frame)
    }
    return .taken
  }

  private mutating func acknowledge(_ key: AlertKey, by: String, at now: Timestamp, into frame: inout Frame) {
    guard alerts[key]?.isAcknowledged == false else { return }
    alerts[key]?.isAcknowledged = true
    record(.acknowledged, key: key, at: now, saying: "Acknowledged\(by).", into: &frame)
    if alerts[key]?.isActive == true { writeState(of: key, at: now, into: &frame) }
    removeIfDone(key)
  }

  private mutating func shelve(
    _ key: AlertKey, until end: Timestamp, by: String, at now: Timestamp, into frame: inout Frame
  ) {
    shelves[key] = end
    record(.shelved, key: key, at: now, saying: "Shelved\(by) until \(end).", into: &frame)
    if alerts[key]?.isActive == true { writeState(of: key, at: now, into: &frame) }
  }

  mutating func unshelve(_ key: AlertKey, text: String, at now: Timestamp, into frame: inout Frame) {
    shelves[key] = nil
    guard let alert = alerts[key] else { return }
    // An active alert is notified again. One that is over was known to the person who shelved it, so it counts as
    // acknowledged.
    alerts[key]?.told = .no
    alerts[key]?.noticed = now
    if !alert.isActive { alerts[key]?.isAcknowledged = true }
    record(.unshelved, key: key, at: now, saying: text, into: &frame)
    if alert.isActive { writeState(of: key, at: now, into: &frame) }
    removeIfDone(key)
  }

  /// Returns ` by NAME`, or an empty text without a name. Control characters are removed and the length is limited.
  private static func suffix(_ name: String?) -> String {
    let kept = (name ?? "").unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
      .prefix(longestName)
    return kept.isEmpty ? "" : " by " + String(String.UnicodeScalarView(kept))
  }
}
