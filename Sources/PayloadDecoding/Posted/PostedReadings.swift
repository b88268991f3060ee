import LineProtocol
public import PlantModel
public import WattlineTime

/// Reads posted readings, all or none of them.
///
/// - JSON (`application/json`): `[{"asset", "sensor", "time", "value", "unit"?}]`, or one such object.
/// - CSV (`text/csv`): a header with the columns time, asset, sensor, value and perhaps unit, in any order.
/// - Line protocol of InfluxDB (`text/plain`, `application/vnd.influx.lp`): the tags `asset` and `sensor` with a field
///   `value`; or the tag `asset` with fields named like the sensors.
///
/// Times are of ISO 8601 with a zone, or numbers since 1970 in seconds, milliseconds, microseconds or nanoseconds,
/// decided by their size. An absent time is the receive time. A row's number counts elements of JSON, or lines of text.
public enum PostedReadings {
  /// Maximum number of rows.
  public static let mostRows = 10_000
  /// Maximum number of errors that are named.
  public static let mostErrors = 100

  /// Reads a body.
  ///
  /// - Parameters:
  ///   - body: The body.
  ///   - contentType: Its media type, perhaps with parameters; `nil` for JSON.
  ///   - plant: The plant, whose derived sensors and units are respected; `nil` to leave that to the decoder.
  ///   - now: Receive time.
  /// - Returns: The readings, in their order; or what is wrong.
  public static func read(
    _ body: [UInt8], contentType: String?, plant: Plant? = nil, now: Timestamp
  ) -> Result<[PostedReading], PostedRefusal> {
    let type = (contentType ?? "application/json").prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    guard String(validating: body, as: UTF8.self) != nil else { return .failure(.malformed("the body is not UTF-8")) }
    var rows = PostedRows(plant: plant, now: now)
    let failure: String? = body.withUnsafeBytes { bytes in
      switch type {
      case "application/json": PostedJSON.read(bytes, into: &rows)
      case "text/csv": PostedCSV.read(bytes, into: &rows)
      case "text/plain", "application/vnd.influx.lp": PostedLines.read(bytes, into: &rows)
      default: ""
      }
    }
    if failure == "" {
      return .failure(
        .mediaType("\(type) is not read; application/json, text/csv and text/plain (line protocol) are"))
    }
    if let failure { return .failure(.malformed(failure)) }
    if rows.errorCount > 0 { return .failure(.rows(rows.errors, count: rows.errorCount)) }
    if rows.readings.isEmpty { return .failure(.malformed("there is no reading in the body")) }
    return .success(rows.readings)
  }
}

/// The rows read so far.
struct PostedRows {
  private let plant: Plant?
  private let now: Timestamp
  private var calendar = LocalCalendar.utc
  private(set) var readings: [PostedReading] = []
  private(set) var errors: [RowError] = []
  private(set) var errorCount = 0

  init(plant: Plant?, now: Timestamp) { (self.plant, self.now) = (plant, now) }

  /// Whether no further row is taken.
  var isFull: Bool { readings.count + errorCount > PostedReadings.mostRows }

  /// Records that a row is wrong.
  mutating func refuse(_ row: Int, _ reason: String) {
    errorCount += 1
    if errors.count < PostedReadings.mostErrors { errors.append(RowError(row: row, reason: reason)) }
  }

