import PlantPhysics

/// A grower of the trees of ``BoostedQuantiles``, which splits the leaf with the greatest gain next. Not thread-safe.
///
/// The gradient of a quantile loss has only two values, so a histogram only counts. It counts rows, and rows with
/// targets above p10, above p50 and above p90. The four counts of 16 bits share one word and are added at once. A tree
/// therefore has at most 65,535 rows.
final class BoostedGrower {
  private struct Leaf {
    var node: Int
    var range: Range<Int>
    var histogram: Int
    var total: UInt64
    var gain = 0.0
    var column = -1
    var threshold: UInt8 = 0
  }

  private static let most = 65_535
  /// Levels whose gradients determine the splits.
  private static let guides = [QuantileLevels.p10, QuantileLevels.p50, QuantileLevels.p90]

  private let table: BinnedTable
  private let targets: [Double]
  private let settings: BoostedQuantiles.Settings
  private var random = SeededGenerator(seed: 0)
  /// Present forecast for each row.
  private(set) var estimates: [Double]
  private var signs: [UInt64]
  private let rows: UnsafeMutableBufferPointer<Int32>
  private let spare: UnsafeMutableBufferPointer<Int32>
  private let residuals: UnsafeMutableBufferPointer<Double>
  private let histograms: UnsafeMutableBufferPointer<UInt64>
  private var columnOrder: [Int]
  private let columnsUsed: Int
  private let rowsUsed: Int

  init(
    _ table: BinnedTable, targets: [Double], settings: BoostedQuantiles.Settings, estimates: [Double]
  ) {
    self.table = table
    self.targets = targets
    self.settings = settings
    self.estimates = estimates
    signs = Array(repeating: 0, count: table.rows)
    rows = .allocate(capacity: table.rows)
    spare = .allocate(capacity: table.rows)
    residuals = .allocate(capacity: table.rows)
    rows.initialize(repeating: 0)
    spare.initialize(repeating: 0)
    residuals.initialize(repeating: 0)
    columnsUsed = max(1, Int((settings.columnShare * Double(table.columns)).rounded()))
    rowsUsed = min(BoostedGrower.most, max(1, Int(settings.rowShare * Double(table.rows))))
    histograms = .allocate(capacity: settings.leaves * columnsUsed * 256)
    histograms.initialize(repeating: 0)
    columnOrder = Array(0..<table.columns)
  }

  deinit {
    rows.deallocate()
    spare.deallocate()
    residuals.deallocate()
    histograms.deallocate()
  }

  /// Appends a tree and the steps of its leaves, and adds them to the estimates of all rows.
  ///
  /// - Parameters:
  ///   - trees: Receives the tree.
  ///   - steps: Receives one step a quantile for each leaf.
  ///   - seed: Seed of the tree.
  func grow(into trees: inout DecisionTrees, steps: inout [Double], seed: UInt64) {
    random = SeededGenerator(seed: seed)
    sample()
    recordSigns()
    var leaves = [Leaf(node: trees.addTree(), range: 0..<rowsUsed, histogram: 0, total: 0)]
    fill(&leaves[0])
    search(&leaves[0])
    while leaves.count < settings.leaves {
      guard let best = leaves.indices.max(by: { leaves[$0].gain < leaves[$1].gain }), leaves[best].column >= 0 else {
        break
      }
      split(&leaves, index: best, trees: &trees)
    }
    for leaf in leaves {
      trees.number(leaf.node, leaf: steps.count / QuantileLevels.count)
      settle(leaf, steps: &steps)
    }
    estimates.withUnsafeMutableBufferPointer { estimates in
      trees.eachLeafOfLatestTree(table) { row, leaf in
        for level in 0..<QuantileLevels.count {
          estimates[row * QuantileLevels.count + level] += steps[leaf * QuantileLevels.count + level]
        }
      }
    }
  }

  /// Chooses rows without replacement, in order, and columns.
  private func sample() {
    var wanted = rowsUsed
    var position = 0
    for row in 0..<table.rows where wanted > 0 {
      if random.uniform() * Double(table.rows - row) < Double(wanted) {
        rows[position] = Int32(row)
        position += 1
        wanted -= 1
      }
    }
    columnOrder = Array(0..<table.columns)
    for place in 0..<columnsUsed {
      columnOrder.swapAt(place, place + Int(random.next() % UInt64(columnOrder.count - place)))
    }
  }

  private func recordSigns() {
    for row in 0..<table.rows {
      var sign: UInt64 = 1
      for (place, level) in BoostedGrower.guides.enumerated()
      where targets[row] > estimates[row * QuantileLevels.count + level] {
        sign |= 1 << UInt64(16 * (place + 1))
      }
      signs[row] = sign
    }
  }

