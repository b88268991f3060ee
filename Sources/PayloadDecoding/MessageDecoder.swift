public import PlantModel
public import Settings
public import StreamCore
public import WattlineTime

/// Decoder of messages into readings. Each worker has one and is its only caller.
///
/// The first message of a topic is matched against the rules of all plants, in order. The result is cached, including
/// refusals. Each further message then costs one hash of its topic, one pass over its payload and no allocation.
/// Exceptions are sensors that report for the first time and rare forms of payloads.
///
/// The ``PayloadFormat`` determines how a payload is parsed. The ``PlantModel/TopicRule`` determines which values are
/// used, and under which names.
///
/// - With a list of `values`: exactly those, by place. Missing values are left out; a message with none of them is
///   refused.
/// - Otherwise, if topic or rule name a sensor: the record's only value. In a JSON object it is the first existing one
///   of `value`, `Value`, `val`, `v`, `state`, `State` and `reading`.
/// - Otherwise the payload names the sensors: every number and truth value of a JSON document, with nested names joined
///   by `_`; columns as `column_0` and so on; fields of line protocol; keys of pairs. A lone value is `value`.
///
/// If neither topic nor rule nor payload names an asset, the asset is the whole plant.
///
/// **Units.** A value's unit (`"230.1 V"`), or one that the rule reads from the payload, is converted to the sensor's
/// unit. It is ignored if the rule scales the value. An unknown unit, or one of another quantity than the sensor's,
/// refuses the value.
///
/// **Times.** If the place given by the rule has no time, the receive time is used; if the time there is unreadable,
/// the message is refused. Without such a place, the members `ts`, `time`, `timestamp`, `t`, `Time`, `Timestamp`,
/// `datetime` and `last_seen` of a JSON object are tried. They count only from the year 2000 on, because devices
/// without a clock report their uptime there. A message with only unusable times keeps the receive time and is counted.
///
/// **Compressed payloads** (gzip, zlib, Zstandard) are recognised by their first bytes and decompressed; see
/// ``Decompressor``.
public struct MessageDecoder {
  /// Maximum payload length [bytes].
  public static let maximumPayloadLength = 16 << 20

  /// Rules that are ignored because their `match` is not a valid pattern, with the error.
  public var invalidRules: [(plant: Int, match: String, error: TopicPattern.ParseError)] { router.invalidRules }
  /// Readings of sensors beyond a plant's limits, by plant. They were refused, alone or together with their message.
  public private(set) var beyondLimits: [UInt64]
  /// Sum of ``beyondLimits``.
  public private(set) var beyondLimitsInAll: UInt64 = 0
  /// Messages whose readings have the receive time because no usual member for times has a usable one.
  public private(set) var timesUnusable: UInt64 = 0
  /// Values that were missing although their place exists, such as `null` and `NaN`.
  public var missingValues: UInt64 { scope.missingValues }
  /// Number of refused values. Other values of their messages may have been accepted.
  public var refusedValuesInAll: UInt64 { scope.refusedValuesInAll }

  /// Returns the number of refused values by reason since the last call.
  public mutating func drainRefusedValues() -> [RefusalReason: UInt64] {
    defer { scope.refusedValues.removeAll(keepingCapacity: true) }
    return scope.refusedValues
  }

  /// Maximum number of cached topics, and of cached names from payloads. Beyond it the caches are cleared and rebuilt.
  public var topicLimit = 1_000_000

  /// Maximum size of the caches' keys [bytes].
  private static let maximumKeyBytes = 256 << 20

  private var router: TopicRouter
  var scope: MessageScope
  private var decompressor: Decompressor
  private var watches: [RuleWatch]

  /// Creates a decoder for a worker's share of `plants`. Plant indexes in outcomes are positions within the share. The
  /// rules of all plants take part, so that a topic belongs to the same plant regardless of the shares.
  ///
  /// - Parameters:
  ///   - plants: all plants.
  ///   - share: the worker's share of them.
  ///   - maximumUnpacked: maximum size of a decompressed payload [bytes].
  public init(plants: [Plant], share: Shard = .whole, maximumUnpacked: Int = maximumPayloadLength) {
    router = TopicRouter(plants: plants, share: share)
    let own = plants.filter { share.has($0.name) }
    beyondLimits = own.map { _ in 0 }
    scope = MessageScope(plants: own)
    decompressor = Decompressor(limit: maximumUnpacked)
    watches = router.rules.map { RuleWatch(rule: $0.rule) }
  }

