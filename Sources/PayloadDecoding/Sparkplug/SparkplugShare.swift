import PlantModel
import StreamCore

/// The Sparkplug nodes of a decoder's plants, and what they ask for.
struct SparkplugShare {
  /// Most requests that are kept until somebody takes them.
  private static let maximumRebirths = 10_000

  /// Only plants whose topics are Sparkplug's have any. Read in place, since they are much to copy.
  private(set) var nodes: [SparkplugNodes] = []
  /// Positions in ``nodes`` by the plant's position in the share, -1 where there are none.
  private var positions: [Int] = []
  /// Requests that nobody has taken yet.
  var rebirths: [SparkplugRebirth] = []
  /// Metrics without a reading that nobody has taken account of yet.
  var leftOut: [SparkplugLeftOut: UInt64] = [:]

  /// Where a plant's nodes are in ``nodes``; `nil` where it has none.
  func position(of plant: Int) -> Int? {
    plant < positions.count && positions[plant] >= 0 ? positions[plant] : nil
  }

  /// Gives a plant nodes.
  mutating func set(_ plant: Int, _ state: SparkplugNodes) {
    if let position = position(of: plant) { return nodes[position] = state }
    while positions.count <= plant { positions.append(-1) }
    positions[plant] = nodes.count
    nodes.append(state)
  }

  /// Notes what an owner is called.
  mutating func name(_ owner: Int, _ asset: String, at position: Int) { nodes[position].name(owner, asset) }

  /// Takes a message of a plant. What came of it is in ``nodes`` at the plant's position.
  mutating func take(
    _ topic: SparkplugTopic, in topicBytes: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, of plant: Int,
    at received: Timestamp
  ) -> SparkplugNodes.Outcome {
    if position(of: plant) == nil { set(plant, SparkplugNodes()) }
    guard let position = position(of: plant) else { return .refused(.unmatchedTopic) }
    let before = nodes[position].counts.leftOutInAll
    let outcome = nodes[position].take(topic, in: topicBytes, payload: payload, received: received)
    if nodes[position].counts.leftOutInAll != before {
      for (reason, count) in nodes[position].takeLeftOut() { leftOut[reason, default: 0] &+= count }
    }
    if let node = nodes[position].rebirth, rebirths.count < SparkplugShare.maximumRebirths {
      let (group, edge) = (nodes[position].nodes[node].group, nodes[position].nodes[node].edge)
      rebirths.append(SparkplugRebirth(group: group, edge: edge, time: received))
    }
    return outcome
  }
}

// MARK: - State

extension MessageDecoder {
  /// Whether a plant has state that has to be saved, so that what comes next can be read.
  public func hasState(ofPlant plant: Int) -> Bool { scope.sparkplug.position(of: plant) != nil }

  /// Writes what is known of a plant's senders.
  public func snapshot(plant: Int, into writer: inout SnapshotWriter) {
    guard let position = scope.sparkplug.position(of: plant) else { return }
    scope.sparkplug.nodes[position].snapshot(into: &writer)
  }

  /// Takes up what ``snapshot(plant:into:)`` wrote.
  public mutating func restore(plant: Int, from reader: inout SnapshotReader) throws(SnapshotError) {
    scope.sparkplug.set(plant, try SparkplugNodes(from: &reader))
  }

  /// Goes on with what another decoder knows of a plant's senders. Who is called what is found out anew.
  public mutating func adopt(plant: Int, from other: MessageDecoder, plant otherPlant: Int) {
    guard let position = other.scope.sparkplug.position(of: otherPlant) else { return }
    var nodes = other.scope.sparkplug.nodes[position]
    nodes.forgetNames()
    scope.sparkplug.set(plant, nodes)
  }

  /// Requests that edge nodes announce themselves again, since the last call.
  public mutating func takeRebirths() -> [SparkplugRebirth] {
    if scope.sparkplug.rebirths.isEmpty { return [] }
    defer { scope.sparkplug.rebirths.removeAll(keepingCapacity: true) }
    return scope.sparkplug.rebirths
  }

  /// Metrics that gave no reading since the last call: those that are null, bad or stale, and the others by reason.
  public mutating func takeLeftOutMetrics() -> (missing: UInt64, others: [String: UInt64]) {
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

  /// Assets of a plant that came and went since the last call, in their order. Those of which there has been no reading are
  /// left out.
  public mutating func takeAvailability(plant: Int, in register: PlantRegister) -> [AssetAvailability] {
    if scope.availability.isEmpty { return [] }
    let own = scope.availability.filter { $0.plant == plant }
    scope.availability.removeAll { $0.plant == plant }
    return own.compactMap { change in
      register.asset(named: change.asset).map { AssetAvailability(asset: $0, isOnline: change.isOnline) }
    }
  }

  /// Plants of which assets came or went, ascending.
  public var plantsWithAvailability: [Int] {
    scope.availability.isEmpty ? [] : Set(scope.availability.map(\.plant)).sorted()
  }
}
