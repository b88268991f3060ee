import StreamCore

/// Gradient-boosted trees under the quantile loss, see ``BoostedQuantiles``.
public struct BoostedModel: ForecastModel {
  /// The value of the `model` tag.
  public let name = "boosted"
  /// Three weeks.
  public let minimumDays = 21
  private let settings: BoostedQuantiles.Settings
  private var trees = BoostedQuantiles()
  private var table = BinnedTable([])

  /// Boosted trees.
  public init(settings: BoostedQuantiles.Settings = BoostedQuantiles.Settings()) { self.settings = settings }

  /// Grows the trees.
  public mutating func fit(_ rows: FeatureRows, seed: UInt64) {
    table = BinnedTable(rows.values)
    trees = BoostedQuantiles(table, targets: rows.targets, settings: settings, seed: seed)
    table.dropRows()
  }

  /// The sums of the steps of the row's leaves.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    var classes: [UInt8] = []
    for row in 0..<rows.count {
      table.classes(of: rows.values, row: row, into: &classes)
      trees.predict(classes, into: &answer, row: row)
    }
    return answer
  }

  /// Writes edges and trees.
  public func snapshot(into writer: inout SnapshotWriter) {}

  /// Reads edges and trees.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {}
}
