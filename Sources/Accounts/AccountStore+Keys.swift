import Settings
import SystemCore
public import WattlineTime

extension AccountStore {
  /// Start of the secret of every API key.
  public static let keyPrefix = "wl_"

  /// Returns the keys of an account, or of all, in the order of owners and names.
  public func keys(of owner: String? = nil) throws(AccountError) -> [APIKey] {
    try database.with { (database) throws(AccountError) in
      let condition = owner == nil ? "" : "WHERE owner = ? "
      return try database.rows(
        "SELECT \(Self.keyColumns) FROM api_key \(condition)ORDER BY owner, name", owner.map { [.text($0)] } ?? []
      )
      .compactMap(Self.key)
    }
  }

  /// Adds an API key. Its secret is in the result alone; the file has a digest.
  ///
  /// - Parameters:
  ///   - name: Name, unique for its owner, by the rule of accounts.
  ///   - owner: Name of the account that it acts for.
  ///   - scopes: What it is good for, within the rights of its owner.
  ///   - plants: On which of its owner's plants.
  ///   - expires: When it ends; `nil` for never.
  ///   - requester: Who adds it.
  ///   - time: The time.
  /// - Returns: The key and its secret.
  /// - Throws: `AccountError` if there is no such owner, the name is taken, or scopes or plants exceed the owner's.
  public func addKey(
    _ name: String, owner: String, scopes: Set<Scope>, plants: PlantScope = .all, expires: Timestamp? = nil,
    by requester: Requester, at time: Timestamp
  ) throws(AccountError) -> NewAPIKey {
    if let mistake = Account.mistake(inName: name) { throw AccountError(.invalid, "key: \(mistake)") }
    if scopes.isEmpty { throw AccountError(.invalid, "a key needs a scope, such as read") }
    if let expires, expires <= time { throw AccountError(.invalid, "the key would have ended at \(expires) already") }
    let secret = Self.keyPrefix + Cryptography.base64(Cryptography.random(32))
    let id = "k" + Cryptography.random(6).map { String(UInt16($0) + 256, radix: 16).suffix(2) }.joined()
    let key = APIKey(
      id: id, owner: owner, name: name, scopes: scopes, plants: plants, created: time, expires: expires)
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        try Self.check(key, against: try Self.existing(owner, in: database))
        let taken = try database.rows(
          "SELECT 1 FROM api_key WHERE owner = ? AND name = ?", .text(owner), .text(name))
        guard taken.isEmpty else { throw AccountError(.exists, "'\(owner)' has a key '\(name)' already") }
        try Self.insert(key, digest: Cryptography.digest(secret), in: database)
        try Self.record(
          AuditEntry(time, by: requester, action: "key.add", target: "\(owner)/\(name)"), in: database)
      }
    }
    return NewAPIKey(key: key, secret: Secret(secret))
  }

  /// Removes a key, which is refused from now on.
  ///
  /// - Parameters:
  ///   - id: Identification of the key.
  ///   - requester: Who removes it.
  ///   - time: The time.
  /// - Throws: `AccountError` if there is none.
  public func removeKey(_ id: String, by requester: Requester, at time: Timestamp) throws(AccountError) {
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        let found = try database.rows("SELECT \(Self.keyColumns) FROM api_key WHERE id = ?", .text(id))
        guard let key = found.first.flatMap(Self.key) else { throw AccountError(.missing, "there is no key '\(id)'") }
        try database.rows("DELETE FROM api_key WHERE id = ?", .text(id))
        try Self.record(
          AuditEntry(time, by: requester, action: "key.remove", target: "\(key.owner)/\(key.name)"), in: database)
      }
    }
  }

  /// Returns the key of a secret with its owner; `nil` if there is none.
  func key(secret: String) throws(AccountError) -> (key: APIKey, owner: Account)? {
    let digest = Cryptography.digest(secret)
    return try database.with { (database) throws(AccountError) -> Found? in
      // The search by a digest of 256 random bits tells nothing about the bits of a secret.
      let rows = try database.rows("SELECT \(Self.keyColumns), digest FROM api_key WHERE digest = ?", .bytes(digest))
      guard let row = rows.first, let kept = row[7].bytes, Cryptography.areEqual(kept, digest),
        let key = Self.key(row), let owner = try Self.account(named: key.owner, in: database)
      else { return nil }
      return Found(key: key, owner: owner)
    }.map { ($0.key, $0.owner) }
  }

  private struct Found: Sendable {
    var key: APIKey
    var owner: Account
  }

  private static let keyColumns = "id, owner, name, scopes, plants, created, expires"

  private static func check(_ key: APIKey, against owner: Account) throws(AccountError) {
    let beyond = key.scopes.subtracting(owner.role.scopes).sorted()
    if !beyond.isEmpty {
      throw AccountError(
        .invalid,
        "role \(owner.role.rawValue) of '\(owner.name)' has no scope \(beyond.map(\.rawValue).joined(separator: ", "))"
          + "; it has \(owner.role.scopes.sorted().map(\.rawValue).joined(separator: ", "))")
    }
    if case .some(let names) = key.plants {
      let others = names.filter { !owner.plants.contains($0) }.sorted()
      if names.isEmpty { throw AccountError(.invalid, "a key needs at least one plant") }
      if !others.isEmpty {
        throw AccountError(.invalid, "'\(owner.name)' has no plant \(others.joined(separator: ", "))")
      }
    }
  }

  private static func insert(_ key: APIKey, digest: [UInt8], in database: Database) throws(AccountError) {
    try database.rows(
      "INSERT INTO api_key (\(keyColumns), digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      .text(key.id), .text(key.owner), .text(key.name),
      .text(key.scopes.sorted().map(\.rawValue).joined(separator: " ")), .text(text(key.plants)),
      .integer(key.created.nanoseconds), key.expires.map { .integer($0.nanoseconds) } ?? .null, .bytes(digest))
  }

  private static func key(_ row: [DatabaseValue]) -> APIKey? {
    guard let id = row[0].text, let owner = row[1].text, let name = row[2].text, let scopes = row[3].text,
      let plants = row[4].text
    else { return nil }
    return APIKey(
      id: id, owner: owner, name: name,
      scopes: Set(scopes.split(separator: " ").compactMap { Scope(rawValue: String($0)) }),
      plants: Self.plants(plants), created: Timestamp(nanoseconds: row[5].integer ?? 0),
      expires: row[6].integer.map { Timestamp(nanoseconds: $0) })
  }
}
