import SystemCore
public import WattlineTime

extension AccountStore {
  /// Adds an entry to the audit.
  ///
  /// - Throws: `AccountError` if it cannot be written; what it is about must not be done then.
  public func record(_ entry: AuditEntry) throws(AccountError) {
    try database.with { (database) throws(AccountError) in try Self.record(entry, in: database) }
  }

  /// Sets the receiver of each entry that this process adds to the audit, called once the entry is stored.
  ///
  /// It is called while the file is in use, so it must not use the accounts.
  public func observeAudit(_ observer: @escaping @Sendable (AuditEntry) -> Void) {
    database.with { $0.setObserver(observer) }
  }

  /// Returns entries of the audit, latest first.
  ///
  /// - Parameters:
  ///   - filter: Which entries are asked for.
  ///   - cursor: ``AuditPage/next`` of the page before; `nil` for the latest.
  ///   - limit: Maximum number of entries, 1...1000.
  /// - Returns: The entries and the cursor of the next page.
  /// - Throws: `AccountError` if the file cannot be read.
  public func audit(
    _ filter: AuditFilter = AuditFilter(), after cursor: Int64? = nil, limit: Int = 100
  ) throws(AccountError) -> AuditPage {
    let limit = min(1_000, max(1, limit))
    var (conditions, values): ([String], [DatabaseValue]) = ([], [])
    func add(_ condition: String, _ value: DatabaseValue?) {
      guard let value else { return }
      conditions.append(condition)
      values.append(value)
    }
    add("id < ?", cursor.map { .integer($0) })
    add("user = ?", filter.user.map { .text($0) })
    add("action = ?", filter.action.map { .text($0) })
    add("time >= ?", filter.start.map { .integer($0.nanoseconds) })
    add("time < ?", filter.end.map { .integer($0.nanoseconds) })
    let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    let sql =
      "SELECT id, time, user, address, action, target, result FROM audit \(condition) ORDER BY id DESC LIMIT ?"
    let rows = try database.with { [values] (database) throws(AccountError) in
      try database.rows(sql, values + [.integer(Int64(limit + 1))])
    }
    let next = rows.count > limit ? rows[limit - 1][0].integer : nil
    return AuditPage(entries: rows.prefix(limit).map(Self.entry), next: next)
  }

  /// Removes entries of the audit that are older than a time, and records that.
  ///
  /// It is the only way by which entries go. Nothing calls it but a person.
  ///
  /// - Parameters:
  ///   - end: Entries before this time are removed.
  ///   - requester: Who asks for it.
  ///   - time: The time.
  /// - Returns: Number of removed entries.
  /// - Throws: `AccountError` if the file cannot be written.
  @discardableResult
  public func pruneAudit(
    before end: Timestamp, by requester: Requester, at time: Timestamp
  ) throws(AccountError) -> Int {
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        try database.execute("DROP TRIGGER audit_keeps")
        try database.rows("DELETE FROM audit WHERE time < ?", .integer(end.nanoseconds))
        let count = database.changes
        try database.execute(AccountSchema.keep)
        try Self.record(
          AuditEntry(time, by: requester, action: "audit.prune", target: "before \(end): \(count)"), in: database)
        return count
      }
    }
  }

  static func record(_ entry: AuditEntry, in database: Database) throws(AccountError) {
    try database.rows(
      "INSERT INTO audit (time, user, address, action, target, result) VALUES (?, ?, ?, ?, ?, ?)",
      .integer(entry.time.nanoseconds), .text(entry.user), .text(entry.address),
      .text(entry.action), .text(entry.target), .text(entry.result))
    database.announce(entry)
  }

  private static func entry(_ row: [DatabaseValue]) -> AuditEntry {
    AuditEntry(
      Timestamp(nanoseconds: row[1].integer ?? 0),
      by: Requester(user: row[2].text ?? "", address: row[3].text ?? ""), action: row[4].text ?? "",
      target: row[5].text ?? "", result: row[6].text ?? "")
  }
}
