import LineProtocol
import PlantModel
import WattlineTime

/// InfluxDB line protocol.
///
/// Each numeric or boolean field is a reading at its line's time. Unless the rule composes asset and sensor, the asset
/// of the topic takes precedence over the tag `asset`, and that over the rule's; likewise for the sensor. With a named
/// sensor, the field `value` is that sensor, and any other field is `sensor_field`. Without one, the field's name is
/// the sensor, and a field `value` is named like the measurement. If the rule lists `values`, only the listed fields
/// are used, under the names listed.
enum LineFormat: PayloadFormat {
  static let name = PayloadFormatName.line
  static let summary = "InfluxDB line protocol; places are fields, {tag:NAME} and {measurement} name asset and sensor"
  static let examplePlace = "usage"
  static let hasRecords = true

  static func mistake(inPlace place: String) -> String? { place.isEmpty ? "is empty; write the field's name" : nil }

  static func reader(for plan: ReadingPlan) -> PayloadReader { LineReader(plan) }
}

private final class LineReader: PayloadReader {
  typealias Bytes = UnsafeRawBufferPointer

  private let detail: CompiledDetail?
  private let form: TimeForm
  private var source: LineSource
  private var recordReader: PayloadRecordReader
  /// Whether the rule determines the use of tags, rather than their usual names.
  private let usesRecords: Bool

  override init(_ plan: ReadingPlan) {
    detail = CompiledDetail(plan.rule.detail)
    form = TimeForm(plan)
    var records = plan
    // The time of a line is at its end.
    records.rule.time = nil
    let recordPlan = RecordPlan(records)
    recordReader = PayloadRecordReader(recordPlan)
    source = LineSource(recordPlan)
    usesRecords = plan.hasRecordNames || !plan.rule.conditions.isEmpty || plan.rule.unit != nil
    super.init(plan)
  }

  override func read(_ payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    source.payload = payload
    defer { source.payload = Bytes(start: nil, count: 0) }
    var start = 0
    while start < payload.count {
      let end = LineScanner.end(payload, range: start..<payload.count, quotes: true) { $0 == 0x0A }
      var first = start
      while first < end, ByteText.isSpace(payload[first]) { first += 1 }
      if first < end, payload[first] != UInt8(ascii: "#") {
        guard let line = LineScanner(payload, line: first..<end), source.split(line) else {
          return ByteText.isUTF8(payload) ? .malformedLine : .notUTF8
        }
        if let refusal = readLine(line, payload: payload, into: &scope) { return refusal }
      }
      start = end + 1
    }
    return nil
  }

  private func readLine(_ line: LineScanner, payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    var stamp = scope.times.receiveStamp
    if !line.time.isEmpty {
      let text = ByteText.slice(payload, range: line.time)
      guard let time = scope.times.timestamp(text, form: form) else { return .badTime }
      stamp = ReadingStamp(time: time, start: line.time.lowerBound)
    }
    if usesRecords {
      recordReader.stamp = stamp
      return recordReader.read(&source, into: &scope)
    }
    let (asset, sensor) = (source.range(ofTag: "asset"), source.range(ofTag: "sensor"))
    for field in source.fields {
      guard scope.pending.count < MessageScope.maximumValues else { return .tooLarge }
      let slot = slot(of: field.key, asset: asset, sensor: sensor, payload: payload, into: &scope)
      let value = LineSource.number(field.value, payload: payload)
      if value.kind == .string { scope.refusals.setback = .notANumber }
      if scope.slots.isIgnored(slot) || value.kind == .string { continue }
      scope.append(
        value, payload: payload, detail: detail, value: -1, slot: slot, at: stamp.time,
        hasSourceTime: stamp.isFromSource)
    }
    return nil
  }

  /// Returns the slot of a field, identified by everything that may enter its name.
  ///
  /// - Parameters:
  ///   - field: range of the field's key.
  ///   - asset: range of the value of the tag `asset`, possibly empty.
  ///   - sensor: range of the value of the tag `sensor`, possibly empty.
  ///   - payload: the payload.
  ///   - scope: the message's scope.
  private func slot(
    of field: Range<Int>, asset: Range<Int>, sensor: Range<Int>, payload: Bytes, into scope: inout MessageScope
  ) -> Int {
    scope.beginNameKey()
    for range in [asset, sensor, source.measurement] {
      LineScanner.append(payload, range: range, to: &scope.nameKey.bytes)
      scope.nameKey.endPart()
    }
    LineScanner.append(payload, range: field, to: &scope.nameKey.bytes)
    let (plan, measurement) = (plan, source.measurement)
    return scope.namedSlot { topic in
      func text(_ range: Range<Int>) -> String? {
        if range.isEmpty { return nil }
        var bytes: [UInt8] = []
        LineScanner.append(payload, range: range, to: &bytes)
        return bytes.withUnsafeBytes { ByteText.string($0) } ?? ""
      }
      let isFromTopic = topic?.assetIsFromTopic ?? false
      let owner = (isFromTopic ? topic?.asset : text(asset) ?? topic?.asset) ?? Plant.wholePlant
      let name = text(field) ?? ""
      guard plan.naming == .listed else {
        let sensorName = topic?.sensorFromTopic ?? text(sensor) ?? topic?.sensor
        let full = LineReader.name(sensor: sensorName, measurement: text(measurement) ?? "", field: name)
        return plan.valueName(ofPayload: full, asset: owner, names: topic)
      }
      guard let listed = plan.rule.values.first(where: { $0.path == name }) else { return nil }
      return ValueName(
        asset: owner, listed: listed.name, name: topic?.substituted(listed.name) ?? listed.name, rule: plan.rule,
        detail: listed.detail, isWritten: true, assets: plan.assets, names: topic)
    }
  }

