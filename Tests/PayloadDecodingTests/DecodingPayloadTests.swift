import Foundation
import PayloadDecoding
import PlantModel
import PlantTesting
import Testing
import WattlineTime

/// Recorded payloads of real devices, each taken in by a rule alone.
struct DecodingPayloadTests {
  /// The rule for an entry of the collection, and what the collection does not say itself.
  struct Entry {
    var rule: TopicRule
    var extra: [String: Double] = [:]
    var refusal: RefusalReason?

    init(
      _ match: String, asset: String? = nil, sensor: String? = nil, time: String? = nil,
      values: KeyValuePairs<String, String> = [:], scale: [String: Double] = [:], rename: [String: String] = [:],
      extra: [String: Double] = [:], refusal: RefusalReason? = nil
    ) {
      rule = TopicRule(
        match: match, asset: asset, sensor: sensor, time: time, values: TopicRule.Value.list(values), scale: scale,
        rename: rename)
      self.extra = extra
      self.refusal = refusal
    }
  }

  /// In the order of the collection.
  static let entries: [Entry] = [
    Entry(
      "emoncms/ch2i/factory/{asset}/tele/SENSOR", time: "/Time",
      values: ["power_w": "/ENERGY/Power", "energy_total_kwh": "/ENERGY/Total"]),
    Entry(
      "tele/{asset}/SENSOR", time: "/Time",
      values: ["power_w": "/ENERGY/Power", "voltage_v": "/ENERGY/Voltage", "energy_total_kwh": "/ENERGY/Total"]),
    Entry("tele/{asset}/SENSOR", values: ["current_a_0": "/ENERGY/Current/0", "current_a_1": "/ENERGY/Current/1"]),
    Entry("tele/{asset}/SENSOR", time: "/Time", values: ["boiler_flow_c": "/OPENTHERM/TB"]),
    Entry("tele/{asset}/SENSOR", values: ["temperature_c": "/SCD40/Temperature", "co2_ppm": "/SCD40/CarbonDioxide"]),
    Entry("tele/{asset}/STATE", values: ["switch": "/POWER"], extra: ["switch": 0]),
    Entry("tele/{asset}/STATE", time: "/Time", values: ["switch": "/POWER"], extra: ["switch": 1]),
    Entry("tele/{asset}/SENSOR", values: ["d0": "/MCP230XX/D0"], refusal: .malformedJSON),
    Entry(
      "tele/{asset}/SENSOR",
      values: ["temperature_c": "/ZbReceived/Kitchen/Temperature", "humidity_pct": "/ZbReceived/Kitchen/Humidity"]),
    Entry("N/{portal}/system/0/Dc/{asset}/{sensor}", rename: ["Soc": "soc_pct"]),
    Entry("N/{portal}/system/0/Dc/{asset}/{sensor}", rename: ["Current": "battery_current_a"]),
    Entry("N/{portal}/system/0/Dc/{asset}/{sensor}", refusal: .notANumber),
    Entry("N/{portal}/system/0/Dc/{asset}/{sensor}", refusal: .missingValue),
    Entry("N/pvinverter/{asset}/Ac/L1/{sensor}", rename: ["Power": "pv_power_w"]),
    Entry("N/pvinverter/{asset}/Ac/L1/Energy/{sensor}", rename: ["Forward": "pv_energy_kwh"]),
    Entry("N/{portal}/solarcharger/{asset}/Dc/0/{sensor}", rename: ["Voltage": "voltage_v"]),
    Entry("N/{portal}/settings/0/Settings/{asset}/{sensor}", extra: ["Enable": 1]),
    Entry("N/{asset}/full_publish_completed", sensor: "completed", extra: ["completed": 1_702_459_522]),
    Entry("shellies/{asset}/emeter/0/{sensor}", rename: ["power": "power_w"]),
    Entry("shellies/{asset}/emeter/0/{sensor}", rename: ["voltage": "voltage_v"]),
    Entry("shellies/{asset}/emeter/0/{sensor}", scale: ["total": 0.001], rename: ["total": "energy_total_kwh"]),
    Entry("shellies/{asset}/relay/0", sensor: "switch"),
    Entry("{asset}/events/rpc", time: "/params/ts", values: ["power_w": "/params/em:0/act_power"]),
    Entry("{asset}/status/em1:0", values: ["power_w": "/act_power"]),
    Entry("{asset}/events/rpc", time: "/params/ts", values: ["power_w": "/params/em1:0/act_power"]),
    Entry("{asset}/rpc", values: ["power_w": "/result/act_power"]),
    Entry("{asset}/events/rpc", time: "/params/ts", values: ["power_w": "/params/switch:1/apower"]),
    Entry(
      "{asset}/events/rpc", time: "/params/ts", values: ["power_w": "/params/switch:3/apower"], refusal: .missingValue),
    Entry("zigbee2mqtt/{asset}", values: ["power_w": "/power", "energy_total_kwh": "energy", "voltage_v": "/voltage"]),
    Entry("zigbee2mqtt/{asset}", values: ["temperature_c": "/temperature"]),
    Entry("zigbee2mqtt/{asset}/{sensor}", refusal: .retained),
    Entry("zigbee2mqtt/{asset}/{sensor}", extra: ["availability": 1]),
    Entry("inverter/{asset}/ch0/{sensor}", rename: ["P_AC": "pv_power_w"]),
    Entry("inverter/{asset}/ch0/{sensor}", rename: ["U_AC": "voltage_v"]),
    Entry("inverter/{asset}/ch0/{sensor}", rename: ["YieldDay": "energy_day_wh"]),
    Entry("inverter/{asset}/ch0/{sensor}", rename: ["YieldTotal": "energy_total_kwh"]),
    Entry("inverter/{asset}/ch{string}/P_DC", sensor: "pv_power_w"),
    Entry("inverter/{asset}/{sensor}", extra: ["available": 2]),
    Entry("inverter/{asset}/{sensor}", extra: ["last_success": 1_672_155_690]),
    Entry(
      "energy/{asset}", time: "/time", values: ["pv_power_w": "/values/pvpowerin", "voltage_v": "/values/pv1voltage"],
      scale: ["pv_power_w": 0.1, "voltage_v": 0.1]),
    Entry(
      "growatttomqtt/status/{asset}/data", values: ["soc_pct": "/stateOfCharge", "grid_import_w": "/pactousertot"]),
    Entry("homeassistant/light/{asset}/{sensor}", extra: ["state": 1]),
    Entry("homeassistant/sensor/{asset}/state", sensor: "power_w"),
    Entry("homeassistant/light/{asset}/{sensor}", refusal: .notANumber),
  ]

