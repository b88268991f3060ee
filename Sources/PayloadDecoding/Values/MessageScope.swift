import PlantModel

/// What a reader works on while it reads one message: where values go, what time it is, and what was taken so far.
package struct MessageScope {
  typealias Bytes = UnsafeRawBufferPointer

  /// Most values of a message.
  static let maximumValues = 65_536
  /// Moments before 2000 in the usual places of a time are taken for an uptime.
  static let earliestUnstatedTime = Timestamp(seconds: 946_684_800)
  /// Times of 1970 are those of a clock that has not been set.
  static let earliestStatedTime = Timestamp(seconds: 31_536_000)

  // MARK: What the decoder sets for each message

  /// When the message was received.
  package internal(set) var received = Timestamp.distantPast
  /// The number of the route, the plan and the rule by which it is read.
  var route = 0
  var rule = 0
  var plant = 0
  /// First slot of the topic.
  var firstSlot = 0
  /// How many slots the topic has.
  var slotCount = 0
  /// What the topic says, where names depend on the record.
  var names: TopicNames?
  /// Whether records that are left out go on to another rule.
  var isChained = false

  /// The topic, as long as the message is read.
  var topic = Bytes(start: nil, count: 0)

  // MARK: What readers fill

  /// That an asset is said to be there or gone.
  struct Availability {
    var plant: Int
    var asset: String
    var isOnline: Bool
  }

  /// Assets that came and went, until somebody takes them.
  var availability: [Availability] = []
  /// Whether the message is in order though it may have no value.
  var isUnderstood = false
  /// What is known of edge nodes, by plant.
  var sparkplug = SparkplugShare()

  var slots: SlotTable
  var pending = PendingValues()
  /// Why a value that was looked for was not taken.
  var setback = RefusalReason.missingValue
  /// Whether the message has a time that is not used.
  var hasUnusableTime = false
  /// Records that conditions left out.
  var leftOut = 0
  /// Starts of records that a rule before has taken, ascending.
  var taken: [Int] = []
  /// The rule's values that stood in the message, a bit for each of the first 64.
  var seen: UInt64 = 0
  /// Values that were missing though their place was there, since the decoder was made.
  var missingValues: UInt64 = 0
  /// Values refused and not yet taken to an account, by reason.
  var refusedValues: [RefusalReason: UInt64] = [:]
  /// Values refused since the decoder was made.
  var refusedValuesInAll: UInt64 = 0
  /// Every problem of the message, if asked for.
  var problems: [ValueProblem]?
  /// Problems of a kind that was not told before.
  var news: [ValueProblem] = []
  /// What is known of first appearances that a person should hear of.
  var sightings: [String] = []

  var calendars: [LocalCalendar]
  var messageNumber: UInt64 = 0
  private var told = ByteTable()

  // Used again by every message.
  var nameKey: [UInt8] = []
  var scratch: [UInt8] = []

  /// A scope for messages of plants whose order is that of their numbers.
  init(plants: [Plant]) {
    slots = SlotTable(plants: plants)
    calendars = plants.map { LocalCalendar(identifier: $0.location.timezone) ?? .utc }
  }

  /// Prepares for the next message.
  mutating func begin(received: Timestamp) {
    self.received = received
    pending.removeAll()
    if !taken.isEmpty { taken.removeAll(keepingCapacity: true) }
    setback = .missingValue
    isUnderstood = false
    hasUnusableTime = false
    leftOut = 0
    seen = 0
    messageNumber &+= 1
    if problems != nil { problems = [] }
  }

  // MARK: Slots

  /// The slot of the rule's value at a position, for names that the topic tells.
  func slot(_ value: Int) -> Int { firstSlot + value }

  /// Most bytes in front of the names in ``nameKey``.
  static let nameKeyHeader = 6

  /// Starts the key of a name within the route; `value` is the position of the rule's value, or -1.
  mutating func beginNameKey(value: Int = -1) {
    nameKey.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: Int32(truncatingIfNeeded: route)) { nameKey.append(contentsOf: $0) }
    withUnsafeBytes(of: Int16(truncatingIfNeeded: value)) { nameKey.append(contentsOf: $0) }
  }

  /// The slot known under ``nameKey``; it is made with `make` if it is new.
  mutating func namedSlot(_ make: (borrowing MessageScope) -> ValueName?) -> Int {
    if let known = nameKey.withUnsafeBytes({ slots.slot(of: $0) }) { return known }
    let name = make(self)
    return nameKey.withUnsafeBytes { slots.add(name, key: $0) }
  }

  // MARK: Values

  /// Takes a number for a slot.
  mutating func take(
    number: Double, unit: Int32 = UnitTexts.none, slot: Int, at time: Timestamp, hasSourceTime: Bool
  ) {
    pending.append(
      PendingValue(slot: slot, number: number, unit: unit, time: time, hasSourceTime: hasSourceTime))
  }

  /// Takes a text for a slot. `unit` is the unit that the payload names elsewhere, ``UnitTexts/none`` without one.
  mutating func take(
    text: Bytes, detail: CompiledDetail?, value: Int, unit: Int32 = UnitTexts.none, power: Double = 1,
    slot: Int, at time: Timestamp, hasSourceTime: Bool
  ) {
    switch detail?.read(text) ?? ScalarText.read(text) {
    case .refused(let reason): refuse(reason, value: value, text)
    case .value(let scalar):
      // A negative power of ten divides, so that 12345 × 10⁻³ is 12.345.
      let number = power < 1 ? scalar.number / (1 / power).rounded() : scalar.number * power
      var unit = scalar.unit.isEmpty ? unit : slots.units.position(of: ByteText.slice(text, scalar.unit))
      if scalar.isWord { unit = UnitTexts.word }
      take(number: number, unit: unit, slot: slot, at: time, hasSourceTime: hasSourceTime)
    }
  }

  /// Notes that a value was not taken, with what stood in its place.
  mutating func refuse(_ reason: RefusalReason, value: Int, _ text: Bytes) {
    if reason == .missingValue { missingValues &+= 1 } else { setback = reason }
    guard problems != nil || reason != .missingValue else { return }
    if reason != .missingValue {
      refusedValues[reason, default: 0] &+= 1
      refusedValuesInAll &+= 1
    }
    note(reason, value: value, text)
  }

  /// Notes that a value of a slot was not taken; `words` are asked for if the like was not told before.
  mutating func refuse(_ reason: RefusalReason, slot: Int, words: () -> String) {
    setback = reason
    refusedValues[reason, default: 0] &+= 1
    refusedValuesInAll &+= 1
    let isNews = withUnsafeBytes(of: slot) { isNew(reason, -2, $0) }
    guard isNews || problems != nil else { return }
    let problem = ValueProblem(value: "", place: "", reason: reason, text: words())
    problems?.append(problem)
    if isNews { news.append(problem) }
  }

  /// Notes that a value was not taken, in words.
  mutating func refuse(_ reason: RefusalReason, value: Int, words: String) {
    var words = words
    words.withUTF8 { refuse(reason, value: value, Bytes($0)) }
  }

  /// Notes that a record names no unit where the rule says, when all is to be told.
  mutating func noteAbsent(unit place: String) {
    guard problems != nil else { return }
    problems?.append(
      ValueProblem(value: "unit", place: place, reason: .missingValue, text: "the sensor's own unit is assumed"))
  }

  /// Notes that the message has no records where the rule looks for them, when all is to be told.
  mutating func noteAbsent(each place: String) {
    guard let count = problems?.count, count < Self.maximumProblems else { return }
    problems?.append(ValueProblem(value: "each", place: place, reason: .missingValue, text: ""))
  }

  /// Notes that nothing stood in the place of a value, when all is to be told.
  mutating func noteAbsent(value: Int) {
    if problems != nil { note(.missingValue, value: value, Bytes(start: nil, count: 0)) }
  }

  /// Most problems of one message that are gathered.
  private static let maximumProblems = 100

  private mutating func note(_ reason: RefusalReason, value: Int, _ text: Bytes) {
    if let count = problems?.count, count >= Self.maximumProblems { return }
    let isNews = reason != .missingValue && isNew(reason, value, text)
    guard isNews || problems != nil else { return }
    let shown = String(decoding: text.prefix(60), as: UTF8.self)
    // The decoder puts the name and place in, which it knows.
    let problem = ValueProblem(value: "\(value)", place: "", reason: reason, text: shown)
    problems?.append(problem)
    if isNews { news.append(problem) }
  }

  /// Most problems that are told.
  private static let maximumTold = 1_000

  /// Whether the like has not been told; numbers are alike, words are not.
  private mutating func isNew(_ reason: RefusalReason, _ value: Int, _ text: Bytes) -> Bool {
    guard told.count < Self.maximumTold else { return false }
    beginNameKey(value: value)
    withUnsafeBytes(of: Int32(truncatingIfNeeded: rule)) { nameKey.replaceSubrange(0..<4, with: $0) }
    nameKey.append(contentsOf: reason.rawValue.utf8)
    if value == -2 || reason == .unknownWord || reason == .notANumber { nameKey.append(contentsOf: text.prefix(60)) }
    return nameKey.withUnsafeBytes { key in
      guard told.value(of: key) == nil else { return false }
      told.insert(key, value: 0)
      return true
    }
  }

  // MARK: Times

  /// A time as a text of the payload states it; `nil` if it is not readable.
  mutating func timestamp(_ text: Bytes, _ form: TimeForm) -> Timestamp? {
    // Most times are epoch numbers, for which the calendars need not be looked at.
    if form.format == nil, let time = TimeText.epochNumber(text, unit: form.unit) { return time }
    return TimeText.parse(text, unit: form.unit, format: form.format, received: received, calendar: &calendars[plant])
  }
}

/// The form of times that a rule states.
struct TimeForm {
  let unit: TopicRule.TimeUnit
  let format: TimeFormat?
  /// Whether the rule says where the time stands.
  let isStated: Bool

  init(_ rule: TopicRule) {
    unit = rule.timeUnit
    format = rule.timeFormat.flatMap { try? TimeFormat($0) }
    isStated = rule.time != nil
  }
}
