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
  public var beyondLimits: [UInt64] { appender.beyondLimits }
  /// Sum of ``beyondLimits``.
  public var beyondLimitsInAll: UInt64 { appender.beyondLimitsInAll }
  /// Messages whose readings have the receive time because no usual member for times has a usable one.
  public private(set) var timesUnusable: UInt64 = 0
  /// Values that were missing although their place exists, such as `null` and `NaN`.
  public var missingValues: UInt64 { scope.refusals.missingInAll }
  /// Number of refused values. Other values of their messages may have been accepted.
  public var refusedValuesInAll: UInt64 { scope.refusals.countInAll }

  /// Returns the number of refused values by reason since the last call.
  public mutating func drainRefusedValues() -> [RefusalReason: UInt64] { scope.refusals.drainCounts() }

  /// Maximum number of cached topics, and of cached names from payloads. Beyond it the caches are cleared and rebuilt.
  public var topicLimit = 1_000_000

  /// Maximum size of the caches' keys [bytes].
  private static let maximumKeyBytes = 256 << 20

  var router: TopicRouter
  var scope: MessageScope
  var decompressor: Decompressor
  private var appender: ReadingAppender
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
    scope = MessageScope(plants: own)
    appender = ReadingAppender(plants: own.count)
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
      beginStep(route, plan: plan)
      if let refusal = plan.read(payload, into: &scope) {
        scope.refusals.problems.removeNews()
        return .refused(refusal)
      }
      let left = scope.records.leftOut
      if watches[plan.rule].isWatching, scope.step.seen != 0 || left == 0 { watch(payload, plan: plan) }
      if left == 0 { break }
      leftOut += left
      route = Int(router.routes[route].next)
      if route < 0 { break }
      plan = router.plans[Int(router.routes[route].plan)]
    }
    let plant = plan.plant
    if scope.isUnderstood, scope.pending.isEmpty { return .understood(plant: plant) }
    let outcome = appender.append(
      pendingOf: &scope, to: &batches[plant], plant: plant, register: &registers[plant])
    if scope.times.hasUnusable, case .readings = outcome { timesUnusable &+= 1 }
    if !scope.refusals.problems.news.isEmpty { settleNews(outcome) }
    // Records excluded by conditions are not an error of the payload.
    if leftOut > 0, scope.pending.isEmpty, outcome == .refused(.missingValue) { return .refused(.leftOut) }
    return outcome
  }

  /// Sets the scope to the route by which the payload is read.
  private mutating func beginStep(_ route: Int, plan: RoutePlan) {
    scope.step.begin(route, plan: plan, firstSlot: Int(router.routes[route].firstSlot))
    scope.records.beginStep(isChained: router.routes[route].next >= 0)
    if plan.needsNames || scope.step.names != nil { scope.step.names = router.routes[route].names }
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

  // MARK: Log messages

  private mutating func watch(_ payload: UnsafeRawBufferPointer, plan: RoutePlan) {
    watches[plan.rule].record(scope.step.seen)
    guard watches[plan.rule].isTelling else { return }
    let places = plan.places(in: payload)
    scope.notices += watches[plan.rule].notices(router.rules[plan.rule].rule, places: places)
  }

  /// Reports the problems of a message that are new. A message refused as a whole is reported elsewhere.
  private mutating func settleNews(_ outcome: DecodeOutcome) {
    let rule = router.rules[scope.step.rule].rule
    if case .readings = outcome {
      scope.notices += scope.refusals.problems.news.map { $0.located(in: rule).notice(of: rule) }
    }
    scope.refusals.problems.removeNews()
  }

  /// Returns log messages since the last call; nearly always none. They report values refused for the first time in
  /// this way, places that no message has had, and sensors with an uncertain unit.
  public mutating func drainNotices() -> [String] {
    defer { scope.notices.removeAll() }
    return scope.notices
  }

  /// Whether there are log messages.
  public var hasNews: Bool { !scope.notices.isEmpty }

  /// Places of rules that were missing in ten messages or more and ever since, as `match: place`.
  public var unseenPlaces: [String] {
    watches.indices.filter { watches[$0].unseenCount > 0 }.flatMap { watches[$0].unseen(of: router.rules[$0].rule) }
  }
}