  /// Takes a row of texts.
  ///
  /// - Parameters:
  ///   - row: Number of the row.
  ///   - asset: Name of the asset; `nil` if it is missing.
  ///   - sensor: Name of the sensor; `nil` if it is missing.
  ///   - time: Text of the time; `nil` or empty for the receive time.
  ///   - value: Text of the value; `nil` if it is missing.
  ///   - unit: Spelling of the unit; `nil` or empty for the sensor's own.
  mutating func take(
    _ row: Int, asset: String?, sensor: String?, time: String?, value: String?, unit: String?
  ) {
    if readings.count >= PostedReadings.mostRows {
      return refuse(row, "a request has at most \(PostedReadings.mostRows) rows; post the rest in another")
    }
    guard let asset, let sensor, let value else {
      let missing = asset == nil ? "asset" : sensor == nil ? "sensor" : "value"
      return refuse(row, "\(missing) is missing")
    }
    for (name, part) in [(asset, "asset"), (sensor, "sensor")] where !ValueName.isName(name) {
      return refuse(row, "\(part) has 1 to \(ValueName.longestName) bytes without control characters")
    }
    guard let number = Self.number(value) else {
      return refuse(row, "value \(Self.shown(value)) is not a finite number")
    }
    var stamp: Timestamp?
    if let time, !time.isEmpty {
      guard let found = timestamp(time) else {
        return refuse(
          row,
          "time \(Self.shown(time)) is not one of 1971 to 2200: ISO 8601 with a zone, as 2026-01-31T12:00:00Z, "
            + "or a number since 1970")
      }
      stamp = found
    }
    let unit = unit.flatMap { $0.isEmpty ? nil : $0 }
    if let reason = mistake(asset: asset, sensor: sensor, unit: unit) { return refuse(row, reason) }
    readings.append(PostedReading(asset: asset, sensor: sensor, time: stamp, value: number, unit: unit))
  }

  private mutating func timestamp(_ text: String) -> Timestamp? {
    var text = text
    let isNumber = text.utf8.allSatisfy { ByteText.isDigit($0) || $0 == UInt8(ascii: ".") }
    // Local times would be those of an unknown zone.
    guard isNumber || text.hasSuffix("Z") || text.dropFirst(10).contains(where: { $0 == "+" || $0 == "-" }) else {
      return nil
    }
    let found = text.withUTF8 {
      TimeText.parse(
        UnsafeRawBufferPointer($0), unit: .auto, format: nil, received: now, calendar: &calendar)
    }
    return found.flatMap { $0 >= TimeReader.earliestStated ? $0 : nil }
  }

  /// Returns what speaks against a sensor or unit, by the plant's file.
  private func mistake(asset: String, sensor: String, unit: String?) -> String? {
    if let unit, Unit.named(unit, currency: plant?.currency) == nil {
      return "unit \(Self.shown(unit)) is unknown; write a symbol such as kW, kWh, V, A, °C or %"
    }
    guard let plant else { return nil }
    if plant.derived.contains(where: { $0.name.asset == asset && $0.name.sensor == sensor }) {
      return "\(asset).\(sensor) is computed from other sensors by the plant's file"
    }
    guard let unit, let given = Unit.named(unit, currency: plant.currency) else { return nil }
    let known = plant.assets.first { $0.name == asset } ?? Asset(name: asset, kind: .generic)
    guard let own = plant.profile(of: sensor, at: known).profile.unit, own.quantity != given.quantity else {
      return nil
    }
    return "unit \(unit) does not fit \(asset).\(sensor), which is in \(own.symbol)"
  }

  private static func number(_ text: String) -> Double? {
    if text == "true" { return 1 }
    if text == "false" { return 0 }
    var text = text
    let found = text.withUTF8 { DecimalNumber.parse(UnsafeRawBufferPointer($0)) }
    return found.flatMap { $0.isFinite ? $0 : nil }
  }

  /// Returns a text in quotation marks, shortened.
  static func shown(_ text: String) -> String { text.count > 40 ? "\"\(text.prefix(40))…\"" : "\"\(text)\"" }
}

/// Posted readings as JSON.
enum PostedJSON {
  /// Reads a body; returns what is wrong with all of it.
  static func read(_ bytes: UnsafeRawBufferPointer, into rows: inout PostedRows) -> String? {
    var visitor = Visitor(bytes: bytes)
    var scanner = JSONScanner<Visitor>(bytes)
    if scanner.scan(from: .document, with: &visitor) != nil {
      return "the body is not JSON (RFC 8259); the error is at byte \(scanner.at)"
    }
    if !visitor.isList { return "the body is a list of objects with asset, sensor, time and value, or one of them" }
    for (position, row) in visitor.rows.enumerated() {
      if rows.isFull { break }
      if let mistake = row.mistake {
        rows.refuse(position + 1, mistake)
      } else {
        rows.take(
          position + 1, asset: row.texts["asset"], sensor: row.texts["sensor"], time: row.texts["time"],
          value: row.texts["value"], unit: row.texts["unit"])
      }
    }
    return nil
  }

