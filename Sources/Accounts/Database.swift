/// A value of a table.
enum DatabaseValue: Hashable, Sendable {
  case integer(Int64)
  case text(String)
  case bytes([UInt8])
  case null

  var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
}

#if HTTP
  import CSQLite
  import Glibc

  /// A connection to a file of SQLite. Not safe for concurrent use: its owner has a lock.
  final class Database: @unchecked Sendable {
    static let isAvailable = true
    /// Time that a writer waits for another process [ms].
    static let patience: Int32 = 5_000

    private let path: String
    private let connection: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]
    /// Receives each entry of the audit once it is stored.
    private var observe: @Sendable (AuditEntry) -> Void = { _ in }
    /// Entries of the transaction that runs; `nil` outside of one.
    private var uncommitted: [AuditEntry]?

    /// Opens a file, which is made for its owner alone if it is missing.
    ///
    /// - Throws: `AccountError` if it cannot be opened.
    init(_ path: String) throws(AccountError) {
      self.path = path
      try Self.make(path)
      var connection: OpaquePointer?
      let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
      let code = sqlite3_open_v2(path, &connection, flags, nil)
      guard let connection else { throw AccountError(.unavailable, "\(path) cannot be opened: no memory") }
      self.connection = connection
      guard code == SQLITE_OK else {
        let words = String(cString: sqlite3_errmsg(connection))
        sqlite3_close_v2(connection)
        throw AccountError(.unavailable, "\(path) cannot be opened: \(words)")
      }
      sqlite3_busy_timeout(connection, Self.patience)
    }

    deinit {
      for statement in statements.values { sqlite3_finalize(statement) }
      sqlite3_close_v2(connection)
    }

    /// Makes an empty file of mode 0600. As root it belongs to the owner of its folder, whom the service runs as.
    private static func make(_ path: String) throws(AccountError) {
      let file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
      guard file >= 0 else {
        throw AccountError(
          .unavailable,
          "\(path) cannot be opened: \(String(cString: strerror(errno))); run it as the user of `wattline run`, or as "
            + "root")
      }
      defer { close(file) }
      var (status, folder) = (stat(), stat())
      let above = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
      guard geteuid() == 0, fstat(file, &status) == 0, status.st_size == 0, stat(above, &folder) == 0 else { return }
      _ = fchown(file, folder.st_uid, folder.st_gid)
    }

    /// Runs statements without values and results.
    func execute(_ sql: String) throws(AccountError) {
      let code = sqlite3_exec(connection, sql, nil, nil, nil)
      if code != SQLITE_OK { throw failure(code) }
    }

    /// Runs a statement, and returns its rows. It stays prepared.
    @discardableResult
    func rows(_ sql: String, _ values: DatabaseValue...) throws(AccountError) -> [[DatabaseValue]] {
      try rows(sql, values)
    }

    /// Runs a statement, and returns its rows. It stays prepared.
    func rows(_ sql: String, _ values: [DatabaseValue]) throws(AccountError) -> [[DatabaseValue]] {
      let statement = try prepared(sql)
      defer {
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
      }
      for (position, value) in values.enumerated() { try bind(value, to: statement, place: Int32(position + 1)) }
      var rows: [[DatabaseValue]] = []
      while true {
        let code = sqlite3_step(statement)
        if code == SQLITE_DONE { return rows }
        guard code == SQLITE_ROW else { throw failure(code) }
        rows.append((0..<sqlite3_column_count(statement)).map { Self.value(of: statement, column: $0) })
      }
    }

    /// Number of rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes(connection)) }

    /// Runs `body` as one change, which is dropped as a whole if it throws.
    func transaction<Result>(_ body: () throws(AccountError) -> Result) throws(AccountError) -> Result {
      try execute("BEGIN IMMEDIATE")
      uncommitted = []
      defer { uncommitted = nil }
      do throws(AccountError) {
        let result = try body()
        try execute("COMMIT")
        for entry in uncommitted ?? [] { observe(entry) }
        return result
      } catch {
        try? execute("ROLLBACK")
        throw error
      }
    }

    func setObserver(_ observer: @escaping @Sendable (AuditEntry) -> Void) { observe = observer }

    /// Announces an entry of the audit, at the end of the transaction that stores it.
    func announce(_ entry: AuditEntry) {
      if uncommitted == nil { observe(entry) } else { uncommitted?.append(entry) }
    }

    private func prepared(_ sql: String) throws(AccountError) -> OpaquePointer {
      if let statement = statements[sql] { return statement }
      var statement: OpaquePointer?
      let code = sqlite3_prepare_v3(
        connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
      guard code == SQLITE_OK, let statement else { throw failure(code) }
      statements[sql] = statement
      return statement
    }

    private func bind(_ value: DatabaseValue, to statement: OpaquePointer, place: Int32) throws(AccountError) {
      let code =
        switch value {
        case .integer(let number): sqlite3_bind_int64(statement, place, number)
        case .text(let text): wattline_sqlite_bind_text(statement, place, text, Int32(text.utf8.count))
        case .bytes(let bytes): wattline_sqlite_bind_blob(statement, place, bytes, Int32(bytes.count))
        case .null: sqlite3_bind_null(statement, place)
        }
      if code != SQLITE_OK { throw failure(code) }
    }

    private static func value(of statement: OpaquePointer, column: Int32) -> DatabaseValue {
      let count = Int(sqlite3_column_bytes(statement, column))
      switch sqlite3_column_type(statement, column) {
      case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
      case SQLITE_TEXT:
        guard let text = sqlite3_column_text(statement, column) else { return .null }
        return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
      case SQLITE_BLOB:
        guard let bytes = sqlite3_column_blob(statement, column) else { return .bytes([]) }
        return .bytes([UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
      default: return .null
      }
    }

    private func failure(_ code: Int32) -> AccountError {
      let words = String(cString: sqlite3_errmsg(connection))
      switch code & 0xFF {
      case SQLITE_BUSY, SQLITE_LOCKED:
        return AccountError(.unavailable, "\(path) is held by another process for more than 5 s; try again")
      case SQLITE_NOTADB, SQLITE_CORRUPT:
        return AccountError(.unavailable, "\(path) is damaged or no file of accounts (\(words)); restore a backup")
      case SQLITE_FULL: return AccountError(.unavailable, "\(path) cannot grow: the disk is full")
      case SQLITE_CONSTRAINT: return AccountError(.exists, words)
      default: return AccountError(.unavailable, "\(path): \(words)")
      }
    }
  }
#else
  /// Substitute for a build without the trait `HTTP`.
  final class Database: Sendable {
    static let isAvailable = false

    init(_ path: String) throws(AccountError) {
      throw AccountError(.unavailable, "this program was built without the trait HTTP, and has no accounts")
    }

    func execute(_ sql: String) throws(AccountError) {}

    @discardableResult
    func rows(_ sql: String, _ values: DatabaseValue...) throws(AccountError) -> [[DatabaseValue]] { [] }

    func rows(_ sql: String, _ values: [DatabaseValue]) throws(AccountError) -> [[DatabaseValue]] { [] }

    var changes: Int { 0 }

    func transaction<Result>(_ body: () throws(AccountError) -> Result) throws(AccountError) -> Result { try body() }

    func setObserver(_ observer: @escaping @Sendable (AuditEntry) -> Void) {}

    func announce(_ entry: AuditEntry) {}
  }
#endif
