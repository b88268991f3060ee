import PlantModel

/// A rule with everything that can be precomputed.
struct CompiledRule {
  /// Plant position for plants of other shares.
  static let elsewhere = -1

  var plant: Int
  var rule: TopicRule
  var pattern: TopicPattern
  /// Whether ``pattern`` is an additional topic form that the rule does not name.
  var isFurtherForm: Bool { pattern.text != rule.match }
  /// Declared assets of the plant.
  var assets: Set<String>
  /// Whether no place contains a topic placeholder, so that all topics of the rule are read alike.
  let isShared: Bool
  /// Whether asset or sensor depend on the record.
  let hasRecordNames: Bool

  init(plant: Int, rule: TopicRule, pattern: TopicPattern, assets: Set<String> = []) {
    self.plant = plant
    self.rule = rule
    self.pattern = pattern
    self.assets = assets
    var places = rule.values.map(\.path) + rule.values.compactMap(\.detail.scalePlace)
    places += rule.values.compactMap(\.detail.unitPlace)
    places += rule.conditions.flatMap { [$0.path] + $0.texts }
    places += [rule.each, rule.detail.scalePlace].compactMap(\.self)
    places += [rule.asset, rule.sensor, rule.unit, rule.time].compactMap(\.self).filter { $0.hasPrefix("/") }
    isShared = !places.contains { $0.utf8.contains(UInt8(ascii: "{")) }
    hasRecordNames =
      ReadingPlan(
        rule: rule, number: 0, plant: plant, naming: .payload, assets: [], isShared: true
      ).hasRecordNames
  }

  /// Returns the source of the values' names.
  func naming(isSensorNamed: Bool) -> ReadingPlan.Naming {
    if !rule.values.isEmpty { return .listed }
    return isSensorNamed ? .single : .payload
  }
}

/// Cached data of a topic after its first message. Compact, because there are as many as sensors.
struct DecodingRoute {
  /// Position of the plan that it shares with other topics.
  var plan: Int32
  /// Position of the slot of its first value.
  var firstSlot: Int32 = 0
  /// Names from the topic, if they are combined with those from the payload.
  var names: TopicNames?
  /// The route that reads the records left out by this one, -1 if there is none.
  var next: Int32 = -1
}

/// The way of reading a topic's payloads, or the reason for refusing them. Trivially copyable; the owner of the plans
/// keeps the readers alive.
struct RoutePlan {
  /// Reason why every message of the topic is refused.
  var refusal: RefusalReason?
  /// Position of the compiled rule.
  var rule = 0
  var plant = 0
  /// Number of slots of each topic: one per value of the rule, in order; one for a single value; none if records
  /// provide the names.
  var slotCount = 0
  /// Whether names from the topic are needed for each message.
  var needsNames = false
  /// Whether payloads are binary.
  var isBinary = false
  /// Reader of the payloads, unless there is a refusal. Unmanaged to avoid reference counting per message.
  private let reader: Unmanaged<PayloadReader>?

  /// Creates the plan of topics whose messages are always refused.
  init(refusal: RefusalReason) {
    self.refusal = refusal
    reader = nil
  }

  /// Creates the plan of topics whose payloads `reader` reads.
  ///
  /// - Parameters:
  ///   - rule: position of the compiled rule.
  ///   - plant: position of the plant in the share.
  ///   - slotCount: number of slots of each topic.
  ///   - needsNames: whether names from the topic are needed for each message.
  ///   - isBinary: whether payloads are binary.
  ///   - reader: the reader, which the caller must keep alive.
  init(rule: Int, plant: Int, slotCount: Int, needsNames: Bool, isBinary: Bool, reader: PayloadReader) {
    self.rule = rule
    self.plant = plant
    self.slotCount = slotCount
    self.needsNames = needsNames
    self.isBinary = isBinary
    self.reader = Unmanaged.passUnretained(reader)
  }

  /// Returns the places at which a payload has values.
  func places(in payload: UnsafeRawBufferPointer) -> [String] {
    reader?._withUnsafeGuaranteedRef { $0.places(in: payload) } ?? []
  }

  /// Reads a payload with the reader.
  func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    reader?._withUnsafeGuaranteedRef { $0.read(payload, into: &scope) }
  }
}
