import PointSchema

/// The source of a query's column: fields of the schema, functions of them, and arithmetic.
struct Expression: Sendable {
  /// InfluxQL.
  var text: String
  /// Declared fields that it reads.
  var fields: Set<String> = []
  /// Name of the column; `nil` leaves it to the database.
  var name: String?
}

/// Returns a field of the schema.
func field(_ key: FieldKey<Double>) -> Expression { Expression(text: key.quoted, fields: [key.name]) }
/// Returns a field of the schema.
func field(_ key: FieldKey<Int64>) -> Expression { Expression(text: key.quoted, fields: [key.name]) }
/// Returns a field of the schema.
func field(_ key: FieldKey<String>) -> Expression { Expression(text: key.quoted, fields: [key.name]) }
/// Returns a field of the schema.
func field(_ key: FieldKey<Bool>) -> Expression { Expression(text: key.quoted, fields: [key.name]) }

/// Returns the fields whose names match a regular expression, for families such as `quality_…`.
func fields(like pattern: String) -> Expression { Expression(text: "/\(pattern)/") }

/// Returns a column of an inner query.
func column(_ name: String) -> Expression { Expression(text: "\"\(name)\"") }

extension Expression {
  /// End of the time range [ms since 1970].
  static let end = Expression(text: "${__to}")
  /// Start of the time range [ms since 1970].
  static let start = Expression(text: "${__from}")

  var last: Expression { function("last") }
  var first: Expression { function("first") }
  var mean: Expression { function("mean") }
  var sum: Expression { function("sum") }
  var count: Expression { function("count") }
  var maximum: Expression { function("max") }
  var minimum: Expression { function("min") }
  /// Maximum less minimum.
  var spread: Expression { function("spread") }
  /// The next integer that is not smaller.
  var ceiling: Expression { function("ceil") }
  /// Increase in a second, absent where a counter has started again.
  var rate: Expression {
    Expression(text: "non_negative_derivative(\(text), 1s)", fields: fields)
  }

  private func function(_ name: String) -> Expression { Expression(text: "\(name)(\(text))", fields: fields) }

  /// Returns the expression as a column of this name.
  func named(_ name: String) -> Expression { Expression(text: text, fields: fields, name: name) }

  /// The column in a `SELECT`.
  var selection: String { name.map { "\(text) AS \"\($0)\"" } ?? text }

  static func + (a: Expression, b: Expression) -> Expression { join(a, "+", b) }
  static func - (a: Expression, b: Expression) -> Expression { join(a, "-", b) }
  static func * (a: Expression, b: Double) -> Expression { join(a, "*", number(b)) }
  static func / (a: Expression, b: Double) -> Expression { join(a, "/", number(b)) }
  static func / (a: Expression, b: Expression) -> Expression { join(a, "/", b) }
  static func - (a: Double, b: Expression) -> Expression { join(number(a), "-", b) }
  static prefix func - (a: Expression) -> Expression { join(number(0), "-", a) }

  /// Returns a number as an expression.
  static func number(_ value: Double) -> Expression {
    Expression(text: value == value.rounded() ? "\(Int64(value))" : "\(value)")
  }

  private static func join(_ a: Expression, _ sign: String, _ b: Expression) -> Expression {
    Expression(text: "\(a.grouped) \(sign) \(b.grouped)", fields: a.fields.union(b.fields))
  }

  private var grouped: String {
    let isSum = text.contains(" ") && !(text.hasPrefix("\"") && text.dropFirst().dropLast().allSatisfy { $0 != "\"" })
    return isSum ? "(\(text))" : text
  }
}

/// The condition that a row must meet to count.
struct Condition: Sendable {
  /// InfluxQL.
  var text: String
  /// Declared fields that it reads.
  var fields: Set<String> = []

  /// Returns whether a tag is one of the chosen values of a variable, whatever characters they hold.
  static func chosen(_ tag: Tag, by variable: String? = nil) -> Condition {
    Condition(text: "\(tag.quoted) =~ /^${\(variable ?? tag.name):regex}$/")
  }

  /// Returns whether a tag contains what was typed into a text box, whatever its case.
  static func contains(_ tag: Tag, typedInto variable: String) -> Condition {
    Condition(text: "\(tag.quoted) =~ /(?i).*${\(variable):regex}.*/")
  }

  /// Returns whether a tag matches a regular expression.
  static func matches(_ tag: Tag, _ pattern: String) -> Condition { Condition(text: "\(tag.quoted) =~ /\(pattern)/") }

  /// Returns whether a tag has a value.
  static func tag(_ tag: Tag, is value: String) -> Condition { Condition(text: "\(tag.quoted) = '\(value)'") }

  /// Returns whether a tag has another value.
  static func tag(_ tag: Tag, isNot value: String) -> Condition { Condition(text: "\(tag.quoted) != '\(value)'") }

  static func || (a: Condition, b: Condition) -> Condition {
    Condition(text: "(\(a.text) OR \(b.text))", fields: a.fields.union(b.fields))
  }
}

extension Expression {
  static func == (a: Expression, b: String) -> Condition { Condition(text: "\(a.text) = '\(b)'", fields: a.fields) }
  static func != (a: Expression, b: String) -> Condition { Condition(text: "\(a.text) != '\(b)'", fields: a.fields) }
  static func == (a: Expression, b: Bool) -> Condition { Condition(text: "\(a.text) = \(b)", fields: a.fields) }
  static func == (a: Expression, b: Double) -> Condition { compare(a, "=", .number(b)) }
  /// Returns whether the value matches a regular expression.
  func matches(_ pattern: String) -> Condition { Condition(text: "\(text) =~ /\(pattern)/", fields: fields) }
  static func > (a: Expression, b: Double) -> Condition { compare(a, ">", .number(b)) }
  static func < (a: Expression, b: Double) -> Condition { compare(a, "<", .number(b)) }
  static func >= (a: Expression, b: Double) -> Condition { compare(a, ">=", .number(b)) }
  static func >= (a: Expression, b: Expression) -> Condition { compare(a, ">=", b) }
  static func < (a: Expression, b: Expression) -> Condition { compare(a, "<", b) }

  private static func compare(_ a: Expression, _ sign: String, _ b: Expression) -> Condition {
    Condition(text: "\(a.text) \(sign) \(b.text)", fields: a.fields.union(b.fields))
  }
}
