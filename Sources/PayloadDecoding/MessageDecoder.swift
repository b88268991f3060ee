import PlantModel
import StreamCore

/// Turns messages into readings: one for each worker, which is also the only one to call it.
///
/// The first message of a topic is matched against the rules of all plants, in their order; what comes of it is kept,
/// refusals too. From then on a message costs one hash of its topic, one pass over its payload and no allocation, apart
/// from sensors that report for the first time and from forms of payloads that are rare.
///
/// How payloads are read is the matter of their ``PayloadFormat``; which values are taken, and under which names, that of
/// the ``PlantModel/TopicRule``.
///
/// - `values` listed: those, by place. What is absent or says that it is missing is left out; a message that has none of
///   them is refused.
/// - Else a sensor named by topic or rule: the record's only value. A JSON object gives it as `value`, `Value`, `val`,
///   `v`, `state`, `State` or `reading`, the first that is there.
/// - Else the payload names the sensors: every number and truth value of a JSON document, nested names joined with `_`;
///   columns as `column_0` and so on; fields of line protocol; keys of pairs; a lone value is `value`.
///
/// An asset that neither topic nor rule nor payload names is the plant as a whole.
///
/// **Units.** `"230.1 V"`, and a unit that the rule takes from the payload, is converted to the sensor's unit if the rule
/// does not scale the value. A unit that is unknown, or of another quantity than the sensor's, refuses the value rather
/// than guess.
///
/// **Times.** One that is stated by the rule and absent from the payload leaves the receive time; one that is there and
/// not readable refuses the message. Without a statement `ts`, `time`, `timestamp`, `t`, `Time`, `Timestamp`, `datetime`
/// and `last_seen` of a JSON object are tried, and count only if they are times from 2000 on, since devices without a
/// clock put their uptime there; a message that has only others keeps the receive time and is counted.
///
/// **Compressed payloads** (gzip, zlib, Zstandard) are known by their first bytes and unpacked, see ``Decompressor``.
public struct MessageDecoder {
  /// Longest payload that is read [bytes].
  public static let maximumPayloadLength = 16 << 20

  /// Rules that take no part because their `match` is no pattern, with what is wrong.
  public var invalidRules: [(plant: Int, match: String, error: TopicPattern.ParseError)] { router.invalidRules }
  /// Readings of sensors beyond a plant's limits, by plant; they were refused, with or without others of their message.
  public private(set) var beyondLimits: [UInt64]
  /// Their sum.
  public private(set) var beyondLimitsInAll: UInt64 = 0
  /// Messages whose readings have the receive time because what stands in a usual place of a time is no usable one.
  public private(set) var timesUnusable: UInt64 = 0
  /// Values that were missing though their place was there, such as `null` and `NaN`.
  public var missingValues: UInt64 { scope.missingValues }
  /// How many values were refused; their messages may have given others.
  public var refusedValuesInAll: UInt64 { scope.refusedValuesInAll }

  /// Takes the counts of refused values by reason since the last call.
  public mutating func takeRefusedValues() -> [RefusalReason: UInt64] {
    defer { scope.refusedValues.removeAll(keepingCapacity: true) }
    return scope.refusedValues
  }

  /// Most topics, and most names out of payloads, that are remembered; beyond them all are forgotten and learned anew.
  public var topicLimit = 1_000_000

  /// Most bytes of keys that the tables may have.
  private static let maximumKeyBytes = 256 << 20

  private var router: TopicRouter
  var scope: MessageScope
  private var decompressor: Decompressor
  private var watches: [RuleWatch]

  /// A decoder for a worker's share of `plants`. The positions of plants within the share are the plant indexes of
  /// outcomes. The rules of all plants take part, so that a topic goes to the same plant in whatever way they are shared.
  ///
  /// - Parameters:
  ///   - plants: All plants.
  ///   - share: The worker's share of them.
  ///   - maximumUnpacked: Most bytes that a compressed payload may unpack to.
  public init(plants: [Plant], share: PlantShare = .whole, maximumUnpacked: Int = maximumPayloadLength) {
    router = TopicRouter(plants: plants, share: share)
    let own = plants.filter { share.has($0.name) }
    beyondLimits = own.map { _ in 0 }
    scope = MessageScope(plants: own)
    decompressor = Decompressor(limit: maximumUnpacked)
    watches = router.rules.map { RuleWatch(rule: $0.rule) }
  }

