import PlantModel
import WattlineTime

/// Processes the values of one record after another, independent of the record's format.
struct PayloadRecordReader {
  typealias Bytes = UnsafeRawBufferPointer

  let plan: RecordPlan
  private var names: RecordNames
  /// Buffer for the text of one place or name.
  private var text: [UInt8] = []
  /// Time of the next record, if the format provides it independently of the rule's places.
  var stamp: ReadingStamp?

  init(_ plan: RecordPlan) {
    self.plan = plan
    names = RecordNames(plan.names)
  }

  private var rule: TopicRule { plan.plan.rule }

  /// Processes the record of `source` by the rule. Returns the reason if the whole message must be refused.
  mutating func read<Source: RecordSource>(
    _ source: inout Source, into scope: inout MessageScope
  ) -> RefusalReason? {
    if scope.records.isTaken(source.recordStart) { return nil }
    guard holds(&source) else {
      scope.records.leaveOut()
      return nil
    }
    scope.records.take(source.recordStart)
    scope.slots.beginClaims()
    guard let stamp = stamp(&source, into: &scope) else {
      // The other records of the message may be valid.
      text.withUnsafeBytes { scope.refuse(.badTime, value: -1, text: $0) }
      return nil
    }
    if plan.names.dependOnRecord, let missing = names.read(&source, topic: scope.step.names) {
      let place = missing == .asset ? rule.asset : rule.sensor
      scope.refuse(.missingName, value: -1, words: "\(missing.rawValue) \(place ?? "")")
      return nil
    }
    let unit = unit(&source, into: &scope)
    guard scope.pending.count < MessageScope.maximumValues else { return .tooLarge }
    if plan.values.places.isEmpty {
      appendLeaves(source, stamp: stamp, unit: unit, into: &scope)
    } else if rule.values.isEmpty {
      appendUsual(&source, stamp: stamp, unit: unit, into: &scope)
    } else {
      for value in plan.values.places.indices {
        append(value, at: plan.values.places[value], source: &source, stamp: stamp, unit: unit, into: &scope)
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
      guard source.copy(found, into: &text) else { return false }
      guard condition.texts.contains(where: { $0 == text }) else { return false }
    }
    return true
  }

  // MARK: Time and unit

  private mutating func stamp<Source: RecordSource>(
    _ source: inout Source, into scope: inout MessageScope
  ) -> ReadingStamp? {
    if let stamp { return stamp }
    if let wanted = plan.time.text {
      guard names.compose(wanted, source: &source, topic: scope.step.names, into: &text) else { return nil }
      let time = text.withUnsafeBytes { scope.times.timestamp($0, form: plan.time.form) }
      return time.map { scope.times.stamp(stated: $0, start: 0) }
    }
    for place in plan.time.places {
      let found = source.value(at: place, outwards: true)
      guard found.kind != .missing, found.kind != .null else { continue }
      var time: Timestamp?
      text.removeAll(keepingCapacity: true)
      if found.kind == .number || found.kind == .string, source.copy(found, into: &text) {
        if text.withUnsafeBytes({ ScalarText.isAbsent(ByteText.trimmed($0)) }) { continue }
        time = text.withUnsafeBytes { scope.times.timestamp($0, form: plan.time.form) }
      }
      if plan.time.form.isStated { return time.map { scope.times.stamp(stated: $0, start: found.range.lowerBound) } }
      if let time, time >= TimeReader.earliestUnstated {
        scope.times.hasUnusable = false
        return ReadingStamp(time: time, start: found.range.lowerBound)
      }
      let isReading = plan.values.places.contains { source.value(at: $0, outwards: false).range == found.range }
      scope.times.hasUnusable = scope.times.hasUnusable || !isReading
    }
    return scope.times.receiveStamp
  }

  private mutating func unit<Source: RecordSource>(_ source: inout Source, into scope: inout MessageScope) -> Int32 {
    guard let wanted = plan.units.record else { return usualUnit(&source, into: &scope) }
    guard names.compose(wanted, source: &source, topic: scope.step.names, into: &text) else {
      scope.refusals.problems.recordMissing(unit: rule.unit ?? "")
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
    for place in plan.units.usual {
      let found = source.value(at: place, outwards: false)
      guard found.kind == .string, source.copy(found, into: &text), !text.isEmpty else { continue }
      let position = text.withUnsafeBytes { scope.slots.units.position(of: ByteText.trimmed($0)) }
      if scope.slots.units[position, plant: scope.step.plant] != nil { return position }
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
    guard value < plan.units.values.count, plan.units.values[value] >= 0 else { return record }
    let found = source.value(at: plan.units.values[value], outwards: true)
    guard source.copy(found, into: &text), !text.isEmpty else { return record }
    return text.withUnsafeBytes { scope.slots.units.position(of: ByteText.trimmed($0)) }
  }

  // MARK: Values

  private mutating func append<Source: RecordSource>(
    _ value: Int, at place: Int, source: inout Source, stamp: ReadingStamp, unit: Int32,
    into scope: inout MessageScope
  ) {
    let found = source.value(at: place, outwards: false)
    guard found.kind != .missing else { return scope.refusals.problems.recordMissing(value: value) }
    guard let power = power(of: value, source: &source, into: &scope) else { return }
    let own = self.unit(of: value, record: unit, source: &source, into: &scope)
    guard let slot = plan.names.dependOnRecord ? slot(of: value, source: &source, into: &scope) : scope.step.slot(value)
    else {
      return
    }
    let detail = plan.values.detail(of: value)
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
    for place in plan.values.places {
      let kind = source.value(at: place, outwards: false).kind
      if kind != .missing, kind != .container {
        return append(0, at: place, source: &source, stamp: stamp, unit: unit, into: &scope)
      }
    }
    scope.refusals.problems.recordMissing(value: 0)
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
    let place = plan.values.power(of: value)
    guard place >= 0 else { return 1 }
    let found = source.value(at: place, outwards: true)
    guard source.copy(found, into: &text), let exponent = text.withUnsafeBytes({ DecimalNumber.parse($0) }),
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
    if value < plan.names.values.count, let name = plan.names.values[value],
      !names.compose(name, source: &source, topic: scope.step.names, into: &text)
    {
      scope.refuse(.missingName, value: -1, words: "sensor \(rule.values[value].name)")
      return nil
    }
    scope.beginNameKey(value: value)
    scope.nameKey.append(names.asset)
    scope.nameKey.endPart()
    scope.nameKey.append(names.sensor)
    scope.nameKey.endPart()
    scope.nameKey.append(text)
    let (asset, sensor, composed, plan) = (names.asset, names.sensor, text, plan.plan)
    let slot = scope.namedSlot { topic in
      func string(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBytes { ByteText.string($0) } }
      guard let assetText = string(asset), let sensorText = string(sensor), let name = string(composed) else {
        return nil
      }
      let owner =
        assetText.isEmpty
        ? topic?.asset ?? Plant.wholePlant
        : plan.rule.rename[assetText].map { topic?.substituted($0) ?? $0 } ?? assetText
      let listed = plan.rule.values.isEmpty ? sensorText : plan.rule.values[value].name
      let own = sensorText.isEmpty ? topic?.sensor ?? "" : sensorText
      let full = !name.isEmpty ? name : plan.rule.values.isEmpty ? own : listed
      let detail = plan.rule.values.isEmpty ? plan.rule.detail : plan.rule.values[value].detail
      return ValueName(
        asset: owner, listed: listed, name: full, rule: plan.rule, detail: detail,
        isWritten: name.isEmpty && !plan.rule.values.isEmpty, assets: plan.assets, names: topic)
    }
    if scope.slots.isIgnored(slot) {
      scope.refusals.setback = .invalidName
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
    let (asset, plan, detail) = (names.asset, plan.plan, plan.values.detail(of: 0))
    source.forEachLeaf { name, found in
      guard found.range.lowerBound != stamp.start, scope.pending.count < MessageScope.maximumValues else { return }
      scope.beginNameKey()
      scope.nameKey.append(asset)
      scope.nameKey.endPart()
      scope.nameKey.append(name)
      let slot = scope.namedSlot { topic in
        guard let name = ByteText.string(name), let owner = asset.withUnsafeBytes({ ByteText.string($0) }) else {
          return nil
        }
        let renamed = plan.rule.rename[owner] ?? owner
        return plan.valueName(
          ofPayload: name, asset: owner.isEmpty ? topic?.asset ?? Plant.wholePlant : renamed, names: topic)
      }
      guard !scope.slots.isIgnored(slot), scope.slots.claim(slot) else { return }
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
