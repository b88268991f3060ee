/// Features of slots to forecast or to learn from, column after column.
public struct FeatureRows: Sendable {
  /// What the columns are.
  public let columns: [FeatureColumn]
  /// One array a column; NaN is "not known".
  public internal(set) var values: [[Double]]
  /// The slot of each row.
  public internal(set) var slots: [Int] = []
  /// The origin of each row: everything in it was known when that slot began.
  public internal(set) var origins: [Int] = []
  /// The target of each row where the rows are for learning [unit of the target].
  public internal(set) var targets: [Double] = []
  /// Slots in 24 hours.
  public let perDay: Int

  /// No rows.
  public init(columns: [FeatureColumn], perDay: Int) {
    self.columns = columns
    self.perDay = perDay
    values = Array(repeating: [], count: columns.count)
  }

  /// How many rows there are.
  public var count: Int { slots.count }

  /// The values of a column, if there is such a column.
  public func column(_ column: FeatureColumn) -> [Double]? { columns.firstIndex(of: column).map { values[$0] } }
}
