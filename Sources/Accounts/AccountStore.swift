import Foundation
import Glibc
public import Settings
import SystemCore
public import WattlineTime

/// The accounts, API keys, sessions and audit of an installation, in a file of SQLite beside the journal.
///
/// Several processes may use the file at once. Calls wait for the disk and for other processes, at most 5 s: they
/// belong on threads that may block. A change and its entry in the audit are one.
public final class AccountStore: Sendable {
  /// Name of the file below `journal.path`.
  public static let fileName = "accounts.sqlite"
  /// Whether the program can use such a file; it cannot without the trait `HTTP`.
  public static var isAvailable: Bool { Database.isAvailable }
  /// Shortest password [characters].
  public static let shortestPassword = 12

  let database: Locked<Database>
  let cost: Cryptography.Cost

  /// Opens the file in the folder of a journal. Both are made if missing.
  ///
  /// - Throws: `AccountError` if it cannot be opened, or is of a newer version.
  public convenience init(journal folder: String) throws(AccountError) {
    var made = folder.hasPrefix("/") ? "/" : ""
    for part in folder.split(separator: "/") {
      made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
      if mkdir(made, 0o700) != 0, errno != EEXIST, errno != EISDIR {
        throw AccountError(.unavailable, "making the folder \(made): \(String(cString: strerror(errno)))")
      }
    }
    try self.init(path: "\(folder)/\(Self.fileName)")
  }

  /// Opens a file, made if missing, with mode 0600.
  ///
  /// - Throws: `AccountError` if it cannot be opened, or is of a newer version.
  public convenience init(path: String) throws(AccountError) { try self.init(path: path, cost: .usual) }

  init(path: String, cost: Cryptography.Cost) throws(AccountError) {
    let database = try Database(path)
    try AccountSchema.open(database, path: path)
    self.database = Locked(database)
    self.cost = cost
  }

  // MARK: Accounts

  /// Returns all accounts in the order of their names.
  public func accounts() throws(AccountError) -> [Account] {
    try database.with { (database) throws(AccountError) in
      try database.rows("SELECT \(Self.columns) FROM account ORDER BY name").compactMap(Self.account)
    }
  }

  /// Returns an account; `nil` if there is none of this name.
  public func account(named name: String) throws(AccountError) -> Account? {
    try database.with { (database) throws(AccountError) in try Self.account(named: name, in: database) }
  }

