public import PlantModel
public import StreamCore
import WattlineTime

/// The Sparkplug nodes of a decoder's plants, and their pending rebirth requests.
struct SparkplugShare {
  /// Maximum number of pending requests.
  private static let maximumRebirths = 10_000

  /// State of the plants with Sparkplug topics. Modified in place, because copies are expensive.
  private(set) var nodes: [SparkplugNodes] = []
  /// Positions in ``nodes`` by the plant's position in the share, -1 if there are none.
  private var positions: [Int] = []
  /// Pending rebirth requests.
  var rebirths: [SparkplugRebirth] = []
  /// Counts of metrics without a reading, not yet collected.
  var leftOut: [SparkplugLeftOut: UInt64] = [:]

  /// Returns a plant's position in ``nodes``; `nil` if it has none.
  func position(of plant: Int) -> Int? {
    plant < positions.count && positions[plant] >= 0 ? positions[plant] : nil
  }

  /// Sets the node state of a plant.
  mutating func set(_ plant: Int, state: SparkplugNodes) {
    if let position = position(of: plant) { return nodes[position] = state }
    while positions.count <= plant { positions.append(-1) }
    positions[plant] = nodes.count
    nodes.append(state)
  }

  /// Records the asset name of an owner.
  ///
  /// - Parameters:
  ///   - owner: position of the owner.
  ///   - asset: name of the asset.
  ///   - position: position of the plant's nodes in ``nodes``.
  mutating func name(_ owner: Int, asset: String, at position: Int) { nodes[position].name(owner, asset: asset) }

  /// Processes a message of a plant. The results are in ``nodes`` at the plant's position.
  ///
  /// - Parameters:
  ///   - topic: the parsed topic.
  ///   - topicBytes: the topic's bytes.
  ///   - payload: the payload.
  ///   - plant: the plant's position in the share.
  ///   - received: the receive time.
  mutating func handle(
    _ topic: SparkplugTopic, in topicBytes: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, of plant: Int,
    at received: Timestamp
  ) -> SparkplugNodes.Outcome {
    if position(of: plant) == nil { set(plant, state: SparkplugNodes()) }
    guard let position = position(of: plant) else { return .refused(.unmatchedTopic) }
    let before = nodes[position].counts.leftOutInAll
    let outcome = nodes[position].handle(topic, in: topicBytes, payload: payload, received: received)
    if nodes[position].counts.leftOutInAll != before {
      for (reason, count) in nodes[position].drainLeftOut() { leftOut[reason, default: 0] &+= count }
    }
    if let node = nodes[position].results.rebirth, rebirths.count < SparkplugShare.maximumRebirths {
      let (group, edge) = (nodes[position].registry.nodes[node].group, nodes[position].registry.nodes[node].edge)
      rebirths.append(SparkplugRebirth(group: group, edge: edge, time: received))
    }
    return outcome
  }
}

// MARK: - State

extension MessageDecoder {
  /// Returns whether a plant has state that must be saved for decoding its next messages.
  public func hasState(ofPlant plant: Int) -> Bool { scope.sparkplug.position(of: plant) != nil }

  /// Writes the node state of a plant.
  public func snapshot(plant: Int, into writer: inout SnapshotWriter) {
    guard let position = scope.sparkplug.position(of: plant) else { return }
    scope.sparkplug.nodes[position].snapshot(into: &writer)
  }

  /// Restores the node state written by ``snapshot(plant:into:)``.
  ///
  /// - Throws: `SnapshotError` if the layout version differs or the data is damaged.
  public mutating func restore(plant: Int, from reader: inout SnapshotReader) throws(SnapshotError) {
    scope.sparkplug.set(plant, state: try SparkplugNodes(from: &reader))
  }

  /// Adopts the node state of a plant from another decoder. Asset names are determined again.
  ///
  /// - Parameters:
  ///   - plant: the plant's position in this decoder's share.
  ///   - other: the other decoder.
  ///   - otherPlant: the plant's position in the other decoder's share.
  public mutating func adopt(plant: Int, from other: MessageDecoder, plant otherPlant: Int) {
    guard let position = other.scope.sparkplug.position(of: otherPlant) else { return }
    var nodes = other.scope.sparkplug.nodes[position]
    nodes.forgetNames()
    scope.sparkplug.set(plant, state: nodes)
  }

  /// Returns the rebirth requests since the last call.
  public mutating func drainRebirths() -> [SparkplugRebirth] {
    if scope.sparkplug.rebirths.isEmpty { return [] }
    defer { scope.sparkplug.rebirths.removeAll(keepingCapacity: true) }
    return scope.sparkplug.rebirths
  }

  /// Returns the number of metrics without a reading since the last call: null, bad or stale ones, and others by
  /// reason.
  public mutating func drainLeftOutMetrics() -> (missing: UInt64, others: [String: UInt64]) {
    if scope.sparkplug.leftOut.isEmpty { return (0, [:]) }
    defer { scope.sparkplug.leftOut.removeAll() }
    var others: [String: UInt64] = [:]
    var missing: UInt64 = 0
    for (reason, count) in scope.sparkplug.leftOut {
      switch reason {
      case .null, .badQuality, .stale: missing &+= count
      default: others[reason.name] = count
      }
    }
    return (missing, others)
  }

  /// Returns changes of availability of a plant's assets since the last call, in order. Assets without any reading are
  /// left out.
  public mutating func drainAvailability(plant: Int, in register: PlantRegister) -> [AssetAvailability] {
    if scope.availability.isEmpty { return [] }
    let own = scope.availability.filter { $0.plant == plant }
    scope.availability.removeAll { $0.plant == plant }
    return own.compactMap { change in
      register.asset(named: change.asset).map { AssetAvailability(asset: $0, isOnline: change.isOnline) }
    }
  }

  /// Plants with changes of availability, in ascending order.
  public var plantsWithAvailability: [Int] {
    scope.availability.isEmpty ? [] : Set(scope.availability.map(\.plant)).sorted()
  }
}
