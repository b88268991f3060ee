import StreamCore

/// The splits of many binary trees over classes of a ``BinnedTable``.
///
/// A row goes right if its class is above the threshold. Children are stored side by side after their parent. A leaf
/// has column −1 and its number in ``child``.
struct DecisionTrees: Sendable, Equatable {
  private(set) var column: [Int16] = []
  private(set) var threshold: [UInt8] = []
  private(set) var child: [Int32] = []
  private(set) var roots: [Int32] = []

  /// Number of nodes.
  var count: Int { column.count }

  /// Starts a tree and returns its root, at first a leaf.
  mutating func addTree() -> Int {
    roots.append(Int32(count))
    return addLeaf()
  }

  /// Splits a leaf and returns the left child; the right one follows it.
  ///
  /// - Parameters:
  ///   - node: The leaf.
  ///   - column: Column of the split.
  ///   - threshold: Largest class that goes left.
  mutating func split(_ node: Int, column: Int, threshold: UInt8) -> Int {
    let left = addLeaf()
    _ = addLeaf()
    self.column[node] = Int16(truncatingIfNeeded: column)
    self.threshold[node] = threshold
    child[node] = Int32(left)
    return left
  }

  /// Sets the number of a leaf.
  mutating func number(_ node: Int, leaf: Int) { child[node] = Int32(leaf) }

  /// Returns whether a node has no children.
  func isLeaf(_ node: Int) -> Bool { column[node] < 0 }

  /// Returns the number of the leaf of a row, given by its classes by column.
  func leaf(root: Int32, classes: [UInt8]) -> Int {
    var node = Int(root)
    while column[node] >= 0 { node = Int(child[node]) + (classes[Int(column[node])] > threshold[node] ? 1 : 0) }
    return Int(child[node])
  }

  /// Calls `body` with each row of a table and the number of its leaf in the latest tree.
  func eachLeafOfLatestTree(_ table: BinnedTable, body: (_ row: Int, _ leaf: Int) -> Void) {
    guard let root = roots.last else { return }
    eachLeaf(root: root, classes: table.classes, rows: table.rows, body: body)
  }

  /// Calls `body` with each row and the number of its leaf.
  ///
  /// - Parameters:
  ///   - root: Root of the tree.
  ///   - classes: Classes of the rows, column by column.
  ///   - rows: Number of rows.
  ///   - body: Receives the rows and their leaves.
  func eachLeaf(root: Int32, classes: [UInt8], rows: Int, body: (_ row: Int, _ leaf: Int) -> Void) {
    classes.withUnsafeBufferPointer { classes in
      column.withUnsafeBufferPointer { column in
        threshold.withUnsafeBufferPointer { threshold in
          child.withUnsafeBufferPointer { child in
            for row in 0..<rows {
              var node = Int(root)
              while column[node] >= 0 {
                let isRight = classes[Int(column[node]) &* rows &+ row] > threshold[node]
                node = Int(child[node]) &+ (isRight ? 1 : 0)
              }
              body(row, Int(child[node]))
            }
          }
        }
      }
    }
  }

  private mutating func addLeaf() -> Int {
    column.append(-1)
    threshold.append(0)
    child.append(0)
    return count - 1
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(column) { $0.write($1) }
    writer.write(threshold) { $0.write($1) }
    writer.write(child) { $0.write($1) }
    writer.write(roots) { $0.write($1) }
  }

  /// Reads trees over `columns` columns that end in `leaves` leaves.
  ///
  /// - Parameters:
  ///   - reader: Holds the trees.
  ///   - columns: Number of columns.
  ///   - leaves: Number of leaves.
  /// - Throws: ``SnapshotError`` if the data end early or a node refers to an invalid column, node or leaf.
  mutating func restore(from reader: inout SnapshotReader, columns: Int, leaves: Int) throws(SnapshotError) {
    column = try reader.readArray(elementSize: 2) { (reader) throws(SnapshotError) in try reader.read(Int16.self) }
    threshold = try reader.readArray { (reader) throws(SnapshotError) in try reader.read(UInt8.self) }
    child = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.read(Int32.self) }
    roots = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.read(Int32.self) }
    guard threshold.count == count, child.count == count, roots.allSatisfy({ $0 >= 0 && $0 < count }) else {
      throw .invalid("trees of uneven arrays")
    }
    for node in 0..<count {
      let next = Int(child[node])
      let isSound =
        column[node] < 0
        ? column[node] == -1 && next >= 0 && next < leaves
        : Int(column[node]) < columns && next > node && next + 1 < count
      guard isSound else { throw .invalid("a tree that leads nowhere") }
    }
  }
}
