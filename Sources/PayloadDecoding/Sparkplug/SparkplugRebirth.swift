import PlantModel
public import WattlineTime

/// A request to an edge node to repeat its births and those of its devices (Eclipse Sparkplug 3.0.0, section 5.9). It
/// is `Node Control/Rebirth` on `spBv1.0/{group}/NCMD/{edge node}`, at QoS 0 and not retained.
public struct SparkplugRebirth: Sendable, Equatable {
  /// Name of the metric.
  static let metric = "Node Control/Rebirth"

  /// Group, as in the topic.
  public let group: String
  /// Edge node, as in the topic.
  public let edge: String
  /// Time of the request.
  public let time: Timestamp

  /// Creates a request to a node.
  ///
  /// - Parameters:
  ///   - group: group, as in the topic.
  ///   - edge: edge node, as in the topic.
  ///   - time: time of the request.
  public init(group: String, edge: String, time: Timestamp) {
    (self.group, self.edge, self.time) = (group, edge, time)
  }

  /// Topic for publishing the request.
  public var topic: String {
    "\(SparkplugTopic.namespace)/\(group)/\(SparkplugTopic.Kind.nodeCommand.rawValue)/\(edge)"
  }

  /// Encoded request; the specification has no `seq` in it.
  public var payload: [UInt8] {
    let milliseconds = UInt64(max(0, time.milliseconds))
    var metric = ProtobufWriter()
    metric.text(1, value: SparkplugRebirth.metric)
    metric.varint(3, value: milliseconds)
    metric.varint(4, value: UInt64(SparkplugType.boolean.rawValue))
    metric.varint(14, value: 1)
    var payload = ProtobufWriter()
    payload.varint(1, value: milliseconds)
    payload.bytes(2, value: metric.bytes)
    return payload.bytes
  }
}
