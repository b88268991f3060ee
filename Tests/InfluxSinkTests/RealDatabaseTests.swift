import CurlTransport
import Foundation
import LocalServers
import PlantModel
import PlantTesting
import PointSchema
import Settings
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

private let influxDaemon = "/usr/bin/influxd"

/// Against the database itself, where it is installed.
@Suite("A real InfluxDB 1.x", .enabled(if: access(influxDaemon, X_OK) == 0), .timeLimit(.minutes(10)))
struct RealDatabaseTests {
  @Test func `hostile names and extreme numbers are stored as written; a conflicting line alone is refused`() throws {
    let server = try Server()
    defer { server.stop() }
    let names = ["plain", "a,b=c d", "x\nraw value=2", "end\\", "a\\ b\"", "🔋 ünï/çø.dé", "\\\\,\"=\" v=\"1\n2"]
    var encoder = LineEncoder()
    var expected = 0
    for name in names {
      var register = PlantRegister(
        plant: Plant(name: name, location: Location(latitude: 0, longitude: 0, timezone: "UTC")))
      let series = register.admit(asset: name, sensor: name)
      var readings = ReadingBatch()
      for (index, value) in [1.5, -0.0, 1e300, .leastNonzeroMagnitude, 0.1 * 3, .greatestFiniteMagnitude].enumerated() {
        let time = Timestamp(milliseconds: 1_700_000_000_000 + Int64(index))
        readings.append(series: series, time: time, raw: value, value: value, hasSourceTime: true)
        expected += 1
      }
      encoder.append(readings, of: register)
      var points = PointBatch()
      points.begin(PointKey(.alerts, .series(series), name), at: Timestamp(milliseconds: 1_700_000_000_000))
      points.field("text", text: name)
      encoder.append(points, of: register)
    }
    var conflict = WriteBatch(bytes: Array("raw,plant=odd value=\"text\" 1700000000000\n".utf8), lines: 1, upTo: 1)
    conflict.bytes = encoder.bytes + conflict.bytes + Array("not a line\n".utf8)
    conflict.lines = encoder.lineCount + 2

    var settings = DatabaseSettings()
    settings.url = server.url
    settings.database = "watt \"line\""
    var options = SinkOptions()
    options.shortestBackoff = .milliseconds(20)
    options.longestBackoff = .milliseconds(200)
    let sink = try InfluxSink(settings, options: options, deadLetters: server.folder + "/dead-letter") { _ in }
    sink.submit(conflict)
    #expect(sink.stop(within: .seconds(40)) == 1)
    #expect(sink.counts.deadLetters == [.typeConflict: 1, .malformed: 1])
    #expect(sink.counts.pointsWritten == UInt64(encoder.lineCount))
    #expect(try server.query("SELECT count(value) FROM raw").contains(",\(expected)]"))
    #expect(try server.query("SELECT count(value) FROM clean").contains(",\(expected)]"))
    #expect(try server.query("SELECT count(text) FROM alerts").contains(",\(names.count)]"))
    // One series a name, none that a name has brought in, and the key of the line whose value was refused.
    let series = try server.query("SHOW SERIES CARDINALITY FROM raw")
    #expect(series.contains("[\(names.count + 1)]"), "\(series)")
    let tags = try server.query("SHOW TAG VALUES FROM raw WITH KEY = asset")
    #expect(tags.contains(#"["asset","a,b=c d"]"#) && tags.contains("🔋 ünï/çø.dé"))
  }

  @Test func `lines that wait while the database is away are in it when it has come back`() throws {
    let server = try Server(started: false)
    defer { server.stop() }
    var settings = DatabaseSettings()
    settings.url = server.url
    var options = SinkOptions()
    options.shortestBackoff = .milliseconds(20)
    options.longestBackoff = .milliseconds(100)
    let sink = try InfluxSink(settings, options: options, deadLetters: server.folder + "/dead-letter") { _ in }
    for index in 0..<10 {
      sink.submit(WriteBatch(bytes: Array("m v=1 \(index)\n".utf8), lines: 1, upTo: UInt64(index)))
    }
    #expect(Waiting.until(seconds: 30) { sink.counts.state != .ok })
    try server.start()
    #expect(sink.stop(within: .seconds(40)) == 9)
    #expect(try server.query("SELECT count(v) FROM m", database: "wattline").contains(",10]"))
  }

  @Test func `a database at its limit of series holds the data back, and nothing is declared dead`() throws {
    let server = try Server(data: "index-version = \"inmem\"\n  max-series-per-database = 5")
    defer { server.stop() }
    var settings = DatabaseSettings()
    settings.url = server.url
    let sink = try InfluxSink(settings, deadLetters: server.folder + "/dead-letter") { _ in }
    let lines = (0..<10).map { "m,n=\($0) v=1 1\n" }.joined()
    sink.submit(WriteBatch(bytes: Array(lines.utf8), lines: 10, upTo: 1))
    #expect(Waiting.until(seconds: 30) { sink.counts.state != .ok })
    guard case .held(.limit, let words) = sink.counts.state else {
      Issue.record("\(sink.counts.state)")
      return
    }
    #expect(words.contains("max-series-per-database"))
    #expect(sink.stop(within: .milliseconds(100)) == nil)
    #expect(sink.counts.deadLetters.isEmpty)
  }

  /// A database on free ports in a folder of its own.
  private final class Server {
    let folder = NSTemporaryDirectory() + "influx-\(UUID().uuidString)"
    let port: Int
    private var process: ChildProcess?
    var url: String { "http://127.0.0.1:\(port)" }

    init(started: Bool = true, data: String = "index-version = \"tsi1\"") throws {
      port = try Loopback.freePort()
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let config = """
        reporting-disabled = true
        bind-address = "127.0.0.1:\(try Loopback.freePort())"
        [meta]
          dir = "\(folder)/meta"
        [data]
          dir = "\(folder)/data"
          wal-dir = "\(folder)/wal"
          \(data)
        [http]
          bind-address = "127.0.0.1:\(port)"
          log-enabled = false
        [monitor]
          store-enabled = false
        """
      try config.write(toFile: folder + "/influxdb.conf", atomically: true, encoding: .utf8)
      if started { try start() }
    }

    func start() throws {
      process = try ChildProcess(
        program: influxDaemon, arguments: ["-config", folder + "/influxdb.conf"], log: "/dev/null")
      let client = try #require(HTTPClient(url: url, caFile: nil, connectTimeout: .second, totalTimeout: .second))
      let isReady = Waiting.until(seconds: 30, pause: 50) {
        client.send(url + "/ping", body: nil, contentType: "text/plain", authorization: nil, basic: nil).status == 204
      }
      #expect(isReady, "the database did not start")
    }

    func stop() {
      process?.kill()
      try? FileManager.default.removeItem(atPath: folder)
    }

    func query(_ text: String, database: String = "watt \"line\"") throws -> String {
      let client = try #require(
        HTTPClient(url: url, caFile: nil, connectTimeout: .second, totalTimeout: .seconds(10)))
      let words = "db=\(WriteEndpoint.percentEncoded(database))&q=\(WriteEndpoint.percentEncoded(text))"
      return client.send(
        "\(url)/query?\(words)", body: nil, contentType: "text/plain", authorization: nil, basic: nil
      ).body
    }
  }
}
