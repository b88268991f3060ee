import PlantModel
package import WattlineTime

/// Working state of a reader for one message: the rule that reads it, and the values taken so far.
///
/// Each part is a type with one responsibility. The scope itself takes and refuses values, which concern several
/// parts.
package struct MessageScope {
  typealias Bytes = UnsafeRawBufferPointer

  /// Maximum number of values of a message.
  static let maximumValues = 65_536

  /// The topic, valid while the message is read.
  var topic = Bytes(start: nil, count: 0)
  /// Whether the message is valid even without a value.
  var isUnderstood = false
  /// The rule by which the message is read.
  var step = RouteStep()
  /// The message's records among the rules of its chain.
  var records = RecordSelection()
  /// The message's times.
  var times: TimeReader
  /// The message's values.
  var pending = PendingValues()
  /// Refused and missing values.
  var refusals = ValueRefusals()
  /// Destinations of values.
  var slots: SlotTable
  /// Key of the name that is being looked up.
  var nameKey = NameKey()
  /// Changes of availability, not yet collected.
  var availability: [AvailabilityChange] = []
  /// State of edge nodes, by plant.
  var sparkplug = SparkplugShare()
  /// Log messages, not yet collected.
  var notices: [String] = []

  /// Creates a scope for messages of plants, by their positions in the share.
  init(plants: [Plant]) {
    slots = SlotTable(plants: plants)
    times = TimeReader(plants: plants)
  }

  /// Receive time of the message.
  package var received: Timestamp { times.received }

  /// Prepares for the next message.
  mutating func begin(received: Timestamp) {
    isUnderstood = false
    times.begin(received: received)
    pending.removeAll()
    records.begin()
    refusals.begin()
    slots.beginClaims()
  }

  // MARK: Names from payloads

  /// Starts the key of a name within the route. `value` is the position of the rule's value, or -1.
  mutating func beginNameKey(value: Int = -1) { nameKey.begin(route: step.route, value: value) }

  /// Returns the slot with the key ``nameKey``. If it is new, it is created with `make`, which gets the topic's names.
  mutating func namedSlot(_ make: (TopicNames?) -> ValueName?) -> Int {
    if let known = nameKey.bytes.withUnsafeBytes({ slots.slot(of: $0) }) { return known }
    let name = make(step.names)
    return nameKey.bytes.withUnsafeBytes { slots.add(name, key: $0) }
  }

  /// Returns the slot of a sensor named by the payload, with the asset of topic or rule. An invalid name gives an
  /// ignored slot.
  mutating func sensorSlot(named name: ArraySlice<UInt8>, plan: ReadingPlan) -> Int {
    beginNameKey()
    nameKey.append(name)
    return namedSlot { names in
      let bytes = Array(name)
      guard let text = bytes.withUnsafeBytes({ ByteText.string($0) }) else { return nil }
      return plan.valueName(ofPayload: text, asset: names?.asset ?? Plant.wholePlant, names: names)
    }
  }

  // MARK: Refusals

  /// Records that a value was refused, with the text found there.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal; `.missingValue` counts as missing only.
  ///   - value: position of the rule's value, or -1.
  ///   - text: the text found there.
  mutating func refuse(_ reason: RefusalReason, value: Int, text: Bytes) {
    refusals.refuse(reason, value: value, rule: step.rule, text: text)
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
      var unit = scalar.unit.isEmpty ? unit : slots.units.position(of: ByteText.slice(text, range: scalar.unit))
      if scalar.isWord { unit = UnitTexts.word }
      append(
        number: Self.multiplied(scalar.number, power: power), unit: unit, slot: slot, at: time,
        hasSourceTime: hasSourceTime)
    }
  }

  /// Takes a number that the format delimits, with its detail.
  ///
  /// - Parameters:
  ///   - text: the number's text.
  ///   - detail: conversion of the value, if any.
  ///   - value: position of the rule's value, or -1.
  ///   - unit: position of the unit in ``UnitTexts``.
  ///   - power: factor, a power of ten.
  ///   - slot: destination.
  ///   - time: time of the reading.
  ///   - hasSourceTime: whether the time is from the payload.
  private mutating func appendNumber(
    _ text: Bytes, detail: CompiledDetail?, value: Int, unit: Int32, power: Double, slot: Int, at time: Timestamp,
    hasSourceTime: Bool
  ) {
    switch detail?.read(number: text) ?? ScalarText.read(text) {
    case .refused(let reason): refuse(reason, value: value, text: text)
    case .value(let scalar):
      append(
        number: Self.multiplied(scalar.number, power: power), unit: unit, slot: slot, at: time,
        hasSourceTime: hasSourceTime)
    }
  }

  /// Returns a number times a power of ten. A negative power divides, so that 12345 × 10⁻³ is exactly 12.345.
  private static func multiplied(_ number: Double, power: Double) -> Double {
    power < 1 ? number / (1 / power).rounded() : number * power
  }

  /// Takes a JSON value for a slot.
  ///
  /// - Parameters:
  ///   - found: the value.
  ///   - payload: the bytes that its range refers to.
  ///   - detail: conversion of the value, if any.
  ///   - value: position of the rule's value, or -1.
  ///   - unit: position of the unit in ``UnitTexts``.
  ///   - power: factor, a power of ten.
  ///   - slot: destination.
  ///   - time: time of the reading.
  ///   - hasSourceTime: whether the time is from the payload.
  mutating func append(
    _ found: JSONValue, payload: Bytes, detail: CompiledDetail?, value: Int,
    unit: Int32 = UnitTexts.none, power: Double = 1, slot: Int, at time: Timestamp, hasSourceTime: Bool
  ) {
    if found.kind != .missing { step.markSeen(value) }
    switch found.kind {
    case .missing: refusals.problems.recordMissing(value: value)
    case .null: refuse(.missingValue, value: value, text: ByteText.slice(payload, range: found.range))
    case .container: refuse(.notANumber, value: value, text: ByteText.slice(payload, range: found.range))
    case .yes, .no:
      guard detail?.words != nil else {
        return append(
          number: found.kind == .yes ? 1 : 0, unit: UnitTexts.word, slot: slot, at: time, hasSourceTime: hasSourceTime)
      }
      append(
        text: ByteText.slice(payload, range: found.range), detail: detail, value: value, unit: unit, power: power,
        slot: slot, at: time, hasSourceTime: hasSourceTime)
    case .number:
      let text = ByteText.slice(payload, range: found.range)
      guard detail == nil, power == 1 else {
        return appendNumber(
          text, detail: detail, value: value, unit: unit, power: power, slot: slot, at: time,
          hasSourceTime: hasSourceTime)
      }
      guard let number = DecimalNumber.parse(text), number.isFinite else {
        return refuse(.notFinite, value: value, text: text)
      }
      append(number: number, unit: unit, slot: slot, at: time, hasSourceTime: hasSourceTime)
    case .string:
      guard found.hasEscapes else {
        return append(
          text: ByteText.slice(payload, range: ByteText.trimmed(payload, range: found.range)), detail: detail,
          value: value, unit: unit, power: power, slot: slot, at: time, hasSourceTime: hasSourceTime)
      }
      let plain = JSONEscapes.plain(ByteText.slice(payload, range: found.range))
      plain.withUnsafeBytes {
        append(
          text: ByteText.trimmed($0), detail: detail, value: value, unit: unit, power: power, slot: slot, at: time,
          hasSourceTime: hasSourceTime)
      }
    }
  }
}

/// A reported availability of an asset.
struct AvailabilityChange {
  /// Position of the plant in the share.
  var plant: Int
  var asset: String
  var isOnline: Bool
}
