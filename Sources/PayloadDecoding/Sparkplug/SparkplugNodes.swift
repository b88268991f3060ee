import PlantModel
import StreamCore
import WattlineTime

/// State of the Sparkplug edge nodes of one plant: births, metrics, aliases and sequence numbers.
///
/// A deterministic state machine: its output depends only on the messages, their order and their receive times.
///
/// **Sessions.** An NBIRTH begins a session of its edge node; its `seq` is accepted as it is (the specification has 0
/// in section 4.3.1 and 0 to 255 in 6.4.5). DBIRTH, NDATA, DDATA and DDEATH increase it by one, modulo 256. An NDEATH
/// ends the session, unless its `bdSeq` belongs to another one. All devices of the node are then offline too.
///
/// **Gaps.** Messages of one edge node arrive in order. The broker preserves it for one publisher and one subscriber,
/// and one connection receives all messages of a node. There is therefore no reorder timeout. A number out of sequence
/// is a gap, and a rebirth is requested from the node. Its data is used meanwhile, which the specification permits for
/// recording applications.
///
/// **Rebirth** is also requested after messages of a node or device without a birth. The same applies to metrics with
/// an undefined alias, or with neither name nor alias; these metrics are left out. A request is not repeated within
/// ``firstWait``. This time doubles with each unsuccessful request, up to ``longestWait``.
///
/// **Without a birth**, a metric with a name and a type is used all the same, and its sender counts as online. Many
/// publishers never answer a request, and devices with their own MQTT client send births without a node.
struct SparkplugNodes {
  /// Maximum number of edge nodes.
  static let maximumNodes = 10_000
  /// Maximum number of devices and edge nodes together.
  static let maximumOwners = 100_000
  /// Maximum number of metrics of all of them together.
  static let maximumMetrics = 500_000
  /// Time before a rebirth request to a node is first repeated.
  static let firstWait = TimeSpan.seconds(10)
  /// Maximum time between rebirth requests that have no effect.
  static let longestWait = TimeSpan.minutes(10)
  /// Time without a request after which the wait starts again at ``firstWait``.
  static let forgiven = TimeSpan.minutes(30)

  /// An edge node.
  struct Node {
    var group: String
    var edge: String
    /// Whether the session is between its NBIRTH and its NDEATH.
    var isOnline = false
    /// Session number (`bdSeq`), common to birth and death; `nil` if the birth had none.
    var session: UInt64?
    /// `seq` of its last message; `nil` before the first.
    var sequence: UInt8?
    /// Time of the last rebirth request.
    var asked = Timestamp.distantPast
    var wait = TimeSpan.zero
    /// Its own owner first, then its devices.
    var owners: [Int32] = []
    /// Metrics by alias; aliases are unique for the node and its devices.
    var aliases: [UInt64: Int32] = [:]
  }

  /// Owner of metrics: an edge node itself, or one of its devices.
  struct Owner {
    var node: Int32
    /// `nil` for the edge node itself.
    var device: String?
    /// Name of the asset by the rule; empty before its first value.
    var asset = ""
    /// Whether its birth in this session has arrived.
    var isBorn = false
    /// Last reported availability. A device is not offline merely because its node has a new birth.
    var isOnline = false
    var metrics: [Int32] = []
  }

  /// A metric as defined by its birth.
  struct Metric {
    var owner: Int32
    var name: String
    var type: SparkplugType
    /// Unit from its properties; empty if they state none.
    var unit: String
    /// Increases when a birth changes the unit.
    var revision = 0
    /// Whether the current session defines it.
    var isDefined = true
    /// Whether it concerns the session or a command instead of a measurement.
    let isControl: Bool

    init(owner: Int32, name: String, type: SparkplugType, unit: String) {
      (self.owner, self.name, self.type, self.unit) = (owner, name, type, unit)
      isControl = name == "bdSeq" || name.hasPrefix("Node Control/") || name.hasPrefix("Device Control/")
    }
  }

