import PlantModel
import StreamCore

/// Turns messages into readings: one for each worker, which is also the only one to call it.
///
/// The first message of a topic is matched against the rules of all plants, in their order; what comes of it is kept,
/// refusals too. From then on a message costs one hash of its topic, one pass over its payload and no allocation, apart
/// from sensors that speak for the first time.
///
/// **Which values are taken**
/// - `values` listed: those, by JSON pointer, column number or field. What is absent or null is left out; a message
///   that has none of them is refused.
/// - Else a sensor named by topic or rule: the payload's only value. A JSON object gives it as `value`, `Value`, `val`,
///   `v`, `state`, `State` or `reading`, the first that is there.
/// - Else the payload names the sensors: every number and truth value of a JSON document, nested names joined with `_`;
///   columns as `column_0` and so on; fields of line protocol; a lone value is `value`. Texts are not taken this way.
///
/// An asset that neither topic nor rule names is the plant as a whole.
///
/// **Units behind numbers.** `"230.1 V"` is converted to the sensor's unit when the rule does not scale the value. A unit
/// that is unknown, or of another quantity than the sensor's, refuses the value rather than guess.
///
/// **Times.** One that is stated by the rule and absent from the payload leaves the receive time; one that is there and
/// not readable refuses the message. Without a statement `ts`, `time`, `timestamp`, `t`, `Time`, `Timestamp`, `datetime`
/// and `last_seen` of a JSON object are tried, and count only if they are moments from 2000 on, since devices without a
/// clock put their uptime there; a message that has only others keeps the receive time and is counted.
public struct MessageDecoder {
  /// Longest payload that is read [bytes].
  public static let maximumPayloadLength = 16 << 20
  /// In place of a route, for topics of other shares.
  static let elsewhere = -1

  /// Rules that take no part because their `match` is no pattern, with what is wrong.
  public let invalidRules: [(plant: Int, match: String, error: TopicPattern.ParseError)]
  /// Readings of sensors beyond a plant's limits, by plant; they were refused, with or without others of their message.
  public private(set) var beyondLimits: [UInt64]
  /// Their sum.
  public private(set) var beyondLimitsInAll: UInt64 = 0
  /// Messages whose readings have the receive time because what stands in a usual place of a time is no usable one.
  public private(set) var timesUnusable: UInt64 = 0
  /// Most topics, and most names out of payloads, that are remembered; beyond them all are forgotten and learned anew.
  public var topicLimit = 1_000_000

  let rules: [CompiledRule]
  let index: PatternIndex
  /// Whether topics of no plant are this decoder's to refuse.
  let takesStrays: Bool
  var calendars: [LocalCalendar]
  var topics = ByteTable()
  var routes: [DecodingRoute] = []
  /// How topics are read; by ``DecodingRoute/plan``.
  var plans: [RoutePlan] = []
  /// By rule; `nil` where none of its topics has spoken yet, and where each topic's places are its own.
  var planOfRule: [Int?]
  var refusalRoutes: [RefusalReason: Int] = [:]
  var slots: [ValueSlot] = []
  /// What is to be admitted with the first value of a slot.
  var unresolved: [Int: ValueName] = [:]
  /// By ``ValueSlot/conversion``; a fleet has few.
  var conversions: [Conversion] = []
  var conversionPositions: [Conversion: Int32] = [:]
  /// Slots by route and name, for names that come from payloads.
  var names = ByteTable()
  var messageNumber: UInt64 = 0
  /// By rule: the form of its JSON texts, what a scan found in it, and how many texts had another.
  var shapes: [(shape: JSONShape?, found: [JSONValue], misses: Int)] = []
  /// The rule whose form the kinds in ``found`` are of, or -1.
  var shapeOfFound = -1

  // Used again by every message.
  var pending: [PendingValue] = []
  var found: [JSONValue] = []
  var scalars: [JSONValue] = []
  var scratch: [UInt8] = []
  var leafNames: [UInt8] = []
  var leafPath: [UInt8] = []
  var leaves: [JSONLeafVisitor.Leaf] = []
  var nameKey: [UInt8] = []
  /// Why a value that was looked for was not taken.
  var setback = RefusalReason.missingValue
  /// Whether the message has a time that is not used.
  var hasUnusableTime = false