  private struct Row {
    var texts: [String: String] = [:]
    var mistake: String? = "a row is an object with asset, sensor, time and value"
  }

  private struct Visitor: JSONVisitor {
    enum Context {
      case document
      case row
      case member(String)
      case inside
    }

    let bytes: UnsafeRawBufferPointer
    var rows: [Row] = []
    var isList = false

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func member(_ key: JSONKey, of context: Context, depth: Int) -> Context {
      switch context {
      case .row, .document: .member(text(key.bytes, hasEscapes: key.hasEscapes))
      case .member, .inside: .inside
      }
    }

    mutating func element(_ index: Int, of context: Context, depth: Int) -> Context {
      if case .document = context { .row } else { .inside }
    }

    mutating func visit(_ value: JSONValue, in context: Context, depth: Int) {
      switch context {
      case .document:
        guard value.kind == .container else { return }
        isList = true
        if bytes[value.range.lowerBound] == UInt8(ascii: "{") { rows.append(Row(mistake: nil)) }
      case .row:
        let isObject = value.kind == .container && bytes[value.range.lowerBound] == UInt8(ascii: "{")
        rows.append(isObject ? Row(mistake: nil) : Row())
      case .member(let name): take(value, as: name)
      case .inside: break
      }
    }

    private mutating func take(_ value: JSONValue, as name: String) {
      guard !rows.isEmpty, ["asset", "sensor", "time", "value", "unit"].contains(name) else { return }
      let row = rows.count - 1
      if rows[row].texts[name] != nil { rows[row].mistake = "\(name) occurs twice" }
      let isText = value.kind == .string
      switch value.kind {
      case .null: return
      case .container, .missing: rows[row].mistake = "\(name) is a text or number"
      case .string where name == "value": rows[row].mistake = "value is a number, not a text"
      case .number, .yes, .no:
        if name == "asset" || name == "sensor" || name == "unit" { rows[row].mistake = "\(name) is a text" }
        fallthrough
      case .string:
        let found = ByteText.slice(bytes, start: value.range.lowerBound, end: value.range.upperBound)
        rows[row].texts[name] = text(found, hasEscapes: isText && value.hasEscapes)
      }
    }

    private func text(_ bytes: UnsafeRawBufferPointer, hasEscapes: Bool) -> String {
      String(decoding: hasEscapes ? JSONEscapes.plain(bytes) : Array(bytes), as: UTF8.self)
    }
  }
}

/// Posted readings as comma-separated values (RFC 4180).
enum PostedCSV {
  /// Reads a body; returns what is wrong with all of it.
  static func read(_ bytes: UnsafeRawBufferPointer, into rows: inout PostedRows) -> String? {
    var text = String(decoding: bytes, as: UTF8.self)
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    var table = records(of: text).makeIterator()
    guard let header = table.next() else { return "the body is empty" }
    let names = header.fields.map { $0.lowercased().filter { $0 != " " } }
    for name in ["time", "asset", "sensor", "value"] where !names.contains(name) {
      return "the header has no column \(name); it is time,asset,sensor,value and perhaps unit"
    }
    if Set(names).count < names.count { return "the header names a column twice" }
    while let record = table.next(), !rows.isFull {
      guard record.fields.count == names.count else {
        rows.refuse(record.line, "the row has \(record.fields.count.counted("column")) instead of \(names.count)")
        continue
      }
      func field(_ name: String) -> String? { names.firstIndex(of: name).map { record.fields[$0] } }
      func named(_ name: String) -> String? { field(name).flatMap { $0.isEmpty ? nil : $0 } }
      rows.take(
        record.line, asset: named("asset"), sensor: named("sensor"), time: field("time"), value: named("value"),
        unit: field("unit"))
    }
    return nil
  }

