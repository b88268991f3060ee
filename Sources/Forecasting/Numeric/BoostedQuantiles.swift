import StreamCore

/// Gradient-boosted trees under the quantile loss (J. Friedman 2001, doi:10.1214/aos/1013203451; histograms as in G. Ke
/// et al., "LightGBM", NIPS 2017).
///
/// All quantiles share the trees. A split is chosen for its gain in p10, p50 and p90 together. A leaf has a step for
/// each quantile: the quantile of the residuals there, times the learning rate.
public struct BoostedQuantiles: Sendable {
  /// Number, size and sampling of the trees.
  public struct Settings: Sendable, Equatable {
    /// Number of trees.
    public var rounds = 250
    /// Share of each step that is applied, 0...1.
    public var learningRate = 0.04
    /// Largest number of leaves in a tree, at least 2.
    public var leaves = 24
    /// Smallest number of rows in a leaf.
    public var minimumLeaf = 25
    /// Share of the rows used by each tree, 0...1.
    public var rowShare = 0.7
    /// Share of the columns used by each tree, 0...1.
    public var columnShare = 0.6

    /// Creates the default settings.
    public init() {}
  }

  private var trees = DecisionTrees()
  /// Steps of each leaf, one a quantile.
  private var steps: [Double] = []
  /// Initial forecast, one a quantile.
  private var start = Array(repeating: Double.nan, count: QuantileLevels.count)
  /// Present forecast for each training row; empty after training.
  private var estimates: [Double] = []

  /// Number of trees.
  public var treeCount: Int { trees.roots.count }

  /// Creates an empty model, whose forecasts are NaN.
  public init() {}

  /// Creates a model without trees for the given targets, which must be finite.
  public init(targets: [Double]) {
    let sorted = targets.sorted()
    guard !sorted.isEmpty else { return }
    start = QuantileLevels.all.map { sorted[Int(($0 * Double(sorted.count - 1)).rounded())] }
    estimates = (0..<(sorted.count * QuantileLevels.count)).map { start[$0 % QuantileLevels.count] }
  }

  /// Grows `count` further trees. Each tree has its own seed, so the number of calls makes no difference.
  ///
  /// - Parameters:
  ///   - count: Number of trees.
  ///   - table: Features of the training rows.
  ///   - targets: Targets of the training rows, those given at creation.
  ///   - settings: Number, size and sampling of the trees.
  ///   - seed: Seed of all trees.
  public mutating func grow(
    _ count: Int, table: BinnedTable, targets: [Double], settings: Settings, seed: UInt64
  ) {
    guard table.rows == targets.count, estimates.count == targets.count * QuantileLevels.count, table.rows > 0,
      table.columns > 0
    else { return }
    let grower = BoostedGrower(table, targets: targets, settings: settings, estimates: estimates)
    estimates = []
    for _ in 0..<count {
      grower.grow(
        into: &trees, steps: &steps, seed: seed &+ UInt64(trees.roots.count) &* 0x9e37_79b9_7f4a_7c15)
    }
    estimates = grower.estimates
  }

  /// Discards the data needed for further growth.
  public mutating func finish() { estimates = [] }

  /// Writes the quantiles of one row.
  ///
  /// - Parameters:
  ///   - classes: Class of each column.
  ///   - answer: Receives the quantiles.
  ///   - row: Row of `answer`.
  public func predict(_ classes: [UInt8], into answer: inout QuantileTable, row: Int) {
    for level in 0..<QuantileLevels.count { answer[row, level] = start[level] }
    for root in trees.roots {
      let leaf = trees.leaf(root: root, classes: classes) * QuantileLevels.count
      for level in 0..<QuantileLevels.count { answer[row, level] += steps[leaf + level] }
    }
    answer.sort(row: row)
  }

  /// Writes the trees and their steps.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(start)
    writer.write(steps)
    trees.snapshot(into: &writer)
  }

  /// Reads the state written by ``snapshot(into:)`` for trees over `columns` columns.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  mutating func restore(from reader: inout SnapshotReader, columns: Int) throws(SnapshotError) {
    estimates = []
    start = try reader.readDoubles()
    steps = try reader.readDoubles()
    guard start.count == QuantileLevels.count, steps.count % QuantileLevels.count == 0 else {
      throw .invalid("steps without their quantiles")
    }
    try trees.restore(from: &reader, columns: columns, leaves: steps.count / QuantileLevels.count)
  }
}
