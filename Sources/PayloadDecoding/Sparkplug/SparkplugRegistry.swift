import PlantModel
import StreamCore

/// The edge nodes, devices and metrics that births have announced, by position and by name.
struct SparkplugRegistry {
  typealias Bytes = UnsafeRawBufferPointer

  /// Maximum number of edge nodes.
  static let maximumNodes = 10_000
  /// Maximum number of devices and edge nodes together.
  static let maximumOwners = 100_000
  /// Maximum number of metrics of all of them together.
  static let maximumMetrics = 500_000

  var nodes: [SparkplugNode] = []
  var owners: [SparkplugOwner] = []
  var metrics: [SparkplugMetricDefinition] = []

  /// Nodes by `group/edge`, owners by `group/edge` and `group/edge/device`.
  private var nodeTable = ByteTable()
  private var ownerTable = ByteTable()
  /// Metrics by owner and name.
  private var metricTable = ByteTable()
  private var key: [UInt8] = []

  /// Creates an empty registry.
  init() {}

  // MARK: Nodes and owners

  /// Returns the position of a topic's edge node, if it is known.
  mutating func node(of topic: SparkplugTopic, in bytes: Bytes) -> Int? {
    key.removeAll(keepingCapacity: true)
    key.append(contentsOf: bytes[topic.group])
    key.append(UInt8(ascii: "/"))
    key.append(contentsOf: bytes[topic.edge])
    return key.withUnsafeBytes { nodeTable.value(of: $0) }.map { Int($0) }
  }

  /// Returns the position of a topic's edge node, added if it is new; `nil` if there are too many.
  mutating func nodeOrNew(of topic: SparkplugTopic, in bytes: Bytes) -> Int? {
    if let known = node(of: topic, in: bytes) { return known }
    guard nodes.count < Self.maximumNodes, owners.count < Self.maximumOwners else { return nil }
    nodes.append(
      SparkplugNode(
        group: String(decoding: bytes[topic.group], as: UTF8.self),
        edge: String(decoding: bytes[topic.edge], as: UTF8.self)))
    key.withUnsafeBytes { nodeTable.insert($0, value: Int32(nodes.count - 1)) }
    _ = addOwner(of: nodes.count - 1, device: nil)
    return nodes.count - 1
  }

  /// Returns the position of a topic's owner of metrics, if it is known. Follows ``node(of:in:)`` of the same topic,
  /// whose key it extends.
  mutating func owner(of topic: SparkplugTopic, in bytes: Bytes) -> Int? {
    if !topic.device.isEmpty {
      key.append(UInt8(ascii: "/"))
      key.append(contentsOf: bytes[topic.device])
    }
    return key.withUnsafeBytes { ownerTable.value(of: $0) }.map { Int($0) }
  }

  /// Returns the position of a topic's owner of metrics, added if it is new; `nil` if there are too many. Follows
  /// ``node(of:in:)``.
  ///
  /// - Parameters:
  ///   - topic: the parsed topic.
  ///   - bytes: the topic's bytes.
  ///   - node: position of the edge node.
  mutating func ownerOrNew(of topic: SparkplugTopic, in bytes: Bytes, node: Int) -> Int? {
    owner(of: topic, in: bytes) ?? addOwner(of: node, device: String(decoding: bytes[topic.device], as: UTF8.self))
  }

  /// Adds the owner identified by the key.
  private mutating func addOwner(of node: Int, device: String?) -> Int? {
    guard owners.count < Self.maximumOwners else { return nil }
    owners.append(SparkplugOwner(node: Int32(node), device: device))
    nodes[node].owners.append(Int32(owners.count - 1))
    key.withUnsafeBytes { ownerTable.insert($0, value: Int32(owners.count - 1)) }
    return owners.count - 1
  }

  /// Returns group, edge node and device of an owner, as in the topic.
  func identity(of owner: Int) -> (group: String, edge: String, device: String?) {
    let node = nodes[Int(owners[owner].node)]
    return (node.group, node.edge, owners[owner].device)
  }

  /// Clears the asset names of all owners.
  mutating func forgetNames() {
    for owner in owners.indices { owners[owner].asset = "" }
  }

  // MARK: Metrics

