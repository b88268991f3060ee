import PlantModel

/// Reads JSON with several records, or with names, units or conditions in the payload.
final class RecordJSONReader: PayloadReader {
  typealias Bytes = UnsafeRawBufferPointer

  private var source: JSONRecordSource
  private var recordReader: PayloadRecordReader
  private let each: [JSONPointers.Token]?
  /// Whether the node at `each` may itself be a record.
  private let mayBeRecord: Bool

  override init(_ plan: ReadingPlan) {
    let records = RecordPlan(plan)
    recordReader = PayloadRecordReader(records)
    source = JSONRecordSource(records)
    each = plan.rule.each.map { $0 == "/" ? [] : JSONPointers.tokens(of: $0) }
    // If names come from `{key}`, the node at `each` is a container, and one of its members may be called `value`.
    let rule = plan.rule
    let usesKey = [rule.asset, rule.sensor, rule.time].contains { $0?.contains("{key}") ?? false }
    mayBeRecord = !(rule.values.isEmpty && usesKey) || each?.last?.bytes == [UInt8(ascii: "*")]
    super.init(plan)
  }

  override func read(_ payload: Bytes, into scope: inout MessageScope) -> RefusalReason? {
    var documents = JSONDocuments(payload)
    source.tape.begin(payload)
    defer { source.tape.end() }
    repeat {
      if let refusal = source.tape.readDocument(&documents) { return refusal }
      source.forget()
      source.stars.removeAll(keepingCapacity: true)
      guard let each else {
        source.record = 0
        if let refusal = recordReader.read(&source, into: &scope) { return refusal }
        continue
      }
      if let refusal = select(each[...], from: 0, into: &scope) { return refusal }
    } while documents.hasNext
    return nil
  }

  /// Processes the records below a node at the remaining path of `each`.
  ///
  /// - Parameters:
  ///   - tokens: remaining path of `each`.
  ///   - node: the node.
  ///   - scope: the message's scope.
  /// - Returns: the reason if the whole message must be refused.
  private func select(
    _ tokens: ArraySlice<JSONPointers.Token>, from node: Int, into scope: inout MessageScope
  ) -> RefusalReason? {
    guard let token = tokens.first else { return readRecords(of: node, into: &scope) }
    guard token.bytes == [UInt8(ascii: "*")] else {
      let child = source.tape.child(of: node, token: token)
      if child >= 0 { return select(tokens.dropFirst(), from: child, into: &scope) }
      // Not every element of an array must have the member.
      scope.refusals.problems.recordMissing(each: each.map { _ in recordReader.plan.plan.rule.each ?? "" } ?? "")
      return nil
    }
    var child = source.tape.firstChild(of: node)
    while child >= 0 {
      source.stars.append(child)
      defer { source.stars.removeLast() }
      if let refusal = select(tokens.dropFirst(), from: child, into: &scope) { return refusal }
      child = Int(source.tape.nodes[child].nextSibling)
    }
    return nil
  }

  /// Processes a node: it is one record if it contains one of the values; otherwise each of its elements is one.
  private func readRecords(of node: Int, into scope: inout MessageScope) -> RefusalReason? {
    source.record = node
    if mayBeRecord, source.isRecord { return recordReader.read(&source, into: &scope) }
    var child = source.tape.firstChild(of: node)
    while child >= 0 {
      source.record = child
      if let refusal = recordReader.read(&source, into: &scope) { return refusal }
      child = Int(source.tape.nodes[child].nextSibling)
    }
    return nil
  }

  override func places(in payload: Bytes) -> [String] { JSONPlaces.all(in: payload) }
}

/// The records of a JSON document.
struct JSONRecordSource: RecordSource {
  var tape = JSONTape()
  /// Node of the current record.
  var record = 0
  private let tokens: [[JSONPointers.Token]]
  private let values: [Int]
  /// Search results in enclosing containers, by place and depth. Neighbouring records share their enclosing containers.
  private var around: [(container: Int32, node: Int32)]
  /// Number of depths for which results are cached.
  private static let depths = 8
  /// Members matched by `*` in `each` on the path to the current record, outermost first.
  var stars: [Int] = []

  init(_ plan: RecordPlan) {
    // `/` alone is the record itself.
    tokens = plan.places.map { $0 == "/" ? [] : JSONPointers.tokens(of: $0) }
    values = plan.values.places
    around = Array(repeating: (-1, -1), count: plan.places.count * Self.depths)
    let details = plan.plan.rule.values.map(\.detail) + [plan.plan.rule.detail]
    tape.expandsTexts = details.contains { $0.encoding == .json }
  }

  /// Clears the results of the previous document.
  mutating func forget() { for place in around.indices { around[place] = (-1, -1) } }

