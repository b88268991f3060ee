import PlantModel

/// Reads JSON whose own names become the sensors: every number and truth value, with nested names joined by `_`. Texts
/// are ignored, unless one is the whole document.
final class LeafJSONReader: PayloadReader {
  typealias Bytes = UnsafeRawBufferPointer

  private let detail: CompiledDetail?
  private let form: TimeForm
  /// Locates the document and its times.
  private var places: JSONPointerVisitor
  private var leaves = JSONLeafVisitor(names: [], leaves: [], path: [])

  override init(_ plan: ReadingPlan) {
    detail = CompiledDetail(plan.rule.detail)
    form = TimeForm(plan)
    places = JSONPointerVisitor(
      pointers: JSONPointers([""] + UsualPlaces.times(plan.rule)), base: 0, found: [], scratch: [], scalars: [])
    super.init(plan)
  }

  override func read(_ payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    var documents = JSONDocuments(payload)
    repeat {
      if let refusal = readDocument(&documents, payload: payload, into: &scope) { return refusal }
    } while documents.hasNext
    return nil
  }

  private func readDocument(
    _ documents: inout JSONDocuments, payload: Bytes, into scope: inout MessageScope
  ) -> RefusalReason? {
    let start = documents.start
    // Each document may provide a value for every name.
    scope.slots.beginClaims()
    places.found.removeAll(keepingCapacity: true)
    places.scalars.removeAll(keepingCapacity: true)
    for _ in 0..<places.pointers.count { places.found.append(JSONValue()) }
    if let refusal = documents.scan(from: places.root, with: &places) { return refusal }
    guard let stamp = stamp(payload, into: &scope) else { return .badTime }
    guard places.found[0].kind == .container else {
      append(places.found[0], name: UsualPlaces.loneName, payload: payload, stamp: stamp, into: &scope)
      return nil
    }
    documents.rewind(to: start)
    leaves.removeAll()
    if let refusal = documents.scan(from: JSONLeafVisitor.root, with: &leaves) { return refusal }
    if leaves.overflowed { return .tooLarge }
    // The time is not a sensor.
    for leaf in leaves.leaves where leaf.value.range.lowerBound != stamp.start {
      append(leaf.value, name: leaves.names[leaf.name], payload: payload, stamp: stamp, into: &scope)
    }
    return nil
  }

  private func append(
    _ value: JSONValue, name: ArraySlice<UInt8>, payload: Bytes, stamp: ReadingStamp, into scope: inout MessageScope
  ) {
    let slot = scope.sensorSlot(named: name, plan: plan)
    guard !scope.slots.isIgnored(slot) else { return }
    guard scope.slots.claim(slot) else { return }
    scope.append(
      value, payload: payload, detail: detail, value: -1, slot: slot, at: stamp.time, hasSourceTime: stamp.isFromSource)
  }

  /// Returns the time of the document; `nil` if the place given by the rule has an unreadable one.
  private func stamp(_ payload: Bytes, into scope: inout MessageScope) -> ReadingStamp? {
    for value in places.found.dropFirst() where value.kind != .missing && value.kind != .null {
      if value.isAbsentText(in: payload) { continue }
      if form.isStated { return scope.times.statedTime(of: value, payload: payload, form: form) }
      if let time = scope.times.unstatedTime(of: value, payload: payload, form: form) {
        scope.times.hasUnusable = false
        return ReadingStamp(time: time, start: value.range.lowerBound)
      }
      // A number, even as text, may be a reading that is named like a time.
      var isReading = value.kind != .string
      if !isReading, case .value = ScalarText.read(ByteText.slice(payload, range: value.range)) { isReading = true }
      scope.times.hasUnusable = scope.times.hasUnusable || !isReading
    }
    return scope.times.receiveStamp
  }

  override func places(in payload: Bytes) -> [String] { JSONPlaces.all(in: payload) }
}
