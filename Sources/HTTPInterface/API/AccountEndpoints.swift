import Accounts
import PlantConfig
import PlantModel
import Settings
import SystemCore
import WattlineTime
import WebServer

/// Logins, accounts and keys.
struct AccountEndpoints: Sendable {
  let api: API

  /// Tokens of a login.
  struct Tokens: Encodable {
    var accessToken, refreshToken: String
    var tokenType = "Bearer"
    var expiresIn: Int

    static let schema = Schema.object([
      "access_token": .string, "refresh_token": .string, "token_type": .word(["Bearer"]), "expires_in": .integer,
    ])

    init(_ pair: TokenPair, at now: Timestamp) {
      (accessToken, refreshToken) = (pair.access.text, pair.refresh.text)
      expiresIn = max(0, Int((pair.expires - now).inSeconds))
    }
  }

  private struct Me: Encodable {
    var name, role, method: String
    var plants: [String]?
    var scopes: [String]

    static let schema = Schema.object([
      "name": .string, "role": .word(Role.allCases.map(\.rawValue)), "method": .word(["session", "key", "issuer"]),
      "plants": .optional(.array(.string)), "scopes": .array(.word(Scope.allCases.map(\.rawValue))),
    ])
  }

  private struct User: Encodable {
    var name, role, created: String
    var plants: [String]?
    var hasPassword: Bool

    static let schema = Schema.object([
      "name": .string, "role": .word(Role.allCases.map(\.rawValue)), "created": .time,
      "plants": .optional(.array(.string)), "has_password": .boolean,
    ])

    init(_ account: Account) {
      (name, role, created) = (account.name, account.role.rawValue, account.created.description)
      (plants, hasPassword) = (account.plants.names, account.hasPassword)
    }
  }

  private struct Key: Encodable {
    var id, owner, name, created: String
    var scopes: [String]
    var plants: [String]?
    var expires: String?
    var secret: String?

    static let schema = Schema.object([
      "id": .string, "owner": .string, "name": .string, "created": .time,
      "scopes": .array(.word(Scope.allCases.map(\.rawValue))), "plants": .optional(.array(.string)),
      "expires": .optional(.time), "secret": .optional(.string),
    ])

    init(_ key: APIKey, secret: String? = nil) {
      (id, owner, name, created) = (key.id, key.owner, key.name, key.created.description)
      scopes = key.scopes.sorted().map(\.rawValue)
      (plants, expires, self.secret) = (key.plants.names, key.expires?.description, secret)
    }
  }

  private static let json = ["application/json"]
  private static let name = Schema.text(1...64)
  private static let role = Schema.word(Role.allCases.map(\.rawValue))

  var endpoints: [Endpoint] {
    [login, refresh, logout, me, users, addUser, changeUser, removeUser, keys, addKey, removeKey]
  }

  // MARK: Logins

