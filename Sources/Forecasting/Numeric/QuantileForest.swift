import StreamCore

/// A random forest whose leaves keep their training targets (L. Breiman 2001, doi:10.1023/A:1010933404324;
/// N. Meinshausen, "Quantile Regression Forests", JMLR 7, 2006).
///
/// The quantile of a row is that of the weighted training targets. In each tree, a target that
/// shares the row's leaf has the weight `1 / size of the leaf`; the weights are averaged over the trees.
public struct QuantileForest: Sendable {
  /// Number, size and sampling of the trees.
  public struct Settings: Sendable, Equatable {
    /// Number of trees.
    public var trees: Int
    /// Smallest number of rows in a leaf.
    public var minimumLeaf: Int
    /// Share of the columns considered at each split, above 0 and up to 1.
    public var columnShare: Double

    /// Creates settings; the defaults are those of the published comparison.
    ///
    /// - Parameters:
    ///   - trees: Number of trees, at least 1.
    ///   - minimumLeaf: Smallest number of rows in a leaf, at least 1.
    ///   - columnShare: Share of the columns considered at each split, above 0 and up to 1.
    public init(trees: Int = 200, minimumLeaf: Int = 3, columnShare: Double = 0.5) {
      self.trees = max(1, trees)
      self.minimumLeaf = max(1, minimumLeaf)
      self.columnShare = columnShare
    }
  }

  private var trees = DecisionTrees()
  /// Position of the first member of each leaf, and the end of the last leaf.
  private var leafStart: [Int32] = [0]
  /// Positions in ``sortedTargets`` of the rows of each leaf.
  private var members: [Int32] = []
  /// Training targets in ascending order.
  private var sortedTargets: [Double] = []
  /// Position in ``sortedTargets`` of each training row; empty in a restored forest.
  private var rank: [Int32] = []

  /// Number of trees.
  public var treeCount: Int { trees.roots.count }

  /// Creates a forest without trees, whose forecasts are NaN.
  public init() {}

  /// Creates a forest without trees for the given targets, which must be finite.
  public init(targets: [Double]) {
    let order = targets.indices.sorted { targets[$0] < targets[$1] }
    sortedTargets = order.map { targets[$0] }
    rank = Array(repeating: 0, count: targets.count)
    for (position, row) in order.enumerated() { rank[row] = Int32(position) }
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
    guard table.rows == rank.count, table.rows == targets.count, table.rows > 0, table.columns > 0 else { return }
    let grower = TreeGrower(table, targets: targets, settings: settings)
    for _ in 0..<count {
      let firstNode = trees.count
      grower.growTree(into: &trees, seed: seed &+ UInt64(trees.roots.count) &* 0x9e37_79b9_7f4a_7c15)
      enlist(table, firstNode: firstNode)
    }
  }

  /// Passes all rows through the latest tree and records their leaves.
  private mutating func enlist(_ table: BinnedTable, firstNode: Int) {
    let firstLeaf = leafStart.count - 1
    var leaves = 0
    for node in firstNode..<trees.count where trees.isLeaf(node) {
      trees.number(node, leaf: firstLeaf + leaves)
      leaves += 1
    }
    var leafOfRow = Array(repeating: Int32(0), count: table.rows)
    var next = Array(repeating: Int32(0), count: leaves)
    trees.eachLeafOfLatestTree(table) { row, leaf in
      leafOfRow[row] = Int32(leaf - firstLeaf)
      next[leaf - firstLeaf] += 1
    }
    var start = leafStart[firstLeaf]
    for leaf in 0..<leaves {
      let size = next[leaf]
      next[leaf] = start
      start += size
      leafStart.append(start)
    }
    members.append(contentsOf: repeatElement(0, count: table.rows))
    for row in 0..<table.rows {
      let leaf = Int(leafOfRow[row])
      members[Int(next[leaf])] = rank[row]
      next[leaf] += 1
    }
  }

  /// A buffer that spares repeated predictions their allocations.
  public struct Room: Sendable {
    /// Leaf of each row in each tree, row by row.
    fileprivate var leaves: [Int32] = []
    /// Weights of the targets; all zero between predictions.
    fileprivate var weights: [Float] = []
    /// One bit for each weight, set if it is not zero.
    fileprivate var present: [UInt64] = []

    /// Creates an empty buffer.
    public init() {}
  }

