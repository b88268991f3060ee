import CurlTransport
import Foundation
import Settings
import SystemCore
import WattlineTime

/// The keys of an outside issuer, fetched when they are first needed and kept.
final class IssuerKeys: Sendable {
  /// Longest document [bytes].
  static let longestDocument = 256 << 10
  /// Maximum number of keys.
  static let mostKeys = 64
  /// Time after which keys are fetched again.
  static let life = TimeSpan.hour
  /// Shortest time between two attempts to fetch them.
  static let pause = TimeSpan.minute
  /// Time for which keys are good while they cannot be fetched.
  static let longestLife = TimeSpan.day

  /// A key with its identification.
  struct Entry: Sendable {
    var id: String?
    var key: TokenKey
  }

  private struct State: Sendable {
    var entries: [Entry] = []
    var fetched = Timestamp.distantPast
    var tried = Timestamp.distantPast
    var isFetching = false
  }

  private let settings: HTTPSettings.Issuer
  private let trouble: @Sendable (String) -> Void
  private let state = Locked(State())

  init(_ settings: HTTPSettings.Issuer, trouble: @escaping @Sendable (String) -> Void) {
    (self.settings, self.trouble) = (settings, trouble)
  }

  /// Returns the keys that may have signed a token.
  ///
  /// - Parameters:
  ///   - token: The token, of which nothing is proven.
  ///   - now: The time.
  func keys(for token: Token, at now: Timestamp) -> Result<[TokenKey], AccessRefusal> {
    if begins(for: token, at: now) {
      // Nobody else waits meanwhile: an issuer may be slow, and a stranger's token is enough to ask it.
      let fetched = fetch()
      state.with { state in
        state.isFetching = false
        if case .success(let entries) = fetched { (state.entries, state.fetched) = (entries, now) }
      }
      if case .failure(let error) = fetched { trouble("http.issuers: \(settings.url): \(error)") }
    }
    return state.with { state in
      let found = Self.matching(token, in: state.entries)
      if now - state.fetched >= Self.longestLife || (found.isEmpty && state.isFetching) {
        return .failure(AccessRefusal(.unavailable, "the keys of the token's issuer cannot be fetched now"))
      }
      return found.isEmpty ? .failure(.forged) : .success(found)
    }
  }

  /// Returns whether the caller is to fetch the keys.
  private func begins(for token: Token, at now: Timestamp) -> Bool {
    state.with { state in
      // A clock that was set back must not keep the keys from being fetched.
      let mayFetch = !state.isFetching && (now - state.tried >= Self.pause || now < state.tried)
      let isOld = now - state.fetched >= Self.life || now < state.fetched
      guard mayFetch, isOld || Self.matching(token, in: state.entries).isEmpty else { return false }
      (state.tried, state.isFetching) = (now, true)
      return true
    }
  }

  private static func matching(_ token: Token, in entries: [Entry]) -> [TokenKey] {
    let ofKind = entries.filter { $0.key.algorithm == token.algorithm }
    guard let id = token.keyID else { return ofKind.count == 1 ? ofKind.map(\.key) : [] }
    return ofKind.filter { $0.id == id }.prefix(1).map(\.key)
  }

  // MARK: Documents

  /// A document that cannot be fetched or used.
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  private func fetch() -> Result<[Entry], Fault> {
    let base = settings.url.hasSuffix("/") ? String(settings.url.dropLast()) : settings.url
    return document(base + "/.well-known/openid-configuration").flatMap { discovery in
      guard discovery["issuer"] as? String == settings.url else {
        return .failure(Fault(description: "its discovery document is of another issuer"))
      }
      guard let address = discovery["jwks_uri"] as? String else {
        return .failure(Fault(description: "its discovery document has no jwks_uri"))
      }
      return document(address).flatMap(Self.entries)
    }
  }

