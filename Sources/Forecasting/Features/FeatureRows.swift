/// Features of slots to be forecast or learned from, column by column.
public struct FeatureRows: Sendable {
  /// Meaning of the columns.
  public let columns: [FeatureColumn]
  /// One array for each column; NaN is unknown.
  public internal(set) var values: [[Double]]
  /// Slot of each row, to be forecast or learned from.
  public internal(set) var slots: [Int] = []
  /// Origin of each row; everything in the row was known when that slot began.
  public internal(set) var origins: [Int] = []
  /// Target of each row if the rows are for training [unit of the target].
  public internal(set) var targets: [Double] = []
  /// Slots in 24 hours.
  public let perDay: Int

  /// Creates rows without values.
  public init(columns: [FeatureColumn], perDay: Int) {
    self.columns = columns
    self.perDay = perDay
    values = Array(repeating: [], count: columns.count)
  }

  /// Number of rows.
  public var count: Int { slots.count }

  /// Returns the values of a column; `nil` if there is no such column.
  public func column(_ column: FeatureColumn) -> [Double]? { columns.firstIndex(of: column).map { values[$0] } }
}
