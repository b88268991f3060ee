import PlantPhysics

/// A grower of regression trees that reduce the variance of the target, on bootstrap samples of a binned table.
///
/// A node with many rows finds its split by histograms of the classes, one with few rows by sorting them; both give the
/// same split. Memory is allocated once for all trees. Not thread-safe.
final class TreeGrower {
  private struct Split {
    var gain = 0.0
    var column = -1
    var threshold: UInt8 = 0
  }

  /// Number of rows below which a node sorts them instead of counting.
  private static let smallNode = 20

  private let table: BinnedTable
  private let targets: [Double]
  private let minimumLeaf: Int
  private let columnsTried: Int
  private var random = SeededGenerator(seed: 0)
  private let rows: UnsafeMutableBufferPointer<Int32>
  private let values: UnsafeMutableBufferPointer<Double>
  private let spareRows: UnsafeMutableBufferPointer<Int32>
  private let spareValues: UnsafeMutableBufferPointer<Double>
  /// Sum of targets and number of rows by class.
  private let histogram: UnsafeMutableBufferPointer<SIMD2<Double>>
  /// One bit for each class, set if it has rows.
  private let occupied: UnsafeMutableBufferPointer<UInt64>
  /// Class and target of rows, ascending by class.
  private let sorted: UnsafeMutableBufferPointer<SIMD2<Double>>
  /// Reciprocal of each number of rows, 1 / n.
  private let inverse: UnsafeMutableBufferPointer<Double>
  private let columnOrder: UnsafeMutableBufferPointer<Int>

  init(_ table: BinnedTable, targets: [Double], settings: QuantileForest.Settings) {
    self.table = table
    let mean = targets.reduce(0, +) / Double(max(1, targets.count))
    self.targets = targets.map { $0 - mean }
    minimumLeaf = settings.minimumLeaf
    columnsTried = min(table.columns, max(1, Int(settings.columnShare * Double(table.columns))))
    rows = .allocate(capacity: table.rows)
    values = .allocate(capacity: table.rows)
    spareRows = .allocate(capacity: table.rows)
    spareValues = .allocate(capacity: table.rows)
    histogram = .allocate(capacity: 256)
    rows.initialize(repeating: 0)
    values.initialize(repeating: 0)
    spareRows.initialize(repeating: 0)
    spareValues.initialize(repeating: 0)
    histogram.initialize(repeating: .zero)
    occupied = .allocate(capacity: 4)
    occupied.initialize(repeating: 0)
    sorted = .allocate(capacity: TreeGrower.smallNode)
    sorted.initialize(repeating: .zero)
    inverse = .allocate(capacity: table.rows + 1)
    for count in 0...table.rows { inverse.initializeElement(at: count, to: count == 0 ? 0 : 1 / Double(count)) }
    columnOrder = .allocate(capacity: table.columns)
    for column in 0..<table.columns { columnOrder.initializeElement(at: column, to: column) }
  }

  deinit {
    rows.deallocate()
    values.deallocate()
    spareRows.deallocate()
    spareValues.deallocate()
    histogram.deallocate()
    occupied.deallocate()
    sorted.deallocate()
    inverse.deallocate()
    columnOrder.deallocate()
  }

  /// Appends a tree to `trees`.
  func growTree(into trees: inout DecisionTrees, seed: UInt64) {
    random = SeededGenerator(seed: seed)
    for column in 0..<columnOrder.count { columnOrder[column] = column }
    for position in 0..<table.rows {
      let row = Int(random.next() % UInt64(table.rows))
      rows[position] = Int32(row)
      values[position] = targets[row]
    }
    var open: [(node: Int, range: Range<Int>)] = [(trees.addTree(), 0..<table.rows)]
    while let (node, range) = open.popLast() {
      guard let split = bestSplit(range) else { continue }
      let middle = partition(range, split: split)
      let left = trees.split(node, column: split.column, threshold: split.threshold)
      open.append((left + 1, middle..<range.upperBound))
      open.append((left, range.lowerBound..<middle))
    }
  }

