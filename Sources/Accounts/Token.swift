import Foundation
import WattlineTime

/// A bearer token of three parts (JWT), read but not verified.
struct Token {
  /// Longest token that is read [bytes].
  static let longest = 8_192

  let text: String
  let algorithm: TokenAlgorithm
  /// Identification of its key.
  let keyID: String?
  /// Its claims, which hold once the signature is verified.
  let claims: Claims

  /// Reads a token; `nil` for anything else, also for other algorithms and critical extensions.
  init?(_ text: String) {
    guard text.utf8.count <= Self.longest else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }),
      let head = Cryptography.bytes(base64: parts[0]), let body = Cryptography.bytes(base64: parts[1]),
      Cryptography.bytes(base64: parts[2]) != nil,
      let header = Claims(head), let claims = Claims(body),
      let algorithm = header.text("alg").flatMap(TokenAlgorithm.init), !header.has("crit"), !header.has("b64")
    else { return nil }
    // A token that is no access token, such as a logout token, says so.
    if let kind = header.text("typ"), !["jwt", "at+jwt", "application/at+jwt"].contains(kind.lowercased()) {
      return nil
    }
    self.text = text
    self.algorithm = algorithm
    self.claims = claims
    keyID = header.text("kid")
  }
}

/// The members of a JSON object in a token.
struct Claims {
  private let members: [String: Any]

  init?(_ bytes: [UInt8]) {
    guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { return nil }
    members = object
  }

  func has(_ name: String) -> Bool { members[name] != nil }

  func text(_ name: String) -> String? { members[name] as? String }

  /// Returns a time in seconds since 1970, from 1970 to 2200.
  func time(_ name: String) -> Timestamp? {
    guard let number = members[name] as? NSNumber, !(members[name] is Bool) else { return nil }
    let seconds = number.doubleValue
    guard (0...7.3e9).contains(seconds) else { return nil }
    return Timestamp(seconds: Int64(seconds))
  }

  /// Returns the texts of a member that is a text or a list of texts.
  ///
  /// - Parameter path: Name of the member, or names with dots, as `realm_access.roles`.
  func texts(_ path: String) -> [String]? {
    if let value = members[path] { return Self.texts(of: value) }
    var value: Any? = members
    for name in path.split(separator: ".") { value = (value as? [String: Any])?[String(name)] }
    return value.flatMap(Self.texts)
  }

  private static func texts(of value: Any) -> [String]? {
    if let text = value as? String { return [text] }
    return (value as? [Any])?.compactMap { $0 as? String }
  }
}
