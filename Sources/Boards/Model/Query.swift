import PointSchema

/// A query in InfluxQL that versions 1, 2 and 3 of the database answer, written in names of the schema.
struct Query: Sendable {
  /// Where rows come from.
  indirect enum Source: Sendable {
    case measurement(Measurement)
    case query(Query)
  }

  /// Which rows count by their time.
  enum Bound: Sendable {
    /// The time range that is chosen on the board.
    case range
    /// A length of time up to the end of the time range, such as `30d`.
    case recent(String)
    /// The part of the time range that is within a length of time of its end.
    case rangeWithin(String)
    /// The part of the time range that is older than that, up to a greater length of time.
    case rangeBefore(String, upTo: String?)
    /// A length of time up to the present by the database's clock, for rules of alerts.
    case present(String)

    /// InfluxQL.
    var text: String {
      switch self {
      case .range: "$timeFilter"
      case .recent(let length): "time <= ${__to}ms AND time > ${__to}ms - \(length)"
      case .rangeWithin(let length): "time > ${__to}ms - \(length) AND $timeFilter"
      case .rangeBefore(let length, upTo: let longest?):
        "time <= ${__to}ms - \(length) AND time > ${__to}ms - \(longest) AND $timeFilter"
      case .rangeBefore(let length, upTo: nil): "time <= ${__to}ms - \(length) AND $timeFilter"
      case .present(let length): "time > now() - \(length)"
      }
    }
  }

  /// The filling of intervals without rows.
  enum Fill: String, Sendable {
    /// A gap in the line.
    case null
    /// Nothing; the line goes on.
    case none
    /// Nought, for counts.
    case zero = "0"
  }

  /// Length of the intervals that rows are put together by.
  enum Interval: Sendable {
    /// The interval that suits the panel's width.
    case automatic
    /// A fixed length, such as `1d`.
    case fixed(String)

    var text: String {
      switch self {
      case .automatic: "$__interval"
      case .fixed(let length): length
      }
    }
  }

  var columns: [Expression]
  var source: Source
  var conditions: [Condition]
  var bound: Bound
  var tags: [Tag]
  var interval: Interval?
  var fill: Fill
  /// Greatest number of rows of each series, newest first; `nil` gives all, oldest first.
  var newest: Int?

  /// Asks a measurement.
  ///
  /// - Parameters:
  ///   - columns: Columns of the answer.
  ///   - measurement: Measurement that is asked.
  ///   - conditions: What rows must be.
  ///   - bound: Which rows count by their time.
  ///   - tags: Tags that make a series of their own each.
  ///   - interval: Length of the intervals that rows are put together by; `nil` for none.
  ///   - fill: What fills intervals without rows.
  ///   - newest: Greatest number of rows, newest first; `nil` for all.
  init(
    _ columns: [Expression], from measurement: Measurement, where conditions: [Condition] = [],
    in bound: Bound = .range, by tags: [Tag] = [], every interval: Interval? = nil, fill: Fill = .none,
    newest: Int? = nil
  ) {
    self.init(
      columns, source: .measurement(measurement), where: conditions, in: bound, by: tags, every: interval, fill: fill,
      newest: newest)
  }

  /// Asks the answer of another query; the parameters are those of the other initializer.
  init(
    _ columns: [Expression], from query: Query, where conditions: [Condition] = [], in bound: Bound? = nil,
    by tags: [Tag] = [], every interval: Interval? = nil, fill: Fill = .none
  ) {
    // Without a bound of its own the answer's rows come back at 1970.
    self.init(
      columns, source: .query(query), where: conditions, in: bound ?? query.bound, by: tags, every: interval,
      fill: fill, newest: nil)
  }

  private init(
    _ columns: [Expression], source: Source, where conditions: [Condition], in bound: Bound, by tags: [Tag],
    every interval: Interval?, fill: Fill, newest: Int?
  ) {
    (self.columns, self.source, self.conditions, self.bound) = (columns, source, conditions, bound)
    (self.tags, self.interval, self.fill, self.newest) = (tags, interval, fill, newest)
  }

  /// InfluxQL, with Grafana's variables.
  var text: String {
    let origin =
      switch source {
      case .measurement(let measurement): measurement.quoted
      case .query(let query): "(\(query.text))"
      }
    let bounds = conditions.map(\.text) + [bound.text]
    let groups = (interval.map { ["time(\($0.text))"] } ?? []) + tags.map(\.quoted)
    return "SELECT \(columns.map(\.selection).joined(separator: ", ")) FROM \(origin)"
      + " WHERE \(bounds.joined(separator: " AND "))"
      + (groups.isEmpty ? "" : " GROUP BY \(groups.joined(separator: ", "))")
      + (interval == nil ? "" : " fill(\(fill.rawValue))")
      + (newest.map { " ORDER BY time DESC LIMIT \($0)" } ?? "")
  }

  /// The measurement that is asked in the end.
  var measurement: Measurement {
    switch source {
    case .measurement(let measurement): measurement
    case .query(let query): query.measurement
    }
  }

  /// Names of all fields that the query and those within it read.
  var fields: Set<String> {
    var names = Set(columns.flatMap(\.fields) + conditions.flatMap(\.fields))
    if case .query(let query) = source { names.formUnion(query.fields) }
    return names
  }
}
