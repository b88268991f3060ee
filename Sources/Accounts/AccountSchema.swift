/// Tables of the file of accounts, and the way to them from older versions.
enum AccountSchema {
  /// Version of the tables.
  static let version: Int64 = 1
  /// Number by which the file is known as one of accounts: `WATT`.
  static let application: Int64 = 0x5741_5454

  /// Prepares a connection, and makes or upgrades the tables.
  ///
  /// - Throws: `AccountError` if the file is of a newer version, or none of accounts.
  static func open(_ database: Database, path: String) throws(AccountError) {
    try database.execute("PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL")
    if try text(database, "PRAGMA journal_mode") != "wal" {
      // Two processes may open a new file at once, and only one of them can turn it over.
      for attempt in 0... {
        do throws(AccountError) {
          try database.rows("PRAGMA journal_mode = WAL")
          break
        } catch { if attempt == 5 { throw error } }
      }
    }
    try database.transaction { () throws(AccountError) in
      let found = try number(database, "PRAGMA user_version")
      let application = try number(database, "PRAGMA application_id")
      let tables = try number(database, "SELECT count(*) FROM sqlite_schema")
      guard application == Self.application || (application == 0 && tables == 0) else {
        throw AccountError(.unavailable, "\(path) is no file of accounts; move it away")
      }
      guard found <= version else {
        throw AccountError(
          .unavailable,
          "\(path) has version \(found) of the accounts, and this program knows \(version); run the newer program, or "
            + "restore a backup of this version")
      }
      if found < 1 { try database.execute(first) }
      if found < version { try database.execute("PRAGMA user_version = \(version)") }
      try database.execute(changes)
      if application == 0 { try database.execute("PRAGMA application_id = \(Self.application)") }
    }
  }

  private static func number(_ database: Database, _ sql: String) throws(AccountError) -> Int64 {
    try database.rows(sql).first?.first?.integer ?? 0
  }

  private static func text(_ database: Database, _ sql: String) throws(AccountError) -> String? {
    try database.rows(sql).first?.first?.text
  }

  /// Times are nanoseconds since 1970. Plants are `*` or a list in JSON, scopes are words.
  private static let first = """
    CREATE TABLE account (
      name TEXT PRIMARY KEY, role TEXT NOT NULL, plants TEXT NOT NULL, password TEXT, created INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE api_key (
      id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE, name TEXT NOT NULL,
      digest BLOB NOT NULL UNIQUE, scopes TEXT NOT NULL, plants TEXT NOT NULL, created INTEGER NOT NULL,
      expires INTEGER, UNIQUE (owner, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE session (
      id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
      refresh BLOB NOT NULL, expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX session_account ON session (account);
    CREATE TABLE failure (
      kind TEXT NOT NULL, subject TEXT NOT NULL, count INTEGER NOT NULL, last INTEGER NOT NULL,
      until INTEGER NOT NULL, PRIMARY KEY (kind, subject)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX failure_last ON failure (last);
    CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, user TEXT NOT NULL, address TEXT NOT NULL,
      action TEXT NOT NULL, target TEXT NOT NULL, result TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_time ON audit (time);
    CREATE INDEX audit_user ON audit (user);
    CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit cannot be changed'); END;
    CREATE TRIGGER audit_grows BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
      BEGIN SELECT RAISE(ABORT, 'the audit cannot be changed'); END;
    \(keep)
    """

  /// Changes with a key. Older programs do without the table, so that it makes no new version.
  private static let changes = """
    CREATE TABLE IF NOT EXISTS change (
      key TEXT PRIMARY KEY, print BLOB NOT NULL, time INTEGER NOT NULL, status INTEGER, type TEXT, location TEXT, body BLOB
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS change_time ON change (time);
    """

  /// Refuses deletions from the audit. Only its pruning takes it away, for its own change.
  static let keep = """
    CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit cannot be deleted'); END;
    """
}