  private static func name(sensor: String?, measurement: String, field: String) -> String {
    if let sensor { return field == "value" ? sensor : "\(sensor)_\(field)" }
    return field == "value" ? measurement : field
  }

  override func places(in payload: Bytes) -> [String] {
    source.payload = payload
    defer { source.payload = Bytes(start: nil, count: 0) }
    let end = LineScanner.end(payload, range: 0..<payload.count, quotes: true) { $0 == 0x0A }
    guard let line = LineScanner(payload, line: 0..<end), source.split(line) else { return [] }
    return source.fields.map { String(decoding: payload[$0.key], as: UTF8.self) }
  }
}

/// The current line.
private struct LineSource: RecordSource {
  var payload = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var fields: [(key: Range<Int>, value: Range<Int>)] = []
  private var tags: [(key: Range<Int>, value: Range<Int>)] = []
  private(set) var measurement = 0..<0
  private let keys: [[UInt8]]

  init(_ plan: RecordPlan) {
    keys = plan.places.map { Array(($0.hasPrefix("/") ? $0.dropFirst() : $0[...]).utf8) }
  }

  /// Splits a line into tags and fields. Returns `false` if one of them is malformed.
  mutating func split(_ line: LineScanner) -> Bool {
    measurement = line.measurement
    fields.removeAll(keepingCapacity: true)
    tags.removeAll(keepingCapacity: true)
    var rest = line.tags
    while !rest.isEmpty {
      guard let pair = LineScanner.pair(payload, rest: &rest, quotes: false) else { return false }
      tags.append(pair)
    }
    rest = line.fields
    while !rest.isEmpty {
      guard let pair = LineScanner.pair(payload, rest: &rest, quotes: true) else { return false }
      fields.append(pair)
    }
    return true
  }

  /// Returns the range of a tag's value; empty if there is no such tag.
  func range(ofTag name: StaticString) -> Range<Int> {
    for tag in tags.reversed() where ByteText.equals(ByteText.slice(payload, range: tag.key), word: name) {
      return tag.value
    }
    return 0..<0
  }

  /// Returns a field's value in common form: without the suffix of an integer, and with `t` and `f` as truth values.
  static func number(_ range: Range<Int>, payload: UnsafeRawBufferPointer) -> JSONValue {
    let text = ByteText.slice(payload, range: range)
    if text.first == 0x22 {
      let inside = range.lowerBound + 1..<max(range.lowerBound + 1, range.upperBound - 1)
      return JSONValue(kind: .string, range: inside)
    }
    if ByteText.equals(text, word: "t") || ByteText.equals(text, word: "true") {
      return JSONValue(kind: .yes, range: range)
    }
    if ByteText.equals(text, word: "f") || ByteText.equals(text, word: "false") {
      return JSONValue(kind: .no, range: range)
    }
    let isWhole = text.last == UInt8(ascii: "i") || text.last == UInt8(ascii: "u")
    if isWhole, DecimalNumber.parse(ByteText.slice(text, start: 0, end: text.count - 1)) != nil {
      return JSONValue(kind: .number, range: range.lowerBound..<range.upperBound - 1)
    }
    if DecimalNumber.parse(text) != nil { return JSONValue(kind: .number, range: range) }
    return JSONValue(kind: ScalarText.isAbsent(text) ? .null : .string, range: range)
  }

  var recordStart: Int { measurement.lowerBound }

  func value(at place: Int, outwards: Bool) -> JSONValue {
    for field in fields where keys[place].elementsEqual(payload[field.key]) {
      return LineSource.number(field.value, payload: payload)
    }
    return outwards ? tag(keys[place]) : JSONValue()
  }

  func memberName(level: Int) -> JSONValue { JSONValue() }

  func tag(_ name: String) -> JSONValue {
    name.isEmpty ? JSONValue(kind: .string, range: measurement) : tag(Array(name.utf8))
  }

  private func tag(_ name: [UInt8]) -> JSONValue {
    for tag in tags where name.elementsEqual(payload[tag.key]) { return JSONValue(kind: .string, range: tag.value) }
    return JSONValue()
  }

  func bytes(_ range: Range<Int>, body: (UnsafeRawBufferPointer) -> Void) {
    let text = ByteText.slice(payload, range: range)
    guard text.contains(0x5C) else { return body(text) }
    var plain: [UInt8] = []
    LineScanner.append(payload, range: range, to: &plain)
    plain.withUnsafeBytes(body)
  }

  func forEachLeaf(_ body: (UnsafeRawBufferPointer, JSONValue) -> Void) {
    for field in fields {
      let value = LineSource.number(field.value, payload: payload)
      if value.kind != .string { bytes(field.key) { body($0, value) } }
    }
  }
}
