import CommandChannel
import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@Suite("wattline scenario")
struct ScenarioCommandTests {
  private static let start: Int64 = 1_704_067_200

  /// Five weeks of hours: a load that follows the temperature, and PV.
  private static var rows: [(time: Int64, load: Double, pv: Double, air: Double)] {
    (0..<(35 * 24)).map { hour in
      let clock = Double(hour % 24)
      let air = 15 + 8 * sin(Double(hour) / 50) + 5 * sin((clock - 9) / 24 * 2 * .pi)
      return (start + Int64(hour) * 3600, 20 + max(0, air - 12) + clock / 6, max(0, 6 - abs(clock - 12)), air)
    }
  }

  @Test
  func `a heat wave on a CSV file is told as text and as JSON; without a plant it is not kept, which is said`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-scenario")
    defer { folder.remove() }
    let path = folder.path + "/site.csv"
    let lines = Self.rows.map { "\(Timestamp(seconds: $0.time)),\($0.load),\($0.pv),\($0.air)" }
    try ("time,load.power,pv1.power,weather.temperature\n" + lines.joined(separator: "\n"))
      .write(toFile: path, atomically: true, encoding: .utf8)
    let words = ["scenario", path, "--event", "heat=+6K@1d+2d", "--price", "0.3", "--runs", "50"]
    let text = try Program.run(words)
    #expect(text.code == 0)
    #expect(text.output.contains("kW a kelvin"))
    #expect(text.errors.contains("--plant"))
    let json = try Program.run(words + ["--json", "--trace", folder.path + "/trace.csv"])
    let document = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let cost = try #require(document["cost"] as? [String: Any])
    let change = try #require(cost["change"] as? [String: Double])
    #expect(change["p50", default: 0] > 0)
    let trace = try String(contentsOfFile: folder.path + "/trace.csv", encoding: .utf8)
    #expect(trace.split(separator: "\n").count == 7 * 24 + 1)
  }

  @Test func `a plant's history in the database is the recording, and the run is kept there`() throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    var lines = ""
    for row in Self.rows {
      for (asset, sensor, value) in [
        ("load", "power", row.load), ("pv1", "power", row.pv), ("weather", "temperature", row.air),
      ] {
        lines += "feature,plant=hill,asset=\(asset),sensor=\(sensor),window=15m mean=\(value) \(row.time * 1000)\n"
      }
    }
    try influx.write(lines)
    let folder = try TemporaryFolder(prefix: "wattline-scenario")
    defer { folder.remove() }
    try """
    plant: hill
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    topics: [{match: "hill/{asset}/{sensor}"}]
    assets: {load: {kind: load}, pv1: {kind: pv, capacity_kw: 10}, weather: {kind: weather}}
    tariff: {import: 0.3, export: 0.05}
    """.write(toFile: folder.path + "/hill.yaml", atomically: true, encoding: .utf8)
    try "influxdb: {url: \"\(influx.url)\"}\n"
      .write(toFile: folder.path + "/wattline.yaml", atomically: true, encoding: .utf8)
    let words = ["--plant", "hill", "--config", folder.path, "--event", "pv1:capacity=+50%", "--runs", "20"]
    let result = try Program.run(["scenario", "--name", "more sun"] + words)
    #expect(result.code == 0, "\(result.errors)")
    let kept = try influx.query("SELECT count(load_kw_p50), max(cost_p50), max(peak_kw_p90) FROM scenario GROUP BY *")
    let row = try #require(kept.first)
    #expect(row.tags == ["plant": "hill", "scenario": "more sun"])
    #expect(row.number("count") == 168)
    #expect((row.number("max") ?? 0) > 0)
    // Where the account of energy has the load, it is what counts: here twice what the means of the power are.
    let account = Self.rows.map { row in
      "energy,plant=hill,asset=load forward_kwh=\(row.load / 2),reverse_kwh=0,known_share=1 \(row.time * 1000)\n"
    }
    try influx.write(account.joined())
    #expect(try Program.run(["scenario", "--name", "counted"] + words).code == 0)
    let recorded = try influx.query("SELECT mean(recorded_kw) FROM scenario GROUP BY scenario")
    let mean = Dictionary(recorded.map { ($0.tags["scenario"] ?? "", $0.number("mean") ?? .nan) }) { first, _ in first }
    let load = Self.rows.suffix(168).reduce(0) { $0 + $1.load } / 168
    #expect(abs((mean["counted"] ?? .nan) - (mean["more sun"] ?? .nan) - load) < 0.05 * load, "\(mean) \(load)")
    // A plant that began just now.
    try influx.write("feature,plant=vale,asset=load,sensor=power,window=15m mean=1 1790000000000\n")
    try "plant: vale\nlocation: {latitude: 48, longitude: 11, timezone: UTC}\nassets: {load: {kind: load}}\n"
      .write(toFile: folder.path + "/vale.yaml", atomically: true, encoding: .utf8)
    let young = try Program.run("scenario", "--plant", "vale", "--config", folder.path, "--event", "heat=+6K")
    #expect(young.code == 1 && young.errors.contains("has too few quarter-hour means of the plant vale"), "\(young)")
  }

  @Test(
    arguments: [
      (["scenario"], "needs --event", 2), (["scenario", "--event", "heat=+6K"], "FILE.csv", 2),
      (["scenario", "x.csv", "--event", "rain"], "heat, shutdown", 2),
      (["scenario", "/nowhere.csv", "--event", "heat=+6K"], "cannot be read", 1),
      (["scenario", "x.csv", "--event", "heat=+6K", "--days", "0"], "from 1 to 92", 2),
    ] as [([String], String, Int32)])
  func `mistakes are told with what would be right`(words: [String], hint: String, code: Int32) throws {
    let result = try Program.run(words)
    #expect(result.code == code)
    #expect(result.errors.contains(hint))
  }
}
