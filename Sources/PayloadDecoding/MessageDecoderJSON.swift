import PlantModel

/// JSON payloads.
extension MessageDecoder {
  /// Moments before 2000 in the usual places are taken for an uptime.
  private static let earliestUnstatedTime = Timestamp(seconds: 946_684_800)

  mutating func readJSON(_ payload: Bytes, route: Int, received: Timestamp) -> RefusalReason? {
    if let refusal = find(payload, route: route) { return refusal }
    var time = received
    var hasSourceTime = false
    var timeStart = -1
    let plan = Int(routes[route].plan)
    let rule = plans[plan].rule
    for place in plans[plan].valuePlaces..<plans[plan].pointers.count {
      let value = found[place]
      guard value.kind != .missing, value.kind != .null else { continue }
      let moment = moment(of: value, payload, rule: rule, received: received)
      if rules[rule].rule.time != nil {
        guard let moment else { return .badTime }
        time = moment
      } else {
        guard let moment, moment >= MessageDecoder.earliestUnstatedTime else {
          hasUnusableTime = hasUnusableTime || !isReading(value, payload, route: route)
          continue
        }
        time = moment
      }
      hasSourceTime = true
      hasUnusableTime = false
      timeStart = value.range.lowerBound
      break
    }
    switch naming(of: route) {
    case .listed:
      for (place, slot) in slots(of: route).enumerated() {
        take(found[place], payload, slot: slot, time, hasSourceTime)
      }
      return nil
    case .single:
      // The document itself, when it is a lone value; else the first of the usual names that is there.
      var place = 0
      if found[0].kind == .container {
        place = 1
        while place < plans[plan].valuePlaces - 1, found[place].kind == .missing { place += 1 }
      }
      take(found[place], payload, slot: slots(of: route).lowerBound, time, hasSourceTime)
      return nil
    case .payload: return takeLeaves(payload, route: route, except: timeStart, time, hasSourceTime)
    }
  }

  /// Fills ``found`` with what stands at the route's places, and checks the whole text.
  ///
  /// A text of the form that the rule's messages last had is not scanned; one of another form is, and every eighth such
  /// form is remembered in its place, so that rules whose devices differ do not relearn with every message.
  private mutating func find(_ payload: Bytes, route: Int) -> RefusalReason? {
    let rule = rule(of: route)
    guard rules[rule].pointers != nil, naming(of: route) != .payload else { return scan(payload, route: route) }
    if shapeOfFound != rule {
      found.removeAll(keepingCapacity: true)
      found.append(contentsOf: shapes[rule].found)
      shapeOfFound = rule
    }
    if shapes[rule].shape?.fits(payload, &found) == true { return nil }
    let refusal = scan(payload, route: route)
    if refusal == nil, shapes[rule].misses % 8 == 0 {
      shapes[rule].shape = JSONShape(payload, scalars, found)
      shapes[rule].found = found
    }
    shapes[rule].misses &+= 1
    return refusal
  }

  private mutating func scan(_ payload: Bytes, route: Int) -> RefusalReason? {
    let pointers = plans[Int(routes[route].plan)].pointers
    shapeOfFound = -1
    scalars.removeAll(keepingCapacity: true)
    found.removeAll(keepingCapacity: true)
    for _ in 0..<pointers.count { found.append(JSONValue()) }
    var base = 0
    repeat {
      // The buffers are lent to the visitor, so that they are grown once and never copied.
      var visitor = JSONPointerVisitor(
        pointers: pointers, base: base, found: [], scratch: [], scalars: [])
      swap(&visitor.found, &found)
      swap(&visitor.scratch, &scratch)
      swap(&visitor.scalars, &scalars)
      var scanner = JSONScanner<JSONPointerVisitor>(payload)
      let refusal = scanner.scan(from: visitor.root, with: &visitor)
      swap(&visitor.found, &found)
      swap(&visitor.scratch, &scratch)
      swap(&visitor.scalars, &scalars)
      if let refusal { return refusal == .malformedJSON && !ByteText.isUTF8(payload) ? .notUTF8 : refusal }
      base += JSONPointerVisitor.capacity
    } while base < pointers.count
    return nil
  }

  /// A time that is a number or a text; `nil` where it is not readable.
  private mutating func moment(of value: JSONValue, _ payload: Bytes, rule: Int, received: Timestamp) -> Timestamp? {
    let unit = rules[rule].rule.timeUnit
    let plant = rules[rule].plant
    switch value.kind {
    case .number:
      return TimeText.parse(
        Bytes(rebasing: payload[value.range]), unit: unit, format: nil, received: received, calendar: &calendars[plant])
    case .string:
      guard value.hasEscapes else {
        return TimeText.parse(
          Bytes(rebasing: payload[value.range]), unit: unit, format: nil, received: received,
          calendar: &calendars[plant])
      }
      unescape(value, payload)
      return scratch.withUnsafeBytes {
        TimeText.parse($0, unit: unit, format: nil, received: received, calendar: &calendars[plant])
      }
    default: return nil
    }
  }

