import PlantModel

/// Reads JSON whose values have places and names determined by topic and rule: the usual and fastest case.
///
/// A text of the same form as the rule's last remembered one is not scanned; see ``JSONShapeMemory``.
final class PlainJSONReader: PayloadReader {
  typealias Bytes = UnsafeRawBufferPointer

  private let details: [CompiledDetail?]
  /// Whether no value needs conversion.
  private let isPlain: Bool
  private let isShared: Bool
  private let form: TimeForm
  private let layout: PlainJSONLayout
  // A reader belongs to one decoder and is never re-entered, so exclusivity checks are unnecessary.
  @exclusivity(unchecked) private var visitor: JSONPointerVisitor
  @exclusivity(unchecked) private var memory = JSONShapeMemory()
  /// Whether ``JSONPointerVisitor/found`` has the kinds of the remembered form.
  @exclusivity(unchecked) private var isShapeFound = false
  /// Derived from the kinds in ``JSONPointerVisitor/found`` and reused for messages of one form.
  @exclusivity(unchecked) private var selection = PlainJSONLayout.Selection()

  override init(_ plan: ReadingPlan) {
    details = plan.details
    isPlain = details.allSatisfy { $0 == nil }
    isShared = plan.isShared
    form = TimeForm(plan)
    layout = PlainJSONLayout(plan)
    visitor = JSONPointerVisitor(pointers: layout.pointers, base: 0, found: [], scratch: [], scalars: [])
    super.init(plan)
  }

  override func read(_ payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    if isShared, isShapeFound || restoreShape(), memory.shape?.fits(payload, found: &visitor.found) == true {
      return appendValues(payload, into: &scope)
    }
    var documents = JSONDocuments(payload)
    repeat {
      if let refusal = scan(&documents) ?? appendValues(payload, into: &scope) { return refusal }
    } while documents.hasNext
    return nil
  }

  private func restoreShape() -> Bool {
    guard memory.shape != nil else { return false }
    visitor.found.removeAll(keepingCapacity: true)
    visitor.found.append(contentsOf: memory.found)
    isShapeFound = true
    selection = layout.selection(of: visitor.found)
    return true
  }

  private func scan(_ documents: inout JSONDocuments) -> RefusalReason? {
    isShapeFound = false
    let start = documents.start
    visitor.scalars.removeAll(keepingCapacity: true)
    visitor.found.removeAll(keepingCapacity: true)
    for _ in 0..<layout.pointers.count { visitor.found.append(JSONValue()) }
    visitor.base = 0
    repeat {
      documents.rewind(to: start)
      if let refusal = documents.scan(from: visitor.root, with: &visitor) { return refusal }
      visitor.base += JSONPointerVisitor.capacity
    } while visitor.base < layout.pointers.count
    selection = layout.selection(of: visitor.found)
    return nil
  }

  private func appendValues(_ payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    if !isShapeFound, isShared { memory.learn(payload, scalars: visitor.scalars, found: visitor.found) }
    guard let stamp = stamp(payload, into: &scope) else { return .badTime }
    guard layout.isSingle else {
      for place in 0..<layout.valueCount {
        scope.append(
          visitor.found[place], payload: payload, detail: isPlain ? nil : details[place], value: place,
          slot: scope.step.slot(place), at: stamp.time, hasSourceTime: stamp.isFromSource)
      }
      return nil
    }
    scope.append(
      visitor.found[selection.value], payload: payload, detail: isPlain ? nil : details[0], value: 0,
      unit: selection.hasUnit ? unit(payload, into: &scope) : UnitTexts.none, slot: scope.step.slot(0),
      at: stamp.time, hasSourceTime: stamp.isFromSource)
    return nil
  }

  /// Returns the unit beside the lone value, if it is a known one.
  private func unit(_ payload: Bytes, into scope: inout MessageScope) -> Int32 {
    for place in layout.units where visitor.found[place].kind == .string {
      let position = scope.slots.units.position(of: visitor.found[place], payload: payload)
      if scope.slots.units[position, plant: scope.step.plant] != nil { return position }
    }
    return UnitTexts.none
  }

  /// Returns the time of the document; `nil` if the place given by the rule has an unreadable one.
  private func stamp(_ payload: Bytes, into scope: inout MessageScope) -> ReadingStamp? {
    for place in selection.time..<layout.firstUnit {
      let value = visitor.found[place]
      if value.kind == .missing || value.kind == .null || value.isAbsentText(in: payload) { continue }
      if form.isStated { return scope.times.statedTime(of: value, payload: payload, form: form) }
      if let time = scope.times.unstatedTime(of: value, payload: payload, form: form) {
        scope.times.hasUnusable = false
        return ReadingStamp(time: time, start: value.range.lowerBound)
      }
      // The member `t` may be a value instead of a time.
      let isReading = visitor.found[..<layout.valueCount].contains { $0.range == value.range }
      scope.times.hasUnusable = scope.times.hasUnusable || !isReading
    }
    return scope.times.receiveStamp
  }

  override func places(in payload: Bytes) -> [String] { JSONPlaces.all(in: payload) }
}