  /// A value of the current message. A range in it refers to the payload, as in ``SparkplugValue``.
  struct MetricValue: Equatable {
    /// Position in ``SparkplugNodes/metrics``.
    var metric: Int
    var value: SparkplugValue
    /// The metric's time, else the message's, else the receive time.
    var time: Timestamp
    var hasSourceTime: Bool
    /// Whether it is a past value that the node had stored.
    var isHistorical: Bool
  }

  /// A change of an owner's availability.
  struct Change: Equatable {
    /// Position in ``SparkplugNodes/owners``.
    var owner: Int
    var isOnline: Bool
  }

  /// Result of processing a message.
  enum Outcome: Equatable {
    /// Results, possibly none, are in ``SparkplugNodes/readings`` and ``SparkplugNodes/changes``.
    case taken
    /// Addressed to others, or a death of a past session.
    case passedOver
    case refused(RefusalReason)
  }

  /// Counts since the start.
  struct Counts: Equatable {
    var births: UInt64 = 0
    var deaths: UInt64 = 0
    /// Sequence numbers out of order.
    var gaps: UInt64 = 0
    /// Rebirth requests.
    var rebirths: UInt64 = 0
    /// Commands, `STATE`, and deaths of past sessions.
    var passedOver: UInt64 = 0
    /// Metrics without a reading.
    var leftOutInAll: UInt64 = 0
    /// The same, by raw value of ``SparkplugLeftOut``.
    var leftOut = [UInt64](repeating: 0, count: SparkplugLeftOut.allCases.count)

    subscript(reason: SparkplugLeftOut) -> UInt64 { leftOut[reason.rawValue] }
  }

  private(set) var nodes: [Node] = []
  private(set) var owners: [Owner] = []
  private(set) var metrics: [Metric] = []
  private(set) var counts = Counts()

  // Results of the current message.

  /// Values, in the order of the message.
  private(set) var readings: [MetricValue] = []
  /// Changes of availability.
  private(set) var changes: [Change] = []
  /// Metrics that gave no reading.
  private var leftOutNow: [SparkplugLeftOut] = []
  /// Position of the node to which a rebirth request is due.
  private(set) var rebirth: Int?

  /// Nodes by `group/edge`, owners by `group/edge` and `group/edge/device`.
  private var nodeTable = ByteTable()
  private var ownerTable = ByteTable()
  /// Metrics by owner and name.
  private var metricTable = ByteTable()
  private var key: [UInt8] = []

  /// Creates a state without nodes.
  init() {}

  /// Processes a message of the namespace.
  ///
  /// - Parameters:
  ///   - topic: the parsed topic.
  ///   - topicBytes: the topic's bytes.
  ///   - bytes: the payload.
  ///   - received: the receive time.
  mutating func handle(
    _ topic: SparkplugTopic, in topicBytes: UnsafeRawBufferPointer, payload bytes: UnsafeRawBufferPointer,
    received: Timestamp
  ) -> Outcome {
    readings.removeAll(keepingCapacity: true)
    changes.removeAll(keepingCapacity: true)
    leftOutNow.removeAll(keepingCapacity: true)
    rebirth = nil
    switch topic.kind {
    case .nodeCommand, .deviceCommand, .state: return passOver()
    default: break
    }
    let payload: SparkplugPayload
    do throws(RefusalReason) { payload = try SparkplugPayload(bytes) } catch { return .refused(error) }
    // A body in a publisher's own format or compression is not part of Sparkplug.
    if payload.hasBody, payload.metricCount == 0 { return .refused(.unknownFormat) }
    beginKey(topicBytes, topic: topic)
    let message = Message(payload: payload, received: received)
    switch topic.kind {
    case .nodeBirth: return handleBirth(topic, topicBytes: topicBytes, message: message)
    case .nodeDeath: return handleDeath(message)
    case .deviceDeath: return handleDeviceDeath(topic, topicBytes: topicBytes, message: message)
    default: break
    }
    guard let node = knownNode() ?? addNode(topic, topicBytes: topicBytes) else { return .refused(.tooManyAssets) }
    if topic.kind == .deviceBirth {
      return handleDeviceBirth(topic, topicBytes: topicBytes, node: node, message: message)
    }
    appendDevice(topicBytes, topic: topic)
    guard
      let owner = knownOwner() ?? addOwner(of: node, device: String(decoding: topicBytes[topic.device], as: UTF8.self))
    else { return .refused(.tooManyAssets) }
    let isBorn = owners[owner].isBorn
    if nodes[node].isOnline { follow(message, node: node) }
    if !nodes[node].isOnline || !isBorn { ask(node, received: received) }
    for metric in payload.metrics { update(metric, of: owner, node: node, message: message) }
    if readings.isEmpty { return isBorn ? .taken : .refused(.noBirth) }
    if !owners[owner].isOnline { appear(owner) }
    return .taken
  }

