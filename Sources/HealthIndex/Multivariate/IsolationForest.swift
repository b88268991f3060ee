import Glibc
import PlantPhysics

/// An isolation forest: rows that few random splits part from all others are odd (F. Liu, K. Ting and Z.-H. Zhou,
/// "Isolation Forest", 2008, doi:10.1109/ICDM.2008.17).
///
/// The score of a row is `2^(−h / c(ψ))`, where h is the mean depth at which the trees isolate it, each grown on ψ rows
/// to a depth of log₂ ψ, and `c(n) = 2 H(n − 1) − 2 (n − 1) / n` the mean depth of a search tree of n rows: near 1 is odd,
/// below 0.5 ordinary.
///
/// No tree is kept. A split follows from the seed, the tree and the way to its node alone, so that only the branch that a
/// row takes is grown when it is scored: the state is the sample of rows and the seed.
///
/// Worked value: c(64) = 7.4878; a row that every tree parts from 63 others at its first split has h = 1 and scores 0.9116.
struct IsolationForest: Sendable, Equatable {
  static let trees = 50
  /// ψ, rows that a tree is grown on. Few, so that odd ones among them do not hide one another.
  static let rowsOfTree = 64
  /// Share of the rows that may be odd: the oddest are left out before the forest is made.
  static let contamination = 0.05

  let width: Int
  let seed: UInt64
  /// Row by row, in random order.
  let rows: [Float]

  var count: Int { rows.count / max(1, width) }

  /// A forest of rows in random order, kept as they are; `nil` unless there are ``rowsOfTree`` of a width.
  init?(rows: [Float], width: Int, seed: UInt64) {
    guard width > 0, rows.count % width == 0, rows.count / width >= IsolationForest.rowsOfTree,
      rows.allSatisfy(\.isFinite)
    else { return nil }
    (self.rows, self.width, self.seed) = (rows, width, seed)
  }

  /// The positions of all rows but the oddest, ascending.
  static func ordinary(_ rows: [[Float]], by forest: IsolationForest) -> [Int] {
    let scores = rows.map(forest.score)
    let ranked = rows.indices.sorted { scores[$0] != scores[$1] ? scores[$0] < scores[$1] : $0 < $1 }
    return ranked.prefix(Int((1 - contamination) * Double(rows.count))).sorted()
  }

  /// How odd a row is, 0...1; NaN for a row of another width.
  func score(_ row: [Float]) -> Double {
    guard row.count == width else { return .nan }
    let depth = rows.withUnsafeBufferPointer { rows in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: IsolationForest.rowsOfTree) { members in
        (0..<IsolationForest.trees).reduce(0.0) { $0 + self.depth(of: row, tree: $1, rows, members) }
      }
    }
    let mean = depth / Double(IsolationForest.trees)
    return exp2(-mean / IsolationForest.averageDepth(of: IsolationForest.rowsOfTree))
  }

  /// The depth at which a tree isolates a row; `members` is room for the rows of the node at hand.
  private func depth(
    of row: [Float], tree: Int, _ rows: UnsafeBufferPointer<Float>, _ members: UnsafeMutableBufferPointer<Int32>
  ) -> Double {
    var node = SplitMix64(seed: seed ^ (UInt64(tree + 1) &* 0x9e37_79b9_7f4a_7c15))
    // Rows are in random order, so that those in a row from any of them are a random draw.
    let start = Int(node.next() % UInt64(count))
    for i in 0..<IsolationForest.rowsOfTree {
      members[i] = Int32(start + i < count ? start + i : start + i - count)
    }
    var size = IsolationForest.rowsOfTree
    var depth = 0
    while size > 1, 1 << depth < IsolationForest.rowsOfTree {
      let choice = node.next()
      guard let (column, low, high) = spread(from: Int(choice % UInt64(width)), size, rows, members) else { break }
      let split = low + Float(Double(node.next() >> 11) * 0x1p-53) * (high - low)
      let isBelow = row[column] < split
      var kept = 0
      for i in 0..<size where (rows[Int(members[i]) * width + column] < split) == isBelow {
        members[kept] = members[i]
        kept += 1
      }
      size = kept
      depth += 1
      // Either side of a split has random numbers of its own.
      node = SplitMix64(seed: node.next() ^ (isBelow ? 0x5851_f42d_4c95_7f2d : 0))
    }
    return Double(depth) + IsolationForest.averageDepth(of: size)
  }

  /// The first column from one on, around, in which the rows of a node differ, with its ends.
  private func spread(
    from first: Int, _ size: Int, _ rows: UnsafeBufferPointer<Float>, _ members: UnsafeMutableBufferPointer<Int32>
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

  /// c(n), the mean depth of an unsuccessful search in a binary tree of n rows.
  static func averageDepth(of count: Int) -> Double {
    guard count > 1 else { return 0 }
    let n = Double(count)
    let harmonic = (1..<count).reduce(0.0) { $0 + 1 / Double($1) }
    return 2 * harmonic - 2 * (n - 1) / n
  }
}
