import CurlTransport
import Foundation
import LocalServers
import PlantModel
import PlantTesting
import SinkCore
import Testing
import WattlineTime

private let victoriaMetrics = "/usr/bin/victoria-metrics"

/// The example of the guide, which proves that a sink needs an endpoint and nothing else.
@Suite("A sink for another database", .timeLimit(.minutes(5)))
struct PrometheusEndpointTests {
  @Test func `fields become samples, tags labels; text is left out, and quotes are escaped`() {
    let lines = """
      raw,plant=p,sensor=a\\ "b" value=1.5 1700000000000
      clean,plant=p quality=3i,imputed=true,method="hold, or not",value=-2e3 1700000000001
      not a line

      """
    let text = Array(lines.utf8).withUnsafeBytes { PrometheusText.text(of: $0) }
    #expect(
      String(decoding: text, as: UTF8.self) == """
        raw_value{plant="p",sensor="a \\"b\\""} 1.5 1700000000000
        clean_quality{plant="p"} 3 1700000000001
        clean_imputed{plant="p"} 1 1700000000001
        clean_value{plant="p"} -2e3 1700000000001

        """)
  }

  @Test(.enabled(if: access(victoriaMetrics, X_OK) == 0, "victoria-metrics is not installed"))
  func `points of an outage wait in the spool and arrive at the server`() throws {
    let port = try Loopback.freePort()
    let folder = try TemporaryFolder(prefix: "prometheus")
    defer { folder.remove() }
    let url = "http://127.0.0.1:\(port)"
    var options = SinkOptions()
    options.shortestBackoff = .milliseconds(20)
    options.longestBackoff = .milliseconds(100)
    // This is the line that a new sink adds to the pipeline.
    let sink: any Sink = try SpooledSink(
      through: { isOver throws(SinkError) in try PrometheusEndpoint(url, isOver: isOver) }, options: options,
      spool: SpoolSettings(directory: folder.path + "/spool", maximumBytes: 1 << 20),
      deadLetters: folder.path + "/dead", accepted: { _ in })
    defer { sink.stop(within: .zero) }
    let now = Int(Date().timeIntervalSince1970) * 1000
    let text = (0..<50).map { "raw,plant=p,sensor=s\($0) value=\($0).5 \(now)\n" }.joined()
    sink.submit(WriteBatch(bytes: Array(text.utf8), lines: 50, upTo: 50))
    #expect(Waiting.until { sink.counts.accounts.spooled.points == 50 && sink.acceptedUpTo == 50 })
    let server = try ChildProcess(
      program: victoriaMetrics,
      arguments: ["-httpListenAddr=127.0.0.1:\(port)", "-storageDataPath=\(folder.path)/data"],
      log: folder.path + "/log")
    defer { server.kill() }
    #expect(Waiting.until(seconds: 30) { sink.counts.accounts.written == PointTally(points: 50, readings: 50) })
    let client = try #require(
      HTTPClient(url: url, caFile: nil, connectTimeout: .second, totalTimeout: .seconds(10)))
    func exported() -> String {
      client.send(
        "\(url)/api/v1/export?match[]=raw_value", body: nil, contentType: "text/plain", authorization: nil, basic: nil
      ).body
    }
    #expect(Waiting.until(seconds: 20) { exported().split(separator: "\n").count == 50 })
    #expect(exported().contains(#""sensor":"s49""#) && exported().contains("[49.5]"))
    #expect(sink.counts.deadLetters.isEmpty)
  }
}