  /// A parsed message.
  private struct Message {
    var payload: SparkplugPayload
    var received: Timestamp

    /// Converts milliseconds since 1970 to a time; `nil` unless it is within 1970 to 2200 and not 0.
    static func time(_ milliseconds: UInt64?) -> Timestamp? {
      guard let milliseconds, (1..<7_289_654_400_000).contains(milliseconds) else { return nil }
      return Timestamp(milliseconds: Int64(milliseconds))
    }
  }

  private mutating func passOver() -> Outcome {
    counts.passedOver += 1
    return .passedOver
  }

  /// Requests a rebirth, unless the node's wait has not passed.
  private mutating func ask(_ node: Int, received: Timestamp) {
    let since = received - nodes[node].asked
    guard nodes[node].asked == .distantPast || since >= nodes[node].wait, rebirth == nil else { return }
    let isNew = nodes[node].asked == .distantPast || since >= SparkplugNodes.forgiven
    let doubled = TimeSpan(nanoseconds: nodes[node].wait.nanoseconds * 2)
    nodes[node].wait = isNew ? SparkplugNodes.firstWait : min(doubled, SparkplugNodes.longestWait)
    nodes[node].asked = received
    counts.rebirths += 1
    rebirth = node
  }

  /// Checks the sequence number of a message. A message without one is ignored.
  private mutating func follow(_ message: Message, node: Int) {
    guard let number = message.payload.sequence else { return }
    let expected = nodes[node].sequence.map { $0 &+ 1 }
    nodes[node].sequence = UInt8(truncatingIfNeeded: number)
    guard let expected, UInt64(expected) != number else { return }
    counts.gaps += 1
    ask(node, received: message.received)
  }
}

extension SparkplugNodes {
  /// Records the asset name of an owner.
  mutating func name(_ owner: Int, asset: String) { owners[owner].asset = asset }

  /// Clears the asset names of all owners.
  mutating func forgetNames() {
    for owner in owners.indices { owners[owner].asset = "" }
  }

  /// Returns group, edge node and device of an owner, as in the topic.
  func identity(of owner: Int) -> (group: String, edge: String, device: String?) {
    let node = nodes[Int(owners[owner].node)]
    return (node.group, node.edge, owners[owner].device)
  }
}

// MARK: - Births and deaths

extension SparkplugNodes {
  private mutating func handleBirth(
    _ topic: SparkplugTopic, topicBytes: UnsafeRawBufferPointer, message: Message
  ) -> Outcome {
    guard let node = knownNode() ?? addNode(topic, topicBytes: topicBytes) else { return .refused(.tooManyAssets) }
    nodes[node].isOnline = true
    nodes[node].session = session(of: message.payload)
    nodes[node].sequence = message.payload.sequence.map { UInt8(truncatingIfNeeded: $0) }
    nodes[node].aliases.removeAll(keepingCapacity: true)
    for owner in nodes[node].owners {
      owners[Int(owner)].isBorn = false
      undefine(Int(owner))
    }
    applyBirth(Int(nodes[node].owners[0]), node: node, message: message)
    return .taken
  }

