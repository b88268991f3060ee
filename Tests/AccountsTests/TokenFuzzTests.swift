#if HTTP
  import Foundation
  import PlantTesting
  import Settings
  import Testing
  import WattlineTime

  @testable import Accounts

  @Suite("Damaged tokens")
  struct TokenFuzzTests {
    private static let rounds =
      (ProcessInfo.processInfo.environment["WATTLINE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 100_000) / 5
    private let now = Timestamp(seconds: 1_796_061_600)

    @Test func `no damaged token, key or header proves anything`() throws {
      let folder = try AccountFolder()
      let admin = Account(name: "chief", role: .admin, plants: .all)
      let requester = Requester(user: "cli:test", address: "")
      try folder.store.add(admin, password: Secret("a long password"), by: requester, at: now)
      let key = try folder.store.addKey(
        "k", owner: "chief", scopes: [.read], plants: .all, expires: nil, by: requester, at: now)
      let gate = try Authenticator(folder.store, issuers: []) { _ in }
      let pair = try gate.login("chief", password: Secret("a long password"), from: "::1", at: now).get()
      let credentials = [pair.access.text, key.secret.text]
      for text in credentials {
        #expect(try gate.authenticate(Secret(text), from: "::1", at: now).get().name == "chief")
      }
      var mutator = ByteMutator(
        seed: 3, pieces: [".", "..", "=", "eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", "Bearer ", "A", "/", "+", " "])
      for _ in 0..<Self.rounds {
        let text = mutator.choice(credentials)
        let damaged = mutator.damaged(text)
        // A token has one spelling, so that what differs is another one.
        if damaged != text, case .success(let found) = gate.authenticate(Secret(damaged), from: "::1", at: now) {
          Issue.record("\(damaged) proves \(found.name)")
        }
      }
    }

    @Test func `damaged claims that a provider signed give a role that it may give, or nobody`() {
      var settings = HTTPSettings.Issuer(url: "https://idp.example.com", audience: "wattline")
      (settings.plantsClaim, settings.roleClaim) = ("plants", "realm.roles")
      settings.roles = ["staff": .operator, "all": .viewer]
      let issuer = OutsideIssuer(settings) { _ in }
      let claims = """
        {"iss":"https://idp.example.com","aud":["wattline","x"],"sub":"u-17","iat":1796061500,"nbf":1796061500,
        "exp":1796061900,"jti":"1","realm":{"roles":["staff","all"]},"plants":["A","B"]}
        """
      var mutator = ByteMutator(
        seed: 4,
        pieces: ["\"", "[", "]", "{", "}", ",", "null", "1e999", "-1", "true", "*", "\"plants\":\"*\",", "\\u0000"])
      var known = 0
      for _ in 0..<Self.rounds {
        guard let claims = Claims(mutator.damaged(Array(claims.utf8))) else { continue }
        guard case .success(let found) = issuer.principal(of: claims, at: now) else { continue }
        known += 1
        #expect([.operator, .viewer].contains(found.role) && found.scopes == found.role.scopes)
        #expect(found.name.hasSuffix("@idp.example.com") && found.name.utf8.allSatisfy { $0 >= 0x20 })
      }
      #expect(known > Self.rounds / 50)
    }

    @Test func `a damaged set of keys gives usable keys or says why not`() {
      let number = Cryptography.base64([0x81] + [UInt8](repeating: 0x5A, count: 254) + [1])
      let seed = """
        {"keys":[{"kty":"RSA","kid":"one","use":"sig","alg":"RS256","n":"\(number)","e":"AQAB"},
        {"kty":"EC","kid":"two","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}
        """
      var mutator = ByteMutator(seed: 5, pieces: ["\"", "[", "]", "{", "}", ",", "null", "P-521", "oct", "AA", "="])
      var usable = 0
      for _ in 0..<Self.rounds / 10 {
        let tree = try? JSONSerialization.jsonObject(with: Data(mutator.damaged(Array(seed.utf8))))
        guard let set = tree as? [String: Any] else { continue }
        if case .success(let entries) = IssuerKeys.entries(set) {
          usable += 1
          #expect(!entries.isEmpty && entries.allSatisfy { $0.key.algorithm != .hs256 })
        }
      }
      #expect(usable > Self.rounds / 200)
    }
  }
#endif
