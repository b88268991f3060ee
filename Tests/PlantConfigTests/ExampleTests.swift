import Foundation
import PlantModel
import PlantTesting
import Settings
import Testing
import WattlineTime

@testable import PlantConfig

@Suite("Examples of configuration")
struct ExampleTests {
  @Test
  func `the folder that is shipped has no mistake, and takes users and passwords from the environment, if any`() throws
  {
    let root = PackageFolder.root()
    let path = root.appendingPathComponent("pipelines").path
    let files = try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { $0.hasSuffix(".yaml") }
      .map { ($0, [UInt8](FileManager.default.contents(atPath: "\(path)/\($0)") ?? Data())) }
    #expect(!files.isEmpty)
    func load(_ environment: [String: String]) -> LoadedConfiguration {
      ConfigurationLoader.load(files: files, environment: environment) { _ in nil }
    }
    let plain = load([:])
    #expect(plain.diagnostics.map(\.description) == [])
    #expect(plain.settings.mqtt.username == nil && plain.settings.mqtt.password == nil)
    #expect(plain.settings.influxdb.username == nil && plain.settings.influxdb.password == nil)
    let secured = load([
      "WATTLINE_MQTT_USERNAME": "a", "WATTLINE_MQTT_PASSWORD": "b", "WATTLINE_INFLUXDB_USERNAME": "c",
      "WATTLINE_INFLUXDB_PASSWORD": "d",
    ])
    #expect(secured.diagnostics.map(\.description) == [])
    #expect(secured.settings.mqtt.username == "a" && secured.settings.mqtt.password?.text == "b")
    #expect(secured.settings.influxdb.username == "c" && secured.settings.influxdb.password?.text == "d")
  }

  @Test func `a plant with every part of the format is read as it is meant`() throws {
    let text = """
      plant: riverside
      location: {latitude: 34.06, longitude: -117.45, timezone: America/Los_Angeles}
      currency: USD
      topics:
        - match: "riverside/{asset}/{sensor}"
        - match: "tele/{asset}/SENSOR"
          payload: json
          time: "/Time"
          values: {power_w: "/ENERGY/Power", voltage: "/ENERGY/Voltage"}
          scale:  {power_w: 0.001}
          rename: {power_w: power}
        - match: "N/{portal}/battery/{asset}/{sensor}"
          payload: json
          values: {"{sensor}": "/value"}
        - match: "dsmr/reading/{sensor}"
          asset: meter
        - match: "emon/{asset}"
          payload: csv
          values: {power: 0, voltage: 3}
      assets:
        pv1:  {kind: pv, capacity_kw: 120, tilt: 20, azimuth: 180}
        bess: {kind: battery, energy_kwh: 250, power_kw: 100, efficiency: 0.92, soc_min: 0.1, soc_max: 0.95}
        load: {kind: load}
        grid: {kind: grid, import_limit_kw: 300, export_limit_kw: 150}
        chiller: {kind: load, within: load}
      sensors:
        - {match: "pv1.temperature", unit: celsius, range: [-40, 95]}
        - {match: "load.energy", unit: kWh, sampling: counter}
      tariff: {import: [{from: "00:00", price: 0.21}, {from: "16:00", to: "21:00", price: 0.54}], export: 0.05}
      """
    let loaded = ConfigurationLoader.load(files: [("riverside.yaml", Array(text.utf8))], environment: [:]) { _ in nil }
    try #require(loaded.diagnostics.map(\.description) == [])
    let plant = try #require(loaded.plants.first)
    #expect(plant.name == "riverside" && plant.currency == "USD" && plant.location.latitude == 34.06)
    #expect(plant.location.timezone == "America/Los_Angeles")
    #expect(plant.topics.map(\.payload) == [.auto, .json, .json, .auto, .csv])
    #expect(plant.topics[1].scale == ["power_w": 0.001] && plant.topics[1].rename == ["power_w": "power"])
    #expect(plant.topics[3].asset == "meter")
    #expect(plant.assets.map(\.name) == ["pv1", "bess", "load", "grid", "chiller"])
    #expect(plant.assets.map(\.kind) == [.pv, .battery, .load, .grid, .load])
    #expect(plant.assets[4].within == "load")

    var register = PlantRegister(plant: plant)
    func profile(_ asset: String, sensor: String) -> SensorProfile {
      let index = register.admit(asset: asset, sensor: sensor)
      return register.series[index.position].profile
    }
    #expect(profile("pv1", sensor: "temperature").range == -40...95)
    #expect(profile("load", sensor: "energy").sampling == .counter)
    #expect(profile("bess", sensor: "power").unit == Unit.named("kW"))

    let prices = [12, 16, 20, 21].map { hour in
      let local = CivilTime(year: 2026, month: 3, day: 4, hour: hour)
      return plant.tariff.importPrice(at: local.utc, local: local)
    }
    #expect(prices == [0.21, 0.54, 0.54, 0.21] && plant.tariff.exportPrice == 0.05)
  }

  @Test func `a process with every part of the format is read as it is meant`() throws {
    let text = """
      mqtt:     {url: "mqtt://10.0.0.7:1884", client_id: hall, qos: 2}
      influxdb: {url: "http://127.0.0.1:8087", database: energy, version: 2, org: o, token_file: t}
      journal:  {path: /tmp/j, max_bytes: 10GiB, sync: 50ms}
      workers: auto
      """
    let loaded = ConfigurationLoader.load(files: [("wattline.yaml", Array(text.utf8))], environment: [:]) { _ in "x" }
    try #require(loaded.diagnostics.map(\.description) == [])
    let settings = loaded.settings
    #expect(settings.mqtt.host == "10.0.0.7" && settings.mqtt.port == 1884 && settings.mqtt.clientID == "hall")
    #expect(settings.influxdb.database == "energy" && settings.influxdb.version == .v2)
    #expect(settings.journal.maximumBytes == 10 << 30 && settings.journal.sync == .interval(.milliseconds(50)))
    #expect(settings.workers == nil)
  }
}
