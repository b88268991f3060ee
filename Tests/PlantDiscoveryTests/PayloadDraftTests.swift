import PlantDiscovery
import Testing

/// A form of payload, with messages and the sensors that a draft makes of them.
struct DraftCase: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var messages: [(topic: String, payload: String)]
  var wanted: Set<String>

  init(_ description: String, messages: [(String, String)], wanted: Set<String>) {
    testDescription = description
    self.messages = messages.map { (topic: $0.0, payload: $0.1) }
    self.wanted = wanted
  }
}

@Suite("Every form of payload is drafted so that its numbers land")
struct PayloadDraftTests {
  static let single: [DraftCase] = [
    DraftCase(
      "numbers, one topic a sensor",
      messages: [("site/roof/power", "4.215"), ("site/roof/irradiance", "640"), ("site/store/soc", "55.5")],
      wanted: ["roof.power 4.215 kW", "roof.irradiance 640 W/m²", "store.soc 55.5 %"]),
    DraftCase(
      "values with times in JSON",
      messages: [
        ("site/roof/power", #"{"value": 4.215, "ts": 1700000000000}"#),
        ("site/grid/power", #"{"value": -1.5, "ts": 1700000000000}"#),
      ], wanted: ["roof.power 4.215 kW", "grid.power -1.5 kW"]),
    DraftCase(
      "a value with its unit beside it",
      messages: [("lab/a/power", #"{"value": 1500, "unit": "W"}"#), ("lab/b/power", #"{"value": 2.5, "unit": "kW"}"#)],
      wanted: ["a.power 1.5 kW", "b.power 2.5 kW"]),
    DraftCase(
      "words of switches and texts with units",
      messages: [("lab/lamp/relay", "ON"), ("lab/lamp/power", "60 W"), ("lab/lamp/temperature", "23,5 °C")],
      wanted: ["lamp.relay 1", "lamp.power 0.06 kW", "lamp.temperature 23.5 °C"]),
    DraftCase(
      "phases are parts of the sensor's name",
      messages: [
        ("hall/meter/L1/voltage", "230.5"), ("hall/meter/L2/voltage", "231.5"), ("hall/meter/total/power", "5230"),
      ],
      wanted: ["meter.voltage_l1 230.5 V", "meter.voltage_l2 231.5 V", "meter.power 5230 W"]),
    DraftCase(
      "channels of one device are assets",
      messages: [
        ("shellies/shellyem-AA11BB/emeter/0/power", "-8.4"), ("shellies/shellyem-AA11BB/emeter/1/power", "320.5"),
        ("shellies/shellyem-AA11BB/emeter/0/total", "7915525.4"),
      ],
      wanted: [
        "shellyem-AA11BB_0.power -8.4 W", "shellyem-AA11BB_1.power 320.5 W", "shellyem-AA11BB_0.energy 7915525.4 Wh",
      ]),
    DraftCase(
      "a device has one name in all its topics",
      messages: [("wb/cp/1/get/power", "7360"), ("wb/cp/2/get/power", "3680"), ("wb/cp/1/get/currents", "[16.5]")],
      wanted: ["cp_1.power 7360 W", "cp_2.power 3680 W", "cp_1.currents_0 16.5 A"]),
    DraftCase(
      "buildings that have the same devices tell them apart",
      messages: [("campus/b1/pv/power", "12.5"), ("campus/b2/pv/power", "13.5"), ("campus/b2/hall/power", "8.5")],
      wanted: ["b1_pv.power 12.5 kW", "b2_pv.power 13.5 kW", "b2_hall.power 8.5 kW"]),
    DraftCase(
      "device and quantity in one level",
      messages: [
        ("homeassistant/sensor/grid_power/state", "1234.5"),
        ("homeassistant/sensor/grid_power/unit_of_measurement", "W"),
      ],
      wanted: ["grid.power 1234.5 W"]),
    DraftCase(
      "short names of inverters",
      messages: [("solar/HM-7/ch0/P_AC", "71.5"), ("solar/HM-7/ch0/U_AC", "233.3"), ("solar/HM-7/ch1/P_DC", "250.5")],
      wanted: ["HM-7.power 71.5 W", "HM-7.voltage 233.3 V", "HM-7.dc_power 250.5 W"]),
    DraftCase(
      "parts of a site in the quantity's name",
      messages: [("evcc/site/gridPower", "1230"), ("evcc/site/pvPower", "5230"), ("evcc/site/batterySoc", "52.5")],
      wanted: ["grid.power 1230 W", "pv.power 5230 W", "battery.soc 52.5 %"]),
    DraftCase(
      "quantities that repeat the device",
      messages: [
        ("esp/kitchen/sensor/kitchen_power/state", "412.5"), ("esp/garage/sensor/garage_power/state", "12.5"),
      ],
      wanted: ["kitchen.power 412.5 W", "garage.power 12.5 W"]),
    DraftCase(
      "arrays that the topic names", messages: [("wb/cp1/get/currents", "[16.5, 15.9, 0]")],
      wanted: ["cp1.currents_0 16.5 A", "cp1.currents_1 15.9 A", "cp1.currents_2 0 A"]),
    DraftCase(
      "one letter a quantity below phases",
      messages: [("p/EM-0012/L1/V", "231.5"), ("p/EM-0012/L2/V", "232.5"), ("p/EM-0013/L1/V", "233.5")],
      wanted: ["EM-0012.voltage_l1 231.5 V", "EM-0012.voltage_l2 232.5 V", "EM-0013.voltage_l1 233.5 V"]),
    DraftCase(
      "Victron's paths",
      messages: [
        ("N/c0619ab4/system/0/Dc/Battery/Soc", #"{"value": 64.5}"#),
        ("N/c0619ab4/system/0/Dc/Battery/Power", #"{"value": -2210.123}"#),
        ("N/c0619ab4/pvinverter/20/Ac/L1/Power", #"{"value": 1821.5}"#),
        ("N/c0619ab4/solarcharger/279/Dc/0/Voltage", #"{"value": 52.25}"#),
        ("N/c0619ab4/system/0/Serial", #"{"value": "c0619ab4"}"#),
      ],
      wanted: [
        "system.soc 64.5 %", "system.power -2210.123 W", "pvinverter.power_l1 1821.5 W", "solarcharger.voltage 52.25 V",
      ]),
  ]

  static let several: [DraftCase] = [
    DraftCase(
      "Tasmota's telemetry",
      messages: [
        (
          "tele/fridge/SENSOR",
          #"{"Time":"2026-06-01T12:00:00","ENERGY":{"Total":3.185,"Today":0.127,"Power":170,"Factor":0.98,"Voltage":221}}"#
        ), ("tele/fridge/STATE", #"{"Time":"2026-06-01T12:00:00","POWER":"ON","Wifi":{"RSSI":86}}"#),
      ],
      wanted: [
        "fridge.energy 3.185 kWh", "fridge.energy_today 0.127 kWh", "fridge.power 0.17 kW",
        "fridge.power_factor 0.98 1",
        "fridge.voltage 221 V", "fridge.switch 1", "fridge.wifi_RSSI 86",
      ]),
    DraftCase(
      "Shelly's events",
      messages: [
        (
          "shellypro3em-01aa02bb03cc/events/rpc",
          #"{"src":"shellypro3em-01aa02bb03cc","method":"NotifyStatus","params":{"ts":1750000000.5,"em:0":{"id":0,"act_power":100.5,"voltage":234.2}}}"#
        )
      ], wanted: ["shellypro3em-01aa02bb03cc.power 0.1005 kW", "shellypro3em-01aa02bb03cc.voltage 234.2 V"]),
    DraftCase(
      "Shelly's events of several channels",
      messages: [
        (
          "plug1/events/rpc",
          #"{"src":"shellypro4pm-1","params":{"ts":1750000000.5,"switch:1":{"id":1,"apower":80.5}}}"#
        ),
        ("plug1/events/rpc", #"{"src":"shellypro4pm-1","params":{"ts":1750000001.5,"switch:3":{"id":3,"apower":20}}}"#),
      ], wanted: ["plug1_1.power 0.0805 kW", "plug1_3.power 0.02 kW"]),
    DraftCase(
      "Zigbee2MQTT's devices of different kinds",
      messages: [
        ("zigbee2mqtt/plug", #"{"power":62,"energy":1.92,"voltage":233,"state":"ON","power_outage_memory":"off"}"#),
        ("zigbee2mqtt/attic", #"{"temperature":27.5,"humidity":44.5}"#),
        ("zigbee2mqtt/bridge/state", #"{"state":"online"}"#),
      ],
      wanted: [
        "plug.power 0.062 kW", "plug.energy 1.92 kWh", "plug.voltage 233 V", "plug.state 1",
        "attic.temperature 27.5 °C",
        "attic.humidity 44.5 %",
      ]),
    DraftCase(
      "devices inside one message",
      messages: [("hybrid/one", #"{"pv_power": 3380.9, "soc": 64, "battery_power": -250.5, "load_power": 1200}"#)],
      wanted: ["pv.power 3.3809 kW", "battery.soc 64 %", "battery.power -0.2505 kW", "load.power 1.2 kW"]),
    DraftCase(
      "serial numbers inside the payload",
      messages: [
        ("inverters/state", #"{"serial": "70001", "acv": 231.2, "active_power": 2385}"#),
        ("inverters/state", #"{"serial": "70002", "acv": 230.2, "active_power": 1125}"#),
      ], wanted: ["70001.voltage 231.2 V", "70001.power 2.385 kW", "70002.voltage 230.2 V", "70002.power 1.125 kW"]),
    DraftCase(
      "values below their names",
      messages: [
        ("api/press/data", #"{"power": {"value": 7.25, "unit": "kW"}, "temperature": {"value": 300, "unit": "K"}}"#)
      ],
      wanted: ["press.power 7.25 kW", "press.temperature 26.85 °C"]),
  ]

  static let records: [DraftCase] = [
    DraftCase(
      "records with name, value and time",
      messages: [
        (
          "gw/70001/batch",
          #"{"values": [{"id": "Hall.M1.ActivePower", "v": 6.315, "t": 1700000001000}, {"id": "Hall.M1.ImportEnergy", "v": 80211.4, "t": 1700000001000}]}"#
        )
      ], wanted: ["70001.power 6.315 kW", "70001.energy_import 80211.4 kWh"]),
    DraftCase(
      "records with units, in lists within lists",
      messages: [
        (
          "ocpp/cp1/meter",
          #"{"meterValue": [{"timestamp": "2026-06-01T10:00:00Z", "sampledValue": [{"value": "7360", "measurand": "Power.Active.Import", "unit": "W"}, {"value": "12500", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}]}]}"#
        )
      ], wanted: ["cp1.power 7.36 kW", "cp1.energy 12.5 kWh"]),
    DraftCase(
      "records of several times",
      messages: [
        (
          "v1/devices/roof/telemetry",
          #"[{"ts": 1700000000000, "values": {"power": 4.25}}, {"ts": 1700000060000, "values": {"power": 4.315}}]"#
        )
      ], wanted: ["roof.power 4.315 kW"]),
    DraftCase(
      "records of several devices",
      messages: [("fleet/report", #"{"units": [{"sn": "A1", "power": 5.125}, {"sn": "A2", "power": 6.125}]}"#)],
      wanted: ["A1.power 5.125 kW", "A2.power 6.125 kW"]),
    DraftCase(
      "members that are devices",
      messages: [
        ("zb/SENSOR", #"{"ZbReceived": {"Kitchen": {"Device": "0x8F20", "Temperature": 21.5, "Humidity": 53.5}}}"#)
      ],
      wanted: ["Kitchen.temperature 21.5 °C", "Kitchen.humidity 53.5 %"]),
    DraftCase(
      "lists of time and value",
      messages: [("trend/roof/power", #"{"points": [[1700000000, 4.25], [1700000060, 4.315]]}"#)],
      wanted: ["roof.power 4.315 kW"]),
    DraftCase(
      "SenML",
      messages: [("nodes/7/up", #"[{"bn": "meter7:", "bt": 1700000000, "n": "voltage", "u": "V", "v": 230.5}]"#)],
      wanted: ["meter7.voltage 230.5 V"]),
    DraftCase(
      "line protocol with the device in a tag",
      messages: [("telegraf/host", "power,device=roof value=4.25\npower,device=pump value=1.25")],
      wanted: ["roof.power 4.25 kW", "pump.power 1.25 kW"]),
    DraftCase(
      "line protocol with fields", messages: [("lines/roof", "meter voltage=230.5,power=1.5 1700000000000000000")],
      wanted: ["roof.voltage 230.5 V", "roof.power 1.5 kW"]),
    DraftCase(
      "columns", messages: [("emon/house", "1530,0.97,229.5")],
      wanted: [
        "house.column_0 1530", "house.column_1 0.97", "house.column_2 229.5",
      ]),
    DraftCase(
      "keys and values", messages: [("pulse/meter", "p=3500,u=229.5")],
      wanted: ["meter.power 3.5 kW", "meter.voltage 229.5 V"]),
  ]

  @Test(arguments: single) func `one value a message`(_ form: DraftCase) { expectLanding(form) }
  @Test(arguments: several) func `several values a message`(_ form: DraftCase) { expectLanding(form) }
  @Test(arguments: records) func `records, lines and columns`(_ form: DraftCase) { expectLanding(form) }

  @Test func `all of them on one broker are one valid draft, and all numbers land`() {
    let all = Self.single + Self.several + Self.records
    let broker = DraftedBroker(all.flatMap(\.messages))
    #expect(broker.draft.trial.mistakes.isEmpty)
    #expect(broker.draft.trial.failures.isEmpty, "\(broker.draft.trial.failures)\n\(broker.draft.text)")
  }

  private func expectLanding(_ form: DraftCase) {
    let broker = DraftedBroker(form.messages)
    #expect(broker.draft.trial.mistakes.isEmpty, "\(broker.draft.text)")
    #expect(broker.landed == form.wanted, "\(broker.draft.text)")
  }
}
