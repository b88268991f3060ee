public import PlantModel

extension PayloadFormatName {
  /// Sparkplug B.
  public static let sparkplug: PayloadFormatName = "sparkplug"
}

/// Sparkplug B: edge nodes and devices announce metrics with names, types and units, and then send them by alias.
///
/// The rule matches the topics of devices, `spBv1.0/{group}/+/{edge}/{device}`, and also those of their edge nodes,
/// which lack the last level. The asset is the device, or the edge node for its own metrics, unless the rule specifies
/// otherwise. For an edge node, a placeholder of the last level stands for the edge node. The sensor is the metric's
/// name.
///
/// See ``SparkplugNodes`` for sessions, and ``SparkplugValue`` for the metrics that give readings.
enum SparkplugFormat: PayloadFormat {
  static let name = PayloadFormatName.sparkplug
  static let summary = "Sparkplug B on spBv1.0/{group}/+/{edge}/{device}, edge nodes included"
  static let examplePlace = "\"Inverter/Power\""
  static let hasRecords = false
  static let isBinary = true

  static func mistake(inPlace place: String) -> String? {
    place.isEmpty ? "is empty; write the name of a metric, such as \(examplePlace)" : nil
  }

  static func reader(for plan: ReadingPlan) -> PayloadReader { SparkplugReader(plan) }
}

private final class SparkplugReader: PayloadReader {
  /// Destination of a metric.
  private struct Target {
    /// Positions in the rule's values; -1 if the payload provides the name.
    var values: [Int]
    /// Slots of the values.
    var slots: [Int] = []
    /// Unit of the metric, unless the rule states one.
    var unit = UnitTexts.none
    /// The metric's revision at the time of this result.
    var revision: Int
  }

  private let details: [CompiledDetail?]
  private let pattern: TopicPattern?
  private let valuesByPath: [String: [Int]]
  private let isNodeOnly: Bool
  /// By the metric's position; `nil` until its first value.
  private var targets: [Target?] = []
  /// By the owner's position.
  private var names: [TopicNames?] = []

  override init(_ plan: ReadingPlan) {
    details = plan.details
    pattern = try? TopicPattern(plan.rule.match)
    valuesByPath = Dictionary(grouping: plan.rule.values.indices) { plan.rule.values[$0].path }
    isNodeOnly = SparkplugTopic.nodeMatch(of: plan.rule.match) == nil
    super.init(plan)
  }

