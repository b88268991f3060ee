import PlantModel
import WattlineTime

/// Processes the values of one record after another, independent of the record's format.
struct PayloadRecordReader {
  typealias Bytes = UnsafeRawBufferPointer

  let plan: RecordPlan
  /// Names that depend on topic or record, by value; `nil` for the others.
  private let names: [TextSource?]
  private var asset: [UInt8] = []
  private var sensor: [UInt8] = []
  private var text: [UInt8] = []
  /// Time of the next record, if the format provides it independently of the rule's places.
  var stamp: ReadingStamp?

  init(_ plan: RecordPlan) {
    self.plan = plan
    names = plan.plan.rule.values.map { $0.name.contains("{") ? TextSource($0.name) { _ in -1 } : nil }
  }

  private var rule: TopicRule { plan.plan.rule }

  /// Processes the record of `source` by the rule. Returns the reason if the whole message must be refused.
  mutating func read<Source: RecordSource>(
    _ source: inout Source, into scope: inout MessageScope
  ) -> RefusalReason? {
    if scope.isTaken(source.recordStart) { return nil }
    guard holds(&source) else {
      scope.leftOut += 1
      return nil
    }
    if scope.isChained { scope.taken.append(source.recordStart) }
    scope.messageNumber &+= 1
    guard let stamp = stamp(&source, into: &scope) else {
      // The other records of the message may be valid.
      text.withUnsafeBytes { scope.refuse(.badTime, value: -1, text: $0) }
      return nil
    }
    if plan.hasRecordNames, !readNames(&source, into: &scope) { return nil }
    let unit = unit(&source, into: &scope)
    guard scope.pending.count < MessageScope.maximumValues else { return .tooLarge }
    if plan.values.isEmpty {
      appendLeaves(source, stamp: stamp, unit: unit, into: &scope)
    } else if rule.values.isEmpty {
      appendUsual(&source, stamp: stamp, unit: unit, into: &scope)
    } else {
      for value in plan.values.indices {
        append(value, at: plan.values[value], source: &source, stamp: stamp, unit: unit, into: &scope)
      }
    }
    return nil
  }

  // MARK: Conditions

  private mutating func holds<Source: RecordSource>(_ source: inout Source) -> Bool {
    for condition in plan.conditions {
      let own = source.value(at: condition.place, outwards: false)
      let found = own.kind == .missing ? source.value(at: condition.place, outwards: true) : own
      if found.kind == .missing || found.kind == .null {
        guard condition.allowsAbsent else { return false }
        continue
      }
      guard setText(found, source: source) else { return false }
      guard condition.texts.contains(where: { $0 == text }) else { return false }
    }
    return true
  }

  /// Copies a value's text into ``text``. Returns `false` if it has none.
  private mutating func setText<Source: RecordSource>(_ value: JSONValue, source: Source) -> Bool {
    text.removeAll(keepingCapacity: true)
    return append(value, source: source, into: &text)
  }

  private func append<Source: RecordSource>(_ value: JSONValue, source: Source, into target: inout [UInt8]) -> Bool {
    switch value.kind {
    case .missing, .null, .container: return false
    case .yes, .no, .number: source.bytes(value.range) { target.append(contentsOf: $0) }
    case .string:
      source.bytes(value.range) {
        if value.hasEscapes { JSONEscapes.append($0, to: &target) } else { target.append(contentsOf: $0) }
      }
    }
    return true
  }

  // MARK: Names

  /// Reads the names from the record. Returns `false` if one is missing, which is recorded as a refusal.
  private mutating func readNames<Source: RecordSource>(
    _ source: inout Source, into scope: inout MessageScope
  ) -> Bool {
    asset.removeAll(keepingCapacity: true)
    sensor.removeAll(keepingCapacity: true)
    if let wanted = plan.asset {
      guard compose(wanted, source: &source, in: scope, into: &asset) else {
        return missing("asset", place: rule.asset, into: &scope)
      }
    }
    if let wanted = plan.sensor {
      guard compose(wanted, source: &source, in: scope, into: &sensor) else {
        return missing("sensor", place: rule.sensor, into: &scope)
      }
    }
    return true
  }

