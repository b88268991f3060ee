import PlantModel

/// Reads JSON whose values have places and names determined by topic and rule: the usual and fastest case.
///
/// A text of the same form as the rule's last remembered one is not scanned. A text of another form is. Every eighth
/// such form replaces the remembered one, so that rules with differing devices do not relearn with every message.
final class PlainJSONReader: PayloadReader {
  typealias Bytes = UnsafeRawBufferPointer

  private let details: [CompiledDetail?]
  /// Whether no value needs conversion.
  private let isPlain: Bool
  private let isShared: Bool
  private let isSingle: Bool
  private let form: TimeForm
  private let pointers: JSONPointers
  /// Number of pointers to values; pointers to times follow.
  private let valueCount: Int
  /// Position of the first pointer to a unit, after those to times.
  private let firstUnit: Int
  // A reader belongs to one decoder and is never re-entered, so exclusivity checks are unnecessary.
  @exclusivity(unchecked) private var visitor: JSONPointerVisitor
  @exclusivity(unchecked) private var shape: JSONShape?
  /// Values found by scanning the text of ``shape``.
  private var shapeFound: [JSONValue] = []
  /// Whether ``JSONPointerVisitor/found`` has the kinds of ``shape``.
  @exclusivity(unchecked) private var isShapeFound = false
  private var misses = 0
  // Derived from the kinds in ``JSONPointerVisitor/found`` and reused for messages of one form.
  /// Position of a lone value.
  @exclusivity(unchecked) private var valuePlace = 0
  /// Position of the first possible time.
  @exclusivity(unchecked) private var timePlace = 0
  @exclusivity(unchecked) private var hasUnit = false

  override init(_ plan: ReadingPlan) {
    details = plan.details
    isPlain = details.allSatisfy { $0 == nil }
    isShared = plan.isShared
    isSingle = plan.naming == .single
    form = TimeForm(plan.rule)
    let values = UsualPlaces.values(plan)
    valueCount = values.count
    let times = UsualPlaces.times(plan.rule)
    // A lone value may have its unit beside it; a unit or scale in the rule takes precedence.
    let isBare = plan.naming == .single && plan.rule.detail.unit == nil && plan.rule.detail.scale == nil
    let units = isBare ? UsualPlaces.units : []
    firstUnit = values.count + times.count
    pointers = JSONPointers(values + times + units)
    visitor = JSONPointerVisitor(pointers: pointers, base: 0, found: [], scratch: [], scalars: [])
    super.init(plan)
  }

  override func read(_ payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    if isShared, isShapeFound || restoreShape(), shape?.fits(payload, found: &visitor.found) == true {
      return appendValues(payload, into: &scope)
    }
    var documents = JSONDocuments(payload)
    repeat {
      if let refusal = scan(&documents) ?? appendValues(payload, into: &scope) { return refusal }
    } while documents.hasNext
    return nil
  }

  private func restoreShape() -> Bool {
    guard shape != nil else { return false }
    visitor.found.removeAll(keepingCapacity: true)
    visitor.found.append(contentsOf: shapeFound)
    isShapeFound = true
    locate()
    return true
  }

  private func scan(_ documents: inout JSONDocuments) -> RefusalReason? {
    isShapeFound = false
    let start = documents.start
    visitor.scalars.removeAll(keepingCapacity: true)
    visitor.found.removeAll(keepingCapacity: true)
    for _ in 0..<pointers.count { visitor.found.append(JSONValue()) }
    visitor.base = 0
    repeat {
      documents.rewind(to: start)
      if let refusal = documents.scan(from: visitor.root, with: &visitor) { return refusal }
      visitor.base += JSONPointerVisitor.capacity
    } while visitor.base < pointers.count
    locate()
    return nil
  }

  private func locate() {
    func kind(_ place: Int) -> JSONValue.Kind { visitor.found[place].kind }
    // The document itself if it is a lone value; else the first of the usual names that exists.
    valuePlace = 0
    if isSingle, kind(0) == .container {
      valuePlace = 1
      while valuePlace < valueCount - 1, kind(valuePlace) == .missing { valuePlace += 1 }
    }
    timePlace = valueCount
    while timePlace < firstUnit, kind(timePlace) == .missing || kind(timePlace) == .null { timePlace += 1 }
    hasUnit = (firstUnit..<pointers.count).contains { kind($0) == .string }
  }

  private func appendValues(_ payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    if !isShapeFound, isShared { learn(payload) }
    guard let stamp = stamp(payload, into: &scope) else { return .badTime }
    guard isSingle else {
      for place in 0..<valueCount {
        scope.append(
          visitor.found[place], payload: payload, detail: isPlain ? nil : details[place], value: place,
          slot: scope.slot(place),
          at: stamp.time, hasSourceTime: stamp.isFromSource)
      }
      return nil
    }
    scope.append(
      visitor.found[valuePlace], payload: payload, detail: isPlain ? nil : details[0], value: 0,
      unit: hasUnit ? unit(payload, into: &scope) : UnitTexts.none, slot: scope.slot(0), at: stamp.time,
      hasSourceTime: stamp.isFromSource)
    return nil
  }

  /// Returns the unit beside the lone value, if it is a known one.
  private func unit(_ payload: Bytes, into scope: inout MessageScope) -> Int32 {
    for place in firstUnit..<pointers.count where visitor.found[place].kind == .string {
      let position = scope.position(ofUnit: visitor.found[place], payload: payload)
      if scope.slots.units[position, plant: scope.plant] != nil { return position }
    }
    return UnitTexts.none
  }

  /// Returns the time of the document; `nil` if the place given by the rule has an unreadable one.
  private func stamp(_ payload: Bytes, into scope: inout MessageScope) -> ReadingStamp? {
    for place in timePlace..<firstUnit {
      let value = visitor.found[place]
      if value.kind == .missing || value.kind == .null || value.isAbsentText(in: payload) { continue }
      if form.isStated { return scope.statedTime(of: value, payload: payload, form: form) }
      if let time = scope.unstatedTime(of: value, payload: payload, form: form) {
        scope.hasUnusableTime = false
        return ReadingStamp(time: time, start: value.range.lowerBound)
      }
      // The member `t` may be a value instead of a time.
      let isReading = visitor.found[..<valueCount].contains { $0.range == value.range }
      scope.hasUnusableTime = scope.hasUnusableTime || !isReading
    }
    return ReadingStamp(time: scope.received, start: -1)
  }

  private func learn(_ payload: Bytes) {
    if misses % 8 == 0 {
      shape = JSONShape(payload, scalars: visitor.scalars, found: visitor.found)
      shapeFound = visitor.found
    }
    misses &+= 1
  }

  override func places(in payload: Bytes) -> [String] { JSONPlaces.all(in: payload) }
}
