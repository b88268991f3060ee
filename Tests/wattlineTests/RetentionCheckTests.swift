import Foundation
import LocalServers
import Testing

@Suite("What check says about retention")
struct RetentionCheckTests {
  private static let plant = """
    plant: hillside
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    topics: [{match: "hillside/{asset}/{sensor}"}]

    """

  private func check(_ influxdb: String, sensors: String = "", flag: String...) throws -> Program.Result {
    let files = ["wattline.yaml": "influxdb: {\(influxdb)}\n", "hillside.yaml": Self.plant + sensors]
    var result: Program.Result?
    try inFolder(files) { result = try Program.run(["check", "--config", $0] + flag) }
    return try #require(result)
  }

  @Test func `it tells ages, hours and sizes of a sensor by the table of the administrator's page`() throws {
    let output = try check("retention: {raw: 90d, forecast: 2y}").output
    let told = output.components(separatedBy: "\n").drop { !$0.hasPrefix("influxdb.retention") }
    let expected = [
      "influxdb.retention: whole days are deleted from 01:00 to 05:00 Europe/Berlin, and what is younger stays",
      "  raw: deleted after 90 days; about 5.3 MB stay",
      "  clean: never deleted; grows by about 22 MB a year",
      "  feature_1m: never deleted; grows by about 36 MB a year",
      "  forecast: deleted after 730 days",
      "  pipeline: never deleted",
      "  everything else: never deleted; grows by about 3.4 MB a year",
      "  sizes are of InfluxDB 1.x, for each sensor, because the files name none, with a reading each 10 s; "
        + "docker/README.md has them",
      "  versions 1 and 2 delete; version 3 Core deletes no points: bound the whole database there "
        + "(influxdb3 create database --retention-period)", "",
    ]
    #expect(Array(told) == expected, "\(output)")
  }

  @Test func `sizes grow with the sensors that the files name, and JSON has them`() throws {
    let sensors = "sensors: [{match: load.power, unit: kW}, {match: load.voltage, unit: V}]\n"
    let output = try check("version: 2, retention: {raw: 90d}", sensors: sensors).output
    #expect(output.contains("raw: deleted after 90 days; about 11 MB stay"), "\(output)")
    #expect(output.contains("for 2 sensors that the files name") && output.contains("version 2 deletes by"))
    let json = try check("retention: {raw: 90d}", sensors: sensors, flag: "--json").output
    let document = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let retention = try #require(document["retention"] as? [String: Any])
    #expect((retention["kept_bytes"] as? [String: Double])?["raw"] == 10_575_360)
    #expect((retention["deleted_after_days"] as? [String: Double])?["raw"] == 90)
  }

  @Test func `without retention nothing is said`() throws {
    #expect(try !check("database: wattline").output.contains("retention"))
  }
}
