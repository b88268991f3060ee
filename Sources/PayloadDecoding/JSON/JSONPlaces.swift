/// The places of a JSON payload, for messages about missing places.
enum JSONPlaces {
  /// Maximum number of places listed.
  static let maximum = 1_000

  /// Returns JSON pointers of all scalar values, up to the first error in the payload.
  static func all(in payload: UnsafeRawBufferPointer) -> [String] {
    var visitor = PlaceVisitor()
    var documents = JSONDocuments(payload)
    _ = documents.scan(from: "", with: &visitor)
    return visitor.places
  }

  private struct PlaceVisitor: JSONVisitor {
    var places: [String] = []

    mutating func member(_ key: JSONKey, of context: String, depth: Int) -> String {
      guard places.count < JSONPlaces.maximum else { return "" }
      var name: [UInt8] = []
      if key.hasEscapes { JSONEscapes.append(key.bytes, to: &name) } else { name = Array(key.bytes) }
      let text = String(decoding: name, as: UTF8.self)
      let token = text.reduce(into: "") { $0 += $1 == "~" ? "~0" : $1 == "/" ? "~1" : String($1) }
      return "\(context)/\(token)"
    }

    mutating func element(_ index: Int, of context: String, depth: Int) -> String {
      places.count < JSONPlaces.maximum ? "\(context)/\(index)" : ""
    }

    mutating func visit(_ value: JSONValue, in context: String, depth: Int) {
      if value.kind != .container, places.count < JSONPlaces.maximum { places.append(context) }
    }
  }
}
