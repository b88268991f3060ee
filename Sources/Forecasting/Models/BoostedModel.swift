public import StreamCore

/// Gradient-boosted trees under the quantile loss, see ``BoostedQuantiles``.
public struct BoostedModel: ForecastModel {
  /// Value of the `model` tag.
  public let name = "boosted"
  /// Days of history before which the model is not used: three weeks.
  public let minimumDays = 21
  private static let treesPerSlice = 10
  private let settings: BoostedQuantiles.Settings
  private var trees = BoostedQuantiles()
  private var table = BinnedTable([])
  private var training: (targets: [Double], seed: UInt64)?

  /// Creates an untrained model.
  public init(settings: BoostedQuantiles.Settings = BoostedQuantiles.Settings()) { self.settings = settings }

  /// Divides the columns into classes.
  public mutating func begin(_ rows: FeatureRows, seed: UInt64) {
    table = BinnedTable(rows.values)
    trees = BoostedQuantiles(targets: rows.targets)
    training = (rows.targets, seed)
  }

  /// Grows some trees and returns whether any remain.
  public mutating func proceed() -> Bool {
    guard let (targets, seed) = training else { return false }
    let count = min(BoostedModel.treesPerSlice, settings.rounds - trees.treeCount)
    trees.grow(count, table: table, targets: targets, settings: settings, seed: seed)
    guard count < 1 || trees.treeCount >= settings.rounds || trees.treeCount == 0 else { return true }
    training = nil
    trees.finish()
    table.dropRows()
    return false
  }

  /// Returns the sums of the steps of each row's leaves.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    var classes: [UInt8] = []
    for row in 0..<rows.count {
      table.classes(of: rows.values, row: row, into: &classes)
      trees.predict(classes, into: &answer, row: row)
    }
    return answer
  }

  /// Writes the class edges and the trees.
  public func snapshot(into writer: inout SnapshotWriter) {
    table.snapshot(into: &writer)
    trees.snapshot(into: &writer)
  }

  /// Reads the class edges and the trees.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try table.restore(from: &reader)
    try trees.restore(from: &reader, columns: table.columns)
  }
}