  /// Returns the position of an owner's metric by name, added if it is new; `nil` if it cannot be added. A birth sets
  /// type and unit; data sets what was unknown.
  ///
  /// - Parameters:
  ///   - metric: the metric.
  ///   - name: range of its name in the payload.
  ///   - owner: position of its owner.
  ///   - bytes: the payload.
  ///   - isBirth: whether the message is a birth.
  mutating func define(
    _ metric: SparkplugMetric, named name: Range<Int>, of owner: Int, in bytes: Bytes, isBirth: Bool
  ) -> Int? {
    let unit = metric.properties.unit.map { ByteText.slice(bytes, start: $0.lowerBound, end: $0.upperBound) }
    setMetricKey(bytes[name], owner: owner)
    if let known = key.withUnsafeBytes({ metricTable.value(of: $0) }).map({ Int($0) }) {
      guard isBirth || !metrics[known].isDefined else { return known }
      metrics[known].isDefined = true
      if isBirth || metric.type != nil { metrics[known].type = metric.type ?? .unknown }
      if isBirth { metrics[known].setUnit(unit) }
      return known
    }
    guard metrics.count < Self.maximumMetrics,
      let text = ByteText.string(ByteText.slice(bytes, start: name.lowerBound, end: name.upperBound)),
      ValueName.isName(text)
    else { return nil }
    metrics.append(
      SparkplugMetricDefinition(
        owner: Int32(owner), name: text, type: metric.type ?? .unknown,
        unit: unit.flatMap(SparkplugMetricDefinition.unit) ?? ""))
    let position = metrics.count - 1
    key.withUnsafeBytes { metricTable.insert($0, value: Int32(position)) }
    owners[owner].metrics.append(Int32(position))
    return position
  }

  private mutating func setMetricKey(_ name: some Sequence<UInt8>, owner: Int) {
    key.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: Int32(owner)) { key.append(contentsOf: $0) }
    key.append(contentsOf: name)
  }

  /// Records that no birth of the current session defines an owner's metrics.
  mutating func undefineMetrics(of owner: Int) {
    for metric in owners[owner].metrics { metrics[Int(metric)].isDefined = false }
  }

  /// Removes the aliases of an owner's metrics.
  mutating func withdrawAliases(of owner: Int, node: Int) {
    let own = nodes[node].aliases.filter { metrics[Int($0.value)].owner == Int32(owner) }
    for alias in own.keys { nodes[node].aliases[alias] = nil }
  }

  // MARK: Snapshot

  /// Writes the nodes, owners and metrics.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(nodes) { writer, node in node.snapshot(into: &writer) }
    writer.write(owners) { writer, owner in owner.snapshot(into: &writer) }
    writer.write(metrics) { writer, metric in metric.snapshot(into: &writer) }
  }

  /// Restores what ``snapshot(into:)`` has written.
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    nodes = try reader.readArray(elementSize: 40) { (reader) throws(SnapshotError) in
      try SparkplugNode(from: &reader)
    }
    owners = try reader.readArray(elementSize: 14) { (reader) throws(SnapshotError) in
      try SparkplugOwner(from: &reader)
    }
    metrics = try reader.readArray(elementSize: 14) { (reader) throws(SnapshotError) in
      try SparkplugMetricDefinition(from: &reader)
    }
  }

  /// Builds the tables and the member lists from the restored arrays.
  mutating func index() throws(SnapshotError) {
    for position in nodes.indices {
      key = Array("\(nodes[position].group)/\(nodes[position].edge)".utf8)
      let isKnown = key.withUnsafeBytes { nodeTable.value(of: $0) } != nil
      guard !isKnown, nodes[position].aliases.values.allSatisfy({ metrics.indices.contains(Int($0)) }) else {
        throw .invalid("an edge node twice, or an alias of no metric")
      }
      key.withUnsafeBytes { nodeTable.insert($0, value: Int32(position)) }
    }
    try indexOwners()
    for position in metrics.indices {
      let owner = Int(metrics[position].owner)
      guard owners.indices.contains(owner) else { throw .invalid("a metric of nobody") }
      setMetricKey(metrics[position].name.utf8, owner: owner)
      guard key.withUnsafeBytes({ metricTable.value(of: $0) }) == nil else { throw .invalid("a metric twice") }
      key.withUnsafeBytes { metricTable.insert($0, value: Int32(position)) }
      owners[owner].metrics.append(Int32(position))
    }
  }

  private mutating func indexOwners() throws(SnapshotError) {
    for position in owners.indices {
      let owner = owners[position]
      guard nodes.indices.contains(Int(owner.node)) else { throw .invalid("a device of no edge node") }
      let node = nodes[Int(owner.node)]
      key = Array(([node.group, node.edge] + (owner.device.map { [$0] } ?? [])).joined(separator: "/").utf8)
      let isKnown = key.withUnsafeBytes { ownerTable.value(of: $0) } != nil
      guard !isKnown, node.owners.isEmpty == (owner.device == nil) else {
        throw .invalid("a device twice, or before its edge node")
      }
      key.withUnsafeBytes { ownerTable.insert($0, value: Int32(position)) }
      nodes[Int(owner.node)].owners.append(Int32(position))
    }
    guard nodes.allSatisfy({ !$0.owners.isEmpty }) else {
      throw .invalid("an edge node that has no metrics of its own")
    }
  }
}
