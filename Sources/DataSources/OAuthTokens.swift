import CurlTransport
import Foundation
import Glibc
import PlantModel
import SystemCore
import WattlineTime

/// Access tokens of a server that speaks OAuth 2.0 (RFC 6749): by client credentials (4.4), or by a refresh token (6).
final class OAuthTokens {
  private let access: OAuthAccess
  private let directory: String
  /// File that keeps a refresh token which the server has replaced; `nil` keeps it in memory only.
  private let file: String?
  private let caFile: String?
  private let timeout: TimeSpan
  private var client: PageClient?
  private var token: (text: String, end: Timestamp)?
  private var replaced: Replaced?

  /// A refresh token that took the place of the configured one.
  private struct Replaced: Codable {
    /// The configured one.
    var configured: String
    var token: String
  }

  /// Time before the end of a token at which it is no longer used.
  private static let margin = TimeSpan.seconds(30)
  /// Life of a token whose answer does not tell it.
  private static let usualLife = TimeSpan.minutes(5)
  private static let longestAnswer = 1 << 20

  /// Creates tokens that are asked for when they are needed.
  ///
  /// - Parameters:
  ///   - access: The server and the credentials.
  ///   - directory: Folder of the configuration, from which relative paths start.
  ///   - folder: Folder of the source's state; `nil` for none.
  ///   - caFile: The only trusted authorities; `nil` uses those of the system.
  ///   - timeout: Longest time of a request.
  init(_ access: OAuthAccess, directory: String, folder: String?, caFile: String?, timeout: TimeSpan) {
    (self.access, self.directory, self.caFile, self.timeout) = (access, directory, caFile, timeout)
    file = folder.map { $0 + "/refresh-token" }
    replaced = file.flatMap { FileManager.default.contents(atPath: $0) }
      .flatMap { try? JSONDecoder().decode(Replaced.self, from: $0) }
  }

  /// Whether a token is known from an earlier request.
  var hasToken: Bool { token.map { SystemClock.now() < $0.end - Self.margin } ?? false }

  /// Forgets the token, which the server did not take.
  func forget() { token = nil }

  /// Returns the header with a token; asks for one if none is valid.
  ///
  /// - Throws: ``FetchError`` if the server gives none.
  func header(isOver: @escaping @Sendable () -> Bool) throws(FetchError) -> (name: String, text: String) {
    if !hasToken { try ask(isOver: isOver) }
    return ("Authorization", "Bearer \(token?.text ?? "")")
  }

  private func ask(isOver: @escaping @Sendable () -> Bool) throws(FetchError) {
    if client == nil {
      client = PageClient(url: access.tokenURL, caFile: caFile, timeout: timeout, longestBody: Self.longestAnswer)
    }
    guard let client else { throw .passing("libcurl cannot be started") }
    client.shouldAbort = isOver
    let secret = try access.secret?.content(directory: directory, name: "client_secret")
    let configured = try access.refreshToken?.content(directory: directory, name: "refresh_token")
    var form = [("grant_type", configured == nil ? "client_credentials" : "refresh_token")]
    if let configured {
      let current = replaced.flatMap { $0.configured == configured ? $0.token : nil } ?? configured
      form.append(("refresh_token", current))
    }
    if let scope = access.scope { form.append(("scope", scope)) }
    var headers: [(name: String, text: String)] = [
      ("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"),
    ]
    if access.isSecretInBody {
      form.append(("client_id", access.clientID))
      if let secret { form.append(("client_secret", secret)) }
    } else {
      let login = Self.encoded(access.clientID) + ":" + Self.encoded(secret ?? "")
      headers.append(("Authorization", "Basic \(Data(login.utf8).base64EncodedString())"))
    }
    let body = form.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
    let answer = client.send(access.tokenURL, headers: headers, body: Array(body.utf8))
    if isOver() { throw FetchError(kind: .stopped, words: "stopped") }
    try take(answer, configured: configured)
  }

  private func take(_ answer: PageAnswer, configured: String?) throws(FetchError) {
    let server = URL(string: access.tokenURL)?.host ?? access.tokenURL
    switch answer {
    case .none(let reason): throw .passing("\(server): \(reason)", isBrief: true)
    case .tooLong: throw .passing("\(server): the answer with the token is too long")
    case .answer(let status, let body, let headers):
      let members = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
      if (400...403).contains(status) {
        let words = ["error", "error_description"].compactMap { members[$0] as? String }.joined(separator: ": ")
        let said = words.isEmpty ? "" : ", \(String(words.prefix(200).filter { !$0.isNewline }))"
        throw FetchError(kind: .refused, words: "\(server) gives no token (status \(status)\(said))")
      }
      guard (200...299).contains(status) else {
        let wait = headers["retry-after"].flatMap { RetryAfter.span($0, now: SystemClock.now()) }
        throw .passing("\(server) answers with status \(status) instead of a token", wait: wait, isBrief: status >= 500)
      }
      guard let text = members["access_token"] as? String, !text.isEmpty,
        text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
      else { throw .passing("\(server): the answer has no 'access_token'") }
      let life = (members["expires_in"] as? NSNumber).map { TimeSpan.seconds($0.int64Value) } ?? Self.usualLife
      token = (text, SystemClock.now() + max(life, Self.margin + .seconds(5)))
      if let configured, let next = members["refresh_token"] as? String, next != configured {
        keep(Replaced(configured: configured, token: next))
      }
    }
  }

  /// Keeps a refresh token over a restart, as the one before may be worth nothing from now on.
  private func keep(_ next: Replaced) {
    replaced = next
    guard let file, let bytes = try? JSONEncoder().encode(next) else { return }
    let old = umask(0o077)
    defer { umask(old) }
    try? bytes.write(to: URL(fileURLWithPath: file), options: .atomic)
  }

  /// Returns a text as a form has it.
  private static func encoded(_ text: String) -> String {
    var plain = CharacterSet(charactersIn: "-._~")
    plain.formUnion(CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
    return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
  }
}
