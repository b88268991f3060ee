import InfluxSink
import PlantModel
import PointSchema
import SinkCore
public import WattlineTime

/// An action at the HTTP interface, done or refused, as a point of the series `audit`.
public struct AuditPoint: Sendable {
  /// The action that was done or refused.
  public var action: String
  /// Name of the account.
  public var user: String
  /// Address of the client.
  public var address: String
  /// The object of the action.
  public var target: String
  /// Whether it was done.
  public var result: String
  /// When it was.
  public var time: Timestamp

  /// Creates a point; the parameters are the properties of the same names.
  public init(action: String, user: String, address: String, target: String, result: String, time: Timestamp) {
    (self.action, self.user, self.address) = (action, user, address)
    (self.target, self.result, self.time) = (target, result, time)
  }

  /// Returns the point for the sink. It does not come from the journal, so its offset acknowledges nothing.
  func rendered(instance: String) -> WriteBatch {
    var points = PointBatch()
    points.begin(PointKey(.audit, .process, instance, action), at: time)
    points.field(.user, text: user)
    points.field(.address, text: address)
    points.field(.target, text: target)
    points.field(.result, text: result)
    var encoder = LineEncoder()
    encoder.append(points)
    return encoder.drain(upTo: 0)
  }
}
