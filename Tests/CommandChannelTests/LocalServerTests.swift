import Foundation
import InfluxSink
import LocalServers
import PlantTesting
import Testing

@Suite struct LocalServerTests {
  @Test func `a database of one's own keeps what was written over a kill and answers with typed rows`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    try influx.write("m,asset=a\\ b value=1.5,n=3i,ok=true,text=\"é\" 1700000000123")
    influx.kill()
    #expect(!influx.isRunning)
    try influx.start()
    let rows = try influx.query("SELECT * FROM m GROUP BY asset")
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row.measurement == "m" && row.text("asset") == "a b" && row.number("value") == 1.5)
    #expect(row["n"] == .integer(3) && row["ok"] == .boolean(true) && row.text("text") == "é")
    #expect(row["time"] == .integer(1_700_000_000_123))
  }

  @Test func `a kept database lies in its folder after the stop, whatever the folder is called`() throws {
    let folder = try TemporaryFolder(prefix: "wattline \"kept\" \\ é")
    defer { folder.remove() }
    var options = LocalInflux.Options()
    options.keep = folder.path + "/influxdb"
    options.index = "tsi1"
    let influx = try LocalInflux.started(options: options)
    try influx.createDatabase()
    try influx.write("m value=1 1700000000000")
    influx.stop()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/influxdb")
    #expect(Set(["data", "meta", "wal"]).isSubset(of: names))
  }

  @Test func `the database's error becomes an error that quotes the statement`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    #expect(throws: ServerError.self) { _ = try influx.query("SELEC") }
  }

  @Test func `a broker that cannot start says what its log says`() throws {
    var options = LocalBroker.Options()
    options.furtherLines = ["no_such_option true"]
    let broker = try LocalBroker(options: options)
    let error = #expect(throws: ServerError.self) { try broker.start() }
    #expect(error?.description.contains("no_such_option") == true)
  }

  @Test func `a stopped server's process and port are gone`() throws {
    let broker = try LocalBroker.started()
    #expect(Loopback.accepts(port: broker.port))
    broker.stop()
    #expect(!broker.isRunning)
    #expect(!Loopback.accepts(port: broker.port))
  }
}