  /// Adds an account.
  ///
  /// - Parameters:
  ///   - account: The account.
  ///   - password: Its password, of 12 characters or more; `nil` for a service that has keys alone.
  ///   - requester: Who adds it.
  ///   - time: The time.
  /// - Throws: `AccountError` if it is there already, or anything is invalid.
  public func add(
    _ account: Account, password: Secret?, by requester: Requester, at time: Timestamp
  ) throws(AccountError) {
    if let mistake = account.mistake { throw AccountError(.invalid, mistake) }
    if password == nil, account.role != .service {
      throw AccountError(.invalid, "an account of role \(account.role.rawValue) needs a password")
    }
    let hash = try password.map { (password) throws(AccountError) in try self.hash(password) }
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        if try Self.account(named: account.name, in: database) != nil {
          throw AccountError(.exists, "there is an account '\(account.name)' already")
        }
        try database.rows(
          "INSERT INTO account (name, role, plants, password, created) VALUES (?, ?, ?, ?, ?)",
          .text(account.name), .text(account.role.rawValue), .text(Self.text(account.plants)),
          hash.map { .text($0) } ?? .null, .integer(time.nanoseconds))
        try Self.record(
          AuditEntry(time, by: requester, action: "user.add", target: account.name), in: database)
      }
    }
  }

  /// Changes role and plants of an account, and ends its sessions.
  ///
  /// - Parameters:
  ///   - account: The account as it should be.
  ///   - requester: Who changes it.
  ///   - time: The time.
  /// - Throws: `AccountError` if there is none of this name, anything is invalid, or it is the last admin.
  public func change(_ account: Account, by requester: Requester, at time: Timestamp) throws(AccountError) {
    if let mistake = account.mistake { throw AccountError(.invalid, mistake) }
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        let found = try Self.existing(account.name, in: database)
        if account.role != .service, !found.hasPassword {
          throw AccountError(
            .invalid, "'\(account.name)' has no password, which role \(account.role.rawValue) needs; set one first")
        }
        if account.role != .admin { try Self.checkAdmins(without: found, in: database) }
        try database.rows(
          "UPDATE account SET role = ?, plants = ? WHERE name = ?", .text(account.role.rawValue),
          .text(Self.text(account.plants)), .text(account.name))
        try database.rows("DELETE FROM session WHERE account = ?", .text(account.name))
        try Self.record(
          AuditEntry(time, by: requester, action: "user.change", target: account.name), in: database)
      }
    }
  }

  /// Sets the password of an account, ends its sessions, and forgets its failed logins.
  ///
  /// - Parameters:
  ///   - password: The password, of 12 characters or more.
  ///   - name: Name of the account.
  ///   - requester: Who sets it.
  ///   - time: The time.
  /// - Throws: `AccountError` if there is none of this name, or the password is too short.
  public func setPassword(
    _ password: Secret, of name: String, by requester: Requester, at time: Timestamp
  ) throws(AccountError) {
    let hash = try hash(password)
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        _ = try Self.existing(name, in: database)
        try database.rows("UPDATE account SET password = ? WHERE name = ?", .text(hash), .text(name))
        try database.rows("DELETE FROM session WHERE account = ?", .text(name))
        try Self.forgetFailures(of: name, in: database)
        try Self.record(AuditEntry(time, by: requester, action: "user.password", target: name), in: database)
      }
    }
  }

  /// Removes an account with its keys and sessions.
  ///
  /// - Parameters:
  ///   - name: Name of the account.
  ///   - requester: Who removes it.
  ///   - time: The time.
  ///   - evenLastAdmin: Whether it may be the last admin, after which only the command line can make one.
  /// - Throws: `AccountError` if there is none of this name, or it is the last admin.
  public func remove(
    _ name: String, by requester: Requester, at time: Timestamp, evenLastAdmin: Bool = false
  ) throws(AccountError) {
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        let found = try Self.existing(name, in: database)
        if !evenLastAdmin { try Self.checkAdmins(without: found, in: database) }
        try database.rows("DELETE FROM account WHERE name = ?", .text(name))
        try Self.record(AuditEntry(time, by: requester, action: "user.remove", target: name), in: database)
      }
    }
  }

  // MARK: Backup

  /// Writes a copy of the file as it is at this moment, while processes use it.
  ///
  /// Sessions and the key of tokens are not in it: what has ended since does not come back, and nobody who reads the
  /// copy can make tokens.
  ///
  /// - Parameters:
  ///   - path: The file; a copy is written.
  ///   - target: Path of the copy, which must not be there yet. Its mode is 0600.
  /// - Throws: `AccountError` if the file cannot be read or the copy cannot be written.
  public static func copy(_ path: String, to target: String) throws(AccountError) {
    let database = try Database(path)
    let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw AccountError(.unavailable, "\(target) cannot be made: \(String(cString: strerror(errno)))")
    }
    close(file)
    // SQLite takes an empty file for one that is not there.
    try database.rows("VACUUM INTO ?", .text(target))
    try Database(target).execute(
      """
      PRAGMA secure_delete = ON; DELETE FROM session; DELETE FROM secret WHERE name = 'token'; DELETE FROM failure;
      DROP TABLE IF EXISTS change; VACUUM
      """)
  }

  // MARK: Rows

  static let columns = "name, role, plants, password IS NOT NULL, created"

  static func account(_ row: [DatabaseValue]) -> Account? {
    guard let name = row[0].text, let role = row[1].text.flatMap(Role.init), let plants = row[2].text else {
      return nil
    }
    var account = Account(name: name, role: role, plants: Self.plants(plants))
    account.hasPassword = row[3].integer == 1
    account.created = Timestamp(nanoseconds: row[4].integer ?? 0)
    return account
  }

  static func account(named name: String, in database: Database) throws(AccountError) -> Account? {
    try database.rows("SELECT \(columns) FROM account WHERE name = ?", .text(name)).first.flatMap(account)
  }

  static func existing(_ name: String, in database: Database) throws(AccountError) -> Account {
    if let account = try account(named: name, in: database) { return account }
    throw AccountError(.missing, "there is no account '\(name)'")
  }

  private static func checkAdmins(without account: Account, in database: Database) throws(AccountError) {
    guard account.role == .admin else { return }
    let others = try database.rows(
      "SELECT 1 FROM account WHERE role = 'admin' AND name <> ? LIMIT 1", .text(account.name))
    if others.isEmpty {
      throw AccountError(.lastAdmin, "'\(account.name)' is the last admin; add another one first")
    }
  }

  static func text(_ plants: PlantScope) -> String {
    guard let names = plants.names, let data = try? JSONEncoder().encode(names) else { return "*" }
    return String(decoding: data, as: UTF8.self)
  }

  /// A text that cannot be read stands for no plant.
  static func plants(_ text: String) -> PlantScope {
    if text == "*" { return .all }
    return .some(Set((try? JSONDecoder().decode([String].self, from: Data(text.utf8))) ?? []))
  }

  func hash(_ password: Secret) throws(AccountError) -> String {
    guard password.text.count >= Self.shortestPassword else {
      throw AccountError(.invalid, "a password has at least \(Self.shortestPassword) characters; a sentence is good")
    }
    guard password.text.utf8.count <= 1_024, !password.text.utf8.contains(0) else {
      throw AccountError(.invalid, "a password has at most 1024 bytes, and no byte 0")
    }
    guard let hash = PasswordGate.shared.hash(password.text, cost: cost) else {
      throw AccountError(.unavailable, "there is too little memory to hash a password; it needs 64 MiB")
    }
    return hash
  }
}
