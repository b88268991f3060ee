import StreamCore

/// A random forest with the quantiles of its leaves, see ``QuantileForest``.
public struct ForestModel: ForecastModel {
  /// The value of the `model` tag.
  public let name = "forest"
  /// Two weeks.
  public let minimumDays = 14
  private let settings: QuantileForest.Settings?
  private var forest = QuantileForest()
  private var table = BinnedTable([])

  /// A forest; without settings, of 200 trees up to 10,000 rows and 100 above.
  public init(settings: QuantileForest.Settings? = nil) { self.settings = settings }

  /// Grows the trees.
  public mutating func fit(_ rows: FeatureRows, seed: UInt64) {
    table = BinnedTable(rows.values)
    let settings = self.settings ?? QuantileForest.Settings(trees: rows.count > 10_000 ? 100 : 200)
    forest = QuantileForest(table, targets: rows.targets, settings: settings, seed: seed)
    table.dropRows()
  }

  /// The quantiles of the training targets that share the row's leaves.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    var classes: [UInt8] = []
    var weights: [Float] = []
    for row in 0..<rows.count {
      table.classes(of: rows.values, row: row, into: &classes)
      forest.predict(classes, into: &answer, row: row, weights: &weights)
    }
    return answer
  }

  /// Writes edges and trees.
  public func snapshot(into writer: inout SnapshotWriter) {}

  /// Reads edges and trees.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {}
}
