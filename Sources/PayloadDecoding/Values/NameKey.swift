/// Key of a value's name within a route, by which its slot is found without a `String`. The memory is reused.
struct NameKey {
  /// The key: route and position of the rule's value, then the name.
  var bytes: [UInt8] = []

  /// Starts the key of a name.
  ///
  /// - Parameters:
  ///   - route: position of the route; below -1 for names that routes share.
  ///   - value: position of the rule's value, or -1.
  mutating func begin(route: Int, value: Int = -1) {
    bytes.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: Int32(truncatingIfNeeded: route)) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: Int16(truncatingIfNeeded: value)) { bytes.append(contentsOf: $0) }
  }

  /// Appends a part of the name.
  mutating func append(_ part: some Sequence<UInt8>) { bytes.append(contentsOf: part) }

  /// Appends the end of a part, so that parts cannot run into each other.
  mutating func endPart() { bytes.append(0) }
}
