import PlantModel

/// From topics to routes, from names to slots, from slots to series.
extension MessageDecoder {
  typealias Bytes = UnsafeRawBufferPointer

  /// Most bytes of keys that a table may have.
  private static let maximumKeyBytes = 256 << 20

  mutating func route(of topic: Bytes) -> Int {
    if let known = topics.value(of: topic) { return Int(known) }
    let route = newRoute(topic) ?? MessageDecoder.elsewhere
    topics.insert(topic, value: Int32(truncatingIfNeeded: route))
    return route
  }

  /// Forgets everything when there is too much of it.
  mutating func limitMemory() {
    let isFull = topics.count >= topicLimit || names.count >= topicLimit
    let bytes = topics.keyBytes + names.keyBytes
    if isFull || bytes >= MessageDecoder.maximumKeyBytes { forget() }
  }

  /// Where the route of topics that are refused for one reason is kept.
  private mutating func refused(_ reason: RefusalReason) -> Int {
    if let known = refusalRoutes[reason] { return known }
    let route = add(RoutePlan(refusal: reason), nil)
    refusalRoutes[reason] = route
    return route
  }

  /// Keeps a route with a plan of its own.
  private mutating func add(_ plan: RoutePlan, _ names: TopicNames?, firstSlot: Int = 0) -> Int {
    plans.append(plan)
    return add(plan: plans.count - 1, names, firstSlot: firstSlot)
  }

  private mutating func add(plan: Int, _ names: TopicNames?, firstSlot: Int) -> Int {
    routes.appendSparingly(
      DecodingRoute(
        plan: Int32(truncatingIfNeeded: plan), firstSlot: Int32(truncatingIfNeeded: firstSlot), names: names))
    return routes.count - 1
  }

  /// The route of a topic that speaks for the first time; `nil` where it belongs to another share.
  private mutating func newRoute(_ topic: Bytes) -> Int? {
    guard ByteText.isUTF8(topic) else { return stray(.notUTF8) }
    for position in index.candidates(topic) {
      let rule = rules[position]
      guard let ranges = rule.pattern.captures(in: topic) else { continue }
      if rule.plant == CompiledRule.elsewhere { return nil }
      var captures: [(name: String, text: String)] = []
      for (name, range) in zip(rule.pattern.placeholders, ranges) {
        guard let text = TopicPattern.decodedName(ByteText.slice(topic, range.lowerBound, range.upperBound)) else {
          return refused(.notUTF8)
        }
        captures.append((name, text))
      }
      return route(of: TopicNames(captures: captures, rule: rule.rule), by: position)
    }
    return stray(.unmatchedTopic)
  }

  private mutating func stray(_ reason: RefusalReason) -> Int? { takesStrays ? refused(reason) : nil }

  private mutating func route(of names: TopicNames, by position: Int) -> Int {
    let rule = rules[position].rule
    guard [names.asset, names.sensor].allSatisfy({ $0.map(ValueName.isName) ?? true }) else {
      return refused(.invalidName)
    }
    let asset = names.asset ?? Plant.wholePlant
    let naming: RoutePlan.Naming
    var values: [ValueName] = []
    if !rule.values.isEmpty {
      naming = .listed
      values = rule.values.map {
        ValueName(asset: asset, listed: $0.name, name: names.substituted($0.name), rule: rule, names: names)
      }
    } else if let sensor = names.sensor {
      naming = .single
      values = [ValueName(asset: asset, listed: sensor, name: sensor, rule: rule, names: names)]
    } else {
      naming = .payload
    }
    guard values.allSatisfy(\.isUsable) else { return refused(.invalidName) }
    let first = slots.count
    for value in values { _ = addSlot(value) }
    // They are asked for again where the payload has names of its own.
    let kept = naming == .payload || rule.payload == .line ? names : nil
    if let plan = planOfRule[position] { return add(plan: plan, kept, firstSlot: first) }
    func path(_ text: String) -> String { names.substituted(text, escapingPointer: text.hasPrefix("/")) }
    let places = CompiledRule.valuePlaces(rule, isSensorNamed: names.sensor != nil, path)
    let pointers = rules[position].pointers
    let plan = RoutePlan(
      rule: position, plant: rules[position].plant, naming: naming, slotCount: values.count,
      pointers: pointers ?? JSONPointers(places + CompiledRule.timePlaces(rule, path)), valuePlaces: places.count)
    // Without a placeholder in a path all topics of the rule are read alike.
    if pointers != nil { planOfRule[position] = plans.count }
    return add(plan, kept, firstSlot: first)
  }

  /// Position of the compiled rule.
  func rule(of route: Int) -> Int { plans[Int(routes[route].plan)].rule }

  /// How the payload's values get their names.
  func naming(of route: Int) -> RoutePlan.Naming { plans[Int(routes[route].plan)].naming }

  /// The slots of the values that topic or rule name, in their order.
  func slots(of route: Int) -> Range<Int> {
    let first = Int(routes[route].firstSlot)
    return first..<first + plans[Int(routes[route].plan)].slotCount
  }

  /// The slot of a value to which a payload gives no name.
  mutating func unnamedSlot(route: Int) -> Int? {
    beginNameKey(route: route)
    nameKey.append(contentsOf: "value".utf8)
    return namedSlot(route: route, nameStart: MessageDecoder.nameKeyHeader)
  }

