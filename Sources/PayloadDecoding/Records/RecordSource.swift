/// Access to a payload that a format has split into records.
protocol RecordSource {
  /// Position of the current record in the payload, which identifies it.
  var recordStart: Int { get }
  /// Returns the value at a place of the plan.
  ///
  /// - Parameters:
  ///   - place: the position of the place.
  ///   - outwards: whether to search the enclosing containers too if the record has no value.
  mutating func value(at place: Int, outwards: Bool) -> JSONValue
  /// Returns the name of the nearest member at or around the record, or of the next enclosing one; `missing` if none
  /// exists.
  func memberName(level: Int) -> JSONValue
  /// Returns a tag of line protocol, or the measurement for an empty name; `missing` in other formats.
  func tag(_ name: String) -> JSONValue
  /// Calls `body` with every number and truth value of the record and its name.
  func forEachLeaf(_ body: (UnsafeRawBufferPointer, JSONValue) -> Void)
  /// Calls `body` with the bytes of a range.
  func bytes(_ range: Range<Int>, body: (UnsafeRawBufferPointer) -> Void)
}

extension RecordSource {
  /// Appends a value's text, with escapes resolved. Returns `false` if it has none.
  func append(_ value: JSONValue, to target: inout [UInt8]) -> Bool {
    switch value.kind {
    case .missing, .null, .container: return false
    case .yes, .no, .number: bytes(value.range) { target.append(contentsOf: $0) }
    case .string:
      bytes(value.range) {
        if value.hasEscapes { JSONEscapes.append($0, to: &target) } else { target.append(contentsOf: $0) }
      }
    }
    return true
  }

  /// Copies a value's text, with escapes resolved. Returns `false` if it has none.
  func copy(_ value: JSONValue, into target: inout [UInt8]) -> Bool {
    target.removeAll(keepingCapacity: true)
    return append(value, to: &target)
  }
}
