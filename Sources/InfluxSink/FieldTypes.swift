import PlantModel

/// The type of every field, as it was first seen: the database keeps to it, and refuses points that do not.
struct FieldTypes: Sendable {
  private enum Kind: Sendable { case float, integer, boolean, text }

  private struct Name: Hashable, Sendable {
    var measurement: Measurement
    var field: String
  }

  private var kinds: [Name: Kind] = [:]

  /// The field's value in the type that came first, or `nil` where that cannot hold it.
  ///
  /// Worked values: after 1.5, the integer 3 goes out as 3.0 and `true` as 1.0; after the integer 3, 4.0 goes out as the
  /// integer 4 and 4.5 not at all.
  mutating func fitted(_ field: Field, of measurement: Measurement) -> FieldValue? {
    let name = Name(measurement: measurement, field: field.name)
    let own = FieldTypes.kind(of: field.value)
    guard let pinned = kinds[name] else {
      kinds[name] = own
      return field.value
    }
    return pinned == own ? field.value : FieldTypes.converted(field.value, to: pinned)
  }

  private static func kind(of value: FieldValue) -> Kind {
    switch value {
    case .float: .float
    case .integer: .integer
    case .boolean: .boolean
    case .text: .text
    }
  }

  private static func converted(_ value: FieldValue, to kind: Kind) -> FieldValue? {
    switch (value, kind) {
    case (.integer(let number), .float): .float(Double(number))
    case (.boolean(let flag), .float): .float(flag ? 1 : 0)
    case (.float(let number), .integer): Int64(exactly: number).map(FieldValue.integer)
    case (.boolean(let flag), .integer): .integer(flag ? 1 : 0)
    default: nil
    }
  }
}
