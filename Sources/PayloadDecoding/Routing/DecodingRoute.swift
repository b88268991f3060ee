import PlantModel

/// A rule with all that can be worked out before the first message.
struct CompiledRule {
  /// In place of a plant's position, for plants of other shares.
  static let elsewhere = -1

  var plant: Int
  var rule: TopicRule
  var pattern: TopicPattern
  /// Whether ``pattern`` is a form of topic besides the one that the rule names.
  var isFurtherForm: Bool { pattern.text != rule.match }
  /// The declared assets of the plant.
  var assets: Set<String>
  /// Whether no placeholder of the topic is in a place, so that all topics of the rule are read alike.
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

  /// How the payload's values get their names.
  func naming(isSensorNamed: Bool) -> ReadingPlan.Naming {
    if !rule.values.isEmpty { return .listed }
    return isSensorNamed ? .single : .payload
  }
}

/// What is known of a topic after its first message: small, since there are as many as sensors.
struct DecodingRoute {
  /// Position of what it has in common with other topics.
  var plan: Int32
  /// Position of the slot of its first value.
  var firstSlot: Int32 = 0
  /// What the topic says of names, if those of the payload go with it.
  var names: TopicNames?
  /// The route that reads what this one leaves out, -1 without one.
  var next: Int32 = -1
}

/// How the payloads of topics are read, or why they are not. Trivial to copy; who has the plans keeps the readers.
struct RoutePlan {
  /// Why no message of the topic is ever read.
  var refusal: RefusalReason?
  /// Position of the compiled rule.
  var rule = 0
  var plant = 0
  /// How many slots each topic has: one for each of the rule's values, in their order; one for a single value; none if
  /// records name them.
  var slotCount = 0
  /// Whether names in the topic are needed with each message.
  var needsNames = false
  /// Whether payloads are bytes rather than text.
  var isBinary = false
  /// Reads the payloads, unless there is a refusal. The way of a message needs no count of references.
  private let reader: Unmanaged<PayloadReader>?

  /// The plan of topics of which no message is ever read.
  init(refusal: RefusalReason) {
    self.refusal = refusal
    reader = nil
  }

  /// The plan of topics whose payloads `reader` reads.
  init(rule: Int, plant: Int, slotCount: Int, needsNames: Bool, isBinary: Bool, reader: PayloadReader) {
    self.rule = rule
    self.plant = plant
    self.slotCount = slotCount
    self.needsNames = needsNames
    self.isBinary = isBinary
    self.reader = Unmanaged.passUnretained(reader)
  }

  /// The places at which a payload has values.
  func places(in payload: UnsafeRawBufferPointer) -> [String] {
    reader?._withUnsafeGuaranteedRef { $0.places(in: payload) } ?? []
  }

  /// Has the reader read a payload.
  func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    reader?._withUnsafeGuaranteedRef { $0.read(payload, into: &scope) }
  }
}