  private mutating func handleDeviceBirth(
    _ topic: SparkplugTopic, topicBytes: UnsafeRawBufferPointer, node: Int, message: Message
  ) -> Outcome {
    appendDevice(topicBytes, topic: topic)
    let name = String(decoding: topicBytes[topic.device], as: UTF8.self)
    guard let owner = knownOwner() ?? addOwner(of: node, device: name) else { return .refused(.tooManyAssets) }
    if nodes[node].isOnline { follow(message, node: node) } else { ask(node, received: message.received) }
    withdrawAliases(of: owner, node: node)
    undefine(owner)
    applyBirth(owner, node: node, message: message)
    return .taken
  }

  private mutating func applyBirth(_ owner: Int, node: Int, message: Message) {
    counts.births += 1
    owners[owner].isBorn = true
    appear(owner)
    for metric in message.payload.metrics {
      guard let name = metric.name,
        let position = define(metric, named: name, of: owner, message: message, isBirth: true)
      else {
        leaveOut(.unnamed)
        continue
      }
      if let alias = metric.alias { nodes[node].aliases[alias] = Int32(position) }
      read(metric, as: position, message: message)
    }
  }

  private mutating func appear(_ owner: Int) {
    owners[owner].isOnline = true
    changes.append(Change(owner: owner, isOnline: true))
  }

  private mutating func handleDeath(_ message: Message) -> Outcome {
    guard let node = knownNode(), nodes[node].owners.contains(where: { owners[Int($0)].isOnline }) else {
      return passOver()
    }
    if let own = nodes[node].session, let other = session(of: message.payload), own != other { return passOver() }
    counts.deaths += 1
    nodes[node].isOnline = false
    nodes[node].session = nil
    nodes[node].aliases.removeAll(keepingCapacity: true)
    for owner in nodes[node].owners { applyDeath(Int(owner)) }
    return .taken
  }

  private mutating func handleDeviceDeath(
    _ topic: SparkplugTopic, topicBytes: UnsafeRawBufferPointer, message: Message
  ) -> Outcome {
    guard let node = knownNode() else { return passOver() }
    if nodes[node].isOnline { follow(message, node: node) }
    appendDevice(topicBytes, topic: topic)
    guard let owner = knownOwner(), owners[owner].isOnline else { return .taken }
    counts.deaths += 1
    withdrawAliases(of: owner, node: node)
    applyDeath(owner)
    return .taken
  }

  private mutating func applyDeath(_ owner: Int) {
    owners[owner].isBorn = false
    if owners[owner].isOnline { changes.append(Change(owner: owner, isOnline: false)) }
    owners[owner].isOnline = false
  }

  /// Returns `bdSeq` of a birth or death.
  private func session(of payload: SparkplugPayload) -> UInt64? {
    for metric in payload.metrics {
      guard let name = metric.name, payload.bytes[name].elementsEqual("bdSeq".utf8) else { continue }
      switch metric.value {
      case .long(let value): return value
      case .int(let value): return UInt64(value)
      default: return nil
      }
    }
    return nil
  }

  private mutating func undefine(_ owner: Int) {
    for metric in owners[owner].metrics { metrics[Int(metric)].isDefined = false }
  }

  private mutating func withdrawAliases(of owner: Int, node: Int) {
    let own = nodes[node].aliases.filter { metrics[Int($0.value)].owner == Int32(owner) }
    for alias in own.keys { nodes[node].aliases[alias] = nil }
  }
}

// MARK: - Metrics

