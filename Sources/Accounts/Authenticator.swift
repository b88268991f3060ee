import Foundation
public import Settings
import SystemCore
public import WattlineTime

/// The tokens of a login.
public struct TokenPair: Sendable, Equatable {
  /// Token of requests (JWT).
  public var access: Secret
  /// Token that is good for one renewal.
  public var refresh: Secret
  /// When the access token ends.
  public var expires: Timestamp
  /// When the refresh token ends.
  public var refreshExpires: Timestamp
}

/// Proves who makes a request: by a login and its tokens, by API keys, and by tokens of outside issuers.
///
/// Its calls may wait for the file of accounts, for a hash of about 0.1 s, and for an outside issuer. They belong on
/// the threads of requests.
public final class Authenticator: Sendable {
  /// Time that an access token is good for.
  public static let accessLife = TimeSpan.minutes(15)
  /// Time that a refresh token is good for.
  public static let refreshLife = TimeSpan.days(30)
  /// The values of `iss` and `aud` in tokens of ours.
  static let name = "wattline"

  /// The accounts.
  public let store: AccountStore
  let key: TokenKey
  let issuers: [OutsideIssuer]
  private let noteTrouble: @Sendable (String) -> Void
  private let dummy: String
  private let repeated = RepeatedRefusals()

  /// Creates an authenticator. The key of tokens is made at the first use of the file.
  ///
  /// - Parameters:
  ///   - store: The accounts.
  ///   - issuers: Outside issuers whose tokens are accepted.
  ///   - trouble: Receives what an administrator must know, as that an issuer's keys cannot be fetched.
  /// - Throws: `AccountError` if the file cannot be read or written.
  public init(
    _ store: AccountStore, issuers: [HTTPSettings.Issuer] = [],
    trouble: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(AccountError) {
    self.store = store
    noteTrouble = trouble
    self.issuers = issuers.map { OutsideIssuer($0, trouble: trouble) }
    guard let key = TokenKey(secret: try store.tokenSecret()),
      let dummy = Cryptography.hash(Cryptography.base64(Cryptography.random(18)), cost: store.cost)
    else { throw AccountError(.unavailable, "the accounts need 64 MiB of memory for hashes of passwords") }
    (self.key, self.dummy) = (key, dummy)
  }

  // MARK: Logins

  /// Checks a name and its password. Takes as long for names that are not there.
  ///
  /// - Parameters:
  ///   - name: Name of the account.
  ///   - password: Its password.
  ///   - address: The client's address.
  ///   - now: The time.
  /// - Returns: Tokens of a new session, or the reason of the refusal.
  public func login(
    _ name: String, password: Secret, from address: String, at now: Timestamp
  ) -> Result<TokenPair, LoginRefusal> {
    attempt(.unavailable) { () throws(AccountError) in
      // No account has a longer name.
      let name = String(name.unicodeScalars.prefix(100))
      let requester = Requester(user: name, address: address)
      if let seconds = try store.secondsLocked(requester, at: now) {
        try refuse("login", by: requester, reason: "locked", at: now)
        return .failure(.locked(seconds))
      }
      let kept = try store.passwordHash(of: name)
      guard let isRight = PasswordGate.shared.verifies(password.text, hash: kept ?? dummy) else {
        return .failure(.busy)
      }
      guard isRight, let kept else {
        let seconds = try store.recordFailure(requester, at: now)
        return .failure(seconds > 0 ? .locked(seconds) : .wrong)
      }
      // The account may have been removed or changed while its password was checked.
      guard let session = try store.startSession(requester, hash: kept, expires: now + Self.refreshLife, at: now)
      else { return .failure(.wrong) }
      return tokens(session, at: now)
    }
  }

  /// Exchanges a refresh token for new tokens. Who uses one twice ends its session.
  ///
  /// - Parameters:
  ///   - token: The refresh token.
  ///   - address: The client's address.
  ///   - now: The time.
  /// - Returns: New tokens of the same session, or the reason of the refusal.
  public func refresh(
    _ token: Secret, from address: String, at now: Timestamp
  ) -> Result<TokenPair, LoginRefusal> {
    attempt(.unavailable) { () throws(AccountError) in
      guard let session = try store.renewSession(token.text, from: address, expires: now + Self.refreshLife, at: now)
      else {
        try refuse("refresh", by: Requester(user: "", address: address), reason: "not valid", at: now)
        return .failure(.token)
      }
      return tokens(session, at: now)
    }
  }

  /// Ends a session with its tokens.
  ///
  /// - Parameters:
  ///   - principal: Who makes the request, proven by a session.
  ///   - address: The client's address.
  ///   - now: The time.
  /// - Returns: Whether there was a session to end; keys and tokens of outside issuers have none.
  /// - Throws: `AccountError` if the file cannot be written.
  @discardableResult
  public func logout(_ principal: Principal, from address: String, at now: Timestamp) throws(AccountError) -> Bool {
    guard principal.method == .session else { return false }
    return try store.endSession(
      principal.tokenID, by: Requester(user: principal.name, address: address), at: now)
  }

  private func tokens(_ session: AccountStore.Session, at now: Timestamp) -> Result<TokenPair, LoginRefusal> {
    let expires = now + Self.accessLife
    let claims: [String: Any] = [
      "iss": Self.name, "aud": Self.name, "sub": session.account, "role": session.role.rawValue,
      "sid": session.id, "jti": Cryptography.base64(Cryptography.random(16)), "iat": now.seconds,
      "exp": expires.seconds,
    ]
    guard let payload = try? JSONSerialization.data(withJSONObject: claims, options: [.sortedKeys]),
      let access = key.token(Array(payload))
    else { return .failure(.unavailable) }
    return .success(
      TokenPair(
        access: Secret(access), refresh: Secret(session.refresh), expires: expires,
        refreshExpires: now + Self.refreshLife))
  }

  // MARK: Requests

  /// Proves who makes a request.
  ///
  /// - Parameters:
  ///   - authorization: Value of the header `Authorization`, if any: `Bearer` with an access token or API key.
  ///   - apiKey: Value of the header `X-API-Key`, if any.
  ///   - address: The client's address.
  ///   - now: The time.
  /// - Returns: Who makes it, or the reason of the refusal, which is in the audit.
  public func authenticate(
    authorization: String?, apiKey: String? = nil, from address: String, at now: Timestamp
  ) -> Result<Principal, AccessRefusal> {
    guard let credential = Self.credential(authorization, apiKey: apiKey) else { return .failure(.missing) }
    return authenticate(Secret(credential), from: address, at: now)
  }

  /// Proves who has a token or an API key.
  ///
  /// - Parameters:
  ///   - credential: Access token, API key, or token of an outside issuer.
  ///   - address: The client's address.
  ///   - now: The time.
  /// - Returns: Who has it, or the reason of the refusal, which is in the audit.
  public func authenticate(
    _ credential: Secret, from address: String, at now: Timestamp
  ) -> Result<Principal, AccessRefusal> {
    do throws(AccountError) {
      let result = try principal(of: credential.text, at: now)
      if case .failure(let refusal) = result, refusal.kind == .invalid {
        try refuse("access", by: Requester(user: "", address: address), reason: refusal.description, at: now)
      }
      return result
    } catch {
      noteTrouble("\(error)")
      return .failure(.unavailable)
    }
  }

  /// Returns whether a principal may take an action. A refusal is in the audit.
  ///
  /// - Parameters:
  ///   - principal: Who makes the request.
  ///   - action: What it wants to do.
  ///   - plant: The plant that it is about; `nil` if it is about none.
  ///   - address: The client's address.
  ///   - now: The time.
  public func allows(
    _ principal: Principal, to action: Action, on plant: String? = nil, from address: String, at now: Timestamp
  ) -> Bool {
    if principal.may(action, on: plant) { return true }
    let requester = Requester(user: principal.name, address: address)
    do throws(AccountError) {
      try refuse(action.rawValue, by: requester, reason: "not allowed", at: now, target: plant ?? "")
    } catch { noteTrouble("\(error)") }
    return false
  }

  /// Returns the token of `Authorization: Bearer TOKEN`, or the value of `X-API-Key`.
  private static func credential(_ authorization: String?, apiKey: String?) -> String? {
    if let authorization {
      let words = authorization.split(separator: " ", maxSplits: 1)
      guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
      return String(words[1].drop { $0 == " " })
    }
    return apiKey.flatMap { $0.isEmpty ? nil : $0 }
  }

  private func principal(of text: String, at now: Timestamp) throws(AccountError) -> Result<Principal, AccessRefusal> {
    if text.hasPrefix(AccountStore.keyPrefix) { return try keyPrincipal(text, at: now) }
    guard let token = Token(text) else { return .failure(.malformed) }
    if token.algorithm == .hs256 { return try sessionPrincipal(token, at: now) }
    guard let issuer = issuers.first(where: { $0.settings.url == token.claims.text("iss") }) else {
      return .failure(.forged)
    }
    return issuer.principal(of: token, at: now)
  }

  private func keyPrincipal(_ secret: String, at now: Timestamp) throws(AccountError) -> Result<
    Principal, AccessRefusal
  > {
    guard secret.utf8.count < 100, let (key, owner) = try store.key(secret: secret) else {
      return .failure(.unknownKey)
    }
    if let expires = key.expires, expires <= now { return .failure(AccessRefusal(.invalid, "the API key has expired")) }
    return .success(
      Principal(
        name: owner.name, role: owner.role, plants: owner.plants.intersection(key.plants),
        scopes: key.scopes.intersection(owner.role.scopes), method: .key, tokenID: key.id))
  }

  private func sessionPrincipal(_ token: Token, at now: Timestamp) throws(AccountError) -> Result<
    Principal, AccessRefusal
  > {
    guard let payload = key.payload(of: token.text), let claims = Claims(payload),
      claims.text("iss") == Self.name, claims.text("aud") == Self.name, let subject = claims.text("sub"),
      let session = claims.text("sid"), let expires = claims.time("exp")
    else { return .failure(.forged) }
    if expires <= now { return .failure(.expired) }
    guard let account = try store.account(ofSession: session, at: now), account.name == subject else {
      return .failure(.ended)
    }
    return .success(
      Principal(
        name: account.name, role: account.role, plants: account.plants, scopes: account.role.scopes,
        method: .session, tokenID: session))
  }

  // MARK: Audit

  private func refuse(
    _ action: String, by requester: Requester, reason: String, at now: Timestamp, target: String = ""
  ) throws(AccountError) {
    let entry = AuditEntry(now, by: requester, action: action, target: target, result: "refused: \(reason)")
    try record(entry)
  }

  /// Adds an entry to the audit. A refusal that is like one of the last minute is not repeated.
  ///
  /// - Throws: `AccountError` if it cannot be written.
  public func record(_ entry: AuditEntry) throws(AccountError) {
    if entry.result.hasPrefix("refused"), !repeated.isNew(entry) { return }
    try store.record(entry)
  }

  private func attempt<Success>(
    _ otherwise: LoginRefusal, _ body: () throws(AccountError) -> Result<Success, LoginRefusal>
  ) -> Result<Success, LoginRefusal> {
    do throws(AccountError) { return try body() } catch {
      noteTrouble("\(error)")
      return .failure(otherwise)
    }
  }
}

/// Refusals of the last minute, so that one that is repeated is one entry of the audit and cannot fill the disk.
private final class RepeatedRefusals: Sendable {
  private static let most = 10_000
  private let seen = Locked<[AuditEntry: Timestamp]>([:])

  /// Returns whether a refusal has no like within the last minute.
  func isNew(_ entry: AuditEntry) -> Bool {
    var kind = entry
    kind.time = Timestamp(seconds: 0)
    return seen.with { [kind] seen in
      if let last = seen[kind], entry.time - last < .minute, entry.time >= last { return false }
      if seen.count >= Self.most {
        seen = seen.filter { entry.time - $0.value < .minute }
        // So many different ones within a minute are an attack, of which a sample is kept.
        if seen.count >= Self.most { return false }
      }
      seen[kind] = entry.time
      return true
    }
  }
}