  /// Appends the readings of a message to the batch of its plant, or returns the reason why there are none. A refused
  /// message appends nothing.
  ///
  /// - Parameters:
  ///   - message: the message.
  ///   - received: its receive time.
  ///   - registers: the register of each plant of the share.
  ///   - batches: the batch of each plant of the share.
  public mutating func decode(
    _ message: MessageView, received: Timestamp, registers: inout [PlantRegister], into batches: inout [ReadingBatch]
  ) -> DecodeOutcome {
    limitMemory()
    let first = router.route(of: message.topic, slots: &scope.slots)
    if first == TopicRouter.elsewhere { return .elsewhere }
    let plan = router.plans[Int(router.routes[first].plan)]
    if let refusal = plan.refusal { return .refused(refusal) }
    guard plan.plant < registers.count, plan.plant < batches.count else { return .refused(.unmatchedTopic) }
    if message.retained, router.rules[plan.rule].rule.retained == .ignore { return .refused(.retained) }
    guard message.payload.count <= MessageDecoder.maximumPayloadLength else { return .refused(.tooLarge) }
    scope.topic = message.topic
    guard Decompressor.isCompressed(message.payload) else {
      return read(message.payload, by: first, plan: plan, received: received, registers: &registers, into: &batches)
    }
    switch decompressor.unpack(message.payload) {
    case .unpacked:
      let count = decompressor.count
      let buffer = decompressor.borrowBuffer()
      defer { decompressor.returnBuffer(buffer) }
      return buffer.withUnsafeBytes {
        read(
          UnsafeRawBufferPointer(rebasing: $0[..<count]), by: first, plan: plan, received: received,
          registers: &registers, into: &batches)
      }
    case .refused(let reason): return .refused(reason)
    case .plain:
      return read(message.payload, by: first, plan: plan, received: received, registers: &registers, into: &batches)
    }
  }

  private mutating func read(
    _ bytes: UnsafeRawBufferPointer, by first: Int, plan: RoutePlan, received: Timestamp,
    registers: inout [PlantRegister], into batches: inout [ReadingBatch]
  ) -> DecodeOutcome {
    let payload = plan.isBinary ? bytes : ByteText.trimmed(bytes)
    // A binary message may consist of zero bytes.
    guard !payload.isEmpty || plan.isBinary else { return .refused(.emptyPayload) }
    scope.begin(received: received)
    var (route, plan, leftOut) = (first, plan, 0)
    while true {
      prepare(route, plan: plan)
      if let refusal = plan.read(payload, into: &scope) {
        scope.news.removeAll()
        return .refused(refusal)
      }
      if watches[plan.rule].isWatching, scope.seen != 0 || scope.leftOut == 0 { watch(payload, plan: plan) }
      if scope.leftOut == 0 { break }
      leftOut += scope.leftOut
      route = Int(router.routes[route].next)
      if route < 0 { break }
      scope.taken.sort()
      plan = router.plans[Int(router.routes[route].plan)]
    }
    let plant = plan.plant
    if scope.isUnderstood, scope.pending.isEmpty { return .understood(plant: plant) }
    let outcome = flush(to: &batches[plant], plant: plant, register: &registers[plant])
    if scope.hasUnusableTime, case .readings = outcome { timesUnusable &+= 1 }
    if !scope.news.isEmpty { settleNews(outcome) }
    // Records excluded by conditions are not an error of the payload.
    if leftOut > 0, scope.pending.isEmpty, outcome == .refused(.missingValue) { return .refused(.leftOut) }
    return outcome
  }

  /// Sets the scope to the route by which the payload is read.
  private mutating func prepare(_ route: Int, plan: RoutePlan) {
    scope.route = route
    scope.rule = plan.rule
    scope.plant = plan.plant
    scope.firstSlot = Int(router.routes[route].firstSlot)
    scope.slotCount = plan.slotCount
    scope.isChained = router.routes[route].next >= 0
    scope.leftOut = 0
    scope.seen = 0
    if plan.needsNames || scope.names != nil { scope.names = router.routes[route].names }
  }

