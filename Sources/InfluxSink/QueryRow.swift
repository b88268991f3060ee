/// A value in an answer of the database.
public enum QueryValue: Sendable, Equatable, Decodable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)

  /// Reads one JSON value.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // The most frequent first: each attempt in vain makes an error.
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

  /// The value as a number, where it is one.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .boolean, .text: nil
    }
  }
}

/// A row in an answer of the database.
public struct QueryRow: Sendable, Equatable {
  /// The series' name: the measurement, for most queries.
  public var measurement: String
  /// The tags by which the query groups.
  public var tags: [String: String]
  /// Values by column; `time` in milliseconds since the epoch.
  public var values: [String: QueryValue]

  /// The value of a column; ``QueryValue/null`` where there is no such column.
  public subscript(column: String) -> QueryValue { values[column] ?? .null }
  /// A column as a number, where it is one.
  public func number(_ column: String) -> Double? { self[column].number }
  /// A column or grouping tag as text, where it is one.
  public func text(_ column: String) -> String? {
    if case .text(let value) = self[column] { return value }
    return tags[column]
  }
}

/// The JSON of `/query`.
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
  /// What 2.x has in place of `error`.
  var message: String?

  /// What the database says is wrong with the question or one of its statements.
  package var firstError: String? { error ?? message ?? (results ?? []).lazy.compactMap(\.error).first }

  /// The rows of every statement, one after the other.
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
