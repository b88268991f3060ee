import Settings
import SystemCore
import WattlineTime

extension AccountStore {
  /// A session that begins or goes on.
  struct Session: Sendable {
    var id: String
    var account: String
    var role: Role
    /// The refresh token: `SESSION.SECRET`.
    var refresh: String
  }

  /// Returns the key of access tokens, which is made at the first call.
  func tokenSecret() throws(AccountError) -> [UInt8] {
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        let kept = try database.rows("SELECT value FROM secret WHERE name = 'token'")
        if let bytes = kept.first?[0].bytes { return bytes }
        let made = Cryptography.random(32)
        try database.rows("INSERT INTO secret (name, value) VALUES ('token', ?)", .bytes(made))
        return made
      }
    }
  }

  /// Returns the hash of an account's password; `nil` if there is no account, or none with a password.
  func passwordHash(of name: String) throws(AccountError) -> String? {
    try database.with { (database) throws(AccountError) in
      try database.rows("SELECT password FROM account WHERE name = ?", .text(name)).first?[0].text
    }
  }

  /// Starts a session after a password was found right, and forgets the name's failures.
  ///
  /// - Parameters:
  ///   - requester: Who logs in.
  ///   - hash: The hash that was checked.
  ///   - expires: When the session ends without a renewal.
  ///   - time: The time.
  /// - Returns: The session; `nil` if the account has another password meanwhile.
  func startSession(
    _ requester: Requester, hash: String, expires: Timestamp, at time: Timestamp
  ) throws(AccountError) -> Session? {
    let id = Cryptography.base64(Cryptography.random(16))
    return try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) -> Session? in
        let rows = try database.rows(
          "SELECT \(Self.columns) FROM account WHERE name = ? AND password = ?", .text(requester.user), .text(hash))
        guard let account = rows.first.flatMap(Self.account) else { return nil }
        let secret = Cryptography.base64(Cryptography.random(32))
        try database.rows("DELETE FROM session WHERE expires <= ?", .integer(time.nanoseconds))
        try database.rows(
          "INSERT INTO session (id, account, refresh, expires) VALUES (?, ?, ?, ?)", .text(id), .text(account.name),
          .bytes(Cryptography.digest(secret)), .integer(expires.nanoseconds))
        try Self.forgetFailures(of: account.name, in: database)
        try Self.record(AuditEntry(time, by: requester, action: "login", target: account.name), in: database)
        return Session(id: id, account: account.name, role: account.role, refresh: "\(id).\(secret)")
      }
    }
  }

  /// Exchanges the refresh token of a session. A token that is not its current one ends the session.
  ///
  /// - Parameters:
  ///   - token: The refresh token.
  ///   - address: The client's address.
  ///   - expires: When the session ends without a further renewal.
  ///   - time: The time.
  /// - Returns: The session with its new token; `nil` if the token is not valid.
  func renewSession(
    _ token: String, from address: String, expires: Timestamp, at time: Timestamp
  ) throws(AccountError) -> Session? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, token.utf8.count < 200 else { return nil }
    return try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) -> Session? in
        let rows = try database.rows(
          "SELECT account, refresh FROM session WHERE id = ? AND expires > ?", .text(parts[0]),
          .integer(time.nanoseconds))
        guard let name = rows.first?[0].text, let kept = rows.first?[1].bytes,
          let account = try Self.account(named: name, in: database)
        else { return nil }
        let requester = Requester(user: name, address: address)
        guard Cryptography.areEqual(kept, Cryptography.digest(parts[1])) else {
          // Either the client or a thief has used it before: which one this is cannot be told.
          try database.rows("DELETE FROM session WHERE id = ?", .text(parts[0]))
          try Self.record(
            AuditEntry(
              time, by: requester, action: "refresh", target: name, result: "refused: used before, session ended"),
            in: database)
          return nil
        }
        let secret = Cryptography.base64(Cryptography.random(32))
        try database.rows(
          "UPDATE session SET refresh = ?, expires = ? WHERE id = ?", .bytes(Cryptography.digest(secret)),
          .integer(expires.nanoseconds), .text(parts[0]))
        try Self.record(AuditEntry(time, by: requester, action: "refresh", target: name), in: database)
        return Session(id: parts[0], account: name, role: account.role, refresh: "\(parts[0]).\(secret)")
      }
    }
  }

  /// Ends a session; returns whether there was one.
  func endSession(_ id: String, by requester: Requester, at time: Timestamp) throws(AccountError) -> Bool {
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        try database.rows("DELETE FROM session WHERE id = ?", .text(id))
        guard database.changes > 0 else { return false }
        try Self.record(AuditEntry(time, by: requester, action: "logout", target: requester.user), in: database)
        return true
      }
    }
  }

  /// Returns the account of a session as it is now; `nil` if the session has ended.
  func account(ofSession id: String, at time: Timestamp) throws(AccountError) -> Account? {
    try database.with { (database) throws(AccountError) in
      try database.rows(
        """
        SELECT \(Self.columns) FROM account WHERE name = (SELECT account FROM session WHERE id = ? AND expires > ?)
        """, .text(id), .integer(time.nanoseconds)
      ).first.flatMap(Self.account)
    }
  }

  // MARK: Failed logins

  /// Maximum number of names and addresses whose failures are kept.
  private static let mostFailures = 10_000

  /// Returns the whole seconds for which logins of a name or an address are refused; `nil` if they are not.
  func secondsLocked(_ requester: Requester, at time: Timestamp) throws(AccountError) -> Int? {
    try database.with { (database) throws(AccountError) in
      let rows = try database.rows(
        """
        SELECT max(until) FROM failure WHERE (kind = 'name' AND subject = ?) OR (kind = 'address' AND subject = ?)
          OR (kind = 'pair' AND subject = ?)
        """, .text(requester.user), .text(NetworkAddress.network(requester.address)), .text(Self.pair(requester)))
      guard let until = rows.first?[0].integer, until > time.nanoseconds else { return nil }
      return Self.seconds(Timestamp(nanoseconds: until) - time)
    }
  }

  /// Counts a failed login of a name and an address.
  ///
  /// - Returns: Whole seconds for which their logins are refused from now on; 0 for none.
  func recordFailure(_ requester: Requester, at time: Timestamp) throws(AccountError) -> Int {
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        let name = try Self.count("name", requester.user, rule: .name, at: time, in: database)
        let pair = try Self.count("pair", Self.pair(requester), rule: .pair, at: time, in: database)
        let address = try Self.count(
          "address", NetworkAddress.network(requester.address), rule: .address, at: time, in: database)
        try database.rows(
          """
          DELETE FROM failure WHERE last < ? OR (kind, subject) IN
            (SELECT kind, subject FROM failure ORDER BY last DESC LIMIT -1 OFFSET ?)
          """, .integer((time - Lockout.memory).nanoseconds), .integer(Int64(Self.mostFailures)))
        let wait = max(name, address, pair)
        let result = wait > .zero ? "refused: wrong, locked for \(Self.seconds(wait)) s" : "refused: wrong"
        try Self.record(
          AuditEntry(time, by: requester, action: "login", target: requester.user, result: result), in: database)
        return wait > .zero ? Self.seconds(wait) : 0
      }
    }
  }

  /// Forgets the failures of a name, from wherever.
  static func forgetFailures(of name: String, in database: Database) throws(AccountError) {
    try database.rows(
      """
      DELETE FROM failure WHERE (kind = 'name' AND subject = ?) OR (kind = 'pair' AND substr(subject, 1, length(?)) = ?)
      """, .text(name), .text(name + "\n"), .text(name + "\n"))
  }

  private static func pair(_ requester: Requester) -> String {
    requester.user + "\n" + NetworkAddress.network(requester.address)
  }

  private static func count(
    _ kind: String, _ subject: String, rule: Lockout, at time: Timestamp, in database: Database
  ) throws(AccountError) -> TimeSpan {
    let rows = try database.rows(
      "SELECT count FROM failure WHERE kind = ? AND subject = ? AND last >= ?", .text(kind), .text(subject),
      .integer((time - Lockout.memory).nanoseconds))
    let count = min(1_000_000, (rows.first?[0].integer ?? 0) + 1)
    let wait = rule.wait(after: Int(count))
    try database.rows(
      "INSERT OR REPLACE INTO failure (kind, subject, count, last, until) VALUES (?, ?, ?, ?, ?)", .text(kind),
      .text(subject), .integer(count), .integer(time.nanoseconds), .integer((time + wait).nanoseconds))
    return wait
  }

  private static func seconds(_ span: TimeSpan) -> Int { max(1, Int(span.inSeconds.rounded(.up))) }
}
