import PayloadDecoding
import PlantModel
import Testing

/// Refused messages, and the name under which each is counted.
struct DecodingRefusalTests {
  static let rule = TopicRule(match: "r/{asset}/{sensor}")

  static let payloads: [(payload: String, reason: RefusalReason)] = [
    ("", .emptyPayload), (" \n", .emptyPayload), ("abc", .notANumber), ("0x10", .notANumber), ("1,5", .notANumber),
    ("1 2", .notANumber), ("--1", .notANumber), ("1e999", .notFinite), ("NaN", .missingValue), ("-inf", .missingValue),
    ("--", .missingValue),
    ("{", .malformedJSON), (#"{"value":1}x"#, .malformedJSON), (#"{"value":NaN}"#, .missingValue),
    (#"{"value":-inf}"#, .missingValue),
    (#"{"value":NaNo}"#, .malformedJSON),
    (#"{"value":01}"#, .malformedJSON), (#"{"value":1,}"#, .malformedJSON), (#"{"value":"a\x"}"#, .malformedJSON),
    (#"{"value":1e999}"#, .notFinite), (#"{"other":1}"#, .missingValue), (#"{"value":null}"#, .missingValue),
    (#"{"value":{}}"#, .notANumber), (#"{"value":"abc"}"#, .notANumber), ("[]", .missingValue),
    (#"{"value":""}"#, .missingValue),
    (String(repeating: "[", count: 100), .tooDeep),
  ]

  @Test(arguments: payloads)
  func `a payload without a number is refused with its reason`(_ item: (payload: String, reason: RefusalReason)) {
    var bench = DecoderBench([DecodingRefusalTests.rule])
    #expect(bench.send("r/a/s", payload: item.payload) == .refused(item.reason))
    #expect(bench.registers[0].series.isEmpty)
  }

  @Test func `bytes that are not UTF-8 are refused as such, in topics and in payloads`() {
    var bench = DecoderBench([DecodingRefusalTests.rule])
    #expect(bench.send(Array("r/a/s".utf8), payload: [0xFF, 0x31]) == .refused(.notUTF8))
    #expect(bench.send(Array("r/a/".utf8) + [0xC3, 0x28], payload: [0x31]) == .refused(.notUTF8))
    #expect(bench.send(Array("r/a/s".utf8), payload: [0x7B, 0xED, 0xA0, 0x80]) == .refused(.notUTF8))
  }

  @Test func `retained messages are refused unless the rule accepts them`() {
    var bench = DecoderBench([
      TopicRule(match: "kept/{asset}/{sensor}", retained: .accept), DecodingRefusalTests.rule,
    ])
    #expect(bench.send("r/a/s", payload: "1", retained: true) == .refused(.retained))
    #expect(bench.send("kept/a/s", payload: "1", retained: true) == .readings(plant: 0, count: 1))
  }

  @Test func `a payload beyond sixteen mebibytes is refused unread`() {
    var bench = DecoderBench([DecodingRefusalTests.rule])
    let payload = [UInt8](repeating: 0x31, count: MessageDecoder.maximumPayloadLength + 1)
    #expect(bench.send(Array("r/a/s".utf8), payload: payload) == .refused(.tooLarge))
  }

  @Test("a plant takes in no more assets and sensors than its limits, every refused reading counts, known ones go on")
  func aPlantTakesInNoMoreAssetsAndSensorsThanItsLimitsEveryRefusedReading() {
    var bench = DecoderBench.limited([DecodingRefusalTests.rule], assets: 2, sensors: 3)
    #expect(bench.send("r/a/1", payload: "1") == .readings(plant: 0, count: 1))
    #expect(bench.send("r/b/1", payload: "1") == .readings(plant: 0, count: 1))
    #expect(bench.send("r/c/1", payload: "1") == .refused(.tooManyAssets))
    #expect(bench.send("r/a/2", payload: "1") == .readings(plant: 0, count: 1))
    #expect(bench.send("r/a/3", payload: "1") == .refused(.tooManySensors))
    #expect(bench.send("r/a/3", payload: "1") == .refused(.tooManySensors))
    #expect(bench.send("r/a/1", payload: "1") == .readings(plant: 0, count: 1))
    #expect(bench.decoder.beyondLimits == [3] && bench.registers[0].series.count == 3)
  }

  @Test func `what the plant's file speaks of is taken in however much junk came before`() {
    var plant = DecoderBench.plant("p", rules: [DecodingRefusalTests.rule], sensors: [SensorOverride(match: "new.odd")])
    plant.assets = [Asset(name: "house", kind: .load)]
    (plant.limits.assets, plant.limits.sensors) = (2, 2)
    var bench = DecoderBench(plants: [plant])
    for junk in 0..<3 { _ = bench.send("r/junk/\(junk)", payload: "1") }
    #expect(bench.send("r/house/power", payload: "1") == .readings(plant: 0, count: 1))
    #expect(bench.send("r/new/odd", payload: "1") == .readings(plant: 0, count: 1))
    #expect(bench.send("r/house/other", payload: "1") == .refused(.tooManySensors))
    #expect(bench.send("r/new/other", payload: "1") == .refused(.tooManySensors))
  }

  @Test func `of a message that has known and new sensors the known ones are taken when the plant is full`() {
    var bench = DecoderBench.limited([TopicRule(match: "r/{asset}", payload: .json)], sensors: 2)
    #expect(bench.send("r/a", payload: #"{"x": 1, "y": 2, "z": 3, "w": 4}"#) == .readings(plant: 0, count: 2))
    #expect(bench.decoder.beyondLimits == [2])
  }

  @Test func `names are bounded, so that no series' key grows beyond what a database takes`() {
    var bench = DecoderBench([DecodingRefusalTests.rule])
    let name = String(repeating: "n", count: 1_024)
    #expect(bench.send("r/a/\(name)", payload: "1") == .readings(plant: 0, count: 1))
    #expect(bench.send("r/a/\(name)n", payload: "1") == .refused(.invalidName))
  }

  @Test func `a topic table that is full starts anew without losing series`() {
    var bench = DecoderBench([DecodingRefusalTests.rule])
    bench.decoder.topicLimit = 3
    for round in 0..<3 {
      for i in 0..<10 { #expect(bench.send("r/a/\(i)", payload: "\(round)") == .readings(plant: 0, count: 1)) }
    }
    #expect(bench.registers[0].series.count == 10)
  }

  @Test func `an empty name, or one with control characters, is refused`() {
    var bench = DecoderBench([DecodingRefusalTests.rule])
    #expect(bench.send("r//s", payload: "1") == .refused(.invalidName))
    #expect(bench.send("r/a/", payload: "1") == .refused(.invalidName))
    #expect(bench.send("r/a\u{7}/s", payload: "1") == .refused(.invalidName))
    #expect(bench.send("other/a/s", payload: "1") == .refused(.unmatchedTopic))
  }

  @Test func `of several values those that are there are taken, and of two with one name the first`() {
    let values = TopicRule.Value.list(["a": "/a", "b": "/b/1", "c": "/c~1d", "e": "/\u{e9}"])
    var bench = DecoderBench([TopicRule(match: "r/{asset}", values: values)])
    let payload = #"{"a":1,"a":2,"b":[10,11],"c\/d":"7","\u00e9":true}"#
    #expect(bench.send("r/x", payload: payload) == .readings(plant: 0, count: 4))
    #expect(bench.readings == ["x.a": 1, "x.b": 11, "x.c": 7, "x.e": 1])
    #expect(bench.send("r/x", payload: #"{"b":[1]}"#) == .refused(.missingValue))
    #expect(bench.send("r/x", payload: #"{"a":"off","b":3}"#) == .readings(plant: 0, count: 1))
  }

  @Test func `more than 64 values of one payload are found`() {
    let values = (0..<150).map { TopicRule.Value(name: "s\($0)", path: "/v/\($0)") }
    var bench = DecoderBench([TopicRule(match: "r/{asset}", values: values)])
    let payload = #"{"v":["# + (0..<150).map(String.init).joined(separator: ",") + "]}"
    #expect(bench.send("r/x", payload: payload) == .readings(plant: 0, count: 150))
    #expect(bench.readings["x.s149"] == 149)
  }
}
