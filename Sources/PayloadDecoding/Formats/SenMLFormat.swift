public import PlantModel
import WattlineTime

extension PayloadFormatName {
  /// Sensor measurement lists (RFC 8428).
  public static let senml: PayloadFormatName = "senml"
}

/// Sensor measurement lists in JSON (SenML, RFC 8428): base fields, relative times, units of the registry.
///
/// **Names.** A record's name is the concatenation of its base name and its own name. If topic or rule name the asset,
/// the sensor is the record's own name, or without one the last part of the base name. Otherwise the base name without
/// trailing separators is the asset, and the own name is the sensor. A name that has only one of the two is divided at
/// its last `/` or `:`. `values` refers to the record's own name or to the whole name.
///
/// **Values.** `v`, or `vb`, or the sum `s` if there is no other. Texts (`vs`) and data (`vd`) are refused as
/// `not_a_number`.
///
/// **Times.** Values below 2^28 are relative to the receive time (section 4.5.3). Example: `-5` is five seconds before.
///
/// A record with an unknown field that ends in `_` must not be used (section 4.4), nor one of a version above 10.
/// Either refuses the message.
enum SenMLFormat: PayloadFormat {
  static let name = PayloadFormatName.senml
  static let summary = "sensor measurement lists in JSON (RFC 8428); places are names of records"
  static let examplePlace = "voltage"
  static let hasRecords = false

  static func mistake(inPlace place: String) -> String? { place.isEmpty ? "is empty; write the record's name" : nil }

  static func reader(for plan: ReadingPlan) -> PayloadReader { SenMLReader(plan) }
}

private final class SenMLReader: PayloadReader {
  typealias Bytes = UnsafeRawBufferPointer

  /// Fields of a record that are read.
  private enum Label: Int, CaseIterable {
    case bn, bt, bu, bv, bs, bver, n, u, v, vb, vs, vd, s, t
  }

  private static let labels = Label.allCases.map { Array("\($0)".utf8) }
  /// Times below this are relative to the receive time (RFC 8428, section 4.5.3) [s].
  private static let relative = 268_435_456.0
  private static let newestVersion = 10.0

  private let detail: CompiledDetail?
  private var tape = JSONTape()
  // Base fields.
  private var baseName: [UInt8] = []
  private var baseUnit: [UInt8] = []
  private var baseTime = 0.0
  private var baseValue = 0.0
  private var baseSum = 0.0
  // Nodes of the current record, by label.
  private var found = [Int](repeating: -1, count: Label.allCases.count)
  private var ownName: [UInt8] = []
  private var unit: [UInt8] = []

  override init(_ plan: ReadingPlan) {
    detail = CompiledDetail(plan.rule.detail)
    super.init(plan)
  }

  override func read(_ payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    tape.begin(payload)
    defer { tape.end() }
    var documents = JSONDocuments(payload)
    repeat {
      if let refusal = tape.readDocument(&documents) { return refusal }
      guard payload[tape.nodes[0].value.range.lowerBound] == UInt8(ascii: "[") else { return .unknownFormat }
      (baseTime, baseValue, baseSum) = (0, 0, 0)
      baseName.removeAll(keepingCapacity: true)
      baseUnit.removeAll(keepingCapacity: true)
      var record = tape.firstChild(of: 0)
      while record >= 0 {
        if let refusal = readRecord(record, payload: payload, into: &scope) { return refusal }
        record = Int(tape.nodes[record].nextSibling)
      }
    } while documents.hasNext
    return nil
  }

  private func readRecord(_ record: Int, payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    guard gather(record, payload: payload) else { return .unknownFormat }
    if text(.bn, payload: payload, into: &baseName) == false || text(.bu, payload: payload, into: &baseUnit) == false {
      return .unknownFormat
    }
    if let time = number(.bt, payload: payload) { baseTime = time }
    if let value = number(.bv, payload: payload) { baseValue = value }
    if let sum = number(.bs, payload: payload) { baseSum = sum }
    if let version = number(.bver, payload: payload), version > Self.newestVersion { return .unknownFormat }
    ownName.removeAll(keepingCapacity: true)
    unit.removeAll(keepingCapacity: true)
    if text(.n, payload: payload, into: &ownName) == false || text(.u, payload: payload, into: &unit) == false {
      return .unknownFormat
    }
    if unit.isEmpty { unit.append(contentsOf: baseUnit) }
    guard let value = value(payload, into: &scope) else { return nil }
    guard let time = time(payload, received: scope.received) else { return .badTime }
    guard scope.pending.count < MessageScope.maximumValues else { return .tooLarge }
    let slot = slot(&scope)
    if scope.slots.isIgnored(slot) { return nil }
    var position = UnitTexts.none
    if !unit.isEmpty { position = scope.slots.units.position(ofSenML: unit) }
    scope.append(
      number: value, unit: position, slot: slot, at: time ?? scope.received, hasSourceTime: time != nil)
    return nil
  }

  /// Finds the fields of a record. Returns `false` if it is not a record or must not be used.
  private func gather(_ record: Int, payload: Bytes) -> Bool {
    guard payload[tape.nodes[record].value.range.lowerBound] == UInt8(ascii: "{") else { return false }
    for label in found.indices { found[label] = -1 }
    var member = tape.firstChild(of: record)
    while member >= 0 {
      let node = tape.nodes[member]
      let key = ByteText.slice(payload, range: Int(node.key.lowerBound)..<Int(node.key.upperBound))
      if let label = Self.labels.firstIndex(where: { $0.elementsEqual(key) }) {
        if found[label] < 0 { found[label] = member }
      } else if key.last == UInt8(ascii: "_") {
        return false
      }
      member = Int(node.nextSibling)
    }
    return true
  }

