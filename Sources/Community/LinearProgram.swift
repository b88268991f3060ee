#if Solver
  /// A linear program of least cost that grows by columns, solved by Clp's primal simplex from the last basis.
  ///
  /// It belongs to one thread.
  final class LinearProgram {
    /// Columns in the compressed form of Clp.
    struct Columns {
      fileprivate(set) var lower: [Double] = []
      fileprivate(set) var upper: [Double] = []
      fileprivate(set) var cost: [Double] = []
      fileprivate(set) var starts: [Int32] = [0]
      fileprivate(set) var rows: [Int32] = []
      fileprivate(set) var values: [Double] = []

      /// Number of columns.
      var count: Int { cost.count }

      /// Adds an entry to the column that ``close(cost:range:)`` will end.
      ///
      /// Entries that are nothing but rounding would spoil the scaling, and are left out.
      mutating func put(_ value: Double, row: Int) {
        guard value.magnitude > 1e-7 else { return }
        rows.append(Int32(row))
        values.append(value)
      }

      /// Ends a column.
      mutating func close(cost: Double, range: ClosedRange<Double>) {
        self.cost.append(cost)
        lower.append(range.lowerBound)
        upper.append(range.upperBound)
        starts.append(Int32(rows.count))
      }
    }

    /// Rows in the compressed form of Clp, each at least its bound.
    struct Rows {
      fileprivate var bounds: [Double] = []
      fileprivate var starts: [Int32] = [0]
      fileprivate var columns: [Int32] = []
      fileprivate var values: [Double] = []

      /// Adds an entry to the row that ``close(least:)`` will end.
      mutating func put(_ value: Double, column: Int) {
        guard value.magnitude > 1e-9 else { return }
        columns.append(Int32(column))
        values.append(value)
      }

      /// Ends a row.
      mutating func close(least: Double) {
        bounds.append(least)
        starts.append(Int32(columns.count))
      }
    }

    private let clp: ClpLibrary
    private let model: ClpLibrary.Model
    private var rows: Int

    /// Creates a program without columns; `nil` if there is no library, or memory is exhausted.
    ///
    /// - Parameter ranges: What the sum of each row may be.
    init?(rows ranges: [ClosedRange<Double>]) {
      guard let clp = ClpLibrary.shared, let model = clp.newModel() else { return nil }
      (self.clp, self.model) = (clp, model)
      rows = ranges.count
      clp.setLogLevel(model, 0)
      clp.resize(model, Int32(rows), 0)
      clp.changeRowLower(model, ranges.map(\.lowerBound))
      clp.changeRowUpper(model, ranges.map(\.upperBound))
    }

    deinit { clp.deleteModel(model) }

    /// Number of columns.
    var columnCount: Int { Int(clp.columnCount(model)) }

    /// Appends columns.
    func append(_ columns: Columns) {
      guard columns.count > 0 else { return }
      clp.addColumns(
        model, Int32(columns.count), columns.lower, columns.upper, columns.cost, columns.starts,
        columns.rows,
        columns.values)
      // Clp gives columns beyond its first room a status that it does not price.
      guard clp.statusExists(model) != 0 else { return }
      for place in columnCount - columns.count..<columnCount {
        clp.setColumnStatus(model, Int32(place), 3)
      }
    }

    /// Appends rows.
    func append(_ added: Rows) {
      guard !added.bounds.isEmpty else { return }
      let most = Array(repeating: Double.infinity, count: added.bounds.count)
      clp.addRows(
        model, Int32(added.bounds.count), added.bounds, most, added.starts, added.columns,
        added.values)
      if clp.statusExists(model) != 0 {
        for row in rows..<rows + added.bounds.count { clp.setRowStatus(model, Int32(row), 1) }
      }
      rows += added.bounds.count
    }

    /// Removes columns; those that follow move up.
    func remove(_ places: [Int]) {
      guard !places.isEmpty else { return }
      clp.deleteColumns(model, Int32(places.count), places.map { Int32($0) })
    }

    /// Solves the program from the last basis, or anew if that fails; returns whether the solution is optimal.
    func solve() -> Bool {
      _ = clp.primal(model, 0)
      if clp.status(model) != 0 { _ = clp.initialPrimalSolve(model) }
      return clp.status(model) == 0
    }

    /// Least cost of the last solution.
    var objective: Double { clp.objectiveValue(model) }

    /// Value of each column.
    var solution: UnsafeBufferPointer<Double> {
      UnsafeBufferPointer(start: clp.columnValues(model), count: columnCount)
    }

    /// Change of the cost for one more on the right-hand side of each row.
    var duals: UnsafeBufferPointer<Double> {
      UnsafeBufferPointer(start: clp.rowDuals(model), count: rows)
    }

    /// The cost that each column would add beyond the duals.
    var reducedCosts: UnsafeBufferPointer<Double> {
      UnsafeBufferPointer(start: clp.reducedCosts(model), count: columnCount)
    }
  }
#endif
