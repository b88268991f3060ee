import PlantModel
import StreamCore

/// The Sparkplug nodes of a decoder's plants, and what they ask for.
struct SparkplugShare {
  /// Most requests that are kept until somebody takes them.
  private static let maximumRebirths = 10_000

  /// By the plant's position in the share; only plants whose topics are Sparkplug's have any.
  private(set) var nodes: [Int: SparkplugNodes] = [:]
  /// Requests that nobody has taken yet.
  var rebirths: [SparkplugRebirth] = []
  /// Metrics without a reading that nobody has taken account of yet.
  var leftOut: [SparkplugLeftOut: UInt64] = [:]

  subscript(plant: Int) -> SparkplugNodes {
    _read { yield nodes[plant, default: SparkplugNodes()] }
    _modify { yield &nodes[plant, default: SparkplugNodes()] }
  }

  /// Takes a message of a plant.
  mutating func take(
    _ topic: SparkplugTopic, in topicBytes: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, of plant: Int,
    at received: Timestamp
  ) -> SparkplugNodes.Outcome {
    let before = self[plant].counts.leftOut
    let outcome = self[plant].take(topic, in: topicBytes, payload: payload, received: received)
    let after = self[plant].counts.leftOut
    if after != before {
      for reason in SparkplugLeftOut.allCases where after[reason.rawValue] > before[reason.rawValue] {
        leftOut[reason, default: 0] &+= after[reason.rawValue] - before[reason.rawValue]
      }
    }
    if let node = self[plant].rebirth, rebirths.count < SparkplugShare.maximumRebirths {
      let (group, edge) = (self[plant].nodes[node].group, self[plant].nodes[node].edge)
      rebirths.append(SparkplugRebirth(group: group, edge: edge, time: received))
    }
    return outcome
  }
}

// MARK: - State

extension MessageDecoder {
  /// Whether a plant has state that has to be saved, so that what comes next can be read.
  public func hasState(ofPlant plant: Int) -> Bool { scope.sparkplug.nodes[plant] != nil }

  /// Writes what is known of a plant's senders.
  public func snapshot(plant: Int, into writer: inout SnapshotWriter) {
    scope.sparkplug[plant].snapshot(into: &writer)
  }

  /// Takes up what ``snapshot(plant:into:)`` wrote.
  public mutating func restore(plant: Int, from reader: inout SnapshotReader) throws(SnapshotError) {
    scope.sparkplug[plant] = try SparkplugNodes(from: &reader)
  }

  /// Goes on with what another decoder knows of a plant's senders. Who is called what is found out anew.
  public mutating func adopt(plant: Int, from other: MessageDecoder, plant otherPlant: Int) {
    guard var nodes = other.scope.sparkplug.nodes[otherPlant] else { return }
    nodes.forgetNames()
    scope.sparkplug[plant] = nodes
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