  private func missing(_ name: String, place: String?, into scope: inout MessageScope) -> Bool {
    var words = "\(name) \(place ?? "")"
    words.withUTF8 { scope.refuse(.missingName, value: -1, text: Bytes($0)) }
    return false
  }

  /// Composes a text. Returns `false` if a part is missing. The rule's `strip` prefix is removed from the start.
  ///
  /// - Parameters:
  ///   - wanted: the text's source.
  ///   - source: the record.
  ///   - scope: the message's scope.
  ///   - target: destination; the text is appended.
  private func compose<Source: RecordSource>(
    _ wanted: TextSource, source: inout Source, in scope: borrowing MessageScope, into target: inout [UInt8]
  ) -> Bool {
    switch wanted {
    case .place(let place):
      guard append(source.value(at: place, outwards: true), source: source, into: &target) else { return false }
      strip(&target)
    case .template(let pieces):
      for piece in pieces {
        switch piece {
        case .literal(let text): target.append(contentsOf: text.utf8)
        case .topic(let name): if !append(name, in: scope, into: &target) { return false }
        case .key(let level):
          guard append(source.memberName(level: level), source: source, into: &target) else { return false }
          if pieces.count == 1 { strip(&target) }
        case .measurement: if !append(source.tag(""), source: source, into: &target) { return false }
        case .tag(let name): if !append(source.tag(name), source: source, into: &target) { return false }
        }
      }
    }
    return !target.isEmpty
  }

  /// Appends the value of a topic placeholder, or the record's own asset or sensor.
  private func append(_ placeholder: String, in scope: borrowing MessageScope, into target: inout [UInt8]) -> Bool {
    if placeholder == "sensor", !sensor.isEmpty {
      target.append(contentsOf: sensor)
    } else if placeholder == "asset", !asset.isEmpty {
      target.append(contentsOf: asset)
    } else if let text = scope.names?[placeholder] {
      target.append(contentsOf: text.utf8)
    } else {
      return false
    }
    return true
  }

  private func strip(_ name: inout [UInt8]) {
    guard !plan.strip.isEmpty, name.count > plan.strip.count, name.starts(with: plan.strip) else { return }
    name.removeSubrange(..<plan.strip.count)
  }

  // MARK: Time and unit

  private mutating func stamp<Source: RecordSource>(
    _ source: inout Source, into scope: inout MessageScope
  ) -> ReadingStamp? {
    if let stamp { return stamp }
    if let wanted = plan.timeText {
      text.removeAll(keepingCapacity: true)
      guard compose(wanted, source: &source, in: scope, into: &text) else { return nil }
      let time = text.withUnsafeBytes { scope.timestamp($0, form: plan.form) }
      return time.map { scope.stamp(stated: $0, start: 0) }
    }
    for place in plan.times {
      let found = source.value(at: place, outwards: true)
      guard found.kind != .missing, found.kind != .null else { continue }
      var time: Timestamp?
      text.removeAll(keepingCapacity: true)
      if found.kind == .number || found.kind == .string, setText(found, source: source) {
        if text.withUnsafeBytes({ ScalarText.isAbsent(ByteText.trimmed($0)) }) { continue }
        time = text.withUnsafeBytes { scope.timestamp($0, form: plan.form) }
      }
      if plan.form.isStated { return time.map { scope.stamp(stated: $0, start: found.range.lowerBound) } }
      if let time, time >= MessageScope.earliestUnstatedTime {
        scope.hasUnusableTime = false
        return ReadingStamp(time: time, start: found.range.lowerBound)
      }
      let isReading = plan.values.contains { source.value(at: $0, outwards: false).range == found.range }
      scope.hasUnusableTime = scope.hasUnusableTime || !isReading
    }
    return ReadingStamp(time: scope.received, start: -1)
  }

  private mutating func unit<Source: RecordSource>(_ source: inout Source, into scope: inout MessageScope) -> Int32 {
    guard let wanted = plan.unit else { return usualUnit(&source, into: &scope) }
    text.removeAll(keepingCapacity: true)
    guard compose(wanted, source: &source, in: scope, into: &text), !text.isEmpty else {
      scope.recordAbsent(unit: rule.unit ?? "")
      return UnitTexts.none
    }
    return text.withUnsafeBytes { bytes in
      let trimmed = ByteText.trimmed(bytes)
      return ScalarText.isAbsent(trimmed) ? UnitTexts.none : scope.slots.units.position(of: trimmed)
    }
  }

