/// A random forest whose leaves remember what fell into them (L. Breiman 2001, doi:10.1023/A:1010933404324;
/// N. Meinshausen, "Quantile Regression Forests", JMLR 7, 2006).
///
/// The quantile of a row is that of the training targets, each weighted by the mean over the trees of
/// `1 / size of the leaf` where it shares the row's leaf.
public struct QuantileForest: Sendable {
  /// How a forest grows.
  public struct Settings: Sendable, Equatable {
    /// How many trees.
    public var trees: Int
    /// Fewest rows in a leaf.
    public var minimumLeaf: Int
    /// Share of the columns that each split looks at, above 0 to 1.
    public var columnShare: Double

    /// Settings; the defaults are those of the comparison in the README.
    public init(trees: Int = 200, minimumLeaf: Int = 3, columnShare: Double = 0.5) {
      self.trees = max(1, trees)
      self.minimumLeaf = max(1, minimumLeaf)
      self.columnShare = columnShare
    }
  }

  /// Splits and leaves of all trees. A leaf has column −1 and in ``child`` its number.
  struct Nodes: Sendable {
    var column: [Int16] = []
    var threshold: [UInt8] = []
    var child: [Int32] = []
  }

  var nodes = Nodes()
  /// The root of each tree.
  var roots: [Int32] = []
  /// First member of each leaf, and one past the last leaf's.
  var leafStart: [Int32] = [0]
  /// Positions in ``sortedTargets`` of the rows of each leaf.
  var members: [Int32] = []
  /// Training targets in ascending order.
  var sortedTargets: [Double] = []

  /// A forest without trees, which answers NaN.
  public init() {}

  /// Grows a forest on a table and its targets, which must be finite and as many as the rows.
  public init(_ table: BinnedTable, targets: [Double], settings: Settings, seed: UInt64) {
    guard table.rows == targets.count, table.rows > 0, table.columns > 0 else { return }
    let order = targets.indices.sorted { targets[$0] < targets[$1] }
    sortedTargets = order.map { targets[$0] }
    var rank = Array(repeating: Int32(0), count: targets.count)
    for (position, row) in order.enumerated() { rank[row] = Int32(position) }
    let grower = TreeGrower(table, targets: targets, settings: settings, seed: seed)
    for _ in 0..<settings.trees {
      roots.append(Int32(nodes.column.count))
      grower.growTree(into: &nodes)
      enlist(table, rank, firstNode: Int(roots[roots.count - 1]))
    }
  }

  /// Drops all rows down the latest tree and notes where they end.
  private mutating func enlist(_ table: BinnedTable, _ rank: [Int32], firstNode: Int) {
    var leafOfRow = Array(repeating: Int32(0), count: table.rows)
    var sizes: [Int32] = []
    for node in firstNode..<nodes.column.count where nodes.column[node] < 0 {
      nodes.child[node] = Int32(leafStart.count - 1 + sizes.count)
      sizes.append(0)
    }
    let firstLeaf = leafStart.count - 1
    table.classes.withUnsafeBufferPointer { classes in
      nodes.column.withUnsafeBufferPointer { column in
        nodes.threshold.withUnsafeBufferPointer { threshold in
          nodes.child.withUnsafeBufferPointer { child in
            for row in 0..<table.rows {
              var node = firstNode
              while column[node] >= 0 {
                let isRight = classes[Int(column[node]) &* table.rows &+ row] > threshold[node]
                node = Int(child[node]) &+ (isRight ? 1 : 0)
              }
              leafOfRow[row] = child[node]
              sizes[Int(child[node]) &- firstLeaf] &+= 1
            }
          }
        }
      }
    }
    var next: [Int32] = []
    var start = leafStart[firstLeaf]
    for size in sizes {
      next.append(start)
      start += size
      leafStart.append(start)
    }
    members.append(contentsOf: repeatElement(0, count: table.rows))
    for row in 0..<table.rows {
      let leaf = Int(leafOfRow[row]) - firstLeaf
      members[Int(next[leaf])] = rank[row]
      next[leaf] += 1
    }
  }

  /// Writes the quantiles of one row, given by its classes, into `answer`.
  public func predict(_ classes: [UInt8], into answer: inout QuantileTable, row: Int, weights: inout [Float]) {
    guard !roots.isEmpty else { return }
    let count = sortedTargets.count
    if weights.count != count { weights = Array(repeating: 0, count: count) }
    for root in roots {
      var node = Int(root)
      while nodes.column[node] >= 0 {
        node = Int(nodes.child[node]) + (classes[Int(nodes.column[node])] > nodes.threshold[node] ? 1 : 0)
      }
      let leaf = Int(nodes.child[node])
      let range = Int(leafStart[leaf])..<Int(leafStart[leaf + 1])
      let share = 1 / Float(max(1, range.count))
      for member in range { weights[Int(members[member])] += share }
    }
    let total = weights.reduce(0) { $0 + Double($1) }
    var level = 0
    var sum = 0.0
    for position in 0..<count where weights[position] > 0 {
      sum += Double(weights[position])
      weights[position] = 0
      while level < QuantileLevels.count, sum >= QuantileLevels.all[level] * total * (1 - 1e-6) {
        answer[row, level] = sortedTargets[position]
        level += 1
      }
    }
  }
}
