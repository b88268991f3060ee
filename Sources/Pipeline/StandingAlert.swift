public import PlantModel
import StreamCore
public import WattlineTime

/// An alert that is active or not acknowledged, with the names of what it concerns.
public struct StandingAlert: Sendable, Equatable {
  /// Identifier that stays the same from raising to clearing.
  public var id: String
  /// Asset concerned; ``Plant/wholePlant`` for the plant as a whole.
  public var asset: String
  /// Sensor concerned, if the alert is about a single one.
  public var sensor: String?
  /// Name of the rule that raised it.
  public var rule: String
  /// Severity.
  public var severity: Severity
  /// State according to ISA-18.2.
  public var state: AlertState
  /// Time of raising; `nil` if the identifier has none.
  public var since: Timestamp?
  /// Time of the last change.
  public var changed: Timestamp
  /// Short summary.
  public var title: String
  /// Description of the problem, its start and the recommended check.
  public var text: String
  /// Value that triggered the last change.
  public var value: Double?
  /// Identifier of the alert that caused this one.
  public var cause: String?

  /// Names the asset and sensor of a transition.
  init(_ alert: AlertTransition, in register: PlantRegister) {
    id = alert.id
    asset = alert.asset.map { register.assets[$0.position].name } ?? Plant.wholePlant
    sensor = alert.series.map { register.series[$0.position].sensor }
    rule = alert.rule.name
    (severity, state) = (alert.severity, alert.state)
    // An identifier ends with the time of raising in milliseconds.
    since = alert.id.split(separator: "/").last.flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
    (changed, title, text) = (alert.time, alert.title, alert.text)
    value = alert.value.isFinite ? alert.value : nil
    cause = alert.cause
  }
}