  override func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    guard let topic = SparkplugTopic(scope.topic) else { return .unmatchedTopic }
    let outcome = scope.sparkplug.handle(
      topic, in: scope.topic, payload: payload, of: scope.step.plant, at: scope.received)
    // Messages of edge nodes do not contain the metrics of devices.
    if !topic.kind.isOfDevice, !isNodeOnly { scope.step.seen = .max }
    switch outcome {
    case .refused(let reason): return reason
    case .passedOver: scope.step.seen = .max
    case .taken:
      guard let position = scope.sparkplug.position(of: scope.step.plant) else { break }
      read(payload, at: position, into: &scope)
      if scope.refusals.problems.collects, topic.kind == .deviceBirth || topic.kind == .nodeBirth && isNodeOnly {
        // A birth contains all metrics that can follow.
        for value in plan.rule.values.indices.prefix(64) where scope.step.seen >> UInt64(value) & 1 == 0 {
          scope.refusals.problems.recordMissing(value: value)
        }
      }
      reportChanges(at: position, into: &scope)
    }
    scope.isUnderstood = true
    return nil
  }

  private func read(_ payload: UnsafeRawBufferPointer, at position: Int, into scope: inout MessageScope) {
    let readings = scope.sparkplug.nodes[position].results.readings
    for reading in readings {
      let target = target(of: reading.metric, at: position, into: &scope)
      for (value, slot) in zip(target.values, target.slots) {
        scope.step.markSeen(value)
        if scope.slots.isIgnored(slot) { continue }
        switch reading.value {
        case .number(let number):
          scope.append(
            number: number, unit: target.unit, slot: slot, at: reading.time, hasSourceTime: reading.hasSourceTime)
        case .text(let range):
          scope.append(
            text: ByteText.trimmed(ByteText.slice(payload, start: range.lowerBound, end: range.upperBound)),
            detail: details[max(0, value)], value: value, unit: target.unit, slot: slot, at: reading.time,
            hasSourceTime: reading.hasSourceTime)
        case .leftOut: break
        }
      }
    }
  }

  private func reportChanges(at position: Int, into scope: inout MessageScope) {
    if scope.sparkplug.nodes[position].results.changes.isEmpty { return }
    for change in scope.sparkplug.nodes[position].results.changes {
      let owner = scope.sparkplug.nodes[position].registry.owners[change.owner]
      // A death may be a device's first message after a restart.
      let asset = owner.asset.isEmpty ? names(of: change.owner, at: position, into: &scope).asset : owner.asset
      guard let asset else { continue }
      scope.availability.append(AvailabilityChange(plant: scope.step.plant, asset: asset, isOnline: change.isOnline))
    }
  }

  /// Returns the destination of a metric, determined at its first value.
  ///
  /// - Parameters:
  ///   - metric: position of the metric.
  ///   - position: position of the plant's nodes in ``SparkplugShare/nodes``.
  ///   - scope: the message's scope.
  private func target(of metric: Int, at position: Int, into scope: inout MessageScope) -> Target {
    if metric < targets.count, let known = targets[metric],
      known.revision == scope.sparkplug.nodes[position].registry.metrics[metric].revision
    {
      return known
    }
    let definition = scope.sparkplug.nodes[position].registry.metrics[metric]
    var target = Target(values: [], revision: definition.revision)
    if plan.rule.values.isEmpty {
      // Texts and dates that are not listed are not measurements.
      let isMeasured: Bool =
        switch definition.type {
        case .string, .text, .dateTime: false
        default: true
        }
      if isMeasured || !plan.rule.detail.words.isEmpty { target.values = [-1] }
    } else {
      target.values = valuesByPath[definition.name] ?? []
    }
    let stated = target.values.first.map { $0 >= 0 ? plan.rule.values[$0].detail.unit : plan.rule.detail.unit } ?? nil
    if !definition.unit.isEmpty, !target.values.isEmpty, stated == nil {
      target.unit = scope.slots.units.position(named: definition.unit)
      if target.unit != UnitTexts.none, scope.slots.units[target.unit, plant: scope.step.plant] == nil {
        target.unit = UnitTexts.none
        scope.notices.append(
          "metric '\(definition.name)' of topics '\(plan.rule.match)' has the unit '\(definition.unit)', which is not "
            + "known; it is taken without a unit")
      }
    }
    target.slots = target.values.map { slot(of: metric, value: $0, at: position, into: &scope) }
    while targets.count <= metric { targets.append(nil) }
    targets[metric] = target
    return target
  }

  /// Returns the slot of a metric's value, which all topics of its owner share.
  ///
  /// - Parameters:
  ///   - metric: position of the metric.
  ///   - value: position of the rule's value, or -1.
  ///   - position: position of the plant's nodes in ``SparkplugShare/nodes``.
  ///   - scope: the message's scope.
  private func slot(of metric: Int, value: Int, at position: Int, into scope: inout MessageScope) -> Int {
    scope.nameKey.begin(route: -2 - plan.number, value: value)
    withUnsafeBytes(of: Int32(truncatingIfNeeded: metric)) { scope.nameKey.append($0) }
    if let known = scope.nameKey.bytes.withUnsafeBytes({ scope.slots.slot(of: $0) }) { return known }
    let key = scope.nameKey.bytes
    let definition = scope.sparkplug.nodes[position].registry.metrics[metric]
    let names = names(of: Int(definition.owner), at: position, into: &scope)
    let name: ValueName?
    if let asset = names.asset {
      if value >= 0 {
        let listed = plan.rule.values[value]
        name = ValueName(
          asset: asset, listed: listed.name, name: names.substituted(listed.name), rule: plan.rule,
          detail: listed.detail, isWritten: true, assets: plan.assets, names: names)
      } else {
        let stripped = ValueName.stripped(definition.name, prefix: plan.rule.strip)
        name = ValueName(
          asset: asset, listed: definition.name, name: stripped, rule: plan.rule, detail: plan.rule.detail,
          isWritten: false, assets: plan.assets, names: names)
      }
    } else {
      name = nil
    }
    return key.withUnsafeBytes { scope.slots.add(name, key: $0) }
  }

  /// Returns the names from an owner's topics by the rule's pattern. An edge node is treated as its own device.
  ///
  /// - Parameters:
  ///   - owner: position of the owner.
  ///   - position: position of the plant's nodes in ``SparkplugShare/nodes``.
  ///   - scope: the message's scope.
  private func names(of owner: Int, at position: Int, into scope: inout MessageScope) -> TopicNames {
    if owner < names.count, let known = names[owner] { return known }
    let (group, edge, device) = scope.sparkplug.nodes[position].registry.identity(of: owner)
    let node = ["spBv1.0", group, SparkplugTopic.Kind.nodeData.rawValue, edge]
    var captures: [(name: String, text: String)] = []
    for levels in [node + [device ?? edge], node] {
      let topic = Array(levels.joined(separator: "/").utf8)
      let found = topic.withUnsafeBytes { bytes -> [(name: String, text: String)]? in
        guard let pattern, let ranges = pattern.captures(in: bytes) else { return nil }
        return zip(pattern.placeholders, ranges).compactMap { name, range in
          TopicPattern.decodedName(ByteText.slice(bytes, start: range.lowerBound, end: range.upperBound)).map {
            (name, $0)
          }
        }
      }
      if let found {
        captures = found
        break
      }
    }
    for (name, text) in [("group", group), ("edge", edge), ("device", device ?? edge)]
    where !captures.contains(where: { $0.name == name }) {
      captures.append((name, text))
    }
    var rule = plan.rule
    if rule.asset == nil, !captures.contains(where: { $0.name == "asset" }) {
      rule.asset = device ?? edge
    }
    let result = TopicNames(captures: captures, rule: rule)
    if let asset = result.asset { scope.sparkplug.name(owner, asset: asset, at: position) }
    while names.count <= owner { names.append(nil) }
    names[owner] = result
    return result
  }

  override func places(in payload: UnsafeRawBufferPointer) -> [String] {
    guard let payload = try? SparkplugPayload(payload) else { return [] }
    return payload.metrics.prefix(1_000).compactMap { metric in
      metric.name.flatMap { ByteText.string(ByteText.slice(payload.bytes, start: $0.lowerBound, end: $0.upperBound)) }
    }
  }
}
