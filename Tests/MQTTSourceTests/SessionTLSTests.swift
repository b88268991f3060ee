import Foundation
import MQTTSource
import PlantModel
import PlantTesting
import StreamCore
import Testing

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"))) struct SessionTLSTests {
  /// A certificate for 127.0.0.1 that is its own authority.
  private func certificate(in folder: String) throws -> (certificate: String, key: String) {
    let (certificate, key) = (folder + "/cert.pem", folder + "/key.pem")
    let child = try ChildProcess(
      program: "/usr/bin/openssl",
      arguments: [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
      ], log: folder + "/openssl.log")
    #expect(child.wait() == 0)
    return (certificate, key)
  }

  private func fixture(_ folder: TemporaryFolder) throws -> SessionFixture {
    let files = try certificate(in: folder.path)
    var options = LocalBroker.Options()
    options.furtherLines = ["certfile \(files.certificate)", "keyfile \(files.key)"]
    var fixture = try SessionFixture(options: options)
    fixture.settings.tls = true
    fixture.settings.caFile = files.certificate
    return fixture
  }

  @Test("over TLS with a known authority, messages of every size arrive")
  func known() throws {
    let folder = try TemporaryFolder(prefix: "wattline-tls")
    defer { folder.remove() }
    let fixture = try fixture(folder)
    defer { fixture.broker.stop() }
    let session = fixture.session()
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    let publisher = try #require(TestPublisher(fixture.settings))
    #expect(publisher.publish(0..<2_000))
    #expect(Waiting.until { fixture.sink.payloads.count >= 2_000 })
    session.stop()
    #expect(fixture.sink.payloads == (0..<2_000).map(String.init))
  }

  @Test("an authority that does not vouch for the broker is not connected to")
  func unknown() throws {
    let folder = try TemporaryFolder(prefix: "wattline-tls")
    let other = try TemporaryFolder(prefix: "wattline-tls")
    defer {
      folder.remove()
      other.remove()
    }
    var fixture = try fixture(folder)
    defer { fixture.broker.stop() }
    fixture.settings.caFile = try certificate(in: other.path).certificate
    let session = fixture.session()
    session.start()
    let refusal = SessionEvent.disconnected(reason: "A TLS error occurred.")
    #expect(Waiting.until { fixture.events.all.contains(refusal) })
    session.stop()
    #expect(!fixture.events.all.contains(.connected(sessionPresent: false)))
  }
}
