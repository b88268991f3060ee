import StreamCore

/// Gradient-boosted trees under the quantile loss (J. Friedman 2001, doi:10.1214/aos/1013203451; histograms as in
/// G. Ke et al., "LightGBM", NIPS 2017).
///
/// All quantiles share the trees: a split is chosen for what it gains in p10, p50 and p90 together, and a leaf holds a
/// step for each quantile, the quantile of what is left of the targets there times the learning rate.
public struct BoostedQuantiles: Sendable {
  /// How the trees grow.
  public struct Settings: Sendable, Equatable {
    /// How many trees.
    public var rounds = 250
    /// Share of each step that is taken.
    public var learningRate = 0.04
    /// Most leaves of a tree, at least 2.
    public var leaves = 24
    /// Fewest rows in a leaf.
    public var minimumLeaf = 25
    /// Share of the rows that each tree sees.
    public var rowShare = 0.7
    /// Share of the columns that each tree sees.
    public var columnShare = 0.6

    /// The defaults.
    public init() {}
  }

  private var trees = DecisionTrees()
  /// Steps of each leaf, one a quantile.
  private var steps: [Double] = []
  /// Where boosting starts, one a quantile.
  private var start = Array(repeating: Double.nan, count: QuantileLevels.count)
  /// The answer for each training row so far; empty once grown.
  private var estimates: [Double] = []

  /// How many trees there are.
  public var treeCount: Int { trees.roots.count }

  /// No trees; answers NaN.
  public init() {}

  /// Trees that are to grow on targets, which must be finite.
  public init(targets: [Double]) {
    let sorted = targets.sorted()
    guard !sorted.isEmpty else { return }
    start = QuantileLevels.all.map { sorted[Int(($0 * Double(sorted.count - 1)).rounded())] }
    estimates = (0..<(sorted.count * QuantileLevels.count)).map { start[$0 % QuantileLevels.count] }
  }

  /// Grows `count` further trees on the table that belongs to the targets. Each tree has its own seed, so that it does
  /// not matter in how many calls they grow.
  public mutating func grow(
    _ count: Int, _ table: BinnedTable, targets: [Double], settings: Settings, seed: UInt64
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

  /// Forgets what is needed to grow on.
  public mutating func finish() { estimates = [] }

  /// Writes the quantiles of one row, given by its classes, into `answer`.
  public func predict(_ classes: [UInt8], into answer: inout QuantileTable, row: Int) {
    for level in 0..<QuantileLevels.count { answer[row, level] = start[level] }
    for root in trees.roots {
      let leaf = trees.leaf(root: root, classes) * QuantileLevels.count
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

  /// Reads what ``snapshot(into:)`` wrote of trees over `columns` columns.
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