extension SparkplugNodes {
  /// Processes a metric of a data message.
  ///
  /// - Parameters:
  ///   - metric: the metric.
  ///   - owner: position of its owner.
  ///   - node: position of the edge node.
  ///   - message: the message.
  private mutating func update(_ metric: SparkplugMetric, of owner: Int, node: Int, message: Message) {
    if let name = metric.name {
      // A metric with a name identifies itself, with or without a birth.
      guard let position = define(metric, named: name, of: owner, message: message, isBirth: false) else {
        return leaveOut(.unnamed)
      }
      return read(metric, as: position, message: message)
    }
    guard let alias = metric.alias else {
      leaveOut(.unnamed)
      return ask(node, received: message.received)
    }
    guard let position = nodes[node].aliases[alias], metrics[Int(position)].owner == Int32(owner) else {
      leaveOut(.unknownAlias)
      return ask(node, received: message.received)
    }
    read(metric, as: Int(position), message: message)
  }

  private mutating func read(_ metric: SparkplugMetric, as position: Int, message: Message) {
    if metrics[position].isControl { return }
    if metric.isTransient { return leaveOut(.transient) }
    let type = metrics[position].type
    let value = metric.value(as: type == .unknown ? metric.type ?? .unknown : type)
    if case .leftOut(let reason) = value { return leaveOut(reason) }
    switch metric.properties.quality {
    case .good: break
    case .bad: return leaveOut(.badQuality)
    case .stale: return leaveOut(.stale)
    }
    let time = Message.time(metric.timestamp) ?? Message.time(message.payload.timestamp)
    readings.append(
      MetricValue(
        metric: position, value: value, time: time ?? message.received, hasSourceTime: time != nil,
        isHistorical: metric.isHistorical))
  }

  private mutating func leaveOut(_ reason: SparkplugLeftOut) {
    counts.leftOut[reason.rawValue] += 1
    counts.leftOutInAll += 1
    leftOutNow.append(reason)
  }

  /// Returns the metrics that gave no reading since the last call, by reason.
  mutating func drainLeftOut() -> [SparkplugLeftOut: UInt64] {
    defer { leftOutNow.removeAll(keepingCapacity: true) }
    return leftOutNow.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  /// Returns the position of an owner's metric by name, added if it is new; `nil` if it cannot be added. A birth sets
  /// type and unit; data sets what was unknown.
  ///
  /// - Parameters:
  ///   - metric: the metric.
  ///   - name: range of its name in the payload.
  ///   - owner: position of its owner.
  ///   - message: the message.
  ///   - isBirth: whether the message is a birth.
  private mutating func define(
    _ metric: SparkplugMetric, named name: Range<Int>, of owner: Int, message: Message, isBirth: Bool
  ) -> Int? {
    let bytes = message.payload.bytes
    beginKey(owner: owner)
    key.append(contentsOf: bytes[name])
    if let known = knownMetric() {
      guard isBirth || !metrics[known].isDefined else { return known }
      metrics[known].isDefined = true
      if isBirth || metric.type != nil { metrics[known].type = metric.type ?? .unknown }
      let unit = metric.properties.unit.map { ByteText.slice(bytes, start: $0.lowerBound, end: $0.upperBound) }
      if isBirth, !(unit ?? ByteText.slice(bytes, start: 0, end: 0)).elementsEqual(metrics[known].unit.utf8) {
        metrics[known].unit = unit.flatMap(SparkplugNodes.unit) ?? ""
        metrics[known].revision += 1
      }
      return known
    }
    guard metrics.count < SparkplugNodes.maximumMetrics,
      let text = ByteText.string(ByteText.slice(bytes, start: name.lowerBound, end: name.upperBound)),
      ValueName.isName(text)
    else { return nil }
    let unit = metric.properties.unit.flatMap {
      SparkplugNodes.unit(ByteText.slice(bytes, start: $0.lowerBound, end: $0.upperBound))
    }
    metrics.append(Metric(owner: Int32(owner), name: text, type: metric.type ?? .unknown, unit: unit ?? ""))
    let position = metrics.count - 1
    key.withUnsafeBytes { metricTable.insert($0, value: Int32(position)) }
    owners[owner].metrics.append(Int32(position))
    return position
  }

  /// Returns a unit's text; `nil` if it is not UTF-8 or longer than 64 bytes.
  private static func unit(_ bytes: UnsafeRawBufferPointer) -> String? {
    bytes.count <= 64 ? ByteText.string(bytes) : nil
  }
}

// MARK: - Keys

extension SparkplugNodes {
  private mutating func beginKey(_ topicBytes: UnsafeRawBufferPointer, topic: SparkplugTopic) {
    key.removeAll(keepingCapacity: true)
    key.append(contentsOf: topicBytes[topic.group])
    key.append(UInt8(ascii: "/"))
    key.append(contentsOf: topicBytes[topic.edge])
  }

