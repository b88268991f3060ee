import PayloadDecoding
import PlantModel
import Testing

/// Units in payloads, behind a value or in a field of their own.
struct UnitTextTests {
  /// A value with its unit, the sensor, and the value in the sensor's own unit.
  static let values: [(sensor: String, number: String, unit: String, raw: Double)] = [
    ("temperature", "21.5", "degrees Celsius", 21.5), ("temperature", "70.7", "deg. F", 21.5),
    ("temperature", "21.5", "°C", 21.5), ("temperature", "21.5", "ºC", 21.5), ("power", "1500", "Watts", 1.5),
    ("power", "1500", "watts AC", 1.5), ("irradiance", "640", "Watts/m2", 640), ("irradiance", "640", "W/m²", 640),
    ("irradiance", "640", "W m-2", 640), ("irradiance", "640", "watts per square metre", 640),
    ("irradiance", "0.64", "kW/m^2", 640), ("flow", "120", "l/h", 120), ("flow", "120", "litres per hour", 120),
    ("resistance", "470", "Ohms", 470), ("energy", "1500", "Wh_Σ", 1.5), ("energy", "1.5", "kilowatt-hours", 1.5),
    ("gas", "100", "ft3", 2.831_684_659_2), ("gas", "2", "cu ft", 0.056_633_693_184),
    ("price", "0.21", "$/kWh", 0.21), ("price", "21", "ct./kWh", 0.21), ("carbon", "420", "g CO2/kWh", 0.42),
    ("carbon", "420", "gCO2eq/kWh", 0.42), ("consumption", "17.5", "kWh/100km", 17.5),
    ("power_factor", "0.97", "PF", 0.97),
    ("voltage", "230.1", "V (AC)", 230.1), ("voltage", "230.1", "Volts", 230.1),
    ("particles", "12", "micrograms per cubic metre", 12), ("pressure", "29.92", "inHg", 1_013.207_2),
  ]

  @Test(arguments: values)
  func `a unit is understood behind a value and in a field beside it, with blanks, escapes or none`(
    _ item: (sensor: String, number: String, unit: String, raw: Double)
  ) {
    let escaped = item.unit.unicodeScalars.map { $0.isASCII ? "\($0)" : "\\u" + hex($0) }.joined()
    let slashed = item.unit.replacing("/", with: "\\/")
    var bench = DecoderBench([
      TopicRule(match: "r/{asset}/{sensor}"), fieldRule("f/{asset}/{sensor}"),
    ])
    for payload in [
      "\(item.number) \(item.unit)", "\(item.number)\(item.unit)", "{\"value\": \"\(item.number) \(item.unit)\"}",
      "{\"value\": \(item.number), \"unit\": \"\(item.unit)\"}",
      "{\"value\": \(item.number), \"unit\": \" \(escaped) \"}",
      "{\"value\": \"\(item.number)\", \"unit_of_measurement\": \"\(slashed)\"}",
    ] {
      for topic in payload.contains("\"unit\"") ? ["r", "f"] : ["r"] {
        let outcome = bench.send("\(topic)/pv1/\(item.sensor)", payload: payload)
        #expect(outcome == .readings(plant: 0, count: 1), "\(payload)")
        #expect(abs((bench.batches[0].raw.first ?? .nan) - item.raw) < 1e-6 * item.raw + 1e-9, "\(payload)")
      }
    }
  }

  private func fieldRule(_ match: String) -> TopicRule {
    var rule = TopicRule(match: match, values: [TopicRule.Value(name: "{sensor}", path: "/value")])
    rule.unit = "/unit"
    return rule
  }

  private func hex(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }

  @Test(arguments: [
    "12T10", "0x1F", "2024-01-02", "12/31/2024", "10:30", "5 m34", "7 of 9",
    "12 \(String(repeating: "x", count: 41))",
  ])
  func `a number with other text behind it is no value`(_ text: String) {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send("r/a/power", payload: text) == .refused(.notANumber), "\(text)")
  }

  @Test func `in SenML the symbols of its registry hold, and others are no units`() {
    var bench = DecoderBench([TopicRule(match: "s/{asset}", payload: .senml)])
    for symbol in ["F", "H", "degC", "kwh", "furlong"] {
      let outcome = bench.send("s/pv1", payload: #"[{"n": "temperature", "u": "\#(symbol)", "v": 21.5}]"#)
      #expect(outcome == .refused(.unknownUnit), "\(symbol)")
    }
    #expect(
      bench.send("s/pv1", payload: #"[{"n": "temperature", "u": "Cel", "v": 21.5}]"#) == .readings(plant: 0, count: 1))
    #expect(bench.send("s/pv1", payload: #"[{"n": "energy", "u": "Wh", "v": 1500}]"#) == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [1.5])
    // The same letters are units elsewhere.
    bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send("r/pv1/temperature", payload: "50 F") == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [10])
  }

  @Test func `what a price is written in depends on the money of the plant that it comes to`() {
    var plants = ["CHF", "IDR", "EUR"].map { currency in
      var plant = DecoderBench.plant(currency, rules: [TopicRule(match: "\(currency)/{asset}/{sensor}")])
      plant.currency = currency
      return plant
    }
    plants[0].assets = [Asset(name: "grid", kind: .grid)]
    plants[1].assets = [Asset(name: "grid", kind: .grid)]
    var bench = DecoderBench(plants: plants)
    for payload in ["27 Rp/kWh", #"{"value": 27, "unit": "Rp/kWh"}"#] {
      #expect(bench.send("CHF/grid/price", payload: payload) == .readings(plant: 0, count: 1))
      #expect(bench.batches[0].raw == [0.27])
      #expect(bench.send("IDR/grid/price", payload: payload) == .readings(plant: 1, count: 1))
      #expect(bench.batches[1].raw == [27])
    }
    #expect(bench.send("EUR/grid/price", payload: "27 Rp/kWh") == .refused(.unknownUnit))
  }
}