  private var login: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/login", id: "login", group: "accounts", summary: "tokens for name and password",
      details:
        "The access token goes into the header `authorization: Bearer TOKEN` and is good for a quarter of an hour. "
        + "The refresh token gives the next ones, once. After some failed logins a name or address waits, and the header "
        + "`retry-after` says how long.",
      body: .init(contentTypes: Self.json, schema: .object(["username": .string, "password": .string])),
      responses: [.json("The tokens.", Tokens.schema)], problems: [401, 422, 429, 503],
      answer: { call throws(Problem) in
        let body = try JSONBody(call, members: ["username", "password"])
        let now = SystemClock.now()
        let result = api.accounts.login(
          try body.text("username", longest: 200), password: Secret(try body.text("password", longest: 1_024)),
          from: call.request.address, at: now)
        return try Self.tokens(result, at: now)
      })
  }

  private var refresh: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/refresh", id: "refresh", group: "accounts",
      summary: "new tokens for a refresh token",
      details:
        "A refresh token is good once. Who uses one twice ends its session, because one of the two has stolen it.",
      body: .init(contentTypes: Self.json, schema: .object(["refresh_token": .string])),
      responses: [.json("The tokens.", Tokens.schema)], problems: [401, 422, 429, 503],
      answer: { call throws(Problem) in
        let body = try JSONBody(call, members: ["refresh_token"])
        let now = SystemClock.now()
        let result = api.accounts.refresh(
          Secret(try body.text("refresh_token", longest: 1_024)), from: call.request.address, at: now)
        return try Self.tokens(result, at: now)
      })
  }

  private static func tokens(_ result: Result<TokenPair, LoginRefusal>, at now: Timestamp) throws(Problem)
    -> HTTPResponse
  {
    .json(Tokens(try pair(result), at: now))
  }

  /// Returns the tokens of a login.
  ///
  /// - Throws: A problem with the time to wait.
  static func pair(_ result: Result<TokenPair, LoginRefusal>) throws(Problem) -> TokenPair {
    switch result {
    case .success(let pair): return pair
    case .failure(let refusal):
      let status =
        switch refusal.kind {
        case .wrong, .token: 401
        case .locked, .busy: 429
        case .unavailable: 503
        }
      var problem = Problem(status, refusal.description)
      if status == 401 { problem.headers.append(("www-authenticate", "Bearer realm=\"wattline\"")) }
      if refusal.seconds > 0 { problem.headers.append(("retry-after", "\(refusal.seconds)")) }
      throw problem
    }
  }

  private var logout: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/logout", id: "logout", group: "accounts", summary: "ends the session",
      details:
        "Its access token and its refresh token end at once. A key or the token of another issuer has no session.",
      access: .known, responses: [.empty("The session has ended.")], problems: [409, 503],
      answer: { call throws(Problem) in
        guard let principal = call.principal else { throw Problem(401, "there is no session") }
        let hasEnded = try fromAccounts { () throws(AccountError) in
          try api.accounts.logout(principal, from: call.request.address, at: SystemClock.now())
        }
        guard hasEnded else {
          throw Problem(409, "there is no session to end; a key is removed, and another issuer ends its own tokens")
        }
        return HTTPResponse(204, contentType: "text/plain", body: [])
      })
  }

  private var me: Endpoint {
    Endpoint(
      path: "/api/v1/me", id: "getMe", group: "accounts", summary: "who you are and what you may do",
      details: "Without `plants` they are all.", access: .known, responses: [.json("You.", Me.schema)],
      answer: { call throws(Problem) in
        guard let principal = call.principal else { throw Problem(401, "nobody is known") }
        return .json(
          Me(
            name: principal.name, role: principal.role.rawValue, method: principal.method.rawValue,
            plants: principal.plants.names, scopes: principal.scopes.sorted().map(\.rawValue)))
      })
  }

  // MARK: Accounts

  private var users: Endpoint {
    Endpoint(
      path: "/api/v1/users", id: "listUsers", group: "accounts", summary: "the accounts", details: "In order of names.",
      access: .action(.manageUsers), parameters: [.limit, .cursor],
      responses: [.json("The accounts.", .page(User.schema))], problems: [503],
      answer: { call throws(Problem) in
        let all = try fromAccounts { () throws(AccountError) in try api.accounts.store.accounts() }
        return .json(try Page(all.map { User($0) }, call: call))
      })
  }

  private var addUser: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/users", id: "addUser", group: "accounts", summary: "adds an account",
      details:
        "A password has at least \(AccountStore.shortestPassword) characters. A service may do without, and then has "
        + "keys alone. Without `plants` they are all.",
      access: .action(.manageUsers),
      body: .init(
        contentTypes: Self.json,
        schema: .object([
          "name": Self.name, "role": Self.role, "plants": .optional(.array(.string)), "password": .optional(.string),
        ])),
      responses: [.json("The account.", User.schema, status: 201)], problems: [409, 422, 503], hasSecret: true,
      answer: { call throws(Problem) in
        let body = try JSONBody(call, members: ["name", "role", "plants", "password"])
        let account = Account(
          name: try body.text("name", longest: 200), role: try Self.role(body, required: true) ?? .viewer,
          plants: try plants(body) ?? .all)
        let password = try body.optionalText("password", longest: 1_024).map { Secret($0) }
        return try change(account.name, status: 201) { () throws(AccountError) in
          try api.accounts.store.add(account, password: password, by: call.requester, at: SystemClock.now())
        }
      })
  }

  private var changeUser: Endpoint {
    Endpoint(
      method: "PATCH", path: "/api/v1/users/{name}", id: "changeUser", group: "accounts", summary: "changes an account",
      details: "Role, plants or password. All its sessions end.", access: .action(.manageUsers),
      body: .init(
        contentTypes: Self.json,
        schema: .object([
          "role": .optional(Self.role), "plants": .optional(.array(.string)), "password": .optional(.string),
        ])),
      responses: [.json("The account.", User.schema)], problems: [409, 422, 503], hasSecret: true,
      answer: { call throws(Problem) in
        let body = try JSONBody(call, members: ["role", "plants", "password"])
        var account = try find(call.parameter("name"))
        let (role, plants) = (try Self.role(body, required: false), try plants(body))
        let password = try body.optionalText("password", longest: 1_024).map { Secret($0) }
        return try change(account.name, status: 200) { () throws(AccountError) in
          if let password {
            try api.accounts.store.setPassword(
              password, of: account.name, by: call.requester, at: SystemClock.now())
          }
          if role == nil, plants == nil { return }
          (account.role, account.plants) = (role ?? account.role, plants ?? account.plants)
          try api.accounts.store.change(account, by: call.requester, at: SystemClock.now())
        }
      })
  }

  private var removeUser: Endpoint {
    Endpoint(
      method: "DELETE", path: "/api/v1/users/{name}", id: "removeUser", group: "accounts",
      summary: "removes an account",
      details: "Its keys and sessions end at once. The last admin cannot be removed here.",
      access: .action(.manageUsers),
      responses: [.empty("It is removed.")], problems: [409, 422, 503],
      answer: { call throws(Problem) in
        let account = try find(call.parameter("name"))
        try fromAccounts { () throws(AccountError) in
          try api.accounts.store.remove(account.name, by: call.requester, at: SystemClock.now())
        }
        return HTTPResponse(204, contentType: "text/plain", body: [])
      })
  }

  private func find(_ name: String) throws(Problem) -> Account {
    let found = try fromAccounts { () throws(AccountError) in try api.accounts.store.account(named: name) }
    guard let found else { throw Problem(404, "there is no account '\(name.prefix(100))'") }
    return found
  }

  private func change(
    _ name: String, status: Int, _ body: () throws(AccountError) -> Void
  ) throws(Problem) -> HTTPResponse {
    try fromAccounts(body)
    return .json(User(try find(name)), status: status)
  }

  private static func role(_ body: JSONBody, required: Bool) throws(Problem) -> Role? {
    guard let text = try required ? body.text("role") : body.optionalText("role") else { return nil }
    guard let role = Role(rawValue: text) else {
      throw Problem(422, "'role' is one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return role
  }

  /// Returns the plants of a body; each must be there.
  private func plants(_ body: JSONBody) throws(Problem) -> PlantScope? {
    guard let names = try body.texts("plants") else { return nil }
    let known = api.pipeline.configuration().plants.map(\.name)
    for name in names where !known.contains(name) {
      throw Problem(422, "there is no plant '\(name.prefix(100))'; \(NearestName.hint(name, of: known))")
    }
    return .some(Set(names))
  }

  // MARK: Keys

  private var keys: Endpoint {
    Endpoint(
      path: "/api/v1/keys", id: "listKeys", group: "accounts", summary: "API keys", details: "Without their secrets.",
      access: .action(.manageKeys), parameters: [.limit, .cursor],
      responses: [.json("The keys.", .page(Key.schema))], problems: [503],
      answer: { call throws(Problem) in
        let all = try fromAccounts { () throws(AccountError) in try api.accounts.store.keys() }
        return .json(try Page(all.map { Key($0) }, call: call))
      })
  }

  private var addKey: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/keys", id: "addKey", group: "accounts", summary: "adds an API key",
      details: "`secret` is in this response alone; it goes into the header `authorization: Bearer SECRET` or "
        + "`x-api-key: SECRET`. Scopes and plants lie within those of its owner. `expires` is a time or a span such as "
        + "+90d.",
      access: .action(.manageKeys),
      body: .init(
        contentTypes: Self.json,
        schema: .object([
          "name": Self.name, "owner": Self.name, "scopes": .array(.word(Scope.allCases.map(\.rawValue))),
          "plants": .optional(.array(.string)), "expires": .optional(.string),
        ])),
      responses: [.json("The key with its secret.", Key.schema, status: 201)], problems: [409, 422, 503],
      hasSecret: true,
      answer: { call throws(Problem) in
        let body = try JSONBody(call, members: ["name", "owner", "scopes", "plants", "expires"])
        let texts = try body.texts("scopes") ?? []
        let scopes = texts.compactMap { Scope(rawValue: $0) }
        guard scopes.count == texts.count else {
          throw Problem(422, "'scopes' are of \(Scope.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let now = SystemClock.now()
        var calendar = LocalCalendar.utc
        let expires: Timestamp?
        if let text = try body.optionalText("expires", longest: 40) {
          guard let time = TimeText.timestamp(text, calendar: &calendar, now: now) else {
            throw Problem(422, "'expires' must be a time such as 2027-01-01T00:00:00Z or a span such as +90d")
          }
          expires = time
        } else {
          expires = nil
        }
        let (name, owner) = (try body.text("name", longest: 200), try body.text("owner", longest: 200))
        let plants = try plants(body) ?? .all
        let beyond = Set(scopes).subtracting(call.principal?.scopes ?? []).sorted()
        guard beyond.isEmpty else {
          throw Problem(
            403, "a key cannot make one with more scopes: it lacks \(beyond.map(\.rawValue).joined(separator: ", "))")
        }
        let account = try fromAccounts { () throws(AccountError) in try api.accounts.store.account(named: owner) }
        if account == nil { throw Problem(422, "there is no account '\(owner.prefix(100))' to own the key") }
        let made = try fromAccounts { () throws(AccountError) in
          try api.accounts.store.addKey(
            name, owner: owner, scopes: Set(scopes), plants: plants, expires: expires, by: call.requester, at: now)
        }
        return .json(Key(made.key, secret: made.secret.text), status: 201)
      })
  }

  private var removeKey: Endpoint {
    Endpoint(
      method: "DELETE", path: "/api/v1/keys/{id}", id: "removeKey", group: "accounts", summary: "removes an API key",
      details: "It is refused from now on.", access: .action(.manageKeys), responses: [.empty("It is removed.")],
      problems: [503],
      answer: { call throws(Problem) in
        try fromAccounts { () throws(AccountError) in
          try api.accounts.store.removeKey(call.parameter("id"), by: call.requester, at: SystemClock.now())
        }
        return HTTPResponse(204, contentType: "text/plain", body: [])
      })
  }
}
