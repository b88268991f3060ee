import LineProtocol
public import PlantModel
public import PointSchema
public import SinkCore
import WattlineTime

/// Precision of timestamps, limited to those that every version of the database reads alike.
public enum WritePrecision: Sendable {
  /// Whole seconds.
  case seconds
  /// Whole milliseconds.
  case milliseconds
}

/// Renders readings and points as line protocol into one buffer. Each worker has one, which may serve several plants.
///
/// A reading causes no allocation once its series is known and the buffer has grown, because keys are rendered once.
/// Keys belong to a register and are rendered again when the plant's file changes. A register rebuilt from the same
/// file requires ``forget(plant:)``, because its series may be numbered differently.
///
/// The worker submits the buffer to the sink when it is ``isFull`` or its oldest line is one second old.
public struct LineEncoder: Sendable {
  /// Number of lines at which a buffer is full.
  public static let fullLines = WriteBatch.fullLines
  /// Size at which a buffer is full [bytes].
  public static let fullBytes = WriteBatch.fullBytes

  /// Whole lines, each ended by a newline.
  public private(set) var bytes: [UInt8] = []
  /// Number of lines.
  public private(set) var lineCount = 0
  /// Number of `raw` lines.
  public private(set) var rawLineCount = 0
  /// Fields left out since the encoder was created, because the field's first type cannot hold their value.
  public private(set) var conflictCount: UInt64 = 0
  /// Points and readings left out since the encoder was created: without a field, or of an unknown series.
  public private(set) var skippedCount: UInt64 = 0
  /// Precision of timestamps.
  public let precision: WritePrecision

  private var slots: [String: Int] = [:]
  private var plants: [PlantKeys] = []
  private var types = FieldTypes()

  /// Creates an encoder with an empty buffer.
  public init(precision: WritePrecision = .milliseconds) { self.precision = precision }

  /// Whether the buffer has reached the size of one request.
  public var isFull: Bool { lineCount >= Self.fullLines || bytes.count >= Self.fullBytes }

  /// Empties the buffer but keeps its memory and the keys.
  public mutating func reset() {
    bytes.removeAll(keepingCapacity: true)
    lineCount = 0
    rawLineCount = 0
  }

  /// Removes the buffer's content as a batch for the sink, and starts a new buffer of the same capacity.
  public mutating func drain(upTo offset: UInt64) -> WriteBatch {
    let batch = WriteBatch(bytes: bytes, lines: lineCount, upTo: offset)
    bytes = []
    bytes.reserveCapacity(batch.bytes.count)
    reset()
    return batch
  }

  /// Discards the keys of a plant whose register is about to be replaced.
  public mutating func forget(plant: String) { slots[plant] = nil }

  /// Appends `raw` (value as received, in the sensor's unit) and `clean` (canonical unit) of every reading.
  ///
  /// A reading without a finite raw value, such as an imputed or derived one, has no `raw` line.
  public mutating func append(_ readings: ReadingBatch, of register: PlantRegister) {
    if readings.isEmpty { return }
    let slot = slot(of: register)
    plants[slot].extend(to: register)
    let keys = plants[slot]
    let count = min(
      readings.count, readings.time.count, readings.value.count, readings.quality.count, readings.flags.count)
    keys.text.withUnsafeBufferPointer { text in
      guard let text = text.baseAddress else {
        skippedCount += UInt64(count)
        return
      }
      var nextEstimate = 0
      for row in 0..<count {
        var estimate: Estimate?
        if nextEstimate < readings.estimates.count, readings.estimates[nextEstimate].row == row {
          estimate = readings.estimates[nextEstimate]
          nextEstimate += 1
        }
        let position = readings.series[row].position
        guard keys.series.indices.contains(position) else {
          skippedCount += 1
          continue
        }
        let series = keys.series[position]
        append(
          Reading(readings, row: row, estimate: estimate), tags: series.range, unit: keys.units[Int(series.unit)],
          names: keys.names, text: text)
      }
    }
  }

