public import StreamCore

/// A random forest with the quantiles of its leaves, see ``QuantileForest``.
public struct ForestModel: ForecastModel {
  /// Value of the `model` tag.
  public let name = "forest"
  /// Days of history before which the model is not used: two weeks.
  public let minimumDays = 14
  private static let treesPerSlice = 2
  private let settings: QuantileForest.Settings?
  private var forest = QuantileForest()
  private var table = BinnedTable([])
  private var training: (targets: [Double], settings: QuantileForest.Settings, seed: UInt64)?

  /// Creates an untrained model; without settings, it has 200 trees up to 10,000 rows and 100 above.
  public init(settings: QuantileForest.Settings? = nil) { self.settings = settings }

  /// Divides the columns into classes.
  public mutating func begin(_ rows: FeatureRows, seed: UInt64) {
    table = BinnedTable(rows.values)
    forest = QuantileForest(targets: rows.targets)
    let settings = self.settings ?? QuantileForest.Settings(trees: rows.count > 10_000 ? 100 : 200)
    training = (rows.targets, settings, seed)
  }

  /// Grows some trees and returns whether any remain.
  public mutating func proceed() -> Bool {
    guard let (targets, settings, seed) = training else { return false }
    let count = min(ForestModel.treesPerSlice, settings.trees - forest.treeCount)
    forest.grow(count, table: table, targets: targets, settings: settings, seed: seed)
    guard count < 1 || forest.treeCount >= settings.trees || forest.treeCount == 0 else { return true }
    training = nil
    table.dropRows()
    return false
  }

  /// Returns the quantiles of the training targets that share each row's leaves.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    guard rows.values.count == table.columns else { return QuantileTable(rows: rows.count) }
    return forest.predict(table.classes(of: rows.values), rows: rows.count)
  }

  /// Writes the class edges and the trees.
  public func snapshot(into writer: inout SnapshotWriter) {
    table.snapshot(into: &writer)
    forest.snapshot(into: &writer)
  }

  /// Reads the class edges and the trees.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try table.restore(from: &reader)
    try forest.restore(from: &reader, columns: table.columns)
  }
}
