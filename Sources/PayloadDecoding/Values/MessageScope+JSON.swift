import PlantModel

extension JSONValue {
  /// Whether it is a text that says that there is no value.
  func isAbsentText(in payload: UnsafeRawBufferPointer) -> Bool {
    kind == .string && range.count <= 13
      && ScalarText.isAbsent(ByteText.slice(payload, ByteText.trimmed(payload, range)))
  }
}

/// When the readings of a record were taken.
struct ReadingStamp {
  var time: Timestamp
  /// Where it stands in the payload; -1 if the payload does not say it.
  var start: Int

  /// Whether the payload says it.
  var isFromSource: Bool { start >= 0 }
}

extension MessageScope {
  /// The time that stands at a place without a statement of the rule: `nil` where it is none from 2000 on, since devices
  /// without a clock put their uptime there.
  mutating func unstatedTime(of value: JSONValue, _ payload: Bytes, _ form: TimeForm) -> Timestamp? {
    guard let time = time(of: value, payload, form), time >= Self.earliestUnstatedTime else { return nil }
    return time
  }

  /// The time at the place that the rule states, for the stamp of a record: that of a clock that is not set, in 1970, is none
  /// and leaves the receive time. `nil` where it is not readable.
  mutating func statedTime(of value: JSONValue, _ payload: Bytes, _ form: TimeForm) -> ReadingStamp? {
    guard let time = time(of: value, payload, form) else { return nil }
    return stamp(stated: time, start: value.range.lowerBound)
  }

  /// The stamp of a stated time.
  mutating func stamp(stated time: Timestamp, start: Int) -> ReadingStamp {
    if time >= Self.earliestStatedTime { return ReadingStamp(time: time, start: start) }
    hasUnusableTime = true
    return ReadingStamp(time: received, start: -1)
  }

  /// A time that is a number or a text; `nil` where it is not readable.
  mutating func time(of value: JSONValue, _ payload: Bytes, _ form: TimeForm) -> Timestamp? {
    switch value.kind {
    case .number: return timestamp(ByteText.slice(payload, value.range), form)
    case .string:
      guard value.hasEscapes else { return timestamp(ByteText.slice(payload, value.range), form) }
      let text = unescaped(ByteText.slice(payload, value.range))
      return text.withUnsafeBytes { timestamp($0, form) }
    default: return nil
    }
  }

  /// A text with its escapes resolved: the rare form, which allocates.
  func unescaped(_ text: Bytes) -> [UInt8] {
    var plain: [UInt8] = []
    JSONEscapes.append(text, to: &plain)
    return plain
  }

  /// The position of a unit that stands as a text in JSON.
  mutating func position(ofUnit value: JSONValue, _ payload: Bytes) -> Int32 {
    guard value.hasEscapes else {
      return slots.units.position(of: ByteText.slice(payload, ByteText.trimmed(payload, value.range)))
    }
    let plain = unescaped(ByteText.slice(payload, value.range))
    return plain.withUnsafeBytes { slots.units.position(of: ByteText.trimmed($0)) }
  }

  /// Takes a number that the format delimits, with its details.
  private mutating func takeNumber(
    _ text: Bytes, detail: CompiledDetail?, value: Int, unit: Int32, power: Double, slot: Int, at time: Timestamp,
    hasSourceTime: Bool
  ) {
    switch detail?.read(number: text) ?? ScalarText.read(text) {
    case .refused(let reason): refuse(reason, value: value, text)
    case .value(let scalar):
      let number = power < 1 ? scalar.number / (1 / power).rounded() : scalar.number * power
      take(number: number, unit: unit, slot: slot, at: time, hasSourceTime: hasSourceTime)
    }
  }

  /// Takes a JSON value for a slot.
  mutating func take(
    _ found: JSONValue, _ payload: Bytes, _ detail: CompiledDetail?, value: Int,
    unit: Int32 = UnitTexts.none, power: Double = 1, slot: Int, at time: Timestamp, hasSourceTime: Bool
  ) {
    if value >= 0, value < 64, found.kind != .missing { seen |= 1 << UInt64(value) }
    switch found.kind {
    case .missing: noteAbsent(value: value)
    case .null: refuse(.missingValue, value: value, ByteText.slice(payload, found.range))
    case .container: refuse(.notANumber, value: value, ByteText.slice(payload, found.range))
    case .yes, .no:
      guard detail?.words != nil else {
        return take(
          number: found.kind == .yes ? 1 : 0, unit: UnitTexts.word, slot: slot, at: time, hasSourceTime: hasSourceTime)
      }
      take(
        text: ByteText.slice(payload, found.range), detail: detail, value: value, unit: unit, power: power, slot: slot,
        at: time, hasSourceTime: hasSourceTime)
    case .number:
      let text = ByteText.slice(payload, found.range)
      guard detail == nil, power == 1 else {
        return takeNumber(
          text, detail: detail, value: value, unit: unit, power: power, slot: slot, at: time,
          hasSourceTime: hasSourceTime)
      }
      guard let number = DecimalNumber.parse(text), number.isFinite else {
        return refuse(.notFinite, value: value, text)
      }
      take(number: number, unit: unit, slot: slot, at: time, hasSourceTime: hasSourceTime)
    case .string:
      guard found.hasEscapes else {
        return take(
          text: ByteText.slice(payload, ByteText.trimmed(payload, found.range)), detail: detail, value: value,
          unit: unit, power: power, slot: slot, at: time, hasSourceTime: hasSourceTime)
      }
      let plain = unescaped(ByteText.slice(payload, found.range))
      plain.withUnsafeBytes {
        take(
          text: ByteText.trimmed($0), detail: detail, value: value, unit: unit, power: power, slot: slot, at: time,
          hasSourceTime: hasSourceTime)
      }
    }
  }
}
