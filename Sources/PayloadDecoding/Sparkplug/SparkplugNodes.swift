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
/// ``RebirthBackoff/firstWait``. This time doubles with each unsuccessful request, up to
/// ``RebirthBackoff/longestWait``.
///
/// **Without a birth**, a metric with a name and a type is used all the same, and its sender counts as online. Many
/// publishers never answer a request, and devices with their own MQTT client send births without a node.
struct SparkplugNodes {
  /// Result of processing a message.
  enum Outcome: Equatable {
    /// Results, possibly none, are in ``SparkplugNodes/results``.
    case taken
    /// Addressed to others, or a death of a past session.
    case passedOver
    case refused(RefusalReason)
  }

  /// Edge nodes, devices and metrics.
  private(set) var registry = SparkplugRegistry()
  private(set) var counts = SparkplugCounts()
  /// Results of the current message.
  private(set) var results = SparkplugResults()

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
    results.removeAll()
    switch topic.kind {
    case .nodeCommand, .deviceCommand, .state: return passOver()
    default: break
    }
    let payload: SparkplugPayload
    do throws(RefusalReason) { payload = try SparkplugPayload(bytes) } catch { return .refused(error) }
    // A body in a publisher's own format or compression is not part of Sparkplug.
    if payload.hasBody, payload.metricCount == 0 { return .refused(.unknownFormat) }
    let message = SparkplugMessage(topic: topic, topicBytes: topicBytes, payload: payload, received: received)
    switch topic.kind {
    case .nodeBirth: return handleBirth(message)
    case .nodeDeath: return handleDeath(message)
    case .deviceBirth: return handleDeviceBirth(message)
    case .deviceDeath: return handleDeviceDeath(message)
    default: return handleData(message)
    }
  }

  /// Processes NDATA or DDATA.
  private mutating func handleData(_ message: SparkplugMessage) -> Outcome {
    guard let node = registry.nodeOrNew(of: message.topic, in: message.topicBytes),
      let owner = registry.ownerOrNew(of: message.topic, in: message.topicBytes, node: node)
    else { return .refused(.tooManyAssets) }
    let isBorn = registry.owners[owner].isBorn
    let isOnline = registry.nodes[node].isOnline
    if isOnline { follow(message, node: node) }
    if !isOnline || !isBorn { requestRebirth(of: node, at: message.received) }
    for metric in message.payload.metrics { update(metric, of: owner, node: node, message: message) }
    if results.readings.isEmpty { return isBorn ? .taken : .refused(.noBirth) }
    if !registry.owners[owner].isOnline { appear(owner) }
    return .taken
  }

  private mutating func passOver() -> Outcome {
    counts.passedOver += 1
    return .passedOver
  }

  /// Requests a rebirth, unless the node's wait has not passed.
  private mutating func requestRebirth(of node: Int, at time: Timestamp) {
    guard results.rebirth == nil, registry.nodes[node].rebirth.isDue(at: time) else { return }
    registry.nodes[node].rebirth.record(at: time)
    counts.rebirths += 1
    results.rebirth = node
  }

  /// Checks the sequence number of a message. A message without one is ignored.
  private mutating func follow(_ message: SparkplugMessage, node: Int) {
    guard let number = message.payload.sequence else { return }
    let expected = registry.nodes[node].sequence.map { $0 &+ 1 }
    registry.nodes[node].sequence = UInt8(truncatingIfNeeded: number)
    guard let expected, UInt64(expected) != number else { return }
    counts.gaps += 1
    requestRebirth(of: node, at: message.received)
  }

  /// Records the asset name of an owner.
  mutating func name(_ owner: Int, asset: String) { registry.owners[owner].asset = asset }

  /// Clears the asset names of all owners.
  mutating func forgetNames() { registry.forgetNames() }

  // MARK: Births and deaths

  private mutating func handleBirth(_ message: SparkplugMessage) -> Outcome {
    guard let node = registry.nodeOrNew(of: message.topic, in: message.topicBytes) else {
      return .refused(.tooManyAssets)
    }
    registry.nodes[node].isOnline = true
    registry.nodes[node].session = message.payload.session
    registry.nodes[node].sequence = message.payload.sequence.map { UInt8(truncatingIfNeeded: $0) }
    registry.nodes[node].aliases.removeAll(keepingCapacity: true)
    for owner in registry.nodes[node].owners {
      registry.owners[Int(owner)].isBorn = false
      registry.undefineMetrics(of: Int(owner))
    }
    applyBirth(Int(registry.nodes[node].owners[0]), node: node, message: message)
    return .taken
  }

  private mutating func handleDeviceBirth(_ message: SparkplugMessage) -> Outcome {
    guard let node = registry.nodeOrNew(of: message.topic, in: message.topicBytes),
      let owner = registry.ownerOrNew(of: message.topic, in: message.topicBytes, node: node)
    else { return .refused(.tooManyAssets) }
    if registry.nodes[node].isOnline {
      follow(message, node: node)
    } else {
      requestRebirth(of: node, at: message.received)
    }
    registry.withdrawAliases(of: owner, node: node)
    registry.undefineMetrics(of: owner)
    applyBirth(owner, node: node, message: message)
    return .taken
  }

  private mutating func applyBirth(_ owner: Int, node: Int, message: SparkplugMessage) {
    counts.births += 1
    registry.owners[owner].isBorn = true
    appear(owner)
    for metric in message.payload.metrics {
      guard let name = metric.name,
        let position = registry.define(metric, named: name, of: owner, in: message.payload.bytes, isBirth: true)
      else {
        leaveOut(.unnamed)
        continue
      }
      if let alias = metric.alias { registry.nodes[node].aliases[alias] = Int32(position) }
      read(metric, as: position, message: message)
    }
  }

  private mutating func appear(_ owner: Int) {
    registry.owners[owner].isOnline = true
    results.changes.append(SparkplugResults.Change(owner: owner, isOnline: true))
  }

  private mutating func handleDeath(_ message: SparkplugMessage) -> Outcome {
    guard let node = registry.node(of: message.topic, in: message.topicBytes),
      registry.nodes[node].owners.contains(where: { registry.owners[Int($0)].isOnline })
    else { return passOver() }
    if let own = registry.nodes[node].session, let other = message.payload.session, own != other { return passOver() }
    counts.deaths += 1
    registry.nodes[node].isOnline = false
    registry.nodes[node].session = nil
    registry.nodes[node].aliases.removeAll(keepingCapacity: true)
    for owner in registry.nodes[node].owners { applyDeath(Int(owner)) }
    return .taken
  }

  private mutating func handleDeviceDeath(_ message: SparkplugMessage) -> Outcome {
    guard let node = registry.node(of: message.topic, in: message.topicBytes) else { return passOver() }
    if registry.nodes[node].isOnline { follow(message, node: node) }
    guard let owner = registry.owner(of: message.topic, in: message.topicBytes), registry.owners[owner].isOnline else {
      return .taken
    }
    counts.deaths += 1
    registry.withdrawAliases(of: owner, node: node)
    applyDeath(owner)
    return .taken
  }

  private mutating func applyDeath(_ owner: Int) {
    registry.owners[owner].isBorn = false
    if registry.owners[owner].isOnline {
      results.changes.append(SparkplugResults.Change(owner: owner, isOnline: false))
    }
    registry.owners[owner].isOnline = false
  }

  // MARK: Metrics

  /// Processes a metric of a data message.
  ///
  /// - Parameters:
  ///   - metric: the metric.
  ///   - owner: position of its owner.
  ///   - node: position of the edge node.
  ///   - message: the message.
  private mutating func update(_ metric: SparkplugMetric, of owner: Int, node: Int, message: SparkplugMessage) {
    if let name = metric.name {
      // A metric with a name identifies itself, with or without a birth.
      guard
        let position = registry.define(metric, named: name, of: owner, in: message.payload.bytes, isBirth: false)
      else { return leaveOut(.unnamed) }
      return read(metric, as: position, message: message)
    }
    guard let alias = metric.alias else {
      leaveOut(.unnamed)
      return requestRebirth(of: node, at: message.received)
    }
    guard let position = registry.nodes[node].aliases[alias],
      registry.metrics[Int(position)].owner == Int32(owner)
    else {
      leaveOut(.unknownAlias)
      return requestRebirth(of: node, at: message.received)
    }
    read(metric, as: Int(position), message: message)
  }

  private mutating func read(_ metric: SparkplugMetric, as position: Int, message: SparkplugMessage) {
    if registry.metrics[position].isControl { return }
    if metric.isTransient { return leaveOut(.transient) }
    let type = registry.metrics[position].type
    let value = metric.value(as: type == .unknown ? metric.type ?? .unknown : type)
    if case .leftOut(let reason) = value { return leaveOut(reason) }
    switch metric.properties.quality {
    case .good: break
    case .bad: return leaveOut(.badQuality)
    case .stale: return leaveOut(.stale)
    }
    let time = SparkplugMessage.time(metric.timestamp) ?? SparkplugMessage.time(message.payload.timestamp)
    results.readings.append(
      SparkplugResults.MetricValue(
        metric: position, value: value, time: time ?? message.received, hasSourceTime: time != nil,
        isHistorical: metric.isHistorical))
  }

  private mutating func leaveOut(_ reason: SparkplugLeftOut) {
    counts.leaveOut(reason)
    results.leftOut.append(reason)
  }

  /// Returns the metrics that gave no reading since the last call, by reason.
  mutating func drainLeftOut() -> [SparkplugLeftOut: UInt64] { results.drainLeftOut() }

  // MARK: Snapshot

  private static let version: UInt16 = 1

  /// Writes the state, without the results of the last message.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(SparkplugNodes.version)
    registry.snapshot(into: &writer)
    counts.snapshot(into: &writer)
  }

  /// Restores the state written by ``snapshot(into:)``.
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: SparkplugNodes.version, of: "the Sparkplug nodes")
    registry = try SparkplugRegistry(from: &reader)
    counts = try SparkplugCounts(from: &reader)
    try registry.index()
  }
}

/// A parsed message.
private struct SparkplugMessage {
  let topic: SparkplugTopic
  let topicBytes: UnsafeRawBufferPointer
  let payload: SparkplugPayload
  let received: Timestamp

  /// Converts milliseconds since 1970 to a time; `nil` unless it is within 1970 to 2200 and not 0.
  static func time(_ milliseconds: UInt64?) -> Timestamp? {
    guard let milliseconds, (1..<7_289_654_400_000).contains(milliseconds) else { return nil }
    return Timestamp(milliseconds: Int64(milliseconds))
  }
}

extension SparkplugPayload {
  /// Session number (`bdSeq`) of a birth or death.
  fileprivate var session: UInt64? {
    for metric in metrics {
      guard let name = metric.name, bytes[name].elementsEqual("bdSeq".utf8) else { continue }
      switch metric.value {
      case .long(let value): return value
      case .int(let value): return UInt64(value)
      default: return nil
      }
    }
    return nil
  }
}
