import PlantModel
package import WattlineTime

/// Working state of a reader for one message: destinations of values, the receive time, and the values taken so far.
package struct MessageScope {
  typealias Bytes = UnsafeRawBufferPointer

  /// Maximum number of values of a message.
  static let maximumValues = 65_536
  /// Times before 2000 at the usual places are taken for an uptime.
  static let earliestUnstatedTime = Timestamp(seconds: 946_684_800)
  /// Times in 1970 come from a clock that has not been set.
  static let earliestStatedTime = Timestamp(seconds: 31_536_000)

  // MARK: Set by the decoder for each message

  /// Receive time of the message.
  package internal(set) var received = Timestamp.distantPast
  /// Positions of the route, the rule and the plant by which the message is read.
  var route = 0
  var rule = 0
  var plant = 0
  /// First slot of the topic.
  var firstSlot = 0
  /// Number of slots of the topic.
  var slotCount = 0
  /// Names from the topic, if names depend on the record.
  var names: TopicNames?
  /// Whether records left out are passed to another rule.
  var isChained = false

  /// The topic, valid while the message is read.
  var topic = Bytes(start: nil, count: 0)

  // MARK: Filled by readers

  /// A reported availability of an asset.
  struct Availability {
    var plant: Int
    var asset: String
    var isOnline: Bool
  }

  /// Changes of availability, not yet collected.
  var availability: [Availability] = []
  /// Whether the message is valid even without a value.
  var isUnderstood = false
  /// State of edge nodes, by plant.
  var sparkplug = SparkplugShare()

  var slots: SlotTable
  var pending = PendingValues()
  /// Reason why the last found value was refused.
  var setback = RefusalReason.missingValue
  /// Whether the message has a time that is not used.
  var hasUnusableTime = false
  /// Number of records left out by conditions.
  var leftOut = 0
  /// Positions of records taken by earlier rules, ascending.
  var taken: [Int] = []
  /// Bit mask of the rule's values in the message, for the first 64.
  var seen: UInt64 = 0
  /// Values missing although their place existed, since the decoder was created.
  var missingValues: UInt64 = 0
  /// Refused values by reason, not yet collected.
  var refusedValues: [RefusalReason: UInt64] = [:]
  /// Number of values refused since the decoder was created.
  var refusedValuesInAll: UInt64 = 0
  /// Every problem of the message, if requested.
  var problems: [ValueProblem]?
  /// Problems of a kind not reported before.
  var news: [ValueProblem] = []
  /// Log messages about first appearances.
  var sightings: [String] = []

  var calendars: [LocalCalendar]
  var messageNumber: UInt64 = 0
  private var told = ByteTable()

  // Buffers reused by every message.
  var nameKey: [UInt8] = []
  var scratch: [UInt8] = []

  /// Creates a scope for messages of plants, by their positions in the share.
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

  /// Returns the slot of the rule's value at a position, for names determined by the topic.
  func slot(_ value: Int) -> Int { firstSlot + value }

  /// Number of bytes before the names in ``nameKey``.
  static let nameKeyHeader = 6

  /// Starts the key of a name within the route. `value` is the position of the rule's value, or -1.
  mutating func beginNameKey(value: Int = -1) {
    nameKey.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: Int32(truncatingIfNeeded: route)) { nameKey.append(contentsOf: $0) }
    withUnsafeBytes(of: Int16(truncatingIfNeeded: value)) { nameKey.append(contentsOf: $0) }
  }

  /// Returns the slot with the key ``nameKey``, created with `make` if it is new.
  mutating func namedSlot(_ make: (borrowing MessageScope) -> ValueName?) -> Int {
    if let known = nameKey.withUnsafeBytes({ slots.slot(of: $0) }) { return known }
    let name = make(self)
    return nameKey.withUnsafeBytes { slots.add(name, key: $0) }
  }

  // MARK: Values

  /// Takes a number for a slot.
  ///
  /// - Parameters:
  ///   - number: the number.
  ///   - unit: position of its unit in ``UnitTexts``.
  ///   - slot: destination.
  ///   - time: time of the reading.
  ///   - hasSourceTime: whether the time is from the payload.
  mutating func append(
    number: Double, unit: Int32 = UnitTexts.none, slot: Int, at time: Timestamp, hasSourceTime: Bool
  ) {
    pending.append(
      PendingValue(slot: slot, number: number, unit: unit, time: time, hasSourceTime: hasSourceTime))
  }

  /// Takes a text for a slot.
  ///
  /// - Parameters:
  ///   - text: the trimmed text.
  ///   - detail: conversion of the value, if any.
  ///   - value: position of the rule's value, or -1.
  ///   - unit: unit given elsewhere in the payload, ``UnitTexts/none`` if there is none; a unit in the text takes
  ///     precedence.
  ///   - power: factor, a power of ten.
  ///   - slot: destination.
  ///   - time: time of the reading.
  ///   - hasSourceTime: whether the time is from the payload.
  mutating func append(
    text: Bytes, detail: CompiledDetail?, value: Int, unit: Int32 = UnitTexts.none, power: Double = 1,
    slot: Int, at time: Timestamp, hasSourceTime: Bool
  ) {
    switch detail?.read(text) ?? ScalarText.read(text) {
    case .refused(let reason): refuse(reason, value: value, text: text)
    case .value(let scalar):
      // A negative power of ten divides, so that 12345 × 10⁻³ is exactly 12.345.
      let number = power < 1 ? scalar.number / (1 / power).rounded() : scalar.number * power
      var unit = scalar.unit.isEmpty ? unit : slots.units.position(of: ByteText.slice(text, range: scalar.unit))
      if scalar.isWord { unit = UnitTexts.word }
      append(number: number, unit: unit, slot: slot, at: time, hasSourceTime: hasSourceTime)
    }
  }

  /// Records that a value was refused, with the text found there.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal; `.missingValue` counts as missing only.
  ///   - value: position of the rule's value, or -1.
  ///   - text: the text found there.
  mutating func refuse(_ reason: RefusalReason, value: Int, text: Bytes) {
    if reason == .missingValue { missingValues &+= 1 } else { setback = reason }
    guard problems != nil || reason != .missingValue else { return }
    if reason != .missingValue {
      refusedValues[reason, default: 0] &+= 1
      refusedValuesInAll &+= 1
    }
    record(reason, value: value, text: text)
  }

  /// Records that a value of a slot was refused. `words` is called only if no similar problem was reported before.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - slot: slot of the value.
  ///   - words: returns a description.
  mutating func refuse(_ reason: RefusalReason, slot: Int, words: () -> String) {
    setback = reason
    refusedValues[reason, default: 0] &+= 1
    refusedValuesInAll &+= 1
    let isNews = withUnsafeBytes(of: slot) { isNew(reason, value: -2, text: $0) }
    guard isNews || problems != nil else { return }
    let problem = ValueProblem(value: "", place: "", reason: reason, text: words())
    problems?.append(problem)
    if isNews { news.append(problem) }
  }

  /// Records that a value was refused, with a description.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - value: position of the rule's value, or -1.
  ///   - words: the description.
  mutating func refuse(_ reason: RefusalReason, value: Int, words: String) {
    var words = words
    words.withUTF8 { refuse(reason, value: value, text: Bytes($0)) }
  }

  /// Records that a record has no unit at the rule's place, if all problems are collected.
  mutating func recordAbsent(unit place: String) {
    guard problems != nil else { return }
    problems?.append(
      ValueProblem(value: "unit", place: place, reason: .missingValue, text: "the sensor's own unit is assumed"))
  }

  /// Records that the message has no records at the rule's place, if all problems are collected.
  mutating func recordAbsent(each place: String) {
    guard let count = problems?.count, count < Self.maximumProblems else { return }
    problems?.append(ValueProblem(value: "each", place: place, reason: .missingValue, text: ""))
  }

  /// Records that the place of a value is empty, if all problems are collected.
  mutating func recordAbsent(value: Int) {
    if problems != nil { record(.missingValue, value: value, text: Bytes(start: nil, count: 0)) }
  }

  /// Maximum number of problems collected for one message.
  private static let maximumProblems = 100

  private mutating func record(_ reason: RefusalReason, value: Int, text: Bytes) {
    if let count = problems?.count, count >= Self.maximumProblems { return }
    let isNews = reason != .missingValue && isNew(reason, value: value, text: text)
    guard isNews || problems != nil else { return }
    let shown = String(decoding: text.prefix(60), as: UTF8.self)
    // The decoder adds the name and place.
    let problem = ValueProblem(value: "\(value)", place: "", reason: reason, text: shown)
    problems?.append(problem)
    if isNews { news.append(problem) }
  }

  /// Maximum number of problems reported.
  private static let maximumTold = 1_000

  /// Returns whether no similar problem was reported. Different numbers count as similar, different words do not.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - value: position of the rule's value, -1 if it is not listed, -2 if `text` identifies a slot.
  ///   - text: the text found there.
  private mutating func isNew(_ reason: RefusalReason, value: Int, text: Bytes) -> Bool {
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

  /// Parses a time from the payload; `nil` if it is unreadable.
  mutating func timestamp(_ text: Bytes, form: TimeForm) -> Timestamp? {
    // Most times are epoch numbers, which need no calendar.
    if form.format == nil, let time = TimeText.epochNumber(text, unit: form.unit) { return time }
    return TimeText.parse(text, unit: form.unit, format: form.format, received: received, calendar: &calendars[plant])
  }
}

/// The form of times stated by a rule.
struct TimeForm {
  let unit: TopicRule.TimeUnit
  let format: TimeFormat?
  /// Whether the rule states the place of the time.
  let isStated: Bool

  init(_ rule: TopicRule) {
    unit = rule.timeUnit
    format = rule.timeFormat.flatMap { try? TimeFormat($0) }
    isStated = rule.time != nil
  }
}
