import PlantModel

/// From topics to routes, from names to slots, from slots to series.
extension MessageDecoder {
  typealias Bytes = UnsafeRawBufferPointer

  /// Most bytes of keys that a table may have.
  private static let maximumKeyBytes = 256 << 20

  mutating func route(of topic: Bytes) -> Int {
    if let known = topics.value(of: topic) { return Int(known) }
    let route = newRoute(topic).map { position(of: $0) } ?? MessageDecoder.elsewhere
    topics.insert(topic, value: Int32(truncatingIfNeeded: route))
    return route
  }

  /// Forgets everything when there is too much of it.
  mutating func limitMemory() {
    let isFull = topics.count >= topicLimit || names.count >= topicLimit
    let bytes = topics.keyBytes + names.keyBytes
    if isFull || bytes >= MessageDecoder.maximumKeyBytes { forget() }
  }

  /// Where a route is kept. All topics that are refused for one reason share one.
  private mutating func position(of route: DecodingRoute) -> Int {
    if let refusal = route.refusal, let known = refusalRoutes[refusal] { return known }
    routes.append(route)
    if let refusal = route.refusal { refusalRoutes[refusal] = routes.count - 1 }
    return routes.count - 1
  }

  /// The route of a topic that speaks for the first time; `nil` where it belongs to another share.
  private mutating func newRoute(_ topic: Bytes) -> DecodingRoute? {
    guard ByteText.isUTF8(topic) else { return stray(.notUTF8) }
    for position in index.candidates(topic) {
      let rule = rules[position]
      guard let ranges = rule.pattern.captures(in: topic) else { continue }
      if rule.plant == CompiledRule.elsewhere { return nil }
      var route = DecodingRoute(rule: position, plant: rule.plant)
      for (name, range) in zip(rule.pattern.placeholders, ranges) {
        guard let text = TopicPattern.decodedName(ByteText.slice(topic, range.lowerBound, range.upperBound)) else {
          return DecodingRoute(refusal: .notUTF8)
        }
        route.captures.append((name, text))
      }
      return named(route, by: rule.rule)
    }
    return stray(.unmatchedTopic)
  }

  private func stray(_ reason: RefusalReason) -> DecodingRoute? { takesStrays ? DecodingRoute(refusal: reason) : nil }

  private mutating func named(_ template: DecodingRoute, by rule: TopicRule) -> DecodingRoute {
    var route = template
    let fromTopic = route.captures.first { $0.name == "asset" }?.text
    route.asset = fromTopic ?? rule.asset.map { route.substituted($0) }
    route.assetIsFromTopic = fromTopic != nil
    route.sensor = route.captures.first { $0.name == "sensor" }?.text ?? rule.sensor.map { route.substituted($0) }
    let isNamed = [route.asset, route.sensor].allSatisfy { $0.map(ValueSlot.isName) ?? true }
    guard isNamed else { return DecodingRoute(refusal: .invalidName) }
    let asset = route.asset ?? Plant.wholePlant
    let first = slots.count
    if !rule.values.isEmpty {
      route.naming = .listed
      for value in rule.values {
        let name = route.substituted(value.name)
        slots.append(ValueSlot(asset: asset, listed: value.name, name: name, rule: rule, route: route))
      }
    } else if let sensor = route.sensor {
      route.naming = .single
      slots.append(ValueSlot(asset: asset, listed: sensor, name: sensor, rule: rule, route: route))
    } else {
      route.naming = .payload
    }
    route.slots = first..<slots.count
    if slots[route.slots].contains(where: { $0.series == ValueSlot.ignored }) {
      return DecodingRoute(refusal: .invalidName)
    }
    func path(_ text: String) -> String { route.substituted(text, escapingPointer: text.hasPrefix("/")) }
    let places = CompiledRule.valuePlaces(rule, isSensorNamed: route.sensor != nil, path)
    route.valuePlaces = places.count
    // They are asked for again where the payload has names of its own.
    if route.naming == .single, rule.payload != .line { route.captures = [] }
    route.pointers = rules[route.rule].pointers ?? JSONPointers(places + CompiledRule.timePlaces(rule, path))
    return route
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

  /// Keeps a slot under ``nameKey``.
  mutating func addSlot(_ slot: ValueSlot) -> Int {
    slots.append(slot)
    nameKey.withUnsafeBytes { names.insert($0, value: Int32(truncatingIfNeeded: slots.count - 1)) }
    return slots.count - 1
  }

  /// The slot whose sensor is named by what follows `nameStart` in ``nameKey``; `nil` where that is no name.
  mutating func namedSlot(route: Int, nameStart: Int) -> Int? {
    if let known = knownSlot() { return slots[known].series == ValueSlot.ignored ? nil : known }
    let name = nameKey.withUnsafeBytes { ByteText.string(ByteText.slice($0, nameStart, $0.count)) } ?? ""
    let slot = addSlot(
      ValueSlot(
        asset: routes[route].asset ?? Plant.wholePlant, listed: name, name: name, rule: rules[routes[route].rule].rule,
        route: routes[route]))
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
      guard let number = inSensorUnit(value, payload, register.series[Int(series)].profile.unit) else {
        setback = .notANumber
        continue
      }
      let raw = number * slots[value.slot].scale + slots[value.slot].offset
      let canonical = raw * slots[value.slot].unitScale + slots[value.slot].unitOffset
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
    let asset = slots[slot].asset
    let sensor = slots[slot].sensor
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
    slots[slot].series = index.rawValue
    guard let unit = register.series[index.position].profile.unit else { return }
    slots[slot].unitScale = unit.scale
    slots[slot].unitOffset = unit.offset
  }

  /// A number with a unit behind it in the sensor's own unit; as it stands where the rule scales or nothing is known of
  /// the sensor's unit.
  private func inSensorUnit(_ value: PendingValue, _ payload: Bytes, _ own: @autoclosure () -> Unit?) -> Double? {
    guard !value.unit.isEmpty, slots[value.slot].scale == 1, slots[value.slot].offset == 0 else { return value.number }
    let symbol = String(decoding: payload[value.unit], as: UTF8.self)
    guard let written = Unit.named(symbol) else { return nil }
    guard let own = own(), own != written else { return value.number }
    guard own.quantity == written.quantity, own.scale != 0 else { return nil }
    return (written.canonical(value.number) - own.offset) / own.scale
  }
}
