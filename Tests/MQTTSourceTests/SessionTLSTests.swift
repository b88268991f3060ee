import Foundation
import LocalServers
import MQTTSource
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Testing

@Suite(.enabled(if: LocalAuthority.isAvailable)) struct SessionTLSTests {
  static let versions: [BrokerSettings.ProtocolVersion] = [.v5, .v311]

  /// Expects that the session does not come about, and that the reason tells why.
  private func expectRefusal(_ fixture: SessionFixture, words: String) {
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

  @Test(arguments: versions)
  func `over TLS with a known authority and a client certificate, messages of every burst arrive`(
    _ version: BrokerSettings.ProtocolVersion
  ) throws {
    let authority = try LocalAuthority()
    defer { authority.remove() }
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

  @Test func `a broker that requires a certificate is not connected to without one`() throws {
    let authority = try LocalAuthority()
    defer { authority.remove() }
    let fixture = try authority.fixture(requiringCertificates: true)
    defer { fixture.broker.stop() }
    expectRefusal(fixture, words: "client certificate, name it in mqtt.cert")
  }

  @Test func `an authority that does not vouch for the broker is not connected to`() throws {
    let authority = try LocalAuthority()
    let other = try LocalAuthority()
    defer {
      authority.remove()
      other.remove()
    }
    var fixture = try authority.fixture()
    defer { fixture.broker.stop() }
    fixture.settings.caFile = other.certificate
    expectRefusal(fixture, words: "SSL certificate problem")
    fixture.settings.caFile = nil
    expectRefusal(fixture, words: "SSL certificate problem")
  }

  @Test func `a certificate for another host is not accepted`() throws {
    let authority = try LocalAuthority(host: "DNS:broker.example")
    defer { authority.remove() }
    let fixture = try authority.fixture()
    defer { fixture.broker.stop() }
    expectRefusal(fixture, words: "matches target host name '127.0.0.1'")
  }

  @Test func `an expired certificate is not accepted`() throws {
    let authority = try LocalAuthority(days: -1)
    defer { authority.remove() }
    let fixture = try authority.fixture()
    defer { fixture.broker.stop() }
    expectRefusal(fixture, words: "certificate has expired")
  }

  @Test func `a file of certificates that is not there is named`() throws {
    let authority = try LocalAuthority()
    defer { authority.remove() }
    var fixture = try authority.fixture()
    defer { fixture.broker.stop() }
    fixture.settings.caFile = authority.missing
    expectRefusal(fixture, words: "none.pem")
  }
}

extension LocalAuthority {
  /// A broker with the authority's certificate, and settings that trust the authority.
  func fixture(requiringCertificates: Bool = false) throws -> SessionFixture {
    var options = LocalBroker.Options()
    options.furtherLines = [
      "certfile \(serverCertificate)", "keyfile \(serverKey)", "cafile \(certificate)",
      "require_certificate \(requiringCertificates)",
    ]
    var fixture = try SessionFixture(options: options)
    fixture.settings.tls = true
    fixture.settings.caFile = certificate
    return fixture
  }
}
