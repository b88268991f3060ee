import Glibc
import PlantPhysics

/// An isolation forest: rows that few random splits separate from all others are odd (F. Liu, K. Ting and Z.-H. Zhou,
/// "Isolation Forest", 2008, doi:10.1109/ICDM.2008.17).
///
/// The score of a row is `2^(−h / c(ψ))`. The mean depth at which the trees isolate it is h; each tree is grown on ψ
/// rows to a depth of log₂ ψ. The mean depth of a search tree of n rows is `c(n) = 2 H(n − 1) − 2 (n − 1) / n`. A score
/// near 1 is odd, below 0.5 ordinary.
///
/// No tree is stored. A split is a function of the seed, the tree and the path to its node. Scoring a row therefore
/// grows only the branch that the row takes. The state is the sample of rows and the seed.
///
/// Worked value: c(64) = 7.4878; a row that every tree separates from 63 others at its first split has h = 1 and scores
/// 0.9116.
struct IsolationForest: Sendable, Equatable {
  static let trees = 50
  /// Number of rows ψ that a tree is grown on; small, so that odd rows among them do not mask one another.
  static let rowsOfTree = 64
  /// Share of rows that may be odd; these are left out before the forest is made.
  static let contamination = 0.05

  let width: Int
  let seed: UInt64
  /// Values row by row, in random order.
  let rows: [Float]

  var count: Int { rows.count / max(1, width) }

  /// Creates a forest of rows in random order; `nil` unless there are at least ``rowsOfTree`` complete, finite rows.
  ///
  /// - Parameters:
  ///   - rows: Values row by row.
  ///   - width: Number of values in a row.
  ///   - seed: Seed of the trees.
  init?(rows: [Float], width: Int, seed: UInt64) {
    guard width > 0, rows.count % width == 0, rows.count / width >= IsolationForest.rowsOfTree,
      rows.allSatisfy(\.isFinite)
    else { return nil }
    (self.rows, self.width, self.seed) = (rows, width, seed)
  }

  /// Returns the positions of all rows but the oddest, ascending.
  static func ordinary(_ rows: [[Float]], by forest: IsolationForest) -> [Int] {
    let scores = rows.map(forest.score)
    let ranked = rows.indices.sorted { scores[$0] != scores[$1] ? scores[$0] < scores[$1] : $0 < $1 }
    return ranked.prefix(Int((1 - contamination) * Double(rows.count))).sorted()
  }

  /// Returns how odd a row is, 0...1; NaN for a row of another width.
  func score(_ row: [Float]) -> Double {
    guard row.count == width else { return .nan }
    let depth = rows.withUnsafeBufferPointer { rows in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: IsolationForest.rowsOfTree) { members in
        (0..<IsolationForest.trees).reduce(0.0) { $0 + self.depth(of: row, tree: $1, rows: rows, members: members) }
      }
    }
    let mean = depth / Double(IsolationForest.trees)
    return exp2(-mean / IsolationForest.averageDepth(of: IsolationForest.rowsOfTree))
  }

  /// Returns the depth at which a tree isolates a row.
  ///
  /// - Parameters:
  ///   - row: The row to be isolated.
  ///   - tree: Number of the tree.
  ///   - rows: Values of the forest's rows.
  ///   - members: Buffer for the rows of the current node.
  private func depth(
    of row: [Float], tree: Int, rows: UnsafeBufferPointer<Float>, members: UnsafeMutableBufferPointer<Int32>
  ) -> Double {
    var node = SplitMix64(seed: seed ^ (UInt64(tree + 1) &* 0x9e37_79b9_7f4a_7c15))
    // Rows are in random order, so that consecutive ones are a random draw.
    let start = Int(node.next() % UInt64(count))
    for i in 0..<IsolationForest.rowsOfTree {
      members[i] = Int32(start + i < count ? start + i : start + i - count)
    }
    var size = IsolationForest.rowsOfTree
    var depth = 0
    while size > 1, 1 << depth < IsolationForest.rowsOfTree {
      let choice = node.next()
      guard
        let (column, low, high) = spread(from: Int(choice % UInt64(width)), size: size, rows: rows, members: members)
      else { break }
      let split = low + Float(Double(node.next() >> 11) * 0x1p-53) * (high - low)
      let isBelow = row[column] < split
      var kept = 0
      for i in 0..<size where (rows[Int(members[i]) * width + column] < split) == isBelow {
        members[kept] = members[i]
        kept += 1
      }
      size = kept
      depth += 1
      // Each side of a split has its own random numbers.
      node = SplitMix64(seed: node.next() ^ (isBelow ? 0x5851_f42d_4c95_7f2d : 0))
    }
    return Double(depth) + IsolationForest.averageDepth(of: size)
  }

  /// Returns the first column in which the rows of a node differ, and its extremes; `nil` if all rows are equal.
  ///
  /// - Parameters:
  ///   - first: Column at which the search begins; it wraps around.
  ///   - size: Number of rows in the node.
  ///   - rows: Values of the forest's rows.
  ///   - members: Rows of the node.
  private func spread(
    from first: Int, size: Int, rows: UnsafeBufferPointer<Float>, members: UnsafeMutableBufferPointer<Int32>
  ) -> (column: Int, low: Float, high: Float)? {
    for step in 0..<width {
      let column = (first + step) % width
      var low = Float.infinity
      var high = -Float.infinity
      for i in 0..<size {
        let value = rows[Int(members[i]) * width + column]
        low = min(low, value)
        high = max(high, value)
      }
      if low < high { return (column, low, high) }
    }
    return nil
  }

  /// Returns c(n), the mean depth of an unsuccessful search in a binary tree of n rows.
  static func averageDepth(of count: Int) -> Double {
    guard count > 1 else { return 0 }
    let n = Double(count)
    let harmonic = (1..<count).reduce(0.0) { $0 + 1 / Double($1) }
    return 2 * harmonic - 2 * (n - 1) / n
  }
}