  private func document(_ address: String) -> Result<[String: Any], Fault> {
    guard Self.isSafe(address) else {
      return .failure(Fault(description: "\(address.prefix(200)) is no https address; http is for this machine"))
    }
    let client = HTTPClient(
      url: address, caFile: settings.caFile, connectTimeout: .seconds(3), totalTimeout: .seconds(8),
      longestBody: Self.longestDocument + 1)
    guard let client else { return .failure(Fault(description: "libcurl cannot start")) }
    let answer = client.send(address, body: nil, contentType: "application/json")
    guard answer.status == 200 else {
      let words = answer.status == 0 ? answer.body : "the answer has status \(answer.status)"
      return .failure(Fault(description: "\(address): \(words)"))
    }
    guard answer.body.utf8.count <= Self.longestDocument else {
      return .failure(Fault(description: "\(address): the document has more than \(Self.longestDocument) bytes"))
    }
    guard let object = try? JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any] else {
      return .failure(Fault(description: "\(address): the document is no JSON object"))
    }
    return .success(object)
  }

  /// Whether a document comes by TLS, or from this machine.
  static func isSafe(_ address: String) -> Bool {
    guard !address.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }), !address.contains("@") else { return false }
    return address.hasPrefix("https://") || (address.hasPrefix("http://") && LocalAddress.matches(address))
  }

  /// Returns the usable keys of a set (RFC 7517). Others are skipped, for which an issuer may have reasons.
  static func entries(_ set: [String: Any]) -> Result<[Entry], Fault> {
    guard let list = set["keys"] as? [Any] else { return .failure(Fault(description: "its set of keys has no 'keys'")) }
    guard list.count <= mostKeys else {
      return .failure(Fault(description: "its set has \(list.count) keys, more than \(mostKeys)"))
    }
    let entries = list.compactMap { ($0 as? [String: Any]).flatMap(entry) }
    if entries.isEmpty {
      return .failure(Fault(description: "its set has no key for RS256 of 2048 bits or more, nor for ES256"))
    }
    return .success(entries)
  }

  private static func entry(_ member: [String: Any]) -> Entry? {
    if let use = member["use"] as? String, use != "sig" { return nil }
    let algorithm: TokenAlgorithm
    var names: [String]
    switch member["kty"] as? String {
    case "RSA": (algorithm, names) = (.rs256, ["n", "e"])
    case "EC" where member["crv"] as? String == "P-256": (algorithm, names) = (.es256, ["x", "y"])
    default: return nil
    }
    if let own = member["alg"] as? String, own != algorithm.rawValue { return nil }
    let numbers = names.compactMap { (member[$0] as? String).flatMap { Cryptography.bytes(base64: $0) } }
    guard numbers.count == names.count, isUsable(numbers, for: algorithm) else { return nil }
    // Nothing but the public key reaches the library.
    var key = ["kty": algorithm == .rs256 ? "RSA" : "EC"]
    if algorithm == .es256 { key["crv"] = "P-256" }
    for (name, bytes) in zip(names, numbers) { key[name] = Cryptography.base64(bytes) }
    guard let json = try? JSONSerialization.data(withJSONObject: key),
      let usable = TokenKey(json: String(decoding: json, as: UTF8.self), algorithm: algorithm)
    else { return nil }
    return Entry(id: member["kid"] as? String, key: usable)
  }

  /// Whether the numbers of a key are of a size that is safe and can be computed with.
  private static func isUsable(_ numbers: [[UInt8]], for algorithm: TokenAlgorithm) -> Bool {
    guard algorithm == .rs256 else { return numbers.allSatisfy { $0.count == 32 } }
    let (modulus, exponent) = (numbers[0].drop { $0 == 0 }, numbers[1].drop { $0 == 0 })
    guard let first = modulus.first, let last = exponent.last else { return false }
    let bits = modulus.count * 8 - first.leadingZeroBitCount
    return (2_048...8_192).contains(bits) && exponent.count <= 4 && last & 1 == 1 && exponent != [1]
  }
}