  /// Copies a text into `target`. Returns `false` if the field is not a text, `nil` if it is absent.
  ///
  /// - Parameters:
  ///   - label: the field.
  ///   - payload: the payload.
  ///   - target: destination, unchanged if the field is absent.
  private func text(_ label: Label, payload: Bytes, into target: inout [UInt8]) -> Bool? {
    guard found[label.rawValue] >= 0 else { return nil }
    let value = tape.nodes[found[label.rawValue]].value
    guard value.kind == .string else { return false }
    target.removeAll(keepingCapacity: true)
    let bytes = ByteText.slice(payload, range: value.range)
    if value.hasEscapes { JSONEscapes.append(bytes, to: &target) } else { target.append(contentsOf: bytes) }
    return true
  }

  private func number(_ label: Label, payload: Bytes) -> Double? {
    guard found[label.rawValue] >= 0 else { return nil }
    let value = tape.nodes[found[label.rawValue]].value
    return value.kind == .number ? DecimalNumber.parse(ByteText.slice(payload, range: value.range)) : nil
  }

  /// Returns the record's value; `nil` if it has none. This is recorded as a refusal unless no value field is present.
  private func value(_ payload: Bytes, into scope: inout MessageScope) -> Double? {
    if let value = number(.v, payload: payload) { return value + baseValue }
    if found[Label.vb.rawValue] >= 0 {
      switch tape.nodes[found[Label.vb.rawValue]].value.kind {
      case .yes: return 1
      case .no: return 0
      default: break
      }
    }
    if let sum = number(.s, payload: payload) { return sum + baseSum }
    let labels = [Label.v, .vb, .vs, .vd].map(\.rawValue).filter { found[$0] >= 0 }
    guard let label = labels.first else { return nil }
    let range = tape.nodes[found[label]].value.range
    let isMissing = label == Label.v.rawValue && tape.nodes[found[label]].value.kind == .null
    scope.refuse(isMissing ? .missingValue : .notANumber, value: -1, text: ByteText.slice(payload, range: range))
    return nil
  }

  /// Returns the record's time: an inner `nil` if it has none, the outer `nil` if it is out of range.
  private func time(_ payload: Bytes, received: Timestamp) -> Timestamp?? {
    let seconds = baseTime + (number(.t, payload: payload) ?? 0)
    let hasTime = found[Label.t.rawValue] >= 0 || baseTime != 0
    guard seconds != 0 else { return .some(hasTime ? received : nil) }
    guard seconds.isFinite, seconds < 7_289_654_400, seconds > -1e9 else { return nil }
    let whole = seconds.rounded(.down)
    // The sum of two doubles is accurate to a microsecond.
    let span = TimeSpan(
      nanoseconds: Int64(whole) * 1_000_000_000 + Int64(((seconds - whole) * 1e6).rounded()) * 1_000)
    return .some(seconds < Self.relative ? received + span : Timestamp(nanoseconds: 0) + span)
  }

  private func slot(_ scope: inout MessageScope) -> Int {
    scope.beginNameKey()
    scope.nameKey.append(baseName)
    scope.nameKey.endPart()
    scope.nameKey.append(ownName)
    let (plan, baseName, ownName) = (plan, baseName, ownName)
    return scope.namedSlot { names in
      guard let base = baseName.withUnsafeBytes({ ByteText.string($0) }),
        let own = ownName.withUnsafeBytes({ ByteText.string($0) })
      else { return nil }
      return SenMLReader.name(base: base, own: own, plan: plan, names: names)
    }
  }

  /// Returns the name of a record's value; `nil` if the rule lists others.
  ///
  /// - Parameters:
  ///   - base: the base name.
  ///   - own: the record's own name.
  ///   - plan: plan of the rule.
  ///   - names: the names from the topic.
  private static func name(base: String, own: String, plan: ReadingPlan, names: TopicNames?) -> ValueName? {
    let whole = base + own
    let parts = parts(base: base, own: own)
    let asset = names?.asset ?? parts.asset ?? Plant.wholePlant
    let sensor = names?.asset == nil ? parts.sensor : (own.isEmpty ? parts.sensor : own)
    guard !plan.rule.values.isEmpty else {
      return plan.valueName(ofPayload: names?.sensor ?? sensor, asset: asset, names: names)
    }
    guard let listed = plan.rule.values.first(where: { $0.path == own || $0.path == whole || $0.path == sensor })
    else { return nil }
    return ValueName(
      asset: asset, listed: listed.name, name: names?.substituted(listed.name) ?? listed.name, rule: plan.rule,
      detail: listed.detail, isWritten: true, assets: plan.assets, names: names)
  }

  /// Returns the asset and sensor of a name.
  private static func parts(base: String, own: String) -> (asset: String?, sensor: String) {
    let marks: Set<Character> = ["/", ":", "_", "-", "."]
    if !base.isEmpty, !own.isEmpty {
      let asset = String(base.reversed().drop { marks.contains($0) }.reversed())
      return (asset.isEmpty ? nil : asset, own)
    }
    let whole = base + own
    guard let mark = whole.lastIndex(where: { $0 == "/" || $0 == ":" }), mark > whole.startIndex,
      whole.index(after: mark) < whole.endIndex
    else { return (nil, whole) }
    return (String(whole[..<mark]), String(whole[whole.index(after: mark)...]))
  }

  override func places(in payload: Bytes) -> [String] {
    JSONPlaces.all(in: payload)
  }
}