  /// Appends the pending values, admitting series that report for the first time.
  ///
  /// - Parameters:
  ///   - batch: batch of the plant.
  ///   - plant: position of the plant in the share.
  ///   - register: register of the plant.
  private mutating func flush(
    to batch: inout ReadingBatch, plant: Int, register: inout PlantRegister
  ) -> DecodeOutcome {
    var count = 0
    for position in 0..<scope.pending.count {
      let value = scope.pending[position]
      var series = scope.slots.slots[value.slot].series
      if series == ValueSlot.unresolved { series = admit(value, plant: plant, in: &register) }
      guard series >= 0 else {
        scope.setback = ValueSlot.reason(series)
        if scope.setback == .tooManyAssets || scope.setback == .tooManySensors { countBeyondLimits(plant: plant) }
        continue
      }
      let conversion = scope.slots.conversions[Int(scope.slots.slots[value.slot].conversion)]
      var raw = value.number * conversion.scale + conversion.offset
      if value.unit != UnitTexts.none {
        let own = register.series[Int(series)].profile.unit
        if let reason = scope.settleUnit(of: value, own: own, conversion: conversion, plant: plant, raw: &raw) {
          refuse(reason, value: value, series: Int(series), in: register)
          continue
        }
      }
      let canonical = raw * conversion.unitScale + conversion.unitOffset
      guard raw.isFinite, canonical.isFinite else {
        refuse(.notFinite, value: value, series: Int(series), in: register)
        continue
      }
      batch.append(
        series: SeriesIndex(Int(series)), time: value.time, raw: raw, value: canonical,
        hasSourceTime: value.hasSourceTime)
      count += 1
    }
    return count > 0 ? .readings(plant: plant, count: count) : .refused(scope.setback)
  }

  /// Records that a value of a known series was refused.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - value: the pending value.
  ///   - series: position of its series.
  ///   - register: register of the plant.
  @inline(never)
  private mutating func refuse(
    _ reason: RefusalReason, value: PendingValue, series: Int, in register: PlantRegister
  ) {
    let unit =
      value.unit >= 0 ? scope.slots.units.spelling(at: value.unit) : value.unit == UnitTexts.word ? "by a word" : ""
    scope.refuse(reason, slot: value.slot) {
      let found = register.series[series]
      let own = found.profile.unit.map { " of a sensor in \($0.symbol)" } ?? ""
      return "\(value.number) \(unit)\(own), \(register.assets[found.asset.position].name).\(found.sensor)"
    }
  }

  /// Admits the series of a value that reports for the first time.
  ///
  /// - Parameters:
  ///   - value: the pending value.
  ///   - plant: position of the plant in the share.
  ///   - register: register of the plant.
  /// - Returns: the position of the series, negative if it is refused.
  private mutating func admit(_ value: PendingValue, plant: Int, in register: inout PlantRegister) -> Int32 {
    var sightings: [String] = []
    let unit = value.unit >= 0 ? scope.slots.units[value.unit, plant: plant] : nil
    let series = scope.slots.series(of: value.slot, unit: unit, in: &register) { name, register in
      sightings = MessageDecoder.sighting(of: name, in: register)
    }
    scope.sightings += sightings
    return series
  }

  /// Returns log messages about a sensor that reports for the first time.
  private static func sighting(of name: ValueName, in register: PlantRegister) -> [String] {
    guard name.unit == nil, let units = SensorCatalogue.ambiguousUnits(ofSensor: name.sensor),
      !register.plant.sensors.contains(where: { $0.unit != nil && $0.matches(asset: name.asset, sensor: name.sensor) })
    else { return [] }
    return [
      "plant \(register.plant.name): the end of \(name.asset).\(name.sensor) may mean \(units.0) or \(units.1), so that it is "
        + "taken without a unit; say it in the plant's file: sensors: [{match: \"*.\(name.sensor)\", unit: \(units.1)}]"
    ]
  }

  private mutating func countBeyondLimits(plant: Int) {
    beyondLimits[plant] &+= 1
    beyondLimitsInAll &+= 1
  }

  /// Clears the cache of topics. The next message of each is matched again.
  public mutating func forget() {
    router.forget()
    scope.slots.removeAll()
  }

