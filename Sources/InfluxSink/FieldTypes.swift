import PlantModel
import PointSchema

/// The type of each field as first written. The database keeps that type and refuses points that differ.
struct FieldTypes: Sendable {
  private enum Kind: Sendable { case float, integer, boolean, text }

  private struct Name: Hashable, Sendable {
    var measurement: Measurement
    var field: String
  }

  private var kinds: [Name: Kind] = [:]

  /// Returns the value converted to the field's first type, or `nil` if that type cannot hold it.
  ///
  /// Worked values: after 1.5, the integer 3 is written as 3.0 and `true` as 1.0. After the integer 3, 4.0 is written
  /// as the integer 4, and 4.5 is not written.
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