  private static func cell(of field: String.UnicodeScalarView, isQuoted: Bool) -> String {
    let text = String(field)
    return isQuoted ? text : String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  /// Returns the records of a text with the lines on which they begin; empty lines are none.
  static func records(of text: String) -> [(line: Int, fields: [String])] {
    var records: [(line: Int, fields: [String])] = []
    var (fields, field, isQuoted, wasQuoted): ([String], String.UnicodeScalarView, Bool, Bool) = (
      [], .init(), false, false
    )
    var (line, start) = (1, 1)
    func endRecord() {
      fields.append(cell(of: field, isQuoted: wasQuoted))
      if fields.count > 1 || !fields[0].isEmpty { records.append((start, fields)) }
      (fields, field, wasQuoted) = ([], .init(), false)
    }
    var scalars = text.unicodeScalars.makeIterator()
    var next = scalars.next()
    while let scalar = next {
      next = scalars.next()
      switch scalar {
      case "\"" where isQuoted && next == "\"":
        field.append(scalar)
        next = scalars.next()
      case "\"" where isQuoted || field.isEmpty: (isQuoted, wasQuoted) = (!isQuoted, true)
      case "," where !isQuoted:
        fields.append(cell(of: field, isQuoted: wasQuoted))
        (field, wasQuoted) = (.init(), false)
      case "\r" where !isQuoted: break
      case "\n":
        line += 1
        if isQuoted {
          field.append(scalar)
        } else {
          endRecord()
          start = line
        }
      default: field.append(scalar)
      }
    }
    if !field.isEmpty || !fields.isEmpty { endRecord() }
    return records
  }
}

/// Posted readings in InfluxDB's line protocol.
enum PostedLines {
  /// Reads a body; returns what is wrong with all of it: nothing, since lines are apart.
  static func read(_ bytes: UnsafeRawBufferPointer, into rows: inout PostedRows) -> String? {
    var (start, number) = (0, 1)
    while start < bytes.count, !rows.isFull {
      let end = LineScanner.end(bytes, range: start..<bytes.count, quotes: true) { $0 == 0x0A }
      let line = ByteText.trimmed(bytes, range: start..<end)
      if !line.isEmpty, bytes[line.lowerBound] != UInt8(ascii: "#") {
        read(line, number: number, of: bytes, into: &rows)
      }
      start = end + 1
      number += 1
    }
    return nil
  }

  private static func read(
    _ line: Range<Int>, number: Int, of bytes: UnsafeRawBufferPointer, into rows: inout PostedRows
  ) {
    func text(_ range: Range<Int>) -> String {
      var text: [UInt8] = []
      LineScanner.append(bytes, range: range, to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    guard let scanner = LineScanner(bytes, line: line) else {
      return rows.refuse(number, "the line is not line protocol: measurement,asset=A,sensor=S value=1.5 TIME")
    }
    var tags: [String: String] = [:]
    var rest = scanner.tags
    while let pair = LineScanner.pair(bytes, rest: &rest, quotes: false) { tags[text(pair.key)] = text(pair.value) }
    guard rest.isEmpty else { return rows.refuse(number, "a tag is not NAME=VALUE") }
    guard let asset = tags["asset"] else { return rows.refuse(number, "the tag asset is missing") }
    let time = text(scanner.time)
    var fields = scanner.fields
    while let field = LineScanner.pair(bytes, rest: &fields, quotes: true) {
      let name = text(field.key)
      guard name == "value" || tags["sensor"] == nil else {
        return rows.refuse(number, "with the tag sensor, the only field is value, not \(PostedRows.shown(name))")
      }
      var value = String(decoding: bytes[field.value], as: UTF8.self)
      // Integers end in i or u; truth values are t, f, T and F too.
      if value.last == "i" || value.last == "u" { value.removeLast() }
      if ["t", "T", "True", "TRUE"].contains(value) { value = "true" }
      if ["f", "F", "False", "FALSE"].contains(value) { value = "false" }
      guard let sensor = tags["sensor"] ?? (name == "value" ? text(scanner.measurement) : name) as String? else {
        return
      }
      rows.take(number, asset: asset, sensor: sensor, time: time, value: value, unit: tags["unit"])
    }
    if !fields.isEmpty { rows.refuse(number, "a field is not NAME=VALUE") }
  }
}