  /// Extends the key of a node to that of its device; unchanged for the node itself.
  private mutating func appendDevice(_ topicBytes: UnsafeRawBufferPointer, topic: SparkplugTopic) {
    if topic.device.isEmpty { return }
    key.append(UInt8(ascii: "/"))
    key.append(contentsOf: topicBytes[topic.device])
  }

  private mutating func beginKey(owner: Int) {
    key.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: Int32(owner)) { key.append(contentsOf: $0) }
  }

  private func knownNode() -> Int? { key.withUnsafeBytes { nodeTable.value(of: $0) }.map { Int($0) } }

  private func knownOwner() -> Int? { key.withUnsafeBytes { ownerTable.value(of: $0) }.map { Int($0) } }

  private func knownMetric() -> Int? { key.withUnsafeBytes { metricTable.value(of: $0) }.map { Int($0) } }

  private mutating func addNode(_ topic: SparkplugTopic, topicBytes: UnsafeRawBufferPointer) -> Int? {
    guard nodes.count < SparkplugNodes.maximumNodes, owners.count < SparkplugNodes.maximumOwners else { return nil }
    nodes.append(
      Node(
        group: String(decoding: topicBytes[topic.group], as: UTF8.self),
        edge: String(decoding: topicBytes[topic.edge], as: UTF8.self)))
    key.withUnsafeBytes { nodeTable.insert($0, value: Int32(nodes.count - 1)) }
    _ = addOwner(of: nodes.count - 1, device: nil)
    return nodes.count - 1
  }

  /// Adds the owner identified by the key.
  private mutating func addOwner(of node: Int, device: String?) -> Int? {
    guard owners.count < SparkplugNodes.maximumOwners else { return nil }
    owners.append(Owner(node: Int32(node), device: device))
    nodes[node].owners.append(Int32(owners.count - 1))
    key.withUnsafeBytes { ownerTable.insert($0, value: Int32(owners.count - 1)) }
    return owners.count - 1
  }
}

// MARK: - Snapshot

extension SparkplugNodes {
  private static let version: UInt16 = 1