  /// The collection lies beside the package, or where `WATTLINE_DATA` says.
  static let collection = PackageFolder.recordings().appendingPathComponent("mqtt_payloads/payloads.jsonl")

  @Test(
    .enabled(
      if: FileManager.default.isReadableFile(atPath: collection.path), "the collection of payloads is not here"))
  func `every recorded payload is taken in by configuration alone, or refused with the reason`() throws {
    let lines = try String(contentsOf: DecodingPayloadTests.collection, encoding: .utf8)
      .split(separator: "\n").map(String.init)
    #expect(lines.count == DecodingPayloadTests.entries.count)
    for (line, entry) in zip(lines, DecodingPayloadTests.entries) {
      let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      try check(record, entry: entry)
    }
  }

  private func check(_ record: [String: Any], entry: Entry) throws {
    let topic = try #require(record["topic"] as? String)
    let payload = try #require(record["payload"] as? String)
    var bench = DecoderBench([entry.rule])
    let outcome = bench.send(topic, payload: payload, retained: record["retain"] as? Bool ?? false)
    if let refusal = entry.refusal {
      #expect(outcome == .refused(refusal), "\(topic) \(payload)")
      return
    }
    var expected = entry.extra
    for (name, value) in record["expect"] as? [String: Any] ?? [:] {
      switch (name, value) {
      case ("ts", let seconds as Double):
        #expect(abs(Double(bench.batches[0].time[0].nanoseconds) / 1e9 - seconds) < 1e-5)
      case ("ts_ms", let milliseconds as Int): #expect(bench.batches[0].time[0].milliseconds == Int64(milliseconds))
      case (_, let list as [Double]): for (i, element) in list.enumerated() { expected["\(name)_\(i)"] = element }
      default: expected[name] = (value as? NSNumber)?.doubleValue
      }
    }
    #expect(!expected.isEmpty, "\(topic) \(payload)")
    #expect(outcome == .readings(plant: 0, count: expected.count), "\(topic) \(payload)")
    for (name, value) in expected {
      // The collection rounds what devices print with all their digits.
      #expect(abs((bench.bySensor[name] ?? .nan) - value) <= 1e-4 * max(1, abs(value)), "\(topic) \(name)")
    }
  }
}
