import InfluxSink
import PlantModel

/// The alert that the database takes nothing and all points are held back, until a person acts: a limit is reached, the
/// credentials are wrong. It is every plant's, since every plant's points wait, and is written as theirs: `alerts` at
/// each transition, `alert_state` every minute. Those points wait with the others, so it is also told elsewhere.
///
/// It is of this process and not of the journal: running the journal again does not give it.
struct DatabaseAlarm {
  static let rule = "database"

  /// Why it is active; `nil` also while it is only suspected.
  private var reason: HoldReason?
  private var isActive: Bool
  private var since: Timestamp
  private var written = Timestamp.distantPast

  /// - Parameter isSuspected: whether points wait from an earlier process, which may have left it active.
  init(isSuspected: Bool, at moment: Timestamp) {
    isActive = isSuspected
    since = moment
  }

  /// Looks at the sink, about once a second.
  mutating func step(_ state: SinkState, of plants: [Plant], at moment: Timestamp, into lines: inout LineEncoder) {
    switch state {
    case .held(let now, let words) where now != reason:
      if reason == nil { since = moment }
      (isActive, reason) = (true, now)
      let text =
        "Points wait on disk and nothing is lost while there is room. The database says: \(words). "
        + "It is tried again every half minute."
      write(.raised, "The database takes nothing: \(now.rawValue)", text, plants, moment, &lines)
    case .held:
      if moment - written >= .minute { write(nil, "", "", plants, moment, &lines) }
    case .ok: clear("It takes points again.", of: plants, at: moment, into: &lines)
    // Whether it would take points is not known.
    case .away: break
    }
  }

  /// Ends the alert, if it is active.
  mutating func clear(_ text: String, of plants: [Plant], at moment: Timestamp, into lines: inout LineEncoder) {
    guard isActive else { return }
    (isActive, reason) = (false, nil)
    write(.cleared, "The database takes nothing: over", text, plants, moment, &lines)
  }

  /// Writes a transition, if there is one, and the state.
  private mutating func write(
    _ status: AlertTransition.Status?, _ title: String, _ text: String, _ plants: [Plant], _ moment: Timestamp,
    _ lines: inout LineEncoder
  ) {
    written = moment
    // Nobody is asked to acknowledge it: it ends when it is mended.
    let state = isActive ? AlertState.unacknowledged : .normal
    for plant in plants {
      var points = PointBatch()
      if let status {
        points.begin(PointKey(.alerts, .wholePlant(sensor: ""), DatabaseAlarm.rule), at: moment)
        points.field("status", text: status.rawValue)
        points.field("severity", text: Severity.critical.rawValue)
        points.field(
          "id", text: "\(plant.name)/\(Plant.wholePlant)/\(DatabaseAlarm.rule)/\(since.milliseconds)")
        points.field("title", text: title)
        points.field("text", text: text)
        points.field("state", text: state.rawValue)
      }
      points.begin(PointKey(.alertState, .wholePlant(sensor: ""), DatabaseAlarm.rule), at: moment)
      points.field("active", integer: isActive ? 1 : 0)
      points.field("severity", text: (isActive ? Severity.critical : .info).rawValue)
      points.field("state", text: state.rawValue)
      lines.append(points, of: PlantRegister(plant: plant))
    }
  }
}
