import Foundation
import MQTTSource
import PlantModel
import PlantTesting
import StreamCore
import Testing

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"))) struct SessionTLSTests {
  static let versions: [BrokerSettings.ProtocolVersion] = [.v5, .v311]

  /// A certificate authority with a broker's and a client's certificate, made for one test.
  private struct Authority {
    let folder: TemporaryFolder
    var authority: String { folder.path + "/ca.pem" }
    var certificate: String { folder.path + "/broker.pem" }
    var key: String { folder.path + "/broker.key" }
    var clientCertificate: String { folder.path + "/client.pem" }
    var clientKey: String { folder.path + "/client.key" }

    init(host: String = "IP:127.0.0.1", days: Int = 2) throws {
      folder = try TemporaryFolder(prefix: "wattline-tls")
      let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
      try openssl(
        ["req", "-x509"] + key + ["-days", "2", "-subj", "/CN=Test authority"]
          + ["-keyout", folder.path + "/ca.key", "-out", authority])
      for (name, days, alternative) in [("broker", days, host), ("client", 2, "DNS:client")] {
        let extensions = "\(folder.path)/\(name).ext"
        try "subjectAltName=\(alternative)\n".write(toFile: extensions, atomically: true, encoding: .utf8)
        try openssl(
          ["req"] + key + ["-subj", "/CN=\(name)"]
            + ["-keyout", "\(folder.path)/\(name).key", "-out", "\(folder.path)/\(name).csr"])
        try openssl([
          "x509", "-req", "-in", "\(folder.path)/\(name).csr", "-CA", authority, "-CAkey", folder.path + "/ca.key",
          "-CAcreateserial", "-days", String(days), "-extfile", extensions, "-out", "\(folder.path)/\(name).pem",
        ])
      }
    }

    private func openssl(_ arguments: [String]) throws {
      let child = try ChildProcess(
        program: "/usr/bin/openssl", arguments: arguments, log: folder.path + "/openssl.log")
      #expect(child.wait() == 0)
    }

    /// A broker with the authority's certificate, and settings that trust the authority.
    func fixture(requiringCertificates: Bool = false) throws -> SessionFixture {
      var options = LocalBroker.Options()
      options.furtherLines = [
        "certfile \(certificate)", "keyfile \(key)", "cafile \(authority)",
        "require_certificate \(requiringCertificates)",
      ]
      var fixture = try SessionFixture(options: options)
      fixture.settings.tls = true
      fixture.settings.caFile = authority
      return fixture
    }
  }

  /// Expects that the session does not come about, and that the reason tells why.
  private func expectRefusal(_ fixture: SessionFixture, _ words: String) {
    let session = fixture.session()
    session.start()
    let isTold = Waiting.until {
      fixture.events.all.contains { event in
        if case .disconnected(let reason) = event { reason.contains(words) } else { false }
      }
    }
    #expect(isTold, "\(fixture.events.all)")
    session.stop()
    #expect(!fixture.events.all.contains(.connected(sessionPresent: false)))
  }

  @Test("over TLS with a known authority and a client certificate, messages of every burst arrive", arguments: versions)
  func known(_ version: BrokerSettings.ProtocolVersion) throws {
    let authority = try Authority()
    defer { authority.folder.remove() }
    var fixture = try authority.fixture(requiringCertificates: true)
    defer { fixture.broker.stop() }
    fixture.settings.protocolVersion = version
    fixture.settings.certificateFile = authority.clientCertificate
    fixture.settings.keyFile = authority.clientKey
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<2_000))
    #expect(Waiting.until { fixture.sink.payloads.count >= 2_000 })
    session.stop()
    #expect(fixture.sink.payloads == (0..<2_000).map(String.init))
  }

  @Test("a broker that requires a certificate is not connected to without one")
  func withoutCertificate() throws {
    let authority = try Authority()
    defer { authority.folder.remove() }
    let fixture = try authority.fixture(requiringCertificates: true)
    defer { fixture.broker.stop() }
    expectRefusal(fixture, "client certificate, name it in mqtt.cert")
  }

  @Test("an authority that does not vouch for the broker is not connected to")
  func unknownAuthority() throws {
    let authority = try Authority()
    let other = try Authority()
    defer {
      authority.folder.remove()
      other.folder.remove()
    }
    var fixture = try authority.fixture()
    defer { fixture.broker.stop() }
    fixture.settings.caFile = other.authority
    expectRefusal(fixture, "SSL certificate problem")
    fixture.settings.caFile = nil
    expectRefusal(fixture, "SSL certificate problem")
  }

  @Test("a certificate for another host is not accepted")
  func otherHost() throws {
    let authority = try Authority(host: "DNS:broker.example")
    defer { authority.folder.remove() }
    let fixture = try authority.fixture()
    defer { fixture.broker.stop() }
    expectRefusal(fixture, "matches target host name '127.0.0.1'")
  }

  @Test("an expired certificate is not accepted")
  func expired() throws {
    let authority = try Authority(days: -1)
    defer { authority.folder.remove() }
    let fixture = try authority.fixture()
    defer { fixture.broker.stop() }
    expectRefusal(fixture, "certificate has expired")
  }

  @Test("a file of certificates that is not there is named")
  func missingFile() throws {
    let authority = try Authority()
    defer { authority.folder.remove() }
    var fixture = try authority.fixture()
    defer { fixture.broker.stop() }
    fixture.settings.caFile = authority.folder.path + "/none.pem"
    expectRefusal(fixture, "none.pem")
  }
}
