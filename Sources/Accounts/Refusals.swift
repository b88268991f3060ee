/// Reason why a login or a renewal is refused. It does not tell whether there is such an account.
public struct LoginRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// Kind of the reason.
  public enum Kind: Sendable {
    /// Name or password is wrong.
    case wrong
    /// Name or address failed too often.
    case locked
    /// Too many logins are checked already.
    case busy
    /// The refresh token is unknown, used, expired or revoked.
    case token
    /// The file of accounts cannot be read or written.
    case unavailable
  }

  /// Kind of the reason.
  public let kind: Kind
  /// Whole seconds after which the next attempt may come, for `Retry-After`; 0 for at once.
  public let seconds: Int
  /// The reason in one sentence, for the client.
  public let description: String

  static let wrong = LoginRefusal(kind: .wrong, seconds: 0, description: "name or password is wrong")
  static let busy = LoginRefusal(kind: .busy, seconds: 1, description: "too many logins at once; try again in 1 s")
  static let token = LoginRefusal(kind: .token, seconds: 0, description: "the refresh token is not valid; log in")
  static let unavailable = LoginRefusal(
    kind: .unavailable, seconds: 5, description: "the accounts cannot be used now; the log has the reason")

  static func locked(_ seconds: Int) -> LoginRefusal {
    LoginRefusal(kind: .locked, seconds: seconds, description: "too many failed logins; try again in \(seconds) s")
  }
}

/// Reason why a request is not let in.
public struct AccessRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// Kind of the reason.
  public enum Kind: Sendable {
    /// The request has no credentials.
    case missing
    /// The credentials are no valid ones; the client must get others.
    case invalid
    /// Accounts or the outside issuer's keys cannot be read now.
    case unavailable
  }

  /// Kind of the reason.
  public let kind: Kind
  /// The reason in one sentence, for the client. It never has a part of the credentials.
  public let description: String

  init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }

  /// Value of `WWW-Authenticate` (RFC 6750).
  public var challenge: String {
    kind == .missing
      ? "Bearer realm=\"wattline\""
      : "Bearer realm=\"wattline\", error=\"invalid_token\", error_description=\"\(description)\""
  }

  static let missing = AccessRefusal(.missing, "this needs 'Authorization: Bearer TOKEN' or 'X-API-Key: KEY'")
  static let malformed = AccessRefusal(.invalid, "the token cannot be read")
  static let forged = AccessRefusal(.invalid, "the token is not valid")
  static let expired = AccessRefusal(.invalid, "the token has expired")
  static let ended = AccessRefusal(.invalid, "the session has ended")
  static let unknownKey = AccessRefusal(.invalid, "the API key is not valid")
  static let unavailable = AccessRefusal(.unavailable, "the accounts cannot be used now; the log has the reason")
}