  var recordStart: Int { tape.nodes[record].value.range.lowerBound }

  /// Whether the node itself contains one of the values.
  var isRecord: Bool {
    values.contains { place in
      let node = tape.node(from: record, tokens: tokens[place])
      return node >= 0 && tape.nodes[node].value.kind != .container
    }
  }

  mutating func value(at place: Int, outwards: Bool) -> JSONValue {
    let own = tape.node(from: record, tokens: tokens[place])
    if own >= 0, !outwards || isText(own) { return tape.nodes[own].value }
    guard outwards else { return JSONValue() }
    let container = Int(tape.nodes[record].parent)
    // An empty path denotes the record itself, so no enclosing container can provide it.
    if container < 0 || tokens[place].isEmpty { return JSONValue() }
    let node = search(place, from: container, depth: depth(of: container))
    return node < 0 ? JSONValue() : tape.nodes[node].value
  }

  private func depth(of node: Int) -> Int {
    var (node, depth) = (node, 0)
    while tape.nodes[node].parent >= 0 { (node, depth) = (Int(tape.nodes[node].parent), depth + 1) }
    return depth
  }

  /// Returns the nearest node from a container outwards with a scalar at the place, -1 if there is none. Each container
  /// is searched only once, regardless of its number of records.
  ///
  /// - Parameters:
  ///   - place: position of the place in the plan.
  ///   - container: node of the container.
  ///   - depth: number of containers around `container`.
  private mutating func search(_ place: Int, from container: Int, depth: Int) -> Int {
    let memory = place * Self.depths + depth
    if depth < Self.depths, around[memory].container == Int32(truncatingIfNeeded: container) {
      return Int(around[memory].node)
    }
    var node = tape.node(from: container, tokens: tokens[place])
    if node < 0 || !isText(node) {
      let outer = Int(tape.nodes[container].parent)
      node = outer < 0 ? -1 : search(place, from: outer, depth: depth - 1)
    }
    if depth < Self.depths {
      around[memory] = (Int32(truncatingIfNeeded: container), Int32(truncatingIfNeeded: node))
    }
    return node
  }

  private func isText(_ node: Int) -> Bool {
    switch tape.nodes[node].value.kind {
    case .missing, .null, .container: false
    case .yes, .no, .number, .string: true
    }
  }

  func memberName(level: Int) -> JSONValue {
    let node = member(level)
    guard node >= 0 else { return JSONValue() }
    let key = tape.nodes[node].key
    return JSONValue(
      kind: .string, range: Int(key.lowerBound)..<Int(key.upperBound), hasEscapes: tape.nodes[node].keyHasEscapes)
  }

  /// Returns the record's member or one matched by `*`. Names spelled out in `each` count only if there are no others.
  private func member(_ level: Int) -> Int {
    var left = level
    if tape.nodes[record].hasKey {
      if left == 0 { return record }
      left -= 1
    }
    for node in stars.reversed() where node != record && tape.nodes[node].hasKey {
      if left == 0 { return node }
      left -= 1
    }
    return left == level ? tape.member(around: record, level: level) : -1
  }

  func tag(_ name: String) -> JSONValue { JSONValue() }

  func bytes(_ range: Range<Int>, body: (UnsafeRawBufferPointer) -> Void) { tape.bytes(range, body: body) }

  func forEachLeaf(_ body: (UnsafeRawBufferPointer, JSONValue) -> Void) {
    var name: [UInt8] = []
    visitLeaves(of: record, name: &name, body: body)
  }

  private func visitLeaves(
    of node: Int, name: inout [UInt8], body: (UnsafeRawBufferPointer, JSONValue) -> Void
  ) {
    switch tape.nodes[node].value.kind {
    case .number, .yes, .no:
      if name.count <= JSONLeafVisitor.maximumNameLength { name.withUnsafeBytes { body($0, tape.nodes[node].value) } }
    case .container:
      var child = tape.firstChild(of: node)
      let length = name.count
      while child >= 0 {
        if length > 0 { name.append(UInt8(ascii: "_")) }
        appendName(of: child, to: &name)
        visitLeaves(of: child, name: &name, body: body)
        name.removeLast(name.count - length)
        child = Int(tape.nodes[child].nextSibling)
      }
    case .missing, .null, .string: break
    }
  }

  private func appendName(of node: Int, to name: inout [UInt8]) {
    let found = tape.nodes[node]
    guard found.hasKey else { return name.append(contentsOf: "\(found.index)".utf8) }
    tape.bytes(Int(found.key.lowerBound)..<Int(found.key.upperBound)) {
      if found.keyHasEscapes { JSONEscapes.append($0, to: &name) } else { name.append(contentsOf: $0) }
    }
  }
}
