import StreamCore

/// Columns of numbers divided into at most 255 classes of about equal size, so that a split of a tree compares bytes.
///
/// Class 0 is "missing" (NaN); it lies left of every split.
///
/// Worked value: the column 1, 2, 3, 4 has edges 1.5, 2.5, 3.5 and classes 1, 2, 3, 4.
public struct BinnedTable: Sendable {
  /// Largest number of classes of present values.
  public static let maximumClasses = 254
  /// Upper edges of the classes of each column, ascending; values above the last are in a further class.
  public private(set) var edges: [[Double]] = []
  /// Classes, column by column.
  public private(set) var classes: [UInt8] = []
  /// Number of rows.
  public private(set) var rows: Int
  /// Number of columns.
  public var columns: Int { edges.count }

  /// Divides columns of equal length into classes.
  public init(_ columns: [[Double]]) {
    rows = columns.first?.count ?? 0
    classes.reserveCapacity(rows * columns.count)
    for column in columns {
      let cuts = BinnedTable.edges(of: column)
      edges.append(cuts)
      for value in column { classes.append(BinnedTable.place(value, edges: cuts)) }
    }
  }

  /// Discards the rows and keeps the edges.
  mutating func dropRows() {
    classes = []
    rows = 0
  }

  /// Returns the classes of another table by the same edges, column by column.
  public func classes(of table: [[Double]]) -> [UInt8] {
    var classes: [UInt8] = []
    self.classes(of: table, into: &classes)
    return classes
  }

  /// Writes the classes of another table by the same edges, column by column, into `classes`.
  public func classes(of table: [[Double]], into classes: inout [UInt8]) {
    classes.removeAll(keepingCapacity: true)
    for (values, edges) in zip(table, edges) {
      for value in values { classes.append(BinnedTable.place(value, edges: edges)) }
    }
  }

  /// Writes the classes of a row of another table by the same edges.
  ///
  /// - Parameters:
  ///   - table: Columns of the other table.
  ///   - row: The row.
  ///   - bins: Receives one class a column.
  public func classes(of table: [[Double]], row: Int, into bins: inout [UInt8]) {
    bins.removeAll(keepingCapacity: true)
    for column in edges.indices { bins.append(BinnedTable.place(table[column][row], edges: edges[column])) }
  }

  /// Returns the class of a value.
  static func place(_ value: Double, edges: [Double]) -> UInt8 {
    if value.isNaN { return 0 }
    var low = 0
    var high = edges.count
    while low < high {
      let middle = (low + high) / 2
      if edges[middle] < value { low = middle + 1 } else { high = middle }
    }
    return UInt8(low + 1)
  }

  private static func edges(of column: [Double]) -> [Double] {
    let sorted = column.filter { !$0.isNaN }.sorted()
    guard var previous = sorted.first else { return [] }
    var distinct: [(value: Double, upTo: Int)] = []
    for (position, value) in sorted.enumerated() where value != previous {
      distinct.append((previous, position))
      previous = value
    }
    distinct.append((previous, sorted.count))
    var cuts: [Double] = []
    let target = Double(sorted.count) / Double(maximumClasses)
    let takesAll = distinct.count <= maximumClasses
    for position in distinct.indices.dropLast()
    where takesAll || Double(distinct[position].upTo) >= target * Double(cuts.count + 1) {
      cuts.append(midpoint(distinct[position].value, distinct[position + 1].value))
      if cuts.count == maximumClasses - 1 { break }
    }
    return cuts
  }

  private static func midpoint(_ a: Double, _ b: Double) -> Double {
    let middle = a + (b - a) / 2
    return middle.isFinite && middle < b ? middle : a
  }

  /// Writes the edges.
  func snapshot(into writer: inout SnapshotWriter) { writer.write(edges) { $0.write($1) } }

  /// Reads the edges and discards the rows.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    dropRows()
    edges = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.readDoubles() }
    guard edges.count <= Int(Int16.max), edges.allSatisfy({ $0.count < BinnedTable.maximumClasses }) else {
      throw .invalid("a table of too many classes")
    }
  }
}