  /// Returns the unit beside a lone value, if it is a known one.
  private mutating func usualUnit<Source: RecordSource>(
    _ source: inout Source, into scope: inout MessageScope
  ) -> Int32 {
    for place in plan.usualUnits {
      let found = source.value(at: place, outwards: false)
      guard found.kind == .string, setText(found, source: source), !text.isEmpty else { continue }
      let position = text.withUnsafeBytes { scope.slots.units.position(of: ByteText.trimmed($0)) }
      if scope.slots.units[position, plant: scope.plant] != nil { return position }
    }
    return UnitTexts.none
  }

  /// Returns the unit at the value's own place, if there is one; otherwise that of the record.
  ///
  /// - Parameters:
  ///   - value: position of the rule's value.
  ///   - record: position of the record's unit in ``UnitTexts``.
  ///   - source: the record.
  ///   - scope: the message's scope.
  /// - Returns: a position in ``UnitTexts``.
  private mutating func unit<Source: RecordSource>(
    of value: Int, record: Int32, source: inout Source, into scope: inout MessageScope
  ) -> Int32 {
    guard value < plan.unitPlaces.count, plan.unitPlaces[value] >= 0 else { return record }
    guard setText(source.value(at: plan.unitPlaces[value], outwards: true), source: source), !text.isEmpty else {
      return record
    }
    return text.withUnsafeBytes { scope.slots.units.position(of: ByteText.trimmed($0)) }
  }

  // MARK: Values

  private mutating func append<Source: RecordSource>(
    _ value: Int, at place: Int, source: inout Source, stamp: ReadingStamp, unit: Int32,
    into scope: inout MessageScope
  ) {
    let found = source.value(at: place, outwards: false)
    guard found.kind != .missing else { return scope.recordAbsent(value: value) }
    guard let power = power(of: value, source: &source, into: &scope) else { return }
    let own = self.unit(of: value, record: unit, source: &source, into: &scope)
    guard let slot = plan.hasRecordNames ? slot(of: value, source: &source, into: &scope) : scope.slot(value) else {
      return
    }
    let detail = plan.details[min(value, plan.details.count - 1)]
    source.bytes(found.range) {
      var local = found
      local.range = 0..<$0.count
      scope.append(
        local, payload: $0, detail: detail, value: value, unit: own, power: power, slot: slot, at: stamp.time,
        hasSourceTime: stamp.isFromSource)
    }
  }

  /// Takes the first existing scalar at the usual places as the record's value.
  ///
  /// - Parameters:
  ///   - source: the record.
  ///   - stamp: time of the record.
  ///   - unit: position of the record's unit in ``UnitTexts``.
  ///   - scope: the message's scope.
  private mutating func appendUsual<Source: RecordSource>(
    _ source: inout Source, stamp: ReadingStamp, unit: Int32, into scope: inout MessageScope
  ) {
    for place in plan.values {
      let kind = source.value(at: place, outwards: false).kind
      if kind != .missing, kind != .container {
        return append(0, at: place, source: &source, stamp: stamp, unit: unit, into: &scope)
      }
    }
    scope.recordAbsent(value: 0)
  }

  /// Returns ten to the power given beside the value, 1 if there is none; `nil` if it is invalid, which is recorded.
  ///
  /// - Parameters:
  ///   - value: position of the rule's value.
  ///   - source: the record.
  ///   - scope: the message's scope.
  /// - Returns: the factor for exponents -22...22.
  private mutating func power<Source: RecordSource>(
    of value: Int, source: inout Source, into scope: inout MessageScope
  ) -> Double? {
    let place = plan.powers[min(value, plan.powers.count - 1)]
    guard place >= 0 else { return 1 }
    let found = source.value(at: place, outwards: true)
    guard setText(found, source: source), let exponent = text.withUnsafeBytes({ DecimalNumber.parse($0) }),
      exponent.rounded() == exponent, abs(exponent) <= 22
    else {
      // Without its factor the number is meaningless.
      scope.refuse(.notANumber, value: value, words: "no power of ten at \(plan.places[place])")
      return nil
    }
    var power = 1.0
    for _ in 0..<Int(abs(exponent)) { power *= 10 }
    return exponent < 0 ? 1 / power : power
  }