  /// Whether what stands in a usual place of a time is taken as a value, which may be called `t` as well.
  private mutating func isReading(_ value: JSONValue, _ payload: Bytes, route: Int) -> Bool {
    guard naming(of: route) == .payload else {
      return found[..<plans[Int(routes[route].plan)].valuePlaces].contains { $0.range == value.range }
    }
    guard value.kind == .string else { return true }
    if case .value = scalar(value, payload) { return true }
    return false
  }

  private mutating func unescape(_ value: JSONValue, _ payload: Bytes) {
    scratch.removeAll(keepingCapacity: true)
    JSONEscapes.append(Bytes(rebasing: payload[value.range]), to: &scratch)
  }

  private mutating func take(
    _ value: JSONValue, _ payload: Bytes, slot: Int, _ time: Timestamp, _ hasSourceTime: Bool
  ) {
    let number: Double
    var unit = 0..<0
    switch value.kind {
    case .missing, .null: return
    case .container:
      setback = .notANumber
      return
    case .yes: number = 1
    case .no: number = 0
    case .number:
      guard let parsed = DecimalNumber.parse(Bytes(rebasing: payload[value.range])), parsed.isFinite else {
        setback = .notFinite
        return
      }
      number = parsed
    case .string:
      switch scalar(value, payload) {
      case .refused(let reason):
        if reason != .missingValue { setback = reason }
        return
      case .value(let text):
        number = text.number
        unit = text.unit
      }
    }
    pending.append(
      PendingValue(slot: slot, number: number, unit: unit, time: time, hasSourceTime: hasSourceTime))
  }

  /// A text as a value; the unit's range is that of the payload. Behind escapes a unit is not looked for.
  private mutating func scalar(_ value: JSONValue, _ payload: Bytes) -> ScalarText.Result {
    if value.hasEscapes {
      unescape(value, payload)
      let result = scratch.withUnsafeBytes { ScalarText.read(ByteText.trimmed($0)) }
      if case .value(let text) = result, !text.unit.isEmpty { return .refused(.notANumber) }
      return result
    }
    var range = value.range
    while range.lowerBound < range.upperBound, ByteText.isSpace(payload[range.lowerBound]) {
      range = range.lowerBound + 1..<range.upperBound
    }
    while range.lowerBound < range.upperBound, ByteText.isSpace(payload[range.upperBound - 1]) {
      range = range.lowerBound..<range.upperBound - 1
    }
    let result = ScalarText.read(Bytes(rebasing: payload[range]))
    guard case .value(var text) = result, !text.unit.isEmpty else { return result }
    text.unit = text.unit.lowerBound + range.lowerBound..<text.unit.upperBound + range.lowerBound
    return .value(text)
  }

  private mutating func takeLeaves(
    _ payload: Bytes, route: Int, except timeStart: Int, _ time: Timestamp, _ hasSourceTime: Bool
  ) -> RefusalReason? {
    let root = JSONValue(kind: .number, range: 0..<payload.count)
    guard payload[0] == UInt8(ascii: "{") || payload[0] == UInt8(ascii: "[") else {
      return takeLone(root, payload, route: route, time, hasSourceTime)
    }
    if let refusal = gatherLeaves(payload) { return refusal }
    for i in leaves.indices {
      let leaf = leaves[i]
      if leaf.value.range.lowerBound == timeStart { continue }
      beginNameKey(route: route)
      nameKey.append(contentsOf: leafNames[leaf.name])
      guard let slot = namedSlot(route: route, nameStart: MessageDecoder.nameKeyHeader) else { continue }
      guard slots[slot].message != messageNumber else { continue }
      slots[slot].message = messageNumber
      take(leaf.value, payload, slot: slot, time, hasSourceTime)
    }
    return nil
  }

  /// A document that is one value, which nothing names.
  private mutating func takeLone(
    _ value: JSONValue, _ payload: Bytes, route: Int, _ time: Timestamp, _ hasSourceTime: Bool
  ) -> RefusalReason? {
    guard let slot = unnamedSlot(route: route) else { return .invalidName }
    var lone = value
    switch payload[0] {
    case UInt8(ascii: "\""):
      let inside = 1..<max(1, payload.count - 1)
      lone = JSONValue(kind: .string, range: inside, hasEscapes: payload[inside].contains(UInt8(ascii: "\\")))
    case UInt8(ascii: "t"): lone.kind = .yes
    case UInt8(ascii: "f"): lone.kind = .no
    case UInt8(ascii: "n"): lone.kind = .null
    default: break
    }
    take(lone, payload, slot: slot, time, hasSourceTime)
    return nil
  }

  private mutating func gatherLeaves(_ payload: Bytes) -> RefusalReason? {
    leafNames.removeAll(keepingCapacity: true)
    leafPath.removeAll(keepingCapacity: true)
    leaves.removeAll(keepingCapacity: true)
    var visitor = JSONLeafVisitor(names: [], leaves: [], path: [])
    swap(&visitor.names, &leafNames)
    swap(&visitor.leaves, &leaves)
    swap(&visitor.path, &leafPath)
    var scanner = JSONScanner<JSONLeafVisitor>(payload)
    let refusal = scanner.scan(from: -1, with: &visitor)
    swap(&visitor.names, &leafNames)
    swap(&visitor.leaves, &leaves)
    swap(&visitor.path, &leafPath)
    return refusal ?? (visitor.overflowed ? .tooLarge : nil)
  }
}
