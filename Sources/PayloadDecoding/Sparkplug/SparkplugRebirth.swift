import PlantModel

/// The command by which an edge node is asked to announce itself and its devices again (Eclipse Sparkplug 3.0.0,
/// section 5.9): `Node Control/Rebirth` on `spBv1.0/{group}/NCMD/{edge node}`, at QoS 0 and not retained.
public struct SparkplugRebirth: Sendable, Equatable {
  /// The metric's name.
  static let metric = "Node Control/Rebirth"

  /// The group as the topic has it.
  public let group: String
  /// The edge node as the topic has it.
  public let edge: String
  /// When it is asked.
  public let time: Timestamp

  /// A request to a node.
  public init(group: String, edge: String, time: Timestamp) {
    (self.group, self.edge, self.time) = (group, edge, time)
  }

  /// Where the request is published.
  public var topic: String {
    "\(SparkplugTopic.namespace)/\(group)/\(SparkplugTopic.Kind.nodeCommand.rawValue)/\(edge)"
  }

  /// The request; the specification has no `seq` in it.
  public var payload: [UInt8] {
    let milliseconds = UInt64(max(0, time.milliseconds))
    var metric = ProtobufWriter()
    metric.text(1, SparkplugRebirth.metric)
    metric.varint(3, milliseconds)
    metric.varint(4, UInt64(SparkplugType.boolean.rawValue))
    metric.varint(14, 1)
    var payload = ProtobufWriter()
    payload.varint(1, milliseconds)
    payload.bytes(2, metric.bytes)
    return payload.bytes
  }
}