  /// Returns the slot of a value whose name or asset is in the record.
  ///
  /// - Parameters:
  ///   - value: position of the rule's value.
  ///   - source: the record.
  ///   - scope: the message's scope.
  /// - Returns: `nil` if the name is missing or invalid, which is recorded.
  private mutating func slot<Source: RecordSource>(
    of value: Int, source: inout Source, into scope: inout MessageScope
  ) -> Int? {
    text.removeAll(keepingCapacity: true)
    if value < names.count, let name = names[value] {
      guard compose(name, source: &source, in: scope, into: &text) else {
        _ = missing("sensor", place: rule.values[value].name, into: &scope)
        return nil
      }
    }
    scope.beginNameKey(value: value)
    scope.nameKey.append(contentsOf: asset)
    scope.nameKey.append(0)
    scope.nameKey.append(contentsOf: sensor)
    scope.nameKey.append(0)
    scope.nameKey.append(contentsOf: text)
    let (asset, sensor, composed) = (asset, sensor, text)
    let plan = plan.plan
    let slot = scope.namedSlot { scope in
      func string(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBytes { ByteText.string($0) } }
      guard let assetText = string(asset), let sensorText = string(sensor), let name = string(composed) else {
        return nil
      }
      let owner =
        assetText.isEmpty
        ? scope.names?.asset ?? Plant.wholePlant
        : plan.rule.rename[assetText].map { scope.names?.substituted($0) ?? $0 } ?? assetText
      let listed = plan.rule.values.isEmpty ? sensorText : plan.rule.values[value].name
      let own = sensorText.isEmpty ? scope.names?.sensor ?? "" : sensorText
      let full = !name.isEmpty ? name : plan.rule.values.isEmpty ? own : listed
      let detail = plan.rule.values.isEmpty ? plan.rule.detail : plan.rule.values[value].detail
      return ValueName(
        asset: owner, listed: listed, name: full, rule: plan.rule, detail: detail,
        isWritten: name.isEmpty && !plan.rule.values.isEmpty, assets: plan.assets, names: scope.names)
    }
    if scope.slots.isIgnored(slot) {
      scope.setback = .invalidName
      return nil
    }
    return slot
  }

  /// Takes every number and truth value of the record under its own name.
  ///
  /// - Parameters:
  ///   - source: the record.
  ///   - stamp: time of the record.
  ///   - unit: position of the record's unit in ``UnitTexts``.
  ///   - scope: the message's scope.
  private mutating func appendLeaves<Source: RecordSource>(
    _ source: Source, stamp: ReadingStamp, unit: Int32, into scope: inout MessageScope
  ) {
    let (asset, plan, detail) = (asset, plan.plan, plan.details[0])
    source.forEachLeaf { name, found in
      guard found.range.lowerBound != stamp.start, scope.pending.count < MessageScope.maximumValues else { return }
      scope.beginNameKey()
      scope.nameKey.append(contentsOf: asset)
      scope.nameKey.append(0)
      scope.nameKey.append(contentsOf: name)
      let slot = scope.namedSlot { scope in
        guard let name = ByteText.string(name), let owner = asset.withUnsafeBytes({ ByteText.string($0) }) else {
          return nil
        }
        let renamed = plan.rule.rename[owner] ?? owner
        return scope.valueName(
          ofPayload: name, plan: plan, asset: owner.isEmpty ? scope.names?.asset ?? Plant.wholePlant : renamed)
      }
      guard !scope.slots.isIgnored(slot), scope.slots.claim(slot, message: scope.messageNumber) else { return }
      source.bytes(found.range) {
        var local = found
        local.range = 0..<$0.count
        scope.append(
          local, payload: $0, detail: detail, value: -1, unit: unit, slot: slot, at: stamp.time,
          hasSourceTime: stamp.isFromSource)
      }
    }
  }
}

extension MessageScope {
  /// Returns whether an earlier rule has taken a record.
  func isTaken(_ start: Int) -> Bool {
    if taken.isEmpty { return false }
    var (low, high) = (0, taken.count)
    while low < high {
      let middle = (low + high) / 2
      if taken[middle] < start { low = middle + 1 } else { high = middle }
    }
    return low < taken.count && taken[low] == start
  }
}