  /// Counts a leaf's rows by class, column by column.
  private func fill(_ leaf: inout Leaf) {
    let base = histograms.baseAddress! + leaf.histogram * columnsUsed * 256
    base.update(repeating: 0, count: columnsUsed * 256)
    var total: UInt64 = 0
    signs.withUnsafeBufferPointer { signs in
      for position in leaf.range { total += signs[Int(rows[position])] }
      table.classes.withUnsafeBufferPointer { classes in
        for place in 0..<columnsUsed {
          let column = classes.baseAddress! + columnOrder[place] * table.rows
          let counts = base + place * 256
          for position in leaf.range {
            let row = Int(rows[position])
            counts[Int(column[row])] &+= signs[row]
          }
        }
      }
    }
    leaf.total = total
  }

  private static func score(_ counts: UInt64) -> Double {
    let count = Double(counts & 0xFFFF)
    let low = Double(counts >> 16 & 0xFFFF) - 0.9 * count
    let middle = Double(counts >> 32 & 0xFFFF) - 0.5 * count
    let high = Double(counts >> 48) - 0.1 * count
    // Each gradient is divided by its variance p (1 − p), so that the tails weigh as much as the median.
    return (low * low / 0.09 + middle * middle / 0.25 + high * high / 0.09) / (count + 1)
  }

  private func search(_ leaf: inout Leaf) {
    leaf.column = -1
    leaf.gain = 1e-9
    guard leaf.range.count >= 2 * settings.minimumLeaf else { return }
    let base = BoostedGrower.score(leaf.total)
    let least = UInt64(settings.minimumLeaf)
    let all = leaf.total & 0xFFFF
    for place in 0..<columnsUsed {
      let counts = histograms.baseAddress! + (leaf.histogram * columnsUsed + place) * 256
      var left: UInt64 = 0
      for bin in 0...table.edges[columnOrder[place]].count {
        if counts[bin] == 0 { continue }
        left &+= counts[bin]
        let size = left & 0xFFFF
        if size < least { continue }
        if all - size < least { break }
        let gain = BoostedGrower.score(left) + BoostedGrower.score(leaf.total &- left) - base
        if gain > leaf.gain {
          leaf.gain = gain
          leaf.column = columnOrder[place]
          leaf.threshold = UInt8(bin)
        }
      }
    }
  }

  private func split(_ leaves: inout [Leaf], index: Int, trees: inout DecisionTrees) {
    let parent = leaves[index]
    let middle = partition(parent)
    let left = trees.split(parent.node, column: parent.column, threshold: parent.threshold)
    var first = Leaf(node: left, range: parent.range.lowerBound..<middle, histogram: parent.histogram, total: 0)
    var second = Leaf(node: left + 1, range: middle..<parent.range.upperBound, histogram: leaves.count, total: 0)
    // The smaller side is counted; the larger is the parent minus the smaller.
    if first.range.count > second.range.count {
      fill(&second)
      subtract(second, from: parent)
      first.total = parent.total &- second.total
    } else {
      swap(&first.histogram, &second.histogram)
      fill(&first)
      subtract(first, from: parent)
      second.total = parent.total &- first.total
    }
    search(&first)
    search(&second)
    leaves[index] = first
    leaves.append(second)
  }

  private func subtract(_ child: Leaf, from parent: Leaf) {
    let size = columnsUsed * 256
    let a = histograms.baseAddress! + parent.histogram * size
    let b = histograms.baseAddress! + child.histogram * size
    for position in 0..<size { a[position] &-= b[position] }
  }

  private func partition(_ leaf: Leaf) -> Int {
    table.classes.withUnsafeBufferPointer { classes in
      let column = classes.baseAddress! + leaf.column * table.rows
      var left = leaf.range.lowerBound
      var right = 0
      for position in leaf.range {
        let row = rows[position]
        if column[Int(row)] > leaf.threshold {
          spare[right] = row
          right += 1
        } else {
          rows[left] = row
          left += 1
        }
      }
      for offset in 0..<right { rows[left + offset] = spare[offset] }
      return left
    }
  }

  private func settle(_ leaf: Leaf, steps: inout [Double]) {
    let room = UnsafeMutableBufferPointer(rebasing: residuals[0..<leaf.range.count])
    for level in 0..<QuantileLevels.count {
      for (offset, position) in leaf.range.enumerated() {
        let row = Int(rows[position])
        room[offset] = targets[row] - estimates[row * QuantileLevels.count + level]
      }
      steps.append(settings.learningRate * Selection.quantile(QuantileLevels.all[level], of: room))
    }
  }
}
