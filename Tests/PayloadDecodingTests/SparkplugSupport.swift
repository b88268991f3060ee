import PlantModel
import WattlineTime

@testable import PayloadDecoding

/// Writes Sparkplug payloads as a publisher does.
struct SparkplugDraft {
  private var writer = ProtobufWriter()

  /// A payload with its time [ms] and number.
  init(time: UInt64? = 1_800_000_000_000, sequence: UInt64?) {
    if let time { writer.varint(1, value: time) }
    if let sequence { writer.varint(3, value: sequence) }
  }

  var bytes: [UInt8] { writer.bytes }

  /// Adds a metric; `value` writes its value.
  func with(
    _ name: String?, alias: UInt64? = nil, time: UInt64? = nil, type: SparkplugType? = nil, historical: Bool = false,
    transient: Bool = false, null: Bool = false, properties: [UInt8]? = nil,
    value: (inout ProtobufWriter) -> Void = { _ in }
  ) -> SparkplugDraft {
    var metric = ProtobufWriter()
    if let name { metric.text(1, value: name) }
    if let alias { metric.varint(2, value: alias) }
    if let time { metric.varint(3, value: time) }
    if let type { metric.varint(4, value: UInt64(type.rawValue)) }
    if historical { metric.varint(5, value: 1) }
    if transient { metric.varint(6, value: 1) }
    if null { metric.varint(7, value: 1) }
    if let properties { metric.bytes(9, value: properties) }
    value(&metric)
    var draft = self
    draft.writer.bytes(2, value: metric.bytes)
    return draft
  }

  /// A double.
  func with(
    _ name: String?, alias: UInt64? = nil, time: UInt64? = nil, double: Double, unit: String? = nil,
    historical: Bool = false
  ) -> SparkplugDraft {
    with(
      name, alias: alias, time: time, type: name == nil ? nil : .double, historical: historical,
      properties: unit.map { SparkplugDraft.properties([("engUnit", .text($0))]) }
    ) { $0.fixed64(13, value: double.bitPattern) }
  }

  /// The number that births and deaths of a session share.
  func session(_ number: UInt64) -> SparkplugDraft {
    with("bdSeq", type: .int64) { $0.varint(11, value: number) }
  }

  enum Property {
    case text(String)
    case number(UInt64)
  }

  static func properties(_ list: [(String, Property)]) -> [UInt8] {
    var set = ProtobufWriter()
    for (key, _) in list { set.text(1, value: key) }
    for (_, property) in list {
      var value = ProtobufWriter()
      switch property {
      case .text(let text):
        value.varint(1, value: 12)
        value.text(8, value: text)
      case .number(let number):
        value.varint(1, value: 3)
        value.varint(3, value: number)
      }
      set.bytes(2, value: value.bytes)
    }
    return set.bytes
  }
}

/// Nodes, and what the last message left in them.
struct SparkplugBench {
  static let start = Timestamp(seconds: 1_800_000_000)

  var nodes = SparkplugNodes()
  var now = SparkplugBench.start

  @discardableResult
  mutating func send(_ topic: String, bytes: [UInt8]) -> SparkplugNodes.Outcome? {
    let topic = Array(topic.utf8)
    return topic.withUnsafeBytes { topicBytes in
      guard let parsed = SparkplugTopic(topicBytes) else { return nil }
      return bytes.withUnsafeBytes { nodes.handle(parsed, in: topicBytes, payload: $0, received: now) }
    }
  }

  @discardableResult
  mutating func send(_ kind: SparkplugTopic.Kind, draft: SparkplugDraft) -> SparkplugNodes.Outcome? {
    send("spBv1.0/plant/\(kind.rawValue)/gw" + (kind.isOfDevice ? "/pv1" : ""), bytes: draft.bytes)
  }

  /// Numbers of the last message by `owner.metric`.
  var numbers: [String: Double] {
    var result: [String: Double] = [:]
    for reading in nodes.results.readings {
      let metric = nodes.registry.metrics[reading.metric]
      guard case .number(let number) = reading.value else { continue }
      result["\(name(of: Int(metric.owner))).\(metric.name)"] = number
    }
    return result
  }

  /// Devices that came and went with the last message.
  var changes: [String] { nodes.results.changes.map { "\(name(of: $0.owner)) \($0.isOnline ? "online" : "offline")" } }

  func name(of owner: Int) -> String {
    nodes.registry.owners[owner].device ?? nodes.registry.nodes[Int(nodes.registry.owners[owner].node)].edge
  }

  /// A node with a device, both announced.
  static func announced() -> SparkplugBench {
    var bench = SparkplugBench()
    bench.send(
      .nodeBirth,
      draft: SparkplugDraft(sequence: 0).session(7).with("Supply Voltage", alias: 1, double: 12.1, unit: "V"))
    bench.send(
      .deviceBirth,
      draft: SparkplugDraft(sequence: 1).with("Inverter/Power", alias: 10, double: 42, unit: "kW").with(
        "Inverter/State", alias: 11, type: .int16
      ) { $0.varint(10, value: 3) })
    return bench
  }
}