  /// Bytes in front of a name in ``nameKey``.
  static var nameKeyHeader: Int { 4 }

  /// Starts a key in ``nameKey``; what names the value is appended by the caller.
  mutating func beginNameKey(route: Int) {
    nameKey.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: Int32(truncatingIfNeeded: route)) { nameKey.append(contentsOf: $0) }
  }

  /// The slot known under ``nameKey``, if any.
  func knownSlot() -> Int? { nameKey.withUnsafeBytes { names.value(of: $0) }.map(Int.init) }

  /// Keeps a slot for a value; one that is not to be taken is ignored from then on.
  private mutating func addSlot(_ value: ValueName?) -> Int {
    slots.appendSparingly(ValueSlot(series: value == nil ? ValueSlot.ignored : ValueSlot.unresolved))
    if let value { unresolved[slots.count - 1] = value }
    return slots.count - 1
  }

  /// Keeps a slot under ``nameKey``.
  mutating func addNamedSlot(_ value: ValueName?) -> Int {
    let slot = addSlot(value.flatMap { $0.isUsable ? $0 : nil })
    nameKey.withUnsafeBytes { names.insert($0, value: Int32(truncatingIfNeeded: slot)) }
    return slot
  }

  /// The slot whose sensor is named by what follows `nameStart` in ``nameKey``; `nil` where that is no name.
  mutating func namedSlot(route: Int, nameStart: Int) -> Int? {
    if let known = knownSlot() { return slots[known].series == ValueSlot.ignored ? nil : known }
    let name = nameKey.withUnsafeBytes { ByteText.string(ByteText.slice($0, nameStart, $0.count)) } ?? ""
    let topic = routes[route].names
    let slot = addNamedSlot(
      ValueName(
        asset: topic?.asset ?? Plant.wholePlant, listed: name, name: name, rule: rules[rule(of: route)].rule,
        names: topic))
    return slots[slot].series == ValueSlot.ignored ? nil : slot
  }

  /// Appends what is pending, admitting series that speak for the first time.
  mutating func flush(
    _ payload: Bytes, to batch: inout ReadingBatch, plant: Int, register: inout PlantRegister
  ) -> DecodeOutcome {
    var count = 0
    for position in pending.indices {
      let value = pending[position]
      if slots[value.slot].series == ValueSlot.unresolved { resolve(value.slot, &register) }
      let series = slots[value.slot].series
      guard series >= 0 else {
        setback = ValueSlot.reason(series)
        if setback != .invalidName { countBeyondLimits(plant: plant) }
        continue
      }
      let conversion = conversions[Int(slots[value.slot].conversion)]
      guard let number = inSensorUnit(value, conversion, payload, register.series[Int(series)].profile.unit) else {
        setback = .notANumber
        continue
      }
      let raw = number * conversion.scale + conversion.offset
      let canonical = raw * conversion.unitScale + conversion.unitOffset
      guard raw.isFinite, canonical.isFinite else {
        setback = .notFinite
        continue
      }
      batch.append(
        series: SeriesIndex(Int(series)), time: value.time, raw: raw, value: canonical,
        hasSourceTime: value.hasSourceTime)
      count += 1
    }
    return count > 0 ? .readings(plant: plant, count: count) : .refused(setback)
  }

  private mutating func resolve(_ slot: Int, _ register: inout PlantRegister) {
    guard let value = unresolved.removeValue(forKey: slot) else { return }
    let (asset, sensor) = (value.asset, value.sensor)
    if register.series(asset: asset, sensor: sensor) == nil, !register.isDeclared(asset: asset, sensor: sensor) {
      let limits = register.plant.limits
      if register.asset(named: asset) == nil, asset != Plant.wholePlant, register.assets.count >= limits.assets {
        slots[slot].series = ValueSlot.fullOfAssets
        return
      }
      if register.series.count >= limits.sensors {
        slots[slot].series = ValueSlot.full
        return
      }
    }
    let index = register.admit(asset: asset, sensor: sensor)
    let unit = register.series[index.position].profile.unit
    slots[slot].series = index.rawValue
    slots[slot].conversion = position(
      of: Conversion(
        scale: value.scale, offset: value.offset, unitScale: unit?.scale ?? 1, unitOffset: unit?.offset ?? 0))
  }

  private mutating func position(of conversion: Conversion) -> Int32 {
    if let known = conversionPositions[conversion] { return known }
    conversions.append(conversion)
    let position = Int32(truncatingIfNeeded: conversions.count - 1)
    conversionPositions[conversion] = position
    return position
  }

  /// A number with a unit behind it in the sensor's own unit; as it stands where the rule scales or nothing is known of
  /// the sensor's unit.
  private func inSensorUnit(
    _ value: PendingValue, _ conversion: Conversion, _ payload: Bytes, _ own: @autoclosure () -> Unit?
  ) -> Double? {
    guard !value.unit.isEmpty, conversion.scale == 1, conversion.offset == 0 else { return value.number }
    let symbol = String(decoding: payload[value.unit], as: UTF8.self)
    guard let written = Unit.named(symbol) else { return nil }
    guard let own = own(), own != written else { return value.number }
    guard own.quantity == written.quantity, own.scale != 0 else { return nil }
    return (written.canonical(value.number) - own.offset) / own.scale
  }
}
