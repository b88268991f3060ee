import CurlTransport
import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

private let victoriaMetrics = "/usr/bin/victoria-metrics"

/// The 2.x interface against a server that speaks it, where it is installed.
@Suite(
  "A real server of the 2.x interface",
  .enabled(if: access(victoriaMetrics, X_OK) == 0, "victoria-metrics is not installed"), .timeLimit(.minutes(10)))
struct VictoriaMetricsTests {
  @Test func `points arrive by /api/v2/write, and those of an outage when it is back`() throws {
    let port = try Loopback.freePort()
    let folder = try TemporaryFolder(prefix: "victoria")
    defer { folder.remove() }
    var settings = DatabaseSettings()
    settings.url = "http://127.0.0.1:\(port)"
    settings.version = .v2
    settings.organisation = "plant"
    settings.token = Secret("token")
    var options = SinkOptions()
    options.shortestBackoff = .milliseconds(20)
    options.longestBackoff = .milliseconds(100)
    let sink = try InfluxSink(
      settings, options: options, spool: SpoolSettings(directory: folder.path + "/spool", maximumBytes: 1 << 20),
      deadLetters: folder.path + "/dead"
    ) { _ in }
    defer { sink.stop(within: .zero) }
    let now = Int(Date().timeIntervalSince1970) * 1000
    func submit(_ range: Range<Int>) {
      let text = range.map { "raw,plant=p,sensor=s\($0) value=\($0).5 \(now)\n" }.joined()
      sink.submit(WriteBatch(bytes: Array(text.utf8), lines: range.count, upTo: UInt64(range.upperBound)))
    }
    submit(0..<50)
    #expect(Waiting.until(seconds: 5) { sink.counts.accounts.spooled.points == 50 })
    let server = try ChildProcess(
      program: victoriaMetrics,
      arguments: ["-httpListenAddr=127.0.0.1:\(port)", "-storageDataPath=\(folder.path)/data"], log: "/dev/null")
    defer { server.kill() }
    #expect(Waiting.until(seconds: 20) { sink.counts.accounts.written.points == 50 })
    submit(50..<60)
    #expect(Waiting.until(seconds: 5) { sink.counts.accounts.written.points == 60 })
    let client = try #require(
      HTTPClient(url: settings.url, caFile: nil, connectTimeout: .second, totalTimeout: .seconds(10)))
    func exported() -> String {
      client.send(
        "\(settings.url)/api/v1/export?match[]=raw_value", body: nil, contentType: "text/plain", authorization: nil,
        basic: nil
      ).body
    }
    #expect(Waiting.until(seconds: 10) { exported().split(separator: "\n").count == 60 })
    #expect(exported().contains(#""sensor":"s59""#) && exported().contains("[59.5]"))
    #expect(exported().contains(String(now)))
    #expect(sink.counts.deadLetters.isEmpty)
  }
}
