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
  /// A reading without a finite raw value, such as one imputed into a gap, has no `raw`.
  public mutating func append(_ readings: ReadingBatch, of register: PlantRegister) {
    let slot = slot(of: register)
    plants[slot].extend(to: register)
    let keys = plants[slot]
    let count = min(
      readings.count, readings.time.count, readings.value.count, readings.quality.count, readings.flags.count)
    for row in 0..<count {
      let position = readings.series[row].position
      guard keys.series.indices.contains(position) else {
        skippedCount += 1
        continue
      }
      let series = keys.series[position]
      if readings.raw[row].isFinite {
        bytes.append(contentsOf: keys.text[series.raw])
        appendASCII(" value=")
        NumberText.append(readings.raw[row], to: &bytes)
        endLine(at: readings.time[row])
        rawLineCount += 1
      }
      bytes.append(contentsOf: keys.text[series.clean])
      appendClean(readings, row, series)
      endLine(at: readings.time[row])
    }
  }

  /// Appends points of a plant. A point without fields, and a field that is not finite, are left out.
  public mutating func append(_ points: PointBatch, of register: PlantRegister) {
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

  /// Fields of `clean`. `imputed` says that the value is not the reading itself.
  private mutating func appendClean(_ readings: ReadingBatch, _ row: Int, _ series: PlantKeys.SeriesKeys) {
    let value = readings.value[row]
    let raw = readings.raw[row]
    let quality = readings.quality[row]
    bytes.append(UInt8(ascii: " "))
    if value.isFinite {
      appendASCII("value=")
      NumberText.append(value, to: &bytes)
      bytes.append(UInt8(ascii: ","))
    }
    appendASCII("quality=")
    NumberText.append(Int64(quality.rawValue), to: &bytes)
    appendASCII("i,flags=")
    NumberText.append(Int64(readings.flags[row].rawValue), to: &bytes)
    let isEstimate =
      quality == .imputed || !raw.isFinite || (quality != .good && raw * series.scale + series.offset != value)
    appendASCII(value.isFinite && isEstimate ? "i,imputed=true" : "i,imputed=false")
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
    bytes.append(UInt8(ascii: " "))
    switch precision {
    case .seconds: NumberText.append(min(max(time.seconds, -9_223_372_036), 9_223_372_036), to: &bytes)
    case .milliseconds:
      // The database counts nanoseconds in 64 bits and refuses a time that does not fit.
      NumberText.append(min(max(time.milliseconds, -9_223_372_036_854), 9_223_372_036_854), to: &bytes)
    }
    bytes.append(UInt8(ascii: "\n"))
    lineCount += 1
  }

  private mutating func appendASCII(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