  /// Maximum size of a reading's lines without their keys, and of what a copy of constant size writes beyond [bytes].
  private static let longestReading = 256 + ReadingNames.longestPiece

  /// A row of a batch.
  private struct Reading {
    var raw: Double
    var value: Double
    var time: Timestamp
    var quality: Quality
    var flags: QualityFlags
    var estimate: Estimate?

    init(_ readings: borrowing ReadingBatch, row: Int, estimate: Estimate?) {
      (raw, value, time) = (readings.raw[row], readings.value[row], readings.time[row])
      (quality, flags) = (readings.quality[row], readings.flags[row])
      self.estimate = estimate
    }
  }

  /// Writes the one or two lines of a reading in place. Text common to both is rendered once.
  ///
  /// - Parameters:
  ///   - reading: the reading.
  ///   - tags: range of the series' tags in `text`.
  ///   - unit: tags of its units.
  ///   - names: names of measurements and fields, in `text`.
  ///   - text: text of the plant's keys.
  private mutating func append(
    _ reading: Reading, tags: Range<Int>, unit: PlantKeys.UnitTags, names: ReadingNames, text: UnsafePointer<UInt8>
  ) {
    let (raw, value, time) = (reading.raw, reading.value, reading.time)
    let precision = precision
    let room = 2 * tags.count + unit.raw.count + unit.clean.count + Self.longestReading
    bytes.append(addingCapacity: room) { span in
      span.withUnsafeMutableBufferPointer { buffer, used in
        guard let base = buffer.baseAddress else { return }
        let start = base + used
        var line = TextCursor(at: start)
        // Start of the number in the first line, and of the text after it.
        var (number, tail) = (start, start)
        if raw.isFinite {
          line.put(names.raw, of: text)
          line.put(text + tags.lowerBound, count: tags.count)
          line.put(text + unit.raw.lowerBound, count: unit.raw.count)
          line.put(names.value, of: text)
          number = line.end
          line.put(raw)
          tail = line.end
          line.endLine(at: time, precision: precision)
        }
        let end = line.end
        line.put(names.clean, of: text)
        line.put(text + tags.lowerBound, count: tags.count)
        line.put(text + unit.clean.lowerBound, count: unit.clean.count)
        if value.isFinite {
          line.put(names.value, of: text)
          if value == raw { line.put(number, count: tail - number) } else { line.put(value) }
          line.put(",")
        } else {
          line.put(" ")
        }
        Self.putJudgement(of: reading, unit: unit, names: names, text: text, line: &line)
        if let estimate = reading.estimate { Self.put(estimate, names: names, text: text, line: &line) }
        if raw.isFinite { line.put(tail, count: end - tail) } else { line.endLine(at: time, precision: precision) }
        used += line.end - start
      }
    }
    if raw.isFinite { rawLineCount += 1 }
    lineCount += raw.isFinite ? 2 : 1
  }

  /// Appends points of a plant. Points without fields, and fields that are not finite, are left out.
  public mutating func append(_ points: PointBatch, of register: PlantRegister) {
    if points.entries.isEmpty { return }
    let slot = slot(of: register)
    for entry in points.entries {
      let start = bytes.count
      guard plants[slot].append(entry.key, of: register, to: &bytes) else {
        skippedCount += 1
        continue
      }
      appendFields(points.fields[entry.fields], of: entry.key.measurement, at: entry.time, startOfLine: start)
    }
  }

  /// Appends points about the whole process. Others are left out.
  public mutating func append(_ points: PointBatch) {
    for entry in points.entries {
      guard entry.key.subject == .process else {
        skippedCount += 1
        continue
      }
      let start = bytes.count
      KeyText.append(entry.key, of: nil, to: &bytes)
      appendFields(points.fields[entry.fields], of: entry.key.measurement, at: entry.time, startOfLine: start)
    }
  }

