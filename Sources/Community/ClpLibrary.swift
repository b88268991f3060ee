#if Solver
  import Glibc

  /// The part of Clp's C interface that is used (COIN-OR Clp 1.17), from the library of the system.
  ///
  /// The library is loaded with the first program to solve, not with the process. It brings BLAS, whose threads would
  /// run in every command, and would take the signals that are to end it.
  struct ClpLibrary: Sendable {
    typealias Model = UnsafeMutableRawPointer
    typealias Numbers = UnsafePointer<Double>
    typealias Places = UnsafePointer<Int32>
    typealias Result = @Sendable @convention(c) (Model) -> UnsafeMutablePointer<Double>?

    let newModel: @Sendable @convention(c) () -> Model?
    let deleteModel: @Sendable @convention(c) (Model) -> Void
    let setLogLevel: @Sendable @convention(c) (Model, Int32) -> Void
    let resize: @Sendable @convention(c) (Model, _ rows: Int32, _ columns: Int32) -> Void
    let changeRowLower: @Sendable @convention(c) (Model, Numbers) -> Void
    let changeRowUpper: @Sendable @convention(c) (Model, Numbers) -> Void
    let addRows:
      @Sendable @convention(c) (
        Model, Int32, _ lower: Numbers, _ upper: Numbers, _ starts: Places, _ columns: Places, _ values: Numbers
      ) -> Void
    let addColumns:
      @Sendable @convention(c) (
        Model, Int32, _ lower: Numbers, _ upper: Numbers, _ cost: Numbers, _ starts: Places, _ rows: Places,
        _ values: Numbers
      ) -> Void
    let deleteColumns: @Sendable @convention(c) (Model, Int32, Places) -> Void
    let columnCount: @Sendable @convention(c) (Model) -> Int32
    let statusExists: @Sendable @convention(c) (Model) -> Int32
    let setColumnStatus: @Sendable @convention(c) (Model, _ place: Int32, _ status: Int32) -> Void
    let setRowStatus: @Sendable @convention(c) (Model, _ place: Int32, _ status: Int32) -> Void
    let primal: @Sendable @convention(c) (Model, _ valuesPass: Int32) -> Int32
    let initialPrimalSolve: @Sendable @convention(c) (Model) -> Int32
    let status: @Sendable @convention(c) (Model) -> Int32
    let objectiveValue: @Sendable @convention(c) (Model) -> Double
    let columnValues: Result
    let rowDuals: Result
    let reducedCosts: Result

    /// Name by which the system finds the library, of Debian's package `coinor-libclp1`.
    static let name = "libClp.so.1"

    /// The library; `nil` if the system has none, or one without a function.
    static let shared = ClpLibrary()

    private init?() {
      // One thread is enough for the small dense parts of these programs.
      setenv("OPENBLAS_NUM_THREADS", "1", 0)
      guard let handle = dlopen(Self.name, RTLD_NOW | RTLD_LOCAL) else { return nil }
      func find<Function>(_ symbol: String, as type: Function.Type) -> Function? {
        dlsym(handle, "Clp_" + symbol).map { unsafeBitCast($0, to: type) }
      }
      guard let newModel = find("newModel", as: (@Sendable @convention(c) () -> Model?).self),
        let deleteModel = find("deleteModel", as: (@Sendable @convention(c) (Model) -> Void).self),
        let setLogLevel = find("setLogLevel", as: (@Sendable @convention(c) (Model, Int32) -> Void).self),
        let resize = find("resize", as: (@Sendable @convention(c) (Model, Int32, Int32) -> Void).self),
        let changeRowLower = find("chgRowLower", as: (@Sendable @convention(c) (Model, Numbers) -> Void).self),
        let changeRowUpper = find("chgRowUpper", as: (@Sendable @convention(c) (Model, Numbers) -> Void).self),
        let addRows = find(
          "addRows",
          as: (@Sendable @convention(c) (Model, Int32, Numbers, Numbers, Places, Places, Numbers) -> Void).self),
        let addColumns = find(
          "addColumns",
          as: (@Sendable @convention(c) (Model, Int32, Numbers, Numbers, Numbers, Places, Places, Numbers) -> Void)
            .self),
        let deleteColumns = find("deleteColumns", as: (@Sendable @convention(c) (Model, Int32, Places) -> Void).self),
        let columnCount = find("numberColumns", as: (@Sendable @convention(c) (Model) -> Int32).self),
        let statusExists = find("statusExists", as: (@Sendable @convention(c) (Model) -> Int32).self),
        let setColumnStatus = find(
          "setColumnStatus", as: (@Sendable @convention(c) (Model, Int32, Int32) -> Void).self),
        let setRowStatus = find("setRowStatus", as: (@Sendable @convention(c) (Model, Int32, Int32) -> Void).self),
        let primal = find("primal", as: (@Sendable @convention(c) (Model, Int32) -> Int32).self),
        let initialPrimalSolve = find("initialPrimalSolve", as: (@Sendable @convention(c) (Model) -> Int32).self),
        let status = find("status", as: (@Sendable @convention(c) (Model) -> Int32).self),
        let objectiveValue = find("objectiveValue", as: (@Sendable @convention(c) (Model) -> Double).self),
        let columnValues = find("primalColumnSolution", as: Result.self),
        let rowDuals = find("dualRowSolution", as: Result.self),
        let reducedCosts = find("dualColumnSolution", as: Result.self)
      else { return nil }
      (self.newModel, self.deleteModel, self.setLogLevel, self.resize) = (newModel, deleteModel, setLogLevel, resize)
      (self.changeRowLower, self.changeRowUpper) = (changeRowLower, changeRowUpper)
      (self.addRows, self.addColumns, self.deleteColumns) = (addRows, addColumns, deleteColumns)
      (self.columnCount, self.statusExists) = (columnCount, statusExists)
      (self.setColumnStatus, self.setRowStatus) = (setColumnStatus, setRowStatus)
      (self.primal, self.initialPrimalSolve, self.status) = (primal, initialPrimalSolve, status)
      (self.objectiveValue, self.columnValues) = (objectiveValue, columnValues)
      (self.rowDuals, self.reducedCosts) = (rowDuals, reducedCosts)
    }
  }
#endif
