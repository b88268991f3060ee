import PlantModel
import WattlineTime

extension JSONValue {
  /// Returns whether it is a text that stands for a missing value.
  func isAbsentText(in payload: UnsafeRawBufferPointer) -> Bool {
    kind == .string && range.count <= 13
      && ScalarText.isAbsent(ByteText.slice(payload, range: ByteText.trimmed(payload, range: range)))
  }
}

/// Time of a record's readings.
struct ReadingStamp {
  var time: Timestamp
  /// Position of the time in the payload; -1 if the payload has none.
  var start: Int

  /// Whether the time is from the payload.
  var isFromSource: Bool { start >= 0 }
}

extension MessageScope {
  /// Returns the time at a usual place. Returns `nil` if it is unreadable or before 2000, because devices without a
  /// clock report their uptime there.
  ///
  /// - Parameters:
  ///   - value: the value at the place.
  ///   - payload: the payload.
  ///   - form: form of the rule's times.
  mutating func unstatedTime(of value: JSONValue, payload: Bytes, form: TimeForm) -> Timestamp? {
    guard let time = time(of: value, payload: payload, form: form), time >= Self.earliestUnstatedTime else {
      return nil
    }
    return time
  }

  /// Returns the stamp for the time at the rule's place; `nil` if it is unreadable. A time in 1970 is from a clock that
  /// is not set, so the receive time is used.
  ///
  /// - Parameters:
  ///   - value: the value at the place.
  ///   - payload: the payload.
  ///   - form: form of the rule's times.
  mutating func statedTime(of value: JSONValue, payload: Bytes, form: TimeForm) -> ReadingStamp? {
    guard let time = time(of: value, payload: payload, form: form) else { return nil }
    return stamp(stated: time, start: value.range.lowerBound)
  }

  /// Returns the stamp for a time at the rule's place.
  mutating func stamp(stated time: Timestamp, start: Int) -> ReadingStamp {
    if time >= Self.earliestStatedTime { return ReadingStamp(time: time, start: start) }
    hasUnusableTime = true
    return ReadingStamp(time: received, start: -1)
  }

  /// Parses a time that is a number or a text; `nil` if it is unreadable.
  ///
  /// - Parameters:
  ///   - value: the value at the place.
  ///   - payload: the payload.
  ///   - form: form of the rule's times.
  mutating func time(of value: JSONValue, payload: Bytes, form: TimeForm) -> Timestamp? {
    switch value.kind {
    case .number: return timestamp(ByteText.slice(payload, range: value.range), form: form)
    case .string:
      guard value.hasEscapes else { return timestamp(ByteText.slice(payload, range: value.range), form: form) }
      let text = unescaped(ByteText.slice(payload, range: value.range))
      return text.withUnsafeBytes { timestamp($0, form: form) }
    default: return nil
    }
  }

  /// Returns a text with its escapes resolved. This rare case allocates.
  func unescaped(_ text: Bytes) -> [UInt8] {
    var plain: [UInt8] = []
    JSONEscapes.append(text, to: &plain)
    return plain
  }

  /// Returns the position of a unit given as a text in JSON.
  mutating func position(ofUnit value: JSONValue, payload: Bytes) -> Int32 {
    guard value.hasEscapes else {
      return slots.units.position(of: ByteText.slice(payload, range: ByteText.trimmed(payload, range: value.range)))
    }
    let plain = unescaped(ByteText.slice(payload, range: value.range))
    return plain.withUnsafeBytes { slots.units.position(of: ByteText.trimmed($0)) }
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
      let number = power < 1 ? scalar.number / (1 / power).rounded() : scalar.number * power
      append(number: number, unit: unit, slot: slot, at: time, hasSourceTime: hasSourceTime)
    }
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
    if value >= 0, value < 64, found.kind != .missing { seen |= 1 << UInt64(value) }
    switch found.kind {
    case .missing: recordAbsent(value: value)
    case .null: refuse(.missingValue, value: value, text: ByteText.slice(payload, range: found.range))
    case .container: refuse(.notANumber, value: value, text: ByteText.slice(payload, range: found.range))
    case .yes, .no:
      guard detail?.words != nil else {
        return append(
          number: found.kind == .yes ? 1 : 0, unit: UnitTexts.word, slot: slot, at: time, hasSourceTime: hasSourceTime)
      }
      append(
        text: ByteText.slice(payload, range: found.range), detail: detail, value: value, unit: unit, power: power,
        slot: slot,
        at: time, hasSourceTime: hasSourceTime)
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
          value: value,
          unit: unit, power: power, slot: slot, at: time, hasSourceTime: hasSourceTime)
      }
      let plain = unescaped(ByteText.slice(payload, range: found.range))
      plain.withUnsafeBytes {
        append(
          text: ByteText.trimmed($0), detail: detail, value: value, unit: unit, power: power, slot: slot, at: time,
          hasSourceTime: hasSourceTime)
      }
    }
  }
}