  private mutating func slot(of register: PlantRegister) -> Int {
    let name = register.plant.name
    if let slot = slots[name] {
      // Equal plants share their storage, so this compares a few pointers.
      if plants[slot].plant == register.plant, plants[slot].series.count <= register.series.count { return slot }
      plants[slot] = PlantKeys(plant: register.plant)
      return slot
    }
    let keys = PlantKeys(plant: register.plant)
    if slots.count < plants.count, let free = plants.indices.first(where: { slots[plants[$0].plant.name] != $0 }) {
      plants[free] = keys
      slots[name] = free
      return free
    }
    plants.append(keys)
    slots[name] = plants.count - 1
    return plants.count - 1
  }

  /// Writes the fields of `clean` other than the value. `imputed` marks a value that is not the reading itself.
  ///
  /// - Parameters:
  ///   - reading: the reading.
  ///   - unit: conversion from the sensor's unit to the canonical one.
  ///   - names: names of fields, in `text`.
  ///   - text: text of the plant's keys.
  ///   - line: destination.
  private static func putJudgement(
    of reading: Reading, unit: PlantKeys.UnitTags, names: ReadingNames, text: UnsafePointer<UInt8>,
    line: inout TextCursor
  ) {
    let (quality, flags, raw, value) = (reading.quality, reading.flags, reading.raw, reading.value)
    if quality == .good, flags.isEmpty {
      line.put(names.good, of: text)
      return
    }
    line.put(names.quality, of: text)
    line.put(Int64(quality.rawValue))
    line.put(names.flags, of: text)
    line.put(Int64(flags.rawValue))
    // A derived value has no raw value; it is an estimate if one of its inputs is.
    let isEstimate =
      raw.isFinite
      ? quality == .imputed || (quality != .good && raw * unit.scale + unit.offset != value)
      : !flags.isDisjoint(with: .replaced)
    line.put(value.isFinite && isEstimate ? names.imputed : names.notImputed, of: text)
  }

  /// Writes the method of an estimate, and its standard deviation if known.
  private static func put(
    _ estimate: Estimate, names: ReadingNames, text: UnsafePointer<UInt8>, line: inout TextCursor
  ) {
    line.put(estimate.method == .line ? names.line : names.hold, of: text)
    guard estimate.deviation.isFinite else { return }
    line.put(names.uncertainty, of: text)
    line.put(estimate.deviation)
  }

  private mutating func appendFields(
    _ fields: ArraySlice<Field>, of measurement: Measurement, at time: Timestamp, startOfLine start: Int
  ) {
    var separator = UInt8(ascii: " ")
    for field in fields where !field.name.isEmpty {
      if case .float(let value) = field.value, !value.isFinite { continue }
      guard let value = types.fitted(field, of: measurement) else {
        conflictCount += 1
        continue
      }
      bytes.append(separator)
      separator = UInt8(ascii: ",")
      LineText.appendName(field.name, to: &bytes)
      bytes.append(UInt8(ascii: "="))
      append(value)
    }
    if separator == UInt8(ascii: " ") {
      bytes.removeLast(bytes.count - start)
      skippedCount += 1
    } else {
      endLine(at: time)
    }
  }

  private mutating func append(_ value: FieldValue) {
    switch value {
    case .float(let value): FieldNumber.append(value, to: &bytes)
    case .integer(let value):
      FieldNumber.append(value, to: &bytes)
      bytes.append(UInt8(ascii: "i"))
    case .boolean(let value): appendASCII(value ? "true" : "false")
    case .text(let value): LineText.appendQuoted(value, to: &bytes)
    }
  }

  private mutating func endLine(at time: Timestamp) {
    let precision = precision
    bytes.append(addingCapacity: FieldNumber.longest + 2) { span in
      span.withUnsafeMutableBufferPointer { buffer, used in
        guard let base = buffer.baseAddress else { return }
        var line = TextCursor(at: base + used)
        line.endLine(at: time, precision: precision)
        used = line.end - base
      }
    }
    lineCount += 1
  }

  private mutating func appendASCII(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