  /// Returns the split among randomly chosen columns that reduces the squared error most.
  ///
  /// Further columns are tried while none of the chosen ones allows a split.
  private func bestSplit(_ range: Range<Int>) -> Split? {
    guard range.count >= 2 * minimumLeaf else { return nil }
    var sum = 0.0
    var least = Double.infinity
    var greatest = -Double.infinity
    for position in range {
      sum += values[position]
      least = min(least, values[position])
      greatest = max(greatest, values[position])
    }
    guard least < greatest else { return nil }
    var best = Split()
    let base = sum * sum / Double(range.count)
    best.gain = base + 1e-12 * (greatest - least) * (greatest - least)
    var random = self.random
    table.classes.withUnsafeBufferPointer { classes in
      for tried in 0..<columnOrder.count {
        if tried >= columnsTried, best.column >= 0 { break }
        let other = tried + Int(random.next() % UInt64(columnOrder.count - tried))
        columnOrder.swapAt(tried, other)
        let column = columnOrder[tried]
        guard let start = classes.baseAddress.map({ $0 + column * table.rows }) else { break }
        if range.count < TreeGrower.smallNode {
          sweepSorted(range, classes: start, column: column, sum: sum, best: &best)
        } else {
          sweepHistogram(range, classes: start, column: column, sum: sum, best: &best)
        }
      }
    }
    self.random = random
    return best.column >= 0 ? best : nil
  }

  /// Counts the rows by class and evaluates a split after each class with rows. The histogram is all zero before and
  /// after.
  ///
  /// - Parameters:
  ///   - range: Rows of the node.
  ///   - classes: Classes of the column.
  ///   - column: The column.
  ///   - sum: Sum of the node's targets.
  ///   - best: Best split so far; replaced by a better one.
  private func sweepHistogram(
    _ range: Range<Int>, classes: UnsafePointer<UInt8>, column: Int, sum: Double, best: inout Split
  ) {
    let occupied = self.occupied
    let histogram = self.histogram
    let inverse = self.inverse
    for position in range {
      let bin = Int(classes[Int(rows[position])])
      histogram[bin] += SIMD2(values[position], 1)
      occupied[bin &>> 6] |= 1 &<< UInt64(bin & 63)
    }
    let total = range.count
    let latest = total - minimumLeaf
    var size = 0
    var left = 0.0
    for word in 0..<4 {
      var bits = occupied[word]
      occupied[word] = 0
      while bits != 0 {
        let bin = word &* 64 &+ bits.trailingZeroBitCount
        bits &= bits &- 1
        let here = histogram[bin]
        histogram[bin] = .zero
        size &+= Int(here.y)
        left += here.x
        if size < minimumLeaf || size > latest { continue }
        let rest = sum - left
        let gain = left * left * inverse[size] + rest * rest * inverse[total &- size]
        if gain > best.gain { best = Split(gain: gain, column: column, threshold: UInt8(truncatingIfNeeded: bin)) }
      }
    }
  }

  private func sweepSorted(
    _ range: Range<Int>, classes: UnsafePointer<UInt8>, column: Int, sum: Double, best: inout Split
  ) {
    let sorted = self.sorted
    let count = range.count
    for offset in 0..<count {
      let position = range.lowerBound + offset
      let entry = SIMD2(Double(classes[Int(rows[position])]), values[position])
      var place = offset
      while place > 0, sorted[place - 1].x > entry.x {
        sorted[place] = sorted[place - 1]
        place -= 1
      }
      sorted[place] = entry
    }
    var left = 0.0
    for offset in 0..<(count - minimumLeaf) {
      left += sorted[offset].y
      if offset + 1 < minimumLeaf || sorted[offset].x == sorted[offset + 1].x { continue }
      let size = offset + 1
      let rest = sum - left
      let gain = left * left * inverse[size] + rest * rest * inverse[count - size]
      if gain > best.gain {
        best = Split(gain: gain, column: column, threshold: UInt8(sorted[offset].x))
      }
    }
  }

  /// Moves the rows of the left side to the front, keeping their order, and returns the first position of the right
  /// side.
  private func partition(_ range: Range<Int>, split: Split) -> Int {
    table.classes.withUnsafeBufferPointer { classes in
      guard let start = classes.baseAddress.map({ $0 + split.column * table.rows }) else { return range.upperBound }
      var left = range.lowerBound
      var right = 0
      for position in range {
        let row = rows[position]
        let value = values[position]
        if start[Int(row)] > split.threshold {
          spareRows[right] = row
          spareValues[right] = value
          right += 1
        } else {
          rows[left] = row
          values[left] = value
          left += 1
        }
      }
      for offset in 0..<right {
        rows[left + offset] = spareRows[offset]
        values[left + offset] = spareValues[offset]
      }
      return left
    }
  }
}
