import PayloadDecoding
import PlantModel
import Testing
import WattlineTime

/// Payloads in the style of devices and bridges of many makes.
struct DecodingDeviceTests {
  typealias Value = TopicRule.Value

  static let cases: [DecodingCase] = [
    DecodingCase(
      name: "Wattline's own form, a bare number", rule: TopicRule(match: "riverside/{asset}/{sensor}"),
      topic: "riverside/pv1/power", payload: "21.5", readings: ["pv1.power": 21.5]),
    DecodingCase(
      name: "Wattline's own form, with time", rule: TopicRule(match: "riverside/{asset}/{sensor}"),
      topic: "riverside/pv1/power", payload: #"{"value":21.5,"ts":1700000000000}"#, readings: ["pv1.power": 21.5],
      time: Timestamp(seconds: 1_700_000_000)),
    DecodingCase(
      name: "Shelly Gen2 NotifyStatus",
      rule: TopicRule(
        match: "{asset}/events/rpc", time: "/params/ts",
        values: Value.list(["power": "/params/em:0/total_act_power", "voltage_l1": "/params/em:0/a_voltage"]),
        scale: ["power": 0.001]),
      topic: "shellypro3em/events/rpc",
      payload: """
        {"src":"shellypro3em","dst":"shellypro3em/events","method":"NotifyStatus","params":{"ts":1700000000.25,
        "em:0":{"id":0,"a_current":1.1,"a_voltage":231.4,"total_act_power":1530.5}}}
        """,
      readings: ["shellypro3em.power": 1.5305, "shellypro3em.voltage_l1": 231.4],
      time: Timestamp(milliseconds: 1_700_000_000_250)),
    DecodingCase(
      name: "Zigbee2MQTT without listed values", rule: TopicRule(match: "zigbee2mqtt/{asset}"),
      topic: "zigbee2mqtt/plug",
      payload: """
        {"power":12.5,"state":"ON","linkquality":91,"update":{"installed_version":-1,"state":null},
        "last_seen":"2023-11-14T22:13:20Z"}
        """,
      readings: ["plug.power": 12.5, "plug.linkquality": 91, "plug.update_installed_version": -1],
      time: Timestamp(seconds: 1_700_000_000)),
    DecodingCase(
      name: "Victron with placeholders in value names",
      rule: TopicRule(
        match: "N/{portal}/battery/{asset}/{sensor}", payload: .json, values: Value.list(["{sensor}": "/value"]),
        rename: ["Soc": "soc"]),
      topic: "N/c0619ab/battery/512/Soc", payload: #"{"value":64.7}"#, readings: ["512.soc": 64.7]),
    DecodingCase(
      name: "Fronius power flow",
      rule: TopicRule(
        match: "fronius/{asset}/powerflow",
        values: Value.list(["power": "/Body/Data/Site/P_PV", "grid": "/Body/Data/Site/P_Grid"])),
      topic: "fronius/roof/powerflow",
      payload: #"{"Body":{"Data":{"Site":{"P_PV":4210.5,"P_Grid":null}}},"Head":{}}"#, readings: ["roof.power": 4210.5]),
    DecodingCase(
      name: "SMA counters in strings with units",
      rule: TopicRule(match: "sma/{asset}/live", values: Value.list(["voltage": "/u", "energy": "/e"])),
      topic: "sma/tripower/live", payload: #"{"u":"230.1 V","e":"1.5 MWh"}"#,
      readings: ["tripower.voltage": 230.1, "tripower.energy": 1500]),
    DecodingCase(
      name: "Sonoff behind Tasmota, old dotted date",
      rule: TopicRule(match: "tele/{asset}/SENSOR", time: "/Time", values: Value.list(["power_w": "/ENERGY/Power"])),
      topic: "tele/pow/SENSOR", payload: #"{"Time":"2018.02.04 23:17:01","ENERGY":{"Power":170}}"#,
      readings: ["pow.power_w": 170], time: Timestamp(seconds: 1_517_782_621)),
    DecodingCase(
      name: "Home Assistant statestream", rule: TopicRule(match: "homeassistant/sensor/{asset}/state", sensor: "power"),
      topic: "homeassistant/sensor/grid/state", payload: #""1234.5""#, readings: ["grid.power": 1234.5]),
    DecodingCase(
      name: "Home Assistant, sensor away",
      rule: TopicRule(match: "homeassistant/sensor/{asset}/state", sensor: "power"),
      topic: "homeassistant/sensor/grid/state", payload: #""unavailable""#, refusal: .missingValue),
    DecodingCase(
      name: "ESPHome", rule: TopicRule(match: "{node}/sensor/{asset}_{sensor}/state"),
      topic: "garage/sensor/boiler_temperature/state", payload: "54.3", readings: ["boiler.temperature": 54.3]),
    DecodingCase(
      name: "ESPHome without a value yet", rule: TopicRule(match: "{node}/sensor/{asset}_{sensor}/state"),
      topic: "garage/sensor/boiler_temperature/state", payload: "nan", refusal: .missingValue),
    DecodingCase(
      name: "evcc", rule: TopicRule(match: "evcc/loadpoints/{asset}/{sensor}", rename: ["chargePower": "power"]),
      topic: "evcc/loadpoints/1/chargePower", payload: "3680", readings: ["1.power": 3680]),
    DecodingCase(
      name: "evcc, truth value", rule: TopicRule(match: "evcc/loadpoints/{asset}/{sensor}"),
      topic: "evcc/loadpoints/1/connected", payload: "true", readings: ["1.connected": 1]),
    DecodingCase(
      name: "OpenDTU", rule: TopicRule(match: "solar/{asset}/0/{sensor}", scale: ["power": 0.001]),
      topic: "solar/116180400001/0/power", payload: "412.7\n", readings: ["116180400001.power": 0.4127]),
    DecodingCase(
      name: "Sparkplug B is binary", rule: TopicRule(match: "spBv1.0/{group}/DDATA/{node}/{asset}", sensor: "power"),
      topic: "spBv1.0/g/DDATA/n/meter",
      payload: "\u{8}\u{1A}\u{12}\u{5}power", refusal: .unknownFormat),
    DecodingCase(
      name: "EmonTx columns",
      rule: TopicRule(
        match: "emon/{asset}", payload: .csv, values: Value.list(["power": "0", "voltage": "3"]),
        scale: ["voltage": 0.01]
      ),
      topic: "emon/emontx3", payload: "120,0,0,23012,18.6\r\n",
      readings: ["emontx3.power": 120, "emontx3.voltage": 230.12]),
    DecodingCase(
      name: "columns told by their values", rule: TopicRule(match: "emon/{asset}", values: Value.list(["b": "1"])),
      topic: "emon/tx", payload: "1, 2.5 ,3", readings: ["tx.b": 2.5]),
    DecodingCase(
      name: "DSMR reader", rule: TopicRule(match: "dsmr/reading/{sensor}", asset: "meter"),
      topic: "dsmr/reading/electricity_currently_delivered", payload: "0.384",
      readings: ["meter.electricity_currently_delivered": 0.384]),
    DecodingCase(
      name: "Telegraf line protocol", rule: TopicRule(match: "telegraf/{host}", payload: .line),
      topic: "telegraf/box",
      payload: """
        # comment
        battery,asset=bess,site=a\\ b soc=55.5,cycles=12i,mode="auto, or not",on=t 1700000000000000000
        value,asset=bess,sensor=power value=-3.5 1700000000000000000
        """,
      readings: ["bess.soc": 55.5, "bess.cycles": 12, "bess.on": 1, "bess.power": -3.5],
      time: Timestamp(seconds: 1_700_000_000)),
    DecodingCase(
      name: "line protocol with listed fields",
      rule: TopicRule(
        match: "lp/{asset}", payload: .line, values: Value.list(["power": "p"]), scale: ["power": 0.001]),
      topic: "lp/pv", payload: "m,x=1 p=1500,q=2 1700000000", readings: ["pv.power": 1.5],
      time: Timestamp(seconds: 1_700_000_000)),
    DecodingCase(
      name: "line protocol cut off", rule: TopicRule(match: "lp/{asset}", payload: .line), topic: "lp/pv",
      payload: "m,x=1 p=", refusal: .malformedLine),
    DecodingCase(
      name: "names of any alphabet, percent codes", rule: TopicRule(match: "werk/{asset}/{sensor}"),
      topic: "werk/Dach%2FSüd/温度", payload: "+5", readings: ["Dach/Süd.温度": 5]),
    DecodingCase(
      name: "offset after scale",
      rule: TopicRule(match: "a/{asset}/t", sensor: "t", scale: ["t": 0.1], offset: ["t": -40]),
      topic: "a/x/t", payload: "600", readings: ["x.t": 20]),
    DecodingCase(
      name: "an asset that nothing names is the plant", rule: TopicRule(match: "price/{sensor}"), topic: "price/spot",
      payload: "0.21", readings: ["_plant.spot": 0.21]),
    DecodingCase(
      name: "an array without names", rule: TopicRule(match: "a/{asset}"), topic: "a/x",
      payload: #"[1,{"b":2,"t":21.5},true]"#, readings: ["x.0": 1, "x.1_b": 2, "x.1_t": 21.5, "x.2": 1]),
  ]

  @Test(arguments: cases)
  func `devices of many makes are taken in by configuration alone`(_ item: DecodingCase) { item.check() }

  @Test func `a topic seen before decodes as it did at first, and counts its readings`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    for i in 0..<100 {
      #expect(bench.send("r/a/s\(i % 10)", payload: "\(i)") == .readings(plant: 0, count: 1))
      #expect(bench.readings == ["a.s\(i % 10)": Double(i)])
    }
    #expect(bench.registers[0].series.count == 10)
  }

  @Test func `values are canonical by the series' unit, and raw stays in the sensor's`() {
    var override = SensorOverride(match: "a.temp")
    override.unit = Unit.named("fahrenheit")
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")], sensors: [override])
    #expect(bench.send("r/a/temp", payload: "72.5") == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [72.5])
    #expect(abs(bench.batches[0].value[0] - 22.5) < 1e-9)
  }

  @Test func `a unit of another quantity is not guessed at`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send("r/a/voltage", payload: "3 kW") == .refused(.unknownUnit))
    #expect(bench.send("r/a/voltage", payload: "3 kV") == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [3000])
  }
}
