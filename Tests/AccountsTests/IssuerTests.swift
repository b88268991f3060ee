#if HTTP
  import Foundation
  import Settings
  import SystemCore
  import Testing
  import WattlineTime

  @testable import Accounts

  @Suite("tokens of outside issuers")
  struct IssuerTests {
    private let now = AccountFolder.now
    private let folder: AccountFolder
    private let issuer: LocalIssuer
    private let troubles = Locked<[String]>([])

    init() throws {
      folder = try AccountFolder()
      issuer = try LocalIssuer()
    }

    private func gate(_ change: (inout HTTPSettings.Issuer) -> Void = { _ in }) throws -> Authenticator {
      var settings = HTTPSettings.Issuer(url: issuer.url, audience: "wattline")
      (settings.plantsClaim, settings.roles) = ("plants", ["plant-admins": .admin, "staff": .operator, "all": .viewer])
      change(&settings)
      return try Authenticator(folder.store, issuers: [settings]) { [troubles] words in
        troubles.with { $0.append(words) }
      }
    }

    private func claims(_ others: [String: Any] = [:]) -> [String: Any] {
      let own: [String: Any] = [
        "iss": issuer.url, "aud": ["other", "wattline"], "sub": "u-17", "iat": now.seconds, "exp": now.seconds + 300,
        "roles": ["all", "staff", "unknown"], "plants": ["A", "B"],
      ]
      return own.merging(others) { $1 }.filter { !($0.value is NSNull) }
    }

    private func outcome(
      _ gate: Authenticator, _ token: String, at time: Timestamp? = nil
    ) -> Result<Principal, AccessRefusal> { gate.authenticate(Secret(token), from: "::1", at: time ?? now) }

    @Test(arguments: [TokenAlgorithm.rs256, .es256])
    func `a token that a provider signed is accepted, with role and plants`(algorithm: TokenAlgorithm) throws {
      let key = try OpenSSLKey(algorithm, id: "one", in: folder.path)
      try issuer.serve([try key.jwk()])
      let gate = try gate()
      let token = try key.token(claims())
      let found = try outcome(gate, token).get()
      #expect(found.name == "u-17@127.0.0.1" && found.role == .operator && found.plants == .some(["A", "B"]))
      #expect(found.method == .issuer && found.scopes == Role.operator.scopes)
      for _ in 0..<5 { #expect(outcome(gate, token).refusal == nil) }
      #expect(issuer.fetches == 1)
      let parts = token.split(separator: ".")
      let other = Cryptography.base64(Array("{\"iss\":\"\(issuer.url)\",\"sub\":\"root\"}".utf8))
      #expect(outcome(gate, "\(parts[0]).\(other).\(parts[2])").refusal == .forged)
      #expect(outcome(gate, "\(parts[0]).\(parts[1]).\(Cryptography.base64([1, 2, 3]))").refusal == .forged)
    }

    @Test func `times, audience, issuer and role are checked`() throws {
      let key = try OpenSSLKey(.es256, id: "one", in: folder.path)
      try issuer.serve([try key.jwk()])
      let gate = try gate()
      func words(_ others: [String: Any]) throws -> String? {
        outcome(gate, try key.token(claims(others))).refusal?.description
      }
      #expect(try words(["exp": now.seconds - 59]) == nil)
      #expect(try words(["exp": now.seconds - 60]) == "the token has expired")
      #expect(try words(["exp": NSNull()]) == "the token is not valid")
      #expect(try words(["nbf": now.seconds + 60]) == nil)
      #expect(try words(["nbf": now.seconds + 61]) == "the token is not valid yet")
      #expect(try words(["iat": now.seconds + 61]) == "the token is not valid yet")
      #expect(try words(["aud": "other"]) == "the token is for another audience")
      #expect(try words(["aud": NSNull()]) == "the token is for another audience")
      #expect(try words(["iss": "http://127.0.0.1:1"]) == "the token is not valid")
      #expect(try words(["sub": NSNull()]) == "the token is not valid")
      #expect(try words(["roles": ["unknown"]]) == "the token has no role that http.issuers knows")
      #expect(try words(["roles": NSNull()]) == "the token has no role that http.issuers knows")
      #expect(try words(["roles": "plant-admins"]) == "the token has an admin of single plants; an admin has all")
      #expect(try outcome(gate, key.token(claims(["roles": "plant-admins", "plants": "*"]))).get().role == .admin)
      // Who has no claim of plants has none.
      #expect(try outcome(gate, key.token(claims(["plants": NSNull()]))).get().plants == .some([]))
      let nested = try self.gate { ($0.roleClaim, $0.plantsClaim) = ("realm_access.roles", nil) }
      let token = try key.token(claims(["realm_access": ["roles": ["all"]]]))
      #expect(try outcome(nested, token).get().role == .viewer && outcome(nested, token).get().plants == .all)
    }

    @Test func `a key of one kind does not verify the other, nor does a public key sign for us`() throws {
      let (rsa, curve) = (
        try OpenSSLKey(.rs256, id: "one", in: folder.path), try OpenSSLKey(.es256, id: "two", in: folder.path)
      )
      try issuer.serve([try rsa.jwk(), try curve.jwk()])
      let gate = try gate()
      #expect(outcome(gate, try rsa.token(claims(), header: ["kid": "two"])).refusal == .forged)
      #expect(outcome(gate, try rsa.token(claims(), header: ["alg": "ES256", "kid": "two"])).refusal == .forged)
      #expect(outcome(gate, try curve.token(claims(), header: ["alg": "RS256", "kid": "one"])).refusal == .forged)
      // A token signed by HMAC with the public key.
      let modulus = try #require(try rsa.jwk()["n"].flatMap { Cryptography.bytes(base64: $0) })
      let forger = try #require(TokenKey(secret: Array(modulus[..<32])))
      let forged = try #require(forger.token(Array(try JSONSerialization.data(withJSONObject: claims()))))
      #expect(outcome(gate, forged).refusal == .forged)
      // Without an identification the only key of the kind counts.
      let parts = try rsa.token(claims()).split(separator: ".").map(String.init)
      #expect(parts.count == 3)
    }

    @Test func `a new key is fetched at most once a minute, and keys outlive an outage for a day`() throws {
      let (old, new) = (
        try OpenSSLKey(.es256, id: "old", in: folder.path), try OpenSSLKey(.es256, id: "new", in: folder.path)
      )
      try issuer.serve([try old.jwk()])
      let gate = try gate()
      let (first, second) = (
        try old.token(claims(["exp": now.seconds + 1_000_000])), try new.token(claims(["exp": now.seconds + 1_000_000]))
      )
      #expect(outcome(gate, first).refusal == nil)
      for _ in 0..<5 { #expect(outcome(gate, second).refusal == .forged) }
      #expect(issuer.fetches == 1)
      try issuer.serve([try old.jwk(), try new.jwk()])
      #expect(outcome(gate, second, at: now + .seconds(59)).refusal == .forged)
      #expect(outcome(gate, second, at: now + .seconds(60)).refusal == nil)
      #expect(issuer.fetches == 2)
      issuer.state.with { $0.documents = [:] }
      #expect(outcome(gate, second, at: now + .hours(2)).refusal == nil)
      #expect(troubles.value.last?.hasSuffix("openid-configuration: the answer has status 404") == true)
      #expect(outcome(gate, second, at: now + .hours(25)).refusal?.kind == .unavailable)
    }

    @Test func `a hostile set of keys gives no key, and says why`() throws {
      let key = try OpenSSLKey(.rs256, id: "one", in: folder.path)
      let (jwk, token) = (try key.jwk(), try key.token(claims()))
      let short = try OpenSSLKey(.rs256, id: "short", in: folder.path, bits: 1_024).jwk()
      let secret = Cryptography.base64([UInt8](repeating: 1, count: 32))
      let sets: [[String: Any]] = [
        [:], ["keys": "x"], ["keys": [1, "x", [String: String]()]], ["keys": Array(repeating: jwk, count: 65)],
        ["keys": [["kty": "oct", "k": secret, "kid": "one"]]], ["keys": [short]],
        ["keys": [jwk.merging(["use": "enc"]) { $1 }]], ["keys": [jwk.merging(["alg": "HS256"]) { $1 }]],
        ["keys": [jwk.merging(["e": "AQ"]) { $1 }]], ["keys": [jwk.merging(["e": "Ag"]) { $1 }]],
        ["keys": [jwk.merging(["n": "!"]) { $1 }]], ["keys": [jwk.merging(["n": ""]) { $1 }]],
        ["keys": [jwk.merging(["n": Cryptography.base64([UInt8](repeating: 0xFF, count: 2_000))]) { $1 }]],
        ["keys": [["kty": "EC", "kid": "one", "crv": "P-256", "x": secret, "y": secret]]],
        ["keys": [["kty": "EC", "kid": "one", "crv": "P-521", "x": secret, "y": secret]]],
      ]
      for set in sets {
        try issuer.serve(set: set)
        #expect(outcome(try gate(), token).refusal != nil, "\(set)")
      }
      #expect(troubles.value.count == sets.count, "\(troubles.value)")
      let texts = [
        "", "[", "null", String(repeating: "[", count: 100_000), "{\"keys\":" + String(repeating: "[", count: 100_000),
        "{\"keys\":[],\"x\":\"" + String(repeating: "x", count: 300_000) + "\"}",
      ]
      for text in texts {
        issuer.serve(text: text)
        #expect(outcome(try gate(), token).refusal != nil)
      }
      #expect(troubles.value.contains { $0.hasSuffix("the document has more than 262144 bytes") })
      issuer.serve(text: "{}", issuer: "https://other.example")
      #expect(outcome(try gate(), token).refusal != nil)
      #expect(troubles.value.last?.hasSuffix("its discovery document is of another issuer") == true)
      issuer.serve(text: "{}", keys: "file:///etc/passwd")
      #expect(outcome(try gate(), token).refusal != nil)
      #expect(troubles.value.last?.contains("file:///etc/passwd is no https address") == true)
    }

    @Test(arguments: [
      ("https://idp.example.com/x", true), ("http://127.0.0.1:80/x", true), ("http://[::1]:80/x", true),
      ("http://idp.example.com/x", false), ("http://127.0.0.1@idp.example.com/", false), ("ftp://127.0.0.1/", false),
      ("https://a.example/\r\nX: y", false), ("http://127.0.0.1.example.com/", false), ("", false),
    ])
    func `documents come by TLS or from this machine`(address: String, isSafe: Bool) {
      #expect(IssuerKeys.isSafe(address) == isSafe)
    }
  }
#endif
