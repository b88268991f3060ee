import PlantModel

/// JSON documents (RFC 8259), one or several in sequence, with bare `NaN` and `Infinity` as missing values.
enum JSONFormat: PayloadFormat {
  static let name = PayloadFormatName.json
  static let summary = "JSON documents; places are JSON pointers such as /ENERGY/Power, arrays as /0"
  static let examplePlace = "\"/ENERGY/Power\""
  static let hasRecords = true

  static func mistake(inPlace place: String) -> String? {
    // A name without a slash is a member of the top level.
    guard place.contains("/"), !place.hasPrefix("/") else { return nil }
    return "is no place; write \"/\(place)\""
  }

  static func reader(for plan: ReadingPlan) -> PayloadReader {
    if plan.needsRecords { return RecordJSONReader(plan) }
    return plan.naming == .payload ? LeafJSONReader(plan) : PlainJSONReader(plan)
  }
}
