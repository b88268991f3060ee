import PayloadDecoding
import PlantModel
import Testing

/// Records, conditions, names and details beyond what the page of payloads shows.
struct RecordTests {
  typealias Value = TopicRule.Value

  private func bench(_ rules: TopicRule..., assets: [Asset] = []) -> DecoderBench {
    var plant = DecoderBench.plant("p", rules: rules)
    plant.assets = assets
    return DecoderBench(plants: [plant])
  }

  @Test func `a record that no rule wants is left out, and that is no mistake`() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, each: "/r", conditions: [.init(path: "/n", texts: ["a"])], asset: "x",
        values: Value.list(["v": "/v"])))
    #expect(bench.send("m", payload: #"{"r": [{"n": "b", "v": 1}]}"#) == .refused(.leftOut))
    #expect(
      bench.send("m", payload: #"{"r": [{"n": "b", "v": 1}, {"n": "a", "v": 2}]}"#) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["x.v": 2])
    #expect(bench.send("m", payload: #"{"r": []}"#) == .refused(.missingValue))
  }

  @Test
  func `what one rule takes no later rule takes again, and what all leave out goes to a rule without conditions`() {
    func rule(_ name: String, conditions: [TopicRule.Condition]) -> TopicRule {
      TopicRule(
        match: "m", payload: .json, each: "/r", conditions: conditions, asset: "x", values: Value.list([name: "/v"]))
    }
    var bench = bench(
      rule("one", conditions: [.init(path: "/n", texts: ["1"])]),
      rule("two", conditions: [.init(path: "/n", texts: ["1", "2"])]),
      rule("rest", conditions: []), rule("never", conditions: []))
    let payload = #"{"r": [{"n": 1, "v": 10}, {"n": 2, "v": 20}, {"n": 3, "v": 30}, {"n": 1.0, "v": 40}]}"#
    #expect(bench.send("m", payload: payload) == .readings(plant: 0, count: 4))
    #expect(bench.readings == ["x.one": 10, "x.two": 20, "x.rest": 40])
    #expect(bench.batches[0].raw == [10, 20, 30, 40])
  }

  @Test func `conditions look outwards, and truth values and numbers are compared as they are written`() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, each: "/r",
        conditions: [.init(path: "/ok", texts: ["true"]), .init(path: "/kind", texts: ["meter"])], asset: "x",
        values: Value.list(["v": "/v"])))
    #expect(
      bench.send("m", payload: #"{"kind": "meter", "ok": true, "r": [{"v": 1}]}"#) == .readings(plant: 0, count: 1))
    #expect(
      bench.send("m", payload: #"{"kind": "meter", "ok": true, "r": [{"v": 1, "ok": false}]}"#) == .refused(.leftOut))
    #expect(bench.send("m", payload: #"{"kind": "pump", "ok": true, "r": [{"v": 1}]}"#) == .refused(.leftOut))
  }

  @Test func `a record without the name that the rule needs gives nothing, and says so`() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, each: "/r", asset: "/id", values: Value.list(["v": "/v"])))
    #expect(bench.send("m", payload: #"{"r": [{"v": 1}]}"#) == .refused(.missingName))
    #expect(bench.send("m", payload: #"{"r": [{"v": 1}, {"id": "a", "v": 2}]}"#) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["a.v": 2])
    #expect(bench.send("m", payload: #"{"id": "outer", "r": [{"v": 3}]}"#) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["outer.v": 3])
    #expect(bench.send("m", payload: #"{"r": [{"id": null, "v": 1}]}"#) == .refused(.missingName))
    #expect(bench.send("m", payload: #"{"r": [{"id": {}, "v": 1}]}"#) == .refused(.missingName))
  }

  @Test func `names with escapes, slashes and any Unicode are taken as they are`() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, each: "/r", asset: "/a", sensor: "/s", values: Value.list(["{sensor}": "/v"])))
    let payload = #"{"r": [{"a": "Halle 3\/4", "s": "L\u00e4nge \"x\"", "v": 1}, {"a": "b\n", "s": "x", "v": 2}]}"#
    #expect(bench.send("m", payload: payload) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["Halle 3/4.Länge \"x\"": 1])
  }

  @Test func `an object is one record if it has a value itself, else its members are records by their names`() {
    let rule = TopicRule(
      match: "m", payload: .json, each: "/", asset: "{key}", values: Value.list(["power": "/p"]))
    var members = bench(rule)
    #expect(members.send("m", payload: #"{"a": {"p": 1}, "b": {"p": 2}}"#) == .readings(plant: 0, count: 2))
    #expect(members.readings == ["a.power": 1, "b.power": 2])
    var both = bench(
      TopicRule(
        match: "m", payload: .json, each: "/*", asset: "{parent}", sensor: "{key}",
        values: Value.list(["{sensor}": "/value"])))
    #expect(
      both.send("m", payload: #"{"a": {"power": {"value": 1}, "soc": {"value": 50}}, "b": {"power": {"value": 2}}}"#)
        == .readings(plant: 0, count: 3))
    #expect(both.readings == ["a.power": 1, "a.soc": 50, "b.power": 2])
  }

  @Test func `members of a named container are called by their keys, even if one is called as values usually are`() {
    var bench = bench(TopicRule(match: "m", payload: .json, each: "/d", asset: "x", sensor: "{key}"))
    #expect(bench.send("m", payload: #"{"d": {"v": 230, "i": 5, "state": "on"}}"#) == .readings(plant: 0, count: 3))
    #expect(bench.readings == ["x.v": 230, "x.i": 5, "x.state": 1])
    #expect(bench.send("m", payload: #"{"d": {"v": {"value": 231, "unit": "V"}}}"#) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["x.v": 231])
  }

  @Test func `without values every number of a record is a sensor by its own name, the time apart`() {
    var bench = bench(
      TopicRule(match: "m", payload: .json, each: "/", asset: "/dev", time: "/ts"))
    let payload = #"[{"dev": "a", "ts": 1700000000, "p": 1, "n": {"q": 2, "t": "x"}}, {"dev": "b", "p": 3}]"#
    #expect(bench.send("m", payload: payload) == .readings(plant: 0, count: 3))
    #expect(bench.readings == ["a.p": 1, "a.n_q": 2, "b.p": 3])
  }

  @Test(
    "a name written in the file is split after a declared asset only, the longest one, and one from a payload never")
  func aNameWrittenInTheFileIsSplitAfterADeclaredAssetOnlyTheLongestOneAndOne() {
    let assets = [Asset(name: "pv", kind: .pv), Asset(name: "pv.east", kind: .pv)]
    var bench = bench(
      TopicRule(
        match: "m/{asset}", payload: .json,
        values: Value.list(["pv.power": "/a", "pv.east.power": "/b", "other.power": "/c"])),
      TopicRule(match: "n/{asset}", payload: .json, rename: ["q": "pv.voltage"]), assets: assets)
    #expect(bench.send("m/x", payload: #"{"a": 1, "b": 2, "c": 3}"#) == .readings(plant: 0, count: 3))
    #expect(bench.readings == ["pv.power": 1, "pv.east.power": 2, "x.other.power": 3])
    #expect(bench.send("n/x", payload: #"{"pv.power": 1, "q": 2}"#) == .readings(plant: 0, count: 2))
    #expect(bench.readings == ["x.pv.power": 1, "pv.voltage": 2])
  }

  @Test func `where nothing names an asset, a written name that ends with a usual sensor names its own`() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, values: Value.list(["roof.power": "/a", "pump.head": "/b", "soc": "/c"])))
    #expect(bench.send("m", payload: #"{"a": 1, "b": 2, "c": 3}"#) == .readings(plant: 0, count: 3))
    #expect(bench.readings == ["roof.power": 1, "_plant.pump.head": 2, "_plant.soc": 3])
  }

  @Test func `a power of ten that is missing or none refuses the value, for the number alone means nothing`() {
    let detail = ValueDetail(scalePlace: "/sf")
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, asset: "x",
        values: [Value(name: "v", path: "/v", detail: detail), Value(name: "w", path: "/w")]))
    #expect(bench.send("m", payload: #"{"v": 12345, "sf": -3, "w": 1}"#) == .readings(plant: 0, count: 2))
    #expect(bench.batches[0].raw == [12.345, 1])
    #expect(bench.send("m", payload: #"{"v": 12, "sf": 2, "w": 1}"#) == .readings(plant: 0, count: 2))
    #expect(bench.batches[0].raw == [1200, 1])
    for sf in [#""x""#, "0.5", "400", "null"] {
      #expect(bench.send("m", payload: #"{"v": 12, "sf": \#(sf), "w": 1}"#) == .readings(plant: 0, count: 1), "\(sf)")
    }
  }

  @Test(
    arguments: [
      ("FFFB", nil, -5.0), ("00FF", nil, 255), ("ff", nil, -1), ("0x7F", nil, 127), ("FFFB", 32, 65_531),
      ("0000FFFB", 16, -5), ("FFFFFFFFFFFFFFFF", nil, -1), ("80 00", nil, -32_768),
    ] as [(String, Int?, Double)])
  func `two's complement goes by the length of the text, or by the width that is stated`(
    _ text: String, bits: Int?, number: Double
  ) {
    var bench = bench(
      TopicRule(
        match: "m", asset: "x",
        values: [Value(name: "v", path: "/v", detail: ValueDetail(encoding: .hexadecimal, bits: bits))]))
    #expect(bench.send("m", payload: #"{"v": "\#(text)"}"#) == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [number])
  }

  @Test("a unit that the payload names converts, an unknown one or one of another quantity refuses the value alone")
  func aUnitThatThePayloadNamesConvertsAnUnknownOneOrOneOfAnotherQuantity() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, each: "/", asset: "x", unit: "/u", values: Value.list(["power": "/p", "odd": "/o"]))
    )
    #expect(
      bench.send("m", payload: #"[{"p": 1500, "u": "W"}, {"p": 2, "u": "kW"}, {"p": 3}]"#)
        == .readings(plant: 0, count: 3))
    #expect(bench.batches[0].raw == [1.5, 2, 3])
    #expect(
      bench.send("m", payload: #"[{"p": 1, "u": "zorks"}, {"p": 1, "u": "V"}, {"p": 5, "u": ""}]"#)
        == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [5])
    // A sensor that nobody knows takes the first unit on.
    #expect(
      bench.send("m", payload: #"[{"o": 2, "u": "kWh"}, {"o": 500, "u": "Wh"}]"#) == .readings(plant: 0, count: 2))
    #expect(bench.batches[0].raw == [2, 0.5])
  }

  @Test func `JSON inside a text is read with its own escapes, and a text that is no JSON is none`() {
    let detail = ValueDetail(encoding: .json)
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, asset: "/data/id", values: [Value(name: "v", path: "/data/v/0", detail: detail)]))
    #expect(bench.send("m", payload: #"{"data": "{\"id\":\"\\u0041\",\"v\":[7]}"}"#) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["A.v": 7])
    #expect(bench.send("m", payload: #"{"data": "{\"id\":1"}"#) == .refused(.missingName))
    #expect(bench.send("m", payload: #"{"data": {"id": "plain", "v": [8]}}"#) == .readings(plant: 0, count: 1))
  }

  @Test func `more records, values or nodes than are read are refused with the reason, and nothing of them is taken`() {
    var bench = bench(
      TopicRule(match: "m", payload: .json, each: "/", asset: "x", values: Value.list(["v": "/v"])))
    let many = "[" + Array(repeating: #"{"v":1}"#, count: 70_000).joined(separator: ",") + "]"
    #expect(bench.send("m", payload: many) == .refused(.tooLarge))
    #expect(bench.batches[0].isEmpty)
    #expect(bench.send("m", payload: String(repeating: "[", count: 200)) == .refused(.tooDeep))
    let nodes = "[" + Array(repeating: "0", count: 600_000).joined(separator: ",") + "]"
    #expect(bench.send("m", payload: nodes) == .refused(.tooLarge))
    #expect(bench.send("m", payload: #"[{"v": 1}]"#) == .readings(plant: 0, count: 1))
  }

  @Test func `a place that many records look for outwards is looked for once around them`() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, each: "/*", asset: "/absent", values: Value.list(["v": "/v"])),
      TopicRule(match: "n", payload: .json, each: "/*", asset: "x", time: "/t", values: Value.list(["v": "/v"])))
    let members = (0..<20_000).map { #""k\#($0)":{"v":1}"# }.joined(separator: ",")
    #expect(bench.send("m", payload: "{\(members)}") == .refused(.missingName))
    #expect(bench.send("n", payload: "{\(members)}") == .readings(plant: 0, count: 20_000))
  }

  @Test func `names of the way to a record are those that stars stand for, and a topic's asset may be renamed`() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, each: "/*/*/values/*", asset: "{parent}", sensor: "{key}", time: "/ts",
        values: Value.list(["{sensor}": ""])),
      TopicRule(match: "n/{asset}/{sensor}", scale: ["power": 0.001], rename: ["1161": "roof", "P": "power"]),
      TopicRule(match: "o/{asset}/{msg}", payload: .json, sensor: "{msg}", values: Value.list(["{sensor}": "/v"])))
    #expect(
      bench.send(
        "m", payload: #"{"A": [{"ts": 1700000000, "values": {"p": 1}}], "B": [{"ts": 1700000001, "values": {"p": 2}}]}"#
      )
        == .readings(plant: 0, count: 2))
    #expect(bench.readings == ["A.p": 1, "B.p": 2])
    #expect(bench.send("n/1161/P", payload: "1530") == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["roof.power": 1.53])
    #expect(bench.send("o/a/flow", payload: #"{"v": 3}"#) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["a.flow": 3])
  }

  @Test func `a value may name the place of its own unit, and a condition that nothing stands there`() {
    var bench = bench(
      TopicRule(
        match: "m", payload: .json, asset: "x",
        values: [
          Value(name: "power", path: "/p/v", detail: ValueDetail(unitPlace: "/p/u")),
          Value(name: "energy", path: "/e/v", detail: ValueDetail(unit: Unit.named("Wh"), unitPlace: "/e/u")),
        ]),
      TopicRule(
        match: "c", payload: .json, each: "/", conditions: [.init(path: "/k", texts: ["a"], allowsAbsent: true)],
        asset: "x", values: Value.list(["v": "/v"])))
    #expect(
      bench.send("m", payload: #"{"p": {"v": 951, "u": "W"}, "e": {"v": 2000}}"#) == .readings(plant: 0, count: 2))
    #expect(bench.batches[0].raw == [0.951, 2])
    #expect(
      bench.send("c", payload: #"[{"v": 1}, {"v": 2, "k": null}, {"v": 3, "k": "a"}, {"v": 4, "k": "b"}]"#)
        == .readings(plant: 0, count: 3))
    #expect(bench.batches[0].raw == [1, 2, 3])
  }

  @Test func `the time that a wide and nested message takes grows with its size alone`() {
    func seconds(_ count: Int) -> Double {
      var bench = bench(
        TopicRule(
          match: "m", payload: .json, each: "/*/*", asset: "x", sensor: "{parent}", values: Value.list(["v": "/v"])))
      let members = (0..<count).map { #""k\#($0)":{"a":{"v":1}}"# }.joined(separator: ",")
      let clock = ContinuousClock()
      let spent = clock.measure {
        #expect(bench.send("m", payload: "{\(members)}") == .readings(plant: 0, count: count))
      }
      return Double(spent.components.seconds) + Double(spent.components.attoseconds) * 1e-18
    }
    _ = seconds(500)
    // Sixteen times the size takes sixteen times as long, and not two hundred.
    #expect(seconds(16_000) < 80 * max(seconds(1_000), 1e-4))
  }
}