  /// Appends the readings of a message to the batch of its plant, or says why there are none.
  ///
  /// `registers` and `batches` have an element for each plant of the share. A message is taken as a
  /// whole: nothing of one that is refused is appended.
  public mutating func decode(
    _ message: MessageView, received: Timestamp, registers: inout [PlantRegister], into batches: inout [ReadingBatch]
  ) -> DecodeOutcome {
    limitMemory()
    let first = router.route(of: message.topic, &scope.slots)
    if first == TopicRouter.elsewhere { return .elsewhere }
    let plan = router.plans[Int(router.routes[first].plan)]
    if let refusal = plan.refusal { return .refused(refusal) }
    guard plan.plant < registers.count, plan.plant < batches.count else { return .refused(.unmatchedTopic) }
    if message.retained, router.rules[plan.rule].rule.retained == .ignore { return .refused(.retained) }
    guard message.payload.count <= MessageDecoder.maximumPayloadLength else { return .refused(.tooLarge) }
    scope.topic = message.topic
    guard Decompressor.isCompressed(message.payload) else {
      return read(message.payload, by: first, plan, received, &registers, &batches)
    }
    switch decompressor.unpack(message.payload) {
    case .unpacked:
      let count = decompressor.count
      let buffer = decompressor.takeBuffer()
      defer { decompressor.give(back: buffer) }
      return buffer.withUnsafeBytes {
        read(UnsafeRawBufferPointer(rebasing: $0[..<count]), by: first, plan, received, &registers, &batches)
      }
    case .refused(let reason): return .refused(reason)
    case .plain: return read(message.payload, by: first, plan, received, &registers, &batches)
    }
  }

