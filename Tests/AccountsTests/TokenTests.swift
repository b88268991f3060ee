#if HTTP
  import Foundation
  import PlantTesting
  import Settings
  import Testing
  import WattlineTime

  @testable import Accounts

  @Suite("tokens that are not ours")
  struct TokenTests {
    private let now = AccountFolder.now
    private let folder: AccountFolder
    private let gate: Authenticator
    private let tokens: TokenPair

    init() throws {
      folder = try AccountFolder()
      try folder.add("anna", .admin)
      gate = try Authenticator(folder.store)
      tokens = try gate.login("anna", password: AccountFolder.password, from: "::1", at: now).get()
    }

    private func refusal(_ text: String) -> AccessRefusal? {
      gate.authenticate(Secret(text), from: "::1", at: now).refusal
    }

    private func part(_ json: String) -> String { Cryptography.base64(Array(json.utf8)) }

    /// The parts of the access token: header, claims, signature.
    private var parts: [String] { tokens.access.text.split(separator: ".").map(String.init) }

    /// Returns claims as the access token has them, with other ones.
    private func claims(_ others: [String: Any]) throws -> [UInt8] {
      let own = try #require(Cryptography.bytes(base64: parts[1]))
      var members = try #require(try JSONSerialization.jsonObject(with: Data(own)) as? [String: Any])
      for (name, value) in others { members[name] = value }
      return Array(try JSONSerialization.data(withJSONObject: members))
    }

    @Test func `a token has the claims that others expect`() throws {
      let own = try #require(Cryptography.bytes(base64: parts[1]))
      let members = try #require(try JSONSerialization.jsonObject(with: Data(own)) as? [String: Any])
      #expect(Set(members.keys) == ["iss", "aud", "sub", "role", "sid", "jti", "iat", "exp"])
      let header = try #require(Cryptography.bytes(base64: parts[0]))
      let names = try #require(try JSONSerialization.jsonObject(with: Data(header)) as? [String: String])
      #expect(names == ["alg": "HS256", "typ": "JWT"])
    }

    @Test func `no algorithm, or another one with our key, is refused`() {
      for name in ["none", "None", "NONE", "HS384", "HS512", "PS256", "ES384", "EdDSA", "dir", ""] {
        let header = part("{\"alg\":\"\(name)\",\"typ\":\"JWT\"}")
        #expect(refusal("\(header).\(parts[1]).\(parts[2])") == .malformed, "\(name)")
        #expect(refusal("\(header).\(parts[1]).") == .malformed, "\(name)")
      }
      for name in ["RS256", "ES256"] {
        #expect(refusal("\(part("{\"alg\":\"\(name)\"}")).\(parts[1]).\(parts[2])") == .forged, "\(name)")
      }
      for header in [
        #"{"alg":"HS256","typ":"JWT","crit":["exp"],"exp":1}"#, #"{"alg":"HS256","b64":false}"#,
        #"{"alg":"HS256","typ":"logout+jwt"}"#, #"{"alg":["HS256"]}"#, "[]", "{", "null",
      ] {
        #expect(refusal("\(part(header)).\(parts[1]).\(parts[2])") == .malformed, "\(header)")
      }
      // Readers differ on which of two members counts.
      for header in [#"{"alg":"HS256","alg":"RS256"}"#, #"{"alg":"RS256","alg":"HS256"}"#] {
        #expect(refusal("\(part(header)).\(parts[1]).\(parts[2])") != nil)
      }
    }

    @Test func `changed claims and those of another key are refused`() throws {
      let raised = Cryptography.base64(try claims(["sub": "root"]))
      #expect(refusal("\(parts[0]).\(raised).\(parts[2])") == .forged)
      let other = try #require(TokenKey(secret: [UInt8](repeating: 7, count: 32))?.token(try claims([:])))
      #expect(refusal(other) == .forged)
    }

    @Test func `claims that our key signed count only if they are for us, in time and of a session`() throws {
      func refusal(_ others: [String: Any]) throws -> AccessRefusal? {
        self.refusal(try #require(gate.key.token(try claims(others))))
      }
      #expect(try refusal([:]) == nil)
      #expect(try refusal(["aud": "other"]) == .forged)
      #expect(try refusal(["iss": "other"]) == .forged)
      #expect(try refusal(["exp": now.seconds]) == .expired)
      #expect(try refusal(["exp": "tomorrow"]) == .forged)
      #expect(try refusal(["exp": 1e300]) == .forged)
      #expect(try refusal(["exp": true]) == .forged)
      #expect(try refusal(["sid": "other"]) == .ended)
      #expect(try refusal(["sub": "otto"]) == .ended)
      // The account says what it may do, not the token.
      let lower = try #require(gate.key.token(try claims(["role": "viewer"])))
      #expect(try gate.authenticate(Secret(lower), from: "::1", at: now).get().role == .admin)
    }

    @Test func `a token with any other character is refused, and nothing crashes`() {
      var random = SplitMix(state: 11)
      let token = Array(tokens.access.text.utf8)
      let letters = Array("ABCxyz019-_.=+/ \0\u{7F}{\"".utf8)
      for _ in 0..<2_000 {
        var changed = token
        for _ in 0...Int(random.next() % 3) {
          let place = Int(random.next() % UInt64(changed.count))
          switch random.next() % 3 {
          case 0: changed[place] = letters[Int(random.next() % UInt64(letters.count))]
          case 1: changed.remove(at: place)
          default: changed.insert(letters[Int(random.next() % UInt64(letters.count))], at: place)
          }
        }
        let text = String(decoding: changed, as: UTF8.self)
        if text != tokens.access.text { #expect(refusal(text) != nil, "\(text)") }
      }
      for _ in 0..<500 {
        let bytes = (0..<Int(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        #expect(refusal(String(decoding: bytes, as: UTF8.self)) != nil)
        #expect(refusal("\(parts[0]).\(Cryptography.base64(bytes)).\(parts[2])") != nil)
        #expect(refusal("\(Cryptography.base64(bytes)).\(parts[1]).\(parts[2])") != nil)
      }
      let deep = String(repeating: "[", count: 4_000)
      for text in [
        "", ".", "..", "...", "wl_", String(repeating: "a", count: 100_000), "\(part(deep)).\(part(deep)).a",
      ] {
        #expect(refusal(text) != nil)
      }
    }
  }
#endif