  /// Writes the state, without the results of the last message.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(SparkplugNodes.version)
    writer.write(nodes) { writer, node in
      writer.write(node.group)
      writer.write(node.edge)
      writer.write(node.isOnline)
      writer.write(node.session != nil)
      writer.write(node.session ?? 0)
      writer.write(node.sequence.map { Int16($0) } ?? -1)
      writer.write(node.asked)
      writer.write(node.wait)
      writer.write(node.aliases.sorted { $0.key < $1.key }) { writer, alias in
        writer.write(alias.key)
        writer.write(alias.value)
      }
    }
    writer.write(owners) { writer, owner in
      writer.write(owner.node)
      writer.write(owner.device ?? "")
      writer.write(owner.asset)
      writer.write(owner.isBorn)
      writer.write(owner.isOnline)
    }
    writer.write(metrics) { writer, metric in
      writer.write(metric.owner)
      writer.write(metric.name)
      writer.write(metric.type.rawValue)
      writer.write(metric.unit)
      writer.write(metric.isDefined)
    }
    for count in [counts.births, counts.deaths, counts.gaps, counts.rebirths, counts.passedOver] {
      writer.write(count)
    }
    writer.write(counts.leftOut) { $0.write($1) }
  }

  /// Restores the state written by ``snapshot(into:)``.
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    try reader.expect(version: SparkplugNodes.version, of: "the Sparkplug nodes")
    nodes = try reader.readArray(elementSize: 40) { (reader) throws(SnapshotError) in
      var node = Node(group: try reader.readString(), edge: try reader.readString())
      node.isOnline = try reader.readBool()
      let hasSession = try reader.readBool()
      let session = try reader.read(UInt64.self)
      node.session = hasSession ? session : nil
      node.sequence = UInt8(exactly: try reader.read(Int16.self))
      (node.asked, node.wait) = (try reader.readTimestamp(), try reader.readTimeSpan())
      let aliases = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
        (try reader.read(UInt64.self), try reader.read(Int32.self))
      }
      node.aliases = Dictionary(aliases, uniquingKeysWith: { $1 })
      return node
    }
    owners = try reader.readArray(elementSize: 14) { (reader) throws(SnapshotError) in
      var owner = Owner(node: try reader.read(Int32.self))
      let device = try reader.readString()
      owner.device = device.isEmpty ? nil : device
      owner.asset = try reader.readString()
      (owner.isBorn, owner.isOnline) = (try reader.readBool(), try reader.readBool())
      return owner
    }
    metrics = try reader.readArray(elementSize: 14) { (reader) throws(SnapshotError) in
      let (owner, name) = (try reader.read(Int32.self), try reader.readString())
      let type = SparkplugType(number: UInt64(try reader.read(UInt8.self)))
      var metric = Metric(owner: owner, name: name, type: type, unit: try reader.readString())
      metric.isDefined = try reader.readBool()
      return metric
    }
    counts.births = try reader.read()
    counts.deaths = try reader.read()
    counts.gaps = try reader.read()
    counts.rebirths = try reader.read()
    counts.passedOver = try reader.read()
    let leftOut = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.read(UInt64.self)
    }
    guard leftOut.count == counts.leftOut.count else { throw .invalid("other reasons for metrics that are left out") }
    counts.leftOut = leftOut
    counts.leftOutInAll = leftOut.reduce(0, &+)
    try index()
  }

  /// Builds the tables and the member lists from the restored arrays.
  private mutating func index() throws(SnapshotError) {
    for position in nodes.indices {
      key = Array("\(nodes[position].group)/\(nodes[position].edge)".utf8)
      guard knownNode() == nil, nodes[position].aliases.values.allSatisfy({ metrics.indices.contains(Int($0)) }) else {
        throw .invalid("an edge node twice, or an alias of no metric")
      }
      key.withUnsafeBytes { nodeTable.insert($0, value: Int32(position)) }
    }
    for position in owners.indices {
      let owner = owners[position]
      guard nodes.indices.contains(Int(owner.node)) else { throw .invalid("a device of no edge node") }
      let node = nodes[Int(owner.node)]
      key = Array(([node.group, node.edge] + (owner.device.map { [$0] } ?? [])).joined(separator: "/").utf8)
      guard knownOwner() == nil, node.owners.isEmpty == (owner.device == nil) else {
        throw .invalid("a device twice, or before its edge node")
      }
      key.withUnsafeBytes { ownerTable.insert($0, value: Int32(position)) }
      nodes[Int(owner.node)].owners.append(Int32(position))
    }
    guard nodes.allSatisfy({ !$0.owners.isEmpty }) else {
      throw .invalid("an edge node that has no metrics of its own")
    }
    for position in metrics.indices {
      guard owners.indices.contains(Int(metrics[position].owner)) else { throw .invalid("a metric of nobody") }
      beginKey(owner: Int(metrics[position].owner))
      key.append(contentsOf: metrics[position].name.utf8)
      guard knownMetric() == nil else { throw .invalid("a metric twice") }
      key.withUnsafeBytes { metricTable.insert($0, value: Int32(position)) }
      owners[Int(metrics[position].owner)].metrics.append(Int32(position))
    }
  }
}