  /// Clears the caches if they exceed their limits.
  private mutating func limitMemory() {
    let isFull = router.topicCount >= topicLimit || scope.slots.nameCount >= topicLimit
    let bytes = router.topicBytes + scope.slots.nameBytes
    if isFull || bytes >= MessageDecoder.maximumKeyBytes { forget() }
  }
}

// MARK: - Log messages

extension MessageDecoder {
  /// Whether every problem of a message is collected.
  var tells: Bool {
    get { scope.problems != nil }
    set { scope.problems = newValue ? [] : nil }
  }

  /// Problems of the last message, with names and places.
  var problems: [ValueProblem] { (scope.problems ?? []).map(described) }

  /// Returns the rules that a topic reaches.
  func steps(of topic: UnsafeRawBufferPointer, registers: [PlantRegister]) -> [Explanation.Step] {
    router.chain(of: topic).map { position in
      let compiled = router.rules[position]
      let plant = registers.indices.contains(compiled.plant) ? registers[compiled.plant].plant : nil
      let own = router.rules[...position].count { $0.plant == compiled.plant && !$0.isFurtherForm }
      return Explanation.Step(
        plant: plant?.name ?? "", number: own, match: compiled.rule.match, payload: compiled.rule.payload,
        captures: router.captures(of: topic, by: position))
    }
  }

  /// Returns the places at which a message has values.
  mutating func places(of message: MessageView) -> [String] {
    let route = router.route(of: message.topic, slots: &scope.slots)
    guard route >= 0, router.plans[Int(router.routes[route].plan)].refusal == nil else { return [] }
    let plan = router.plans[Int(router.routes[route].plan)]
    guard Decompressor.isCompressed(message.payload), case .unpacked = decompressor.unpack(message.payload) else {
      let payload = plan.isBinary ? message.payload : ByteText.trimmed(message.payload)
      return payload.isEmpty ? [] : plan.places(in: payload)
    }
    let count = decompressor.count
    let buffer = decompressor.borrowBuffer()
    defer { decompressor.returnBuffer(buffer) }
    return buffer.withUnsafeBytes {
      plan.places(in: ByteText.trimmed(UnsafeRawBufferPointer(rebasing: $0[..<count])))
    }
  }

  private mutating func watch(_ payload: UnsafeRawBufferPointer, plan: RoutePlan) {
    let rule = scope.rule
    watches[rule].record(scope.seen)
    guard watches[rule].isTelling else { return }
    let places = plan.places(in: payload)
    scope.sightings += watches[rule].notices(router.rules[rule].rule, places: places)
  }

  /// Returns log messages since the last call; nearly always none. They report values refused for the first time in
  /// this way, places that no message has had, and sensors with an uncertain unit.
  public mutating func drainNotices() -> [String] {
    defer { scope.sightings.removeAll() }
    return scope.sightings
  }

  /// Whether there are log messages.
  public var hasNews: Bool { !scope.sightings.isEmpty }

  /// Formats the problems of a message. A message refused as a whole is reported elsewhere.
  private mutating func settleNews(_ outcome: DecodeOutcome) {
    if case .readings = outcome { scope.sightings += scope.news.map { message(of: described($0)) } }
    scope.news.removeAll()
  }

  /// Returns a problem with the rule's name and place.
  private func described(_ problem: ValueProblem) -> ValueProblem {
    let values = router.rules[scope.rule].rule.values
    guard let position = Int(problem.value), values.indices.contains(position) else {
      if !problem.place.isEmpty { return problem }
      return ValueProblem(value: "", place: "", reason: problem.reason, text: problem.text)
    }
    return ValueProblem(
      value: values[position].name, place: values[position].path, reason: problem.reason, text: problem.text)
  }

  private func message(of problem: ValueProblem) -> String {
    let rule = router.rules[scope.rule].rule.match
    let name = problem.value.isEmpty ? "a value" : "value '\(problem.value)' at \"\(problem.place)\""
    return "\(name) of topics '\(rule)' is refused (\(problem.reason.rawValue)): \(problem.text)"
  }

  /// Places of rules that were missing in ten messages or more and ever since, as `match: place`.
  public var unseenPlaces: [String] {
    watches.indices.filter { watches[$0].unseenCount > 0 }.flatMap { watches[$0].unseen(of: router.rules[$0].rule) }
  }
}