  /// Returns the quantiles of `rows` rows, given by their classes column by column.
  public func predict(_ classes: [UInt8], rows: Int) -> QuantileTable {
    var answer = QuantileTable(rows: rows)
    var room = Room()
    predict(classes, into: &answer, using: &room)
    return answer
  }

  /// Writes the quantiles of all rows of `answer`.
  ///
  /// - Parameters:
  ///   - classes: Classes of the rows, column by column.
  ///   - answer: Receives the quantiles.
  ///   - room: Buffer, which may be used again.
  public func predict(_ classes: [UInt8], into answer: inout QuantileTable, using room: inout Room) {
    let (rows, count) = (answer.rows, trees.roots.count)
    if count == 0 { return }
    if room.leaves.count < rows * count { room.leaves = Array(repeating: 0, count: rows * count) }
    if room.weights.count != sortedTargets.count {
      room.weights = Array(repeating: 0, count: sortedTargets.count)
      room.present = Array(repeating: 0, count: (sortedTargets.count + 63) / 64)
    }
    // Tree by tree, so that only one tree at a time has to be in the cache.
    for (tree, root) in trees.roots.enumerated() {
      trees.eachLeaf(root: root, classes: classes, rows: rows) { room.leaves[$0 * count + tree] = Int32($1) }
    }
    for row in 0..<rows {
      weigh(room.leaves[(row * count)..<((row + 1) * count)], weights: &room.weights, present: &room.present)
      readOff(&room.weights, present: &room.present, into: &answer, row: row)
    }
  }

  /// Adds the weights of the targets in some leaves.
  ///
  /// - Parameters:
  ///   - leaves: Leaf of the row in each tree.
  ///   - weights: Weights of the targets.
  ///   - present: One bit for each weight, set if it is not zero.
  private func weigh(_ leaves: ArraySlice<Int32>, weights: inout [Float], present: inout [UInt64]) {
    weights.withUnsafeMutableBufferPointer { weights in
      present.withUnsafeMutableBufferPointer { present in
        members.withUnsafeBufferPointer { members in
          for leaf in leaves {
            let range = Int(leafStart[Int(leaf)])..<Int(leafStart[Int(leaf) + 1])
            let share = 1 / Float(max(1, range.count))
            for position in range {
              let member = Int(members[position])
              weights[member] += share
              present[member &>> 6] |= 1 &<< UInt64(member & 63)
            }
          }
        }
      }
    }
  }

  /// Writes the quantiles of the weighted targets, and resets the weights to zero.
  ///
  /// - Parameters:
  ///   - weights: Weights of the targets.
  ///   - present: One bit for each weight, set if it is not zero.
  ///   - answer: Receives the quantiles.
  ///   - row: Row of `answer`.
  private func readOff(
    _ weights: inout [Float], present: inout [UInt64], into answer: inout QuantileTable, row: Int
  ) {
    let total = Double(trees.roots.count)
    var level = 0
    var sum = 0.0
    for word in present.indices {
      while present[word] != 0 {
        let position = word * 64 + present[word].trailingZeroBitCount
        present[word] &= present[word] - 1
        sum += Double(weights[position])
        weights[position] = 0
        while level < QuantileLevels.count, sum >= QuantileLevels.all[level] * total * (1 - 1e-6) {
          answer[row, level] = sortedTargets[position]
          level += 1
        }
      }
    }
  }

  /// Writes the trees and the targets in their leaves.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(sortedTargets)
    writer.write(leafStart) { $0.write($1) }
    writer.write(members) { $0.write($1) }
    trees.snapshot(into: &writer)
  }

  /// Reads the state written by ``snapshot(into:)`` for a forest over `columns` columns.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  mutating func restore(from reader: inout SnapshotReader, columns: Int) throws(SnapshotError) {
    rank = []
    sortedTargets = try reader.readDoubles()
    leafStart = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.read(Int32.self) }
    members = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.read(Int32.self) }
    guard leafStart.first == 0, Int(leafStart[leafStart.count - 1]) == members.count,
      zip(leafStart, leafStart.dropFirst()).allSatisfy({ $0 <= $1 }),
      members.allSatisfy({ $0 >= 0 && $0 < sortedTargets.count })
    else { throw .invalid("leaves without their members") }
    try trees.restore(from: &reader, columns: columns, leaves: leafStart.count - 1)
  }
}
