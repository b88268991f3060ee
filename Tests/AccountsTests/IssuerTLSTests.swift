#if HTTP
  import Foundation
  import LocalServers
  import PlantTesting
  import Settings
  import SystemCore
  import Testing
  import WattlineTime

  @testable import Accounts

  /// OpenID Connect over https, from a real TLS server: `openssl s_server`.
  @Suite("An outside issuer over https", .enabled(if: LocalAuthority.isAvailable, "openssl is missing"))
  final class IssuerTLSTests {
    private let folder: AccountFolder
    private let now = AccountFolder.now

    init() throws { folder = try AccountFolder() }

    /// A server of the files of a folder, each of which is a whole response.
    private func server(_ authority: LocalAuthority, serving key: OpenSSLKey) throws -> (ChildProcess, url: String) {
      let root = folder.path + "/" + UUID().uuidString
      let port = try Loopback.freePort()
      let url = "https://127.0.0.1:\(port)"
      try FileManager.default.createDirectory(atPath: root + "/.well-known", withIntermediateDirectories: true)
      let keys = try JSONSerialization.data(withJSONObject: ["keys": [try key.jwk()]])
      for (name, body) in [
        (".well-known/openid-configuration", "{\"issuer\":\"\(url)\",\"jwks_uri\":\"\(url)/jwks\"}"),
        ("jwks", String(decoding: keys, as: UTF8.self)),
      ] {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
        try (head + body).write(toFile: "\(root)/\(name)", atomically: false, encoding: .utf8)
      }
      let server = try ChildProcess(
        program: "/bin/sh",
        arguments: [
          "-c", "cd \"$0\" && exec openssl s_server -HTTP -quiet -accept 127.0.0.1:\(port) -cert \"$1\" -key \"$2\"",
          root,
          authority.serverCertificate, authority.serverKey,
        ], log: root + ".log")
      #expect(Waiting.until(seconds: 20) { Loopback.accepts(port: port) })
      return (server, url)
    }

    /// What becomes of a token that the issuer signed, and of what an administrator is told.
    private func outcome(
      _ key: OpenSSLKey, url: String, trusting ca: String?
    ) throws -> (Result<Principal, AccessRefusal>, words: [String]) {
      var settings = HTTPSettings.Issuer(url: url, audience: "wattline")
      (settings.roles, settings.caFile) = (["staff": .operator], ca)
      let troubles = Locked<[String]>([])
      let gate = try Authenticator(folder.store, issuers: [settings]) { words in troubles.with { $0.append(words) } }
      let token = try key.token([
        "iss": url, "aud": "wattline", "sub": "u-17", "iat": now.seconds, "exp": now.seconds + 300, "roles": "staff",
      ])
      return (gate.authenticate(Secret(token), from: "::1", at: now), troubles.value)
    }

    @Test func `its keys are fetched when the authority of 'ca' vouches for it and its name, and only then`() throws {
      let authorities = [try LocalAuthority(), try LocalAuthority(), try LocalAuthority(host: "DNS:idp.example")]
      defer { for authority in authorities { authority.remove() } }
      let key = try OpenSSLKey(.es256, id: "one", in: folder.path)
      let (server, url) = try self.server(authorities[0], serving: key)
      defer { server.kill() }
      let trusted = try outcome(key, url: url, trusting: authorities[0].certificate)
      #expect(try trusted.0.get().name == "u-17@127.0.0.1" && trusted.words.isEmpty, "\(trusted.words)")
      for ca in [authorities[1].certificate, nil, authorities[0].missing] {
        let (result, words) = try outcome(key, url: url, trusting: ca)
        #expect(result.refusal?.kind == .unavailable, "\(result)")
        #expect(words.count == 1 && words[0].contains("http.issuers: \(url): "), "\(words)")
        #expect(words.first?.lowercased().contains("cert") == true, "\(words)")
      }
      let (other, elsewhere) = try self.server(authorities[2], serving: key)
      defer { other.kill() }
      let wrongName = try outcome(key, url: elsewhere, trusting: authorities[2].certificate)
      #expect(wrongName.0.refusal?.kind == .unavailable && wrongName.words.count == 1, "\(wrongName.words)")
    }

    @Test func `a slow issuer keeps those waiting alone whose token asks it first`() throws {
      let key = try OpenSSLKey(.es256, id: "one", in: folder.path)
      let released = Locked(false)
      let asked = Locked(0)
      let slow = try ScriptedServer { connection in
        asked.with { $0 += 1 }
        while connection.line()?.isEmpty == false {}
        Waiting.until(seconds: 5) { released.value }
      }
      defer {
        released.set(true)
        slow.stop()
      }
      var settings = HTTPSettings.Issuer(url: "http://127.0.0.1:\(slow.port)", audience: "wattline")
      settings.roles = ["staff": .operator]
      let issuer = OutsideIssuer(settings) { _ in }
      let text = try key.token(["iss": settings.url, "aud": "wattline", "sub": "u", "exp": now.seconds + 300])
      let token = try #require(Token(text))
      let now = now
      let first = try BlockingThread(name: "first") {
        if let own = Token(text) { _ = issuer.principal(of: own, at: now) }
      }
      #expect(Waiting.until(seconds: 5) { asked.value == 1 })
      let start = SystemClock.monotonic()
      #expect(issuer.principal(of: token, at: now).refusal?.kind == .unavailable)
      #expect(SystemClock.monotonic() - start < 1_000_000_000 && asked.value == 1)
      released.set(true)
      first.join()
    }
  }
#endif