  /// A decoder for a worker's share of `plants`. The positions of plants within the share are the plant indexes of
  /// outcomes. The rules of all plants take part, so that a topic goes to the same plant in whatever way they are shared.
  public init(plants: [Plant], share: PlantShare = .whole) {
    var rules: [CompiledRule] = []
    var invalid: [(plant: Int, match: String, error: TopicPattern.ParseError)] = []
    var own: [Plant] = []
    for plant in plants {
      let position = share.has(plant.name) ? own.count : CompiledRule.elsewhere
      if position == own.count { own.append(plant) }
      for rule in plant.topics {
        do throws(TopicPattern.ParseError) {
          rules.append(CompiledRule(plant: position, rule: rule, pattern: try TopicPattern(rule.match)))
        } catch {
          invalid.append((position, rule.match, error))
        }
      }
    }
    self.rules = rules
    index = PatternIndex(rules.map(\.pattern))
    takesStrays = share.number == 0
    shapes = rules.map { _ in (nil, [], 0) }
    planOfRule = rules.map { _ in nil }
    invalidRules = invalid
    beyondLimits = own.map { _ in 0 }
    calendars = own.map { LocalCalendar(identifier: $0.location.timezone) ?? .utc }
  }

  /// Appends the readings of a message to the batch of its plant, or says why there are none.
  ///
  /// `registers` and `batches` have an element for each plant of the share. A message is taken as a
  /// whole: nothing of one that is refused is appended.
  public mutating func decode(
    _ message: MessageView, received: Timestamp, registers: inout [PlantRegister], into batches: inout [ReadingBatch]
  ) -> DecodeOutcome {
    limitMemory()
    let route = route(of: message.topic)
    if route == MessageDecoder.elsewhere { return .elsewhere }
    let plan = Int(routes[route].plan)
    if let refusal = plans[plan].refusal { return .refused(refusal) }
    let plant = plans[plan].plant
    guard plant < registers.count, plant < batches.count else { return .refused(.unmatchedTopic) }
    if message.retained, rules[plans[plan].rule].rule.retained == .ignore { return .refused(.retained) }
    guard message.payload.count <= MessageDecoder.maximumPayloadLength else { return .refused(.tooLarge) }
    let payload = ByteText.trimmed(message.payload)
    guard !payload.isEmpty else { return .refused(.emptyPayload) }
    pending.removeAll(keepingCapacity: true)
    setback = .missingValue
    hasUnusableTime = false
    messageNumber &+= 1
    if let refusal = read(payload, route: route, received: received) { return .refused(refusal) }
    let outcome = flush(payload, to: &batches[plant], plant: plant, register: &registers[plant])
    if hasUnusableTime, case .readings = outcome { timesUnusable &+= 1 }
    return outcome
  }

  /// Forgets all topics; the next message of each is matched again.
  public mutating func forget() {
    topics.removeAll()
    names.removeAll()
    routes.removeAll()
    plans.removeAll()
    planOfRule = rules.map { _ in nil }
    refusalRoutes.removeAll()
    slots.removeAll()
    unresolved.removeAll()
  }

  mutating func countBeyondLimits(plant: Int) {
    beyondLimits[plant] &+= 1
    beyondLimitsInAll &+= 1
  }

  private mutating func read(_ payload: UnsafeRawBufferPointer, route: Int, received: Timestamp) -> RefusalReason? {
    let rule = rule(of: route)
    switch rules[rule].rule.payload {
    case .json: return readJSON(payload, route: route, received: received)
    case .csv: return readColumns(payload, route: route, received: received)
    case .line: return readLines(payload, route: route, received: received)
    case .number: return readNumber(payload, route: route, received: received)
    case .auto:
      switch payload[0] {
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
        return readJSON(payload, route: route, received: received)
      default:
        if rules[rule].columns != nil, payload.contains(UInt8(ascii: ",")) {
          return readColumns(payload, route: route, received: received)
        }
        return readNumber(payload, route: route, received: received)
      }
    }
  }

  private mutating func readNumber(_ payload: UnsafeRawBufferPointer, route: Int, received: Timestamp)
    -> RefusalReason?
  {
    let slot: Int
    switch naming(of: route) {
    case .single: slot = slots(of: route).lowerBound
    case .payload:
      guard let named = unnamedSlot(route: route) else { return .invalidName }
      slot = named
    case .listed:
      // A lone value is what the rule lists, if it lists one.
      guard slots(of: route).count == 1 else { return .missingValue }
      slot = slots(of: route).lowerBound
    }
    switch ScalarText.read(payload) {
    case .refused(let reason): return reason
    case .value(let value):
      pending.append(
        PendingValue(slot: slot, number: value.number, unit: value.unit, time: received, hasSourceTime: false))
      return nil
    }
  }
}
