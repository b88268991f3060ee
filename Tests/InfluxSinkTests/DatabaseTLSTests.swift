import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

/// HTTPS to a real database.
@Suite(
  "A database under TLS",
  .enabled(if: LocalAuthority.isAvailable && access("/usr/bin/influxd", X_OK) == 0, "influxdb or openssl is missing"),
  .timeLimit(.minutes(5)))
struct DatabaseTLSTests {
  @Test func `is written to when the authority that is named vouches for it and its name, and only then`() throws {
    let authority = try LocalAuthority()
    let stranger = try LocalAuthority()
    let elsewhere = try LocalAuthority(host: "DNS:db.example")
    defer { for one in [authority, stranger, elsewhere] { one.remove() } }
    let influx = try started(authority)
    defer { influx.stop() }
    try expect(influx, trusting: authority.certificate, words: nil)
    try expect(influx, trusting: stranger.certificate, words: "certificate")
    try expect(influx, trusting: nil, words: "certificate")
    try expect(influx, trusting: authority.missing, words: "CA cert")
    let other = try started(elsewhere)
    defer { other.stop() }
    try expect(other, trusting: elsewhere.certificate, words: "certificate")
  }

  private func started(_ authority: LocalAuthority) throws -> LocalInflux {
    var options = LocalInflux.Options()
    options.certificate = (authority.serverCertificate, authority.serverKey)
    return try LocalInflux.started(options: options)
  }

  /// Expects that points arrive, or that `words` are among those that tell why they wait.
  private func expect(_ influx: LocalInflux, trusting authority: String?, words: String?) throws {
    let folder = try TemporaryFolder(prefix: "tls-sink")
    defer { folder.remove() }
    var settings = influx.settings()
    settings.caFile = authority
    settings.token = Secret("secret")
    let sink = try InfluxSink(settings, deadLetters: folder.path) { _ in }
    defer { sink.stop(within: .zero) }
    sink.submit(WriteBatch(bytes: Array("m v=1 1\n".utf8), lines: 1, upTo: 1))
    #expect(Waiting.until(seconds: 30) { sink.counts.pointsWritten == 1 || sink.counts.state != .ok })
    if let words {
      guard case .away(let told) = sink.counts.state else {
        Issue.record("\(sink.counts.state)")
        return
      }
      #expect(told.contains(words) && sink.counts.pointsWritten == 0, "\(told)")
    } else {
      #expect(sink.counts.pointsWritten == 1, "\(sink.counts.state)")
    }
  }
}
