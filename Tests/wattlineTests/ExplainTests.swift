import Foundation
import LocalServers
import PlantTesting
import Testing

@Suite("wattline explain")
struct ExplainTests {
  private static let plant = """
    plant: hillside
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    topics:
      - match: "tele/{asset}/SENSOR"
        payload: json
        time: "/Time"
        values: {power: {at: "/ENERGY/Power", unit: W}, voltage: "/ENERGY/Voltge"}
      - match: "hillside/{asset}/{sensor}"
    assets: {roof: {kind: pv, capacity_kw: 30}}
    """

  private func explain(_ words: String..., plant: String = plant) throws -> Program.Result {
    var result: Program.Result?
    try inFolder(["hillside.yaml": plant]) { folder in
      result = try Program.run(["explain", "--config", folder] + words)
    }
    return try #require(result)
  }

  @Test(
    "a message's rule and readings are told with units, time and quality, and what was not found with the nearest place"
  )
  func aMessagesRuleAndReadingsAreToldWithUnitsTimeAndQualityAndWhatWasNotFound() throws {
    let payload = #"{"Time":"2026-06-01T12:00:00","ENERGY":{"Power":170,"Voltage":230}}"#
    let result = try explain("tele/plug/SENSOR", payload, "--received", "2026-06-01T10:00:01Z")
    #expect(result.code == 0 && result.errors == "")
    for words in [
      "plant hillside, rule 1: tele/{asset}/SENSOR  json  {asset} = plug", "plug.power", "0.17 kW",
      "2026-06-01T10:00:00Z",
      "from the payload", "good", "voltage at \"/ENERGY/Voltge\" (missing_value)", "\"/ENERGY/Voltage\"",
    ] {
      #expect(result.output.contains(words), "\(words) is not in \(result.output)")
    }
  }

  @Test func `a message that gives nothing says why, and ends with 1`() throws {
    let unmatched = try explain("hillsde/roof/power", "1")
    #expect(unmatched.code == 1 && unmatched.output.contains("no rule of any plant matches 'hillsde/roof/power'"))
    #expect(unmatched.output.contains("hillside/{asset}/{sensor}"))
    let word = try explain("hillside/roof/power", "full")
    #expect(word.code == 1 && word.output.contains("not_a_number"))
    let retained = try explain("hillside/roof/power", "1", "--retained")
    #expect(retained.code == 1 && retained.output.contains("retained"))
  }

