import LineProtocol
import PlantModel

/// The precision of timestamps: those that every version of the database reads alike.
public enum WritePrecision: Sendable {
  /// Whole seconds.
  case seconds
  /// Whole milliseconds.
  case milliseconds
}

/// Renders readings and points as line protocol into one buffer. One a worker; it may serve several plants.
///
/// A reading costs no allocation once its series is known and the buffer has grown: the key of a series is rendered
/// once. Keys belong to a register; when a plant's file changes they are made anew, but a register that is rebuilt from
/// the same file must be announced by ``forget(plant:)``, because its series may be numbered differently.
///
/// The worker hands the buffer to the sink when it is ``isFull`` or its oldest line is a second old.
public struct LineEncoder: Sendable {
  /// Lines at which a buffer should be handed over.
  public static let fullLines = 5000
  /// Bytes at which a buffer should be handed over.
  public static let fullBytes = 2 << 20

  /// Whole lines, each ended by a newline.
  public private(set) var bytes: [UInt8] = []
  /// How many lines.
  public private(set) var lineCount = 0
  /// How many of them are `raw`.
  public private(set) var rawLineCount = 0
  /// Fields left out since the encoder was made, because the type that came first cannot hold their value.
  public private(set) var conflictCount: UInt64 = 0
  /// Points and readings left out since the encoder was made: without a field, or of a series nobody knows.
  public private(set) var skippedCount: UInt64 = 0
  /// The precision of timestamps.
  public let precision: WritePrecision

  private var slots: [String: Int] = [:]
  private var plants: [PlantKeys] = []
  private var types = FieldTypes()

  /// An empty buffer.
  public init(precision: WritePrecision = .milliseconds) { self.precision = precision }

  /// Whether the buffer is as large as one request should be.
  public var isFull: Bool { lineCount >= Self.fullLines || bytes.count >= Self.fullBytes }

  /// Empties the buffer and keeps its memory and the keys.
  public mutating func reset() {
    bytes.removeAll(keepingCapacity: true)
    lineCount = 0
    rawLineCount = 0
  }

  /// Takes the buffer out as a batch for the sink, and starts a new one of the same capacity.
  public mutating func take(upTo offset: UInt64) -> WriteBatch {
    let batch = WriteBatch(bytes: bytes, lines: lineCount, upTo: offset)
    bytes = []
    bytes.reserveCapacity(batch.bytes.count)
    reset()
    return batch
  }

  /// Forgets the keys of a plant, whose register is about to be replaced.
  public mutating func forget(plant: String) { slots[plant] = nil }

  /// Appends `raw` (value as it came, in the sensor's unit) and `clean` (canonical unit) of every reading.
  ///
  /// A reading without a finite raw value, such as one imputed into a gap or a derived one, has no `raw`.
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
        append(readings, row, estimate, series.range, keys.units[Int(series.unit)], text)
      }
    }
  }

  /// Most bytes of a reading's lines without their keys.
  private static let longestReading = 256

  /// Writes the one or two lines of a reading in place; what they have in common is rendered once.
  private mutating func append(
    _ readings: borrowing ReadingBatch, _ row: Int, _ estimate: Estimate?, _ tags: Range<Int>,
    _ unit: PlantKeys.UnitTags, _ text: UnsafePointer<UInt8>
  ) {
    let (raw, value, time) = (readings.raw[row], readings.value[row], readings.time[row])
    let (quality, flags) = (readings.quality[row], readings.flags[row])
    let precision = precision
    let room = 2 * tags.count + unit.raw.count + unit.clean.count + Self.longestReading
    bytes.append(addingCapacity: room) { span in
      span.withUnsafeMutableBufferPointer { buffer, used in
        guard let base = buffer.baseAddress else { return }
        let start = base + used
        var line = TextCursor(at: start)
        // Where the number and, behind it, the end of the first line stand.
        var (number, tail) = (start, start)
        if raw.isFinite {
          line.put("raw")
          line.put(text + tags.lowerBound, count: tags.count)
          line.put(text + unit.raw.lowerBound, count: unit.raw.count)
          line.put(" value=")
          number = line.end
          line.put(raw)
          tail = line.end
          line.endLine(at: time, precision)
        }
        let end = line.end
        line.put("clean")
        line.put(text + tags.lowerBound, count: tags.count)
        line.put(text + unit.clean.lowerBound, count: unit.clean.count)
        line.put(" ")
        if value.isFinite {
          line.put("value=")
          if value == raw { line.put(number, count: tail - number) } else { line.put(value) }
          line.put(",")
        }
        Self.putJudgement(quality, flags, raw, value, unit, &line)
        if let estimate { Self.put(estimate, &line) }
        if raw.isFinite { line.put(tail, count: end - tail) } else { line.endLine(at: time, precision) }
        used += line.end - start
      }
    }
    if raw.isFinite { rawLineCount += 1 }
    lineCount += raw.isFinite ? 2 : 1
  }

  /// Appends points of a plant. A point without fields, and a field that is not finite, are left out.
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

  /// Appends points about the process as a whole; others are left out.
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
      // Equal plants share their storage, so this is a comparison of a few pointers.
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

  /// Fields of `clean` beside the value. `imputed` says that the value is not the reading itself.
  private static func putJudgement(
    _ quality: Quality, _ flags: QualityFlags, _ raw: Double, _ value: Double, _ unit: PlantKeys.UnitTags,
    _ line: inout TextCursor
  ) {
    if quality == .good, flags.isEmpty {
      line.put("quality=0i,flags=0i,imputed=false")
      return
    }
    line.put("quality=")
    line.put(Int64(quality.rawValue))
    line.put("i,flags=")
    line.put(Int64(flags.rawValue))
    // A derived value has no raw; it is an estimate where an input is one.
    let isEstimate =
      raw.isFinite
      ? quality == .imputed || (quality != .good && raw * unit.scale + unit.offset != value)
      : !flags.isDisjoint(with: .replaced)
    line.put(value.isFinite && isEstimate ? "i,imputed=true" : "i,imputed=false")
  }

  /// How a value that is not the reading was found, and its standard deviation where that is known.
  private static func put(_ estimate: Estimate, _ line: inout TextCursor) {
    line.put(estimate.method == .line ? ",method=\"line\"" : ",method=\"hold\"")
    guard estimate.deviation.isFinite else { return }
    line.put(",uncertainty=")
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
    case .float(let value): NumberText.append(value, to: &bytes)
    case .integer(let value):
      NumberText.append(value, to: &bytes)
      bytes.append(UInt8(ascii: "i"))
    case .boolean(let value): appendASCII(value ? "true" : "false")
    case .text(let value): LineText.appendQuoted(value, to: &bytes)
    }
  }

  private mutating func endLine(at time: Timestamp) {
    let precision = precision
    bytes.append(addingCapacity: NumberText.longest + 2) { span in
      span.withUnsafeMutableBufferPointer { buffer, used in
        guard let base = buffer.baseAddress else { return }
        var line = TextCursor(at: base + used)
        line.endLine(at: time, precision)
        used = line.end - base
      }
    }
    lineCount += 1
  }

  private mutating func appendASCII(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
