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

  /// Splits and leaves of all trees. A leaf has column −1 and in ``child`` its number.
  struct Nodes: Sendable {
    var column: [Int16] = []
    var threshold: [UInt8] = []
    var child: [Int32] = []
  }

  var nodes = Nodes()
  var roots: [Int32] = []
  /// Steps of each leaf, one a quantile.
  var steps: [Double] = []
  /// Where boosting starts, one a quantile.
  var start = Array(repeating: Double.nan, count: QuantileLevels.count)

  /// No trees; answers NaN.
  public init() {}

  /// Learns a table and its targets, which must be finite and as many as the rows. `offsets`, one a row, is what is
  /// known of each target already: the trees learn the rest.
  public init(_ table: BinnedTable, targets: [Double], settings: Settings = Settings(), seed: UInt64) {
    guard table.rows == targets.count, table.rows > 0, table.columns > 0 else { return }
    let sorted = targets.sorted()
    for level in start.indices {
      let position = QuantileLevels.all[level] * Double(sorted.count - 1)
      start[level] = sorted[Int(position.rounded())]
    }
    let grower = BoostedGrower(table, targets: targets, settings: settings, start: start, seed: seed)
    for _ in 0..<settings.rounds { grower.grow(into: &self) }
  }

  /// Writes the quantiles of one row, given by its classes, into `answer`.
  public func predict(_ classes: [UInt8], into answer: inout QuantileTable, row: Int) {
    for level in 0..<QuantileLevels.count { answer[row, level] = start[level] }
    for root in roots {
      var node = Int(root)
      while nodes.column[node] >= 0 {
        node = Int(nodes.child[node]) + (classes[Int(nodes.column[node])] > nodes.threshold[node] ? 1 : 0)
      }
      let leaf = Int(nodes.child[node]) * QuantileLevels.count
      for level in 0..<QuantileLevels.count { answer[row, level] += steps[leaf + level] }
    }
    answer.sort(row: row)
  }
}