  @Test func `a payload may come from a file, and the answer as one JSON document`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-explain")
    defer { folder.remove() }
    let file = folder.path + "/payload"
    try Data("21.5\n".utf8).write(to: URL(fileURLWithPath: file))
    let result = try explain("hillside/roof/power", "@\(file)", "--json")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let readings = try #require(document["readings"] as? [[String: Any]])
    #expect(readings.count == 1 && readings[0]["raw"] as? Double == 21.5 && readings[0]["unit"] as? String == "kW")
    #expect(try explain("hillside/roof/power", "@\(file).none").code == 1)
  }

  // MARK: The collection

  private static let collection = """
    plant: collection
    location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
    topics:
      - match: "{a}/{b}/{c}/{asset}/tele/SENSOR"
        time: "/Time"
        values: {power: {at: "/ENERGY/Power", unit: W}, energy: "/ENERGY/Total"}
      - match: "tele/{asset}/SENSOR"
        time: "/Time"
        values:
          power: {at: "/ENERGY/Power", unit: W}
          energy: "/ENERGY/Total"
          voltage: "/ENERGY/Voltage"
          current_l1: "/ENERGY/Current/0"
          current_l2: "/ENERGY/Current/1"
          flow_temperature: {at: "/OPENTHERM/TB", unit: celsius}
          temperature: "/SCD40/Temperature"
          co2: {at: "/SCD40/CarbonDioxide", unit: ppm}
          kitchen_temperature: {at: "/ZbReceived/Kitchen/Temperature", unit: celsius}
          kitchen_humidity: {at: "/ZbReceived/Kitchen/Humidity", unit: percent}
      - {match: "tele/{asset}/STATE", time: "/Time", values: {switch: /POWER}}
      - {match: "N/{portal}/system/0/Dc/{asset}/{sensor}"}
      - {match: "N/{portal}/{service}/{asset}/Dc/{string}/{sensor}"}
      - {match: "N/{portal}/{asset}/Ac/L1/Energy/{sensor}"}
      - {match: "N/{portal}/{asset}/Ac/L1/{sensor}"}
      - {match: "N/{portal}/settings/0/Settings/{asset}/{sensor}"}
      - {match: "N/{portal}/{sensor}"}
      - match: "shellies/{asset}/emeter/0/total"
        sensor: energy
        unit: Wh
      - {match: "shellies/{asset}/emeter/0/power", sensor: power, unit: W}
      - {match: "shellies/{asset}/emeter/0/{sensor}"}
      - {match: "shellies/{asset}/relay/0", sensor: switch}
      - match: "{x}/events/rpc"
        asset: "/src"
        time: "/params/ts"
        unit: W
        values:
          em: /params/em:0/act_power
          total: /params/em:0/total_act_power
          em1: /params/em1:0/act_power
          s1: /params/switch:1/apower
          s3: /params/switch:3/apower
      - {match: "{x}/rpc", asset: "/src", values: {power: {at: /result/act_power, unit: W}}}
      - {match: "{asset}/status/em1:0", values: {power: {at: /act_power, unit: W}}}
      - {match: "zigbee2mqtt/{asset}"}
      - {match: "zigbee2mqtt/{asset}/{sensor}"}
      - {match: "inverter/{asset}/ch{channel}/P_{kind}", sensor: "power_{channel}", unit: W}
      - {match: "inverter/{asset}/ch{channel}/{sensor}"}
      - {match: "inverter/{asset}/{sensor}"}
      - match: "energy/{bridge}"
        asset: "/device"
        time: "/time"
        values: {power: {at: /values/pvpowerin, unit: W, scale: 0.1}, voltage: {at: /values/pv1voltage, scale: 0.1}}
      - {match: "growatttomqtt/status/{asset}/data", values: {soc: /stateOfCharge, grid_import: {at: /pactousertot, unit: W}}}
      - {match: "homeassistant/sensor/{asset}/state", sensor: power, unit: W}
      - {match: "homeassistant/{domain}/{asset}/{sensor}"}
    """

  @Test(
    "every recorded payload is explained: what is expected of it stands among its readings, or a reason is told",
    .enabled(
      if: FileManager.default.isReadableFile(atPath: recordings.path), "the collection of payloads is not here"))
  func everyRecordedPayloadIsExplainedWhatIsExpectedOfItStandsAmongItsReadings() throws {
    let lines = try String(contentsOf: Self.recordings, encoding: .utf8).split(separator: "\n")
    try inFolder(["collection.yaml": Self.collection]) { folder in
      for line in lines {
        let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let (topic, payload) = (record["topic"] as? String ?? "", record["payload"] as? String ?? "")
        let result = try Program.run(["explain", "--config", folder, "--json", topic, payload])
        let document = try #require(
          try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
        let readings = document["readings"] as? [[String: Any]] ?? []
        #expect(result.code == (readings.isEmpty ? 1 : 0))
        if readings.isEmpty { #expect((document["outcome"] as? String ?? "readings") != "readings", "\(topic)") }
        let values = readings.compactMap { $0["raw"] as? Double }
        for (name, value) in record["expect"] as? [String: Any] ?? [:] where !name.hasPrefix("ts") {
          let wanted = (value as? [Double]) ?? [(value as? NSNumber)?.doubleValue ?? .nan]
          for number in wanted {
            // Watts arrive as kilowatts, which are the sensor's own.
            let found = values.contains { value in
              [1, 1000].contains { abs(value * $0 - number) <= 1e-4 * max(1, abs(number)) }
            }
            #expect(found, "\(topic) \(payload): \(name) \(number) is not among \(values)")
          }
        }
      }
    }
  }

  /// The collection lies beside the package, or where `WATTLINE_DATA` says.
  private static let recordings = PackageFolder.recordings().appendingPathComponent("mqtt_payloads/payloads.jsonl")
}
