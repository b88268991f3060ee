public import PointSchema

/// A value in the database's answer.
public enum QueryValue: Sendable, Equatable, Decodable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)

  /// Reads one JSON value.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // The most frequent types come first, because each failed attempt constructs an error.
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  /// The value as a number, if it is one.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .boolean, .text: nil
    }
  }
}

/// A row in the database's answer.
public struct QueryRow: Sendable, Equatable {
  /// Name of the series, which is the measurement for most queries.
  public var measurement: String
  /// Tags by which the query groups.
  public var tags: [String: String]
  /// Values by column. `time` is in milliseconds since the epoch.
  public var values: [String: QueryValue]

  /// Returns the value of a column; ``QueryValue/null`` if there is no such column.
  public subscript(column: String) -> QueryValue { values[column] ?? .null }
  /// Returns a column as a number, if it is one.
  public func number(_ column: String) -> Double? { self[column].number }
  /// Returns a field as a number, if it is one.
  public func number(_ field: FieldKey<Double>) -> Double? { number(field.name) }
  /// Returns a tag, selected or grouped by.
  public func text(_ tag: Tag) -> String? { text(tag.name) }
  /// Returns a column or grouping tag as text, if it is one.
  public func text(_ column: String) -> String? {
    if case .text(let value) = self[column] { return value }
    return tags[column]
  }
}

/// The JSON answer of `/query`.
package struct QueryAnswer: Decodable {
  struct Statement: Decodable {
    var series: [Rows]?
    var error: String?
  }
  struct Rows: Decodable {
    var name: String?
    var tags: [String: String]?
    var columns: [String]
    var values: [[QueryValue]]?
  }

  var results: [Statement]?
  var error: String?
  /// Error message of 2.x, in place of `error`.
  var message: String?

  /// First error message about the query or one of its statements.
  package var firstError: String? { error ?? message ?? (results ?? []).lazy.compactMap(\.error).first }

  /// Rows of all statements in order.
  package var rows: [QueryRow] {
    (results ?? []).flatMap { $0.series ?? [] }.flatMap { series in
      (series.values ?? []).map { values in
        QueryRow(
          measurement: series.name ?? "", tags: series.tags ?? [:],
          values: Dictionary(zip(series.columns, values)) { first, _ in first })
      }
    }
  }
}
