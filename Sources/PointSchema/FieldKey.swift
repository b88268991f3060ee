/// Name of a field with the type of its value: `Double`, `Int64`, `Bool` or `String`.
///
/// Only this module creates keys, so that code names declared fields alone. A name has the same type in all
/// measurements.
public struct FieldKey<Value>: Hashable, Sendable {
  /// Name in the database.
  public let name: String

  init(_ name: String) { self.name = name }
}

/// Type of a field in the database.
public enum FieldType: String, Sendable {
  /// 64-bit floating-point number.
  case float
  /// 64-bit integer.
  case integer
  /// Boolean.
  case boolean
  /// Text.
  case text
}

/// Declaration of a field of a measurement.
public struct FieldDeclaration: Sendable {
  /// The end of a family's name, which stands for any text.
  static let anyEnd = "…"

  /// Name in the database. A family of fields ends with `…`, such as `quality_…`.
  public let name: String
  /// Type of the values.
  public let type: FieldType
  /// Meaning of a value, with its unit in brackets.
  public let meaning: String
  /// Which points have the field, to be read after "only"; `nil` if every point has it.
  public let condition: String?

  /// Declares a floating-point field. The database has no NaN, so that an unknown value needs a condition.
  ///
  /// - Parameters:
  ///   - key: Name of the field.
  ///   - meaning: What a value is, with its unit in brackets.
  ///   - condition: Which points have the field; `nil` if every point has it.
  static func float(_ key: FieldKey<Double>, _ meaning: String, when condition: String? = nil) -> Self {
    Self(name: key.name, type: .float, meaning: meaning, condition: condition)
  }

  /// Declares an integer field; the parameters are those of ``float(_:_:when:)``.
  static func integer(_ key: FieldKey<Int64>, _ meaning: String, when condition: String? = nil) -> Self {
    Self(name: key.name, type: .integer, meaning: meaning, condition: condition)
  }

  /// Declares a boolean field; the parameters are those of ``float(_:_:when:)``.
  static func boolean(_ key: FieldKey<Bool>, _ meaning: String, when condition: String? = nil) -> Self {
    Self(name: key.name, type: .boolean, meaning: meaning, condition: condition)
  }

  /// Declares a text field; the parameters are those of ``float(_:_:when:)``.
  static func text(_ key: FieldKey<String>, _ meaning: String, when condition: String? = nil) -> Self {
    Self(name: key.name, type: .text, meaning: meaning, condition: condition)
  }

  /// Whether the declaration stands for all fields that begin alike.
  public var isFamily: Bool { familyStart != nil }

  /// The common start of a family's names; `nil` for a single field.
  var familyStart: String? { name.hasSuffix(Self.anyEnd) ? String(name.dropLast(Self.anyEnd.count)) : nil }

  /// Returns whether a field of this name is meant.
  func covers(_ field: String) -> Bool { familyStart.map(field.hasPrefix) ?? (field == name) }
}