  private mutating func read(
    _ bytes: UnsafeRawBufferPointer, by first: Int, _ plan: RoutePlan, _ received: Timestamp,
    _ registers: inout [PlantRegister], _ batches: inout [ReadingBatch]
  ) -> DecodeOutcome {
    let payload = plan.isBinary ? bytes : ByteText.trimmed(bytes)
    // A message of a binary format may well be no bytes at all.
    guard !payload.isEmpty || plan.isBinary else { return .refused(.emptyPayload) }
    scope.begin(received: received)
    var (route, plan, leftOut) = (first, plan, 0)
    while true {
      prepare(route, plan)
      if let refusal = plan.read(payload, into: &scope) {
        scope.news.removeAll()
        return .refused(refusal)
      }
      if watches[plan.rule].isWatching, scope.seen != 0 || scope.leftOut == 0 { watch(payload, plan) }
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
    // Records that nobody wanted are no mistake of the payload.
    if leftOut > 0, scope.pending.isEmpty, outcome == .refused(.missingValue) { return .refused(.leftOut) }
    return outcome
  }

  /// Tells the scope by which route the payload is read.
  private mutating func prepare(_ route: Int, _ plan: RoutePlan) {
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

  /// Appends what is pending, admitting series that report for the first time.
  private mutating func flush(
    to batch: inout ReadingBatch, plant: Int, register: inout PlantRegister
  ) -> DecodeOutcome {
    var count = 0
    for position in 0..<scope.pending.count {
      let value = scope.pending[position]
      var series = scope.slots.slots[value.slot].series
      if series == ValueSlot.unresolved { series = admit(value, plant: plant, &register) }
      guard series >= 0 else {
        scope.setback = ValueSlot.reason(series)
        if scope.setback == .tooManyAssets || scope.setback == .tooManySensors { countBeyondLimits(plant: plant) }
        continue
      }
      let conversion = scope.slots.conversions[Int(scope.slots.slots[value.slot].conversion)]
      var raw = value.number * conversion.scale + conversion.offset
      if value.unit != UnitTexts.none {
        let own = register.series[Int(series)].profile.unit
        if let reason = scope.settleUnit(of: value, own, conversion, plant, &raw) {
          refuse(reason, value, Int(series), register)
          continue
        }
      }
      let canonical = raw * conversion.unitScale + conversion.unitOffset
      guard raw.isFinite, canonical.isFinite else {
        refuse(.notFinite, value, Int(series), register)
        continue
      }
      batch.append(
        series: SeriesIndex(Int(series)), time: value.time, raw: raw, value: canonical,
        hasSourceTime: value.hasSourceTime)
      count += 1
    }
    return count > 0 ? .readings(plant: plant, count: count) : .refused(scope.setback)
  }

  /// Notes that a value of a known series was not taken.
  @inline(never)
  private mutating func refuse(
    _ reason: RefusalReason, _ value: PendingValue, _ series: Int, _ register: PlantRegister
  ) {
    let unit =
      value.unit >= 0 ? scope.slots.units.spelling(at: value.unit) : value.unit == UnitTexts.word ? "by a word" : ""
    scope.refuse(reason, slot: value.slot) {
      let found = register.series[series]
      let own = found.profile.unit.map { " of a sensor in \($0.symbol)" } ?? ""
      return "\(value.number) \(unit)\(own), \(register.assets[found.asset.position].name).\(found.sensor)"
    }
  }

  /// The series of a value that reports for the first time.
  private mutating func admit(_ value: PendingValue, plant: Int, _ register: inout PlantRegister) -> Int32 {
    var sightings: [String] = []
    let unit = value.unit >= 0 ? scope.slots.units[value.unit, plant: plant] : nil
    let series = scope.slots.series(of: value.slot, unit: unit, &register) { name, register in
      sightings = MessageDecoder.sighting(of: name, register)
    }
    scope.sightings += sightings
    return series
  }

  /// What a person should hear of a sensor that reports for the first time.
  private static func sighting(of name: ValueName, _ register: PlantRegister) -> [String] {
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

  /// Forgets all topics; the next message of each is matched again.
  public mutating func forget() {
    router.forget()
    scope.slots.removeAll()
  }

  /// Forgets everything when there is too much of it.
  private mutating func limitMemory() {
    let isFull = router.topicCount >= topicLimit || scope.slots.nameCount >= topicLimit
    let bytes = router.topicBytes + scope.slots.nameBytes
    if isFull || bytes >= MessageDecoder.maximumKeyBytes { forget() }
  }
}

// MARK: - What a person should hear

extension MessageDecoder {
  /// Whether every problem of a message is gathered.
  var tells: Bool {
    get { scope.problems != nil }
    set { scope.problems = newValue ? [] : nil }
  }

  /// The problems of the last message, with names and places.
  var problems: [ValueProblem] { (scope.problems ?? []).map(described) }

  /// The rules that a topic comes to.
  func steps(of topic: UnsafeRawBufferPointer, _ registers: [PlantRegister]) -> [Explanation.Step] {
    router.chain(of: topic).map { position in
      let compiled = router.rules[position]
      let plant = registers.indices.contains(compiled.plant) ? registers[compiled.plant].plant : nil
      let own = router.rules[...position].count { $0.plant == compiled.plant && !$0.isFurtherForm }
      return Explanation.Step(
        plant: plant?.name ?? "", number: own, match: compiled.rule.match, payload: compiled.rule.payload,
        captures: router.captures(of: topic, by: position))
    }
  }

  /// The places at which a message has values.
  mutating func places(of message: MessageView) -> [String] {
    let route = router.route(of: message.topic, &scope.slots)
    guard route >= 0, router.plans[Int(router.routes[route].plan)].refusal == nil else { return [] }
    let plan = router.plans[Int(router.routes[route].plan)]
    guard Decompressor.isCompressed(message.payload), case .unpacked = decompressor.unpack(message.payload) else {
      let payload = plan.isBinary ? message.payload : ByteText.trimmed(message.payload)
      return payload.isEmpty ? [] : plan.places(in: payload)
    }
    let count = decompressor.count
    let buffer = decompressor.takeBuffer()
    defer { decompressor.give(back: buffer) }
    return buffer.withUnsafeBytes {
      plan.places(in: ByteText.trimmed(UnsafeRawBufferPointer(rebasing: $0[..<count])))
    }
  }

  private mutating func watch(_ payload: UnsafeRawBufferPointer, _ plan: RoutePlan) {
    let rule = scope.rule
    watches[rule].note(scope.seen)
    guard watches[rule].isTelling else { return }
    let places = plan.places(in: payload)
    scope.sightings += watches[rule].tell(router.rules[rule].rule, places: places)
  }

  /// What a person should be told since the last call, nearly always nothing: values of a kind that was never refused
  /// before, places that no message ever had, sensors whose unit is not certain.
  public mutating func takeNews() -> [String] {
    defer { scope.sightings.removeAll() }
    return scope.sightings
  }

  /// Whether there is news.
  public var hasNews: Bool { !scope.sightings.isEmpty }

  /// Puts the news of a message into words. A message that is refused as a whole is told as such.
  private mutating func settleNews(_ outcome: DecodeOutcome) {
    if case .readings = outcome { scope.sightings += scope.news.map { words(of: described($0)) } }
    scope.news.removeAll()
  }

  /// A problem with the name and place that the rule has for it.
  private func described(_ problem: ValueProblem) -> ValueProblem {
    let values = router.rules[scope.rule].rule.values
    guard let position = Int(problem.value), values.indices.contains(position) else {
      if !problem.place.isEmpty { return problem }
      return ValueProblem(value: "", place: "", reason: problem.reason, text: problem.text)
    }
    return ValueProblem(
      value: values[position].name, place: values[position].path, reason: problem.reason, text: problem.text)
  }

  private func words(of problem: ValueProblem) -> String {
    let rule = router.rules[scope.rule].rule.match
    let name = problem.value.isEmpty ? "a value" : "value '\(problem.value)' at \"\(problem.place)\""
    return "\(name) of topics '\(rule)' is refused (\(problem.reason.rawValue)): \(problem.text)"
  }

  /// Places of rules that no message had in ten messages or more, and none has since: `match: place`.
  public var unseenPlaces: [String] {
    watches.indices.filter { watches[$0].unseenCount > 0 }.flatMap { watches[$0].unseen(of: router.rules[$0].rule) }
  }
}
