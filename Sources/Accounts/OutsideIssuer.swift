import Foundation
import Settings
import SystemCore
import WattlineTime

/// An identity provider whose tokens are accepted (OpenID Connect), with its keys.
final class OutsideIssuer: Sendable {
  /// Tolerance between the clocks of the provider and of this machine.
  static let leeway = TimeSpan.minute

  let settings: HTTPSettings.Issuer
  private let keys: IssuerKeys

  init(_ settings: HTTPSettings.Issuer, trouble: @escaping @Sendable (String) -> Void) {
    self.settings = settings
    keys = IssuerKeys(settings, trouble: trouble)
  }

  /// Returns who has a token of this issuer.
  func principal(of token: Token, at now: Timestamp) -> Result<Principal, AccessRefusal> {
    let candidates: [TokenKey]
    switch keys.keys(for: token, at: now) {
    case .success(let found): candidates = found
    case .failure(let refusal): return .failure(refusal)
    }
    guard let payload = candidates.lazy.compactMap({ $0.payload(of: token.text) }).first,
      let claims = Claims(payload)
    else { return .failure(.forged) }
    return principal(of: claims, at: now)
  }

  /// Returns who is meant by claims whose signature is right.
  func principal(of claims: Claims, at now: Timestamp) -> Result<Principal, AccessRefusal> {
    guard claims.text("iss") == settings.url, claims.texts("aud")?.contains(settings.audience) == true else {
      return .failure(AccessRefusal(.invalid, "the token is for another audience"))
    }
    guard let expires = claims.time("exp") else { return .failure(.forged) }
    if expires + Self.leeway <= now { return .failure(.expired) }
    for name in ["nbf", "iat"] where claims.has(name) {
      guard let start = claims.time(name), start - Self.leeway <= now else {
        return .failure(AccessRefusal(.invalid, "the token is not valid yet"))
      }
    }
    guard let subject = claims.text("sub"), Self.isName(subject) else { return .failure(.forged) }
    let own = (claims.texts(settings.roleClaim) ?? []).compactMap { settings.roles[$0] }
    guard let role = Self.order.first(where: own.contains) else {
      return .failure(AccessRefusal(.invalid, "the token has no role that http.issuers knows"))
    }
    let plants = plants(claims)
    // A role for all plants is given by a provider that tells no plants, or `*`.
    if role == .admin, plants != .all {
      return .failure(AccessRefusal(.invalid, "the token has an admin of single plants; an admin has all"))
    }
    return .success(
      Principal(
        name: "\(subject)@\(place)", role: role, plants: plants, scopes: role.scopes, method: .issuer,
        tokenID: claims.text("jti") ?? ""))
  }

  /// Whether a name can stand in the audit.
  private static func isName(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  /// Of several roles the first holds.
  private static let order: [Role] = [.admin, .operator, .viewer, .service]

  /// Host and path of the issuer: realms of one host have other people of the same names.
  private var place: String {
    guard let url = URL(string: settings.url), let host = url.host else { return settings.url }
    return host + (url.path == "/" ? "" : url.path)
  }

  private func plants(_ claims: Claims) -> PlantScope {
    guard let claim = settings.plantsClaim else { return .all }
    let names = claims.texts(claim) ?? []
    return names.contains("*") ? .all : .some(Set(names))
  }
}
