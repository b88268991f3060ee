import PlantModel
import PlantSimulation
import Testing
import WattlineTime

private func plant(_ rules: TopicRule...) -> Plant {
  Plant(name: "p", location: Location(latitude: 0, longitude: 0, timezone: "UTC"), topics: rules)
}

private let time = Timestamp(milliseconds: 1_700_000_000_250)

@Suite("Topics of simulated sensors")
struct SensorTopicTests {
  @Test func `the first rule that names asset and sensor gives topic and payload`() throws {
    let topic = try SensorTopic(
      plant: plant(TopicRule(match: "tele/{asset}/SENSOR", payload: .json), TopicRule(match: "p/{asset}/{sensor}")))
    let message = try #require(topic.message(asset: "pv1", sensor: "power", value: 21.5, time: time))
    #expect(message.topic == "p/pv1/power")
    #expect(message.payload == #"{"value":21.5,"ts":1700000000250}"#)
  }

  @Test func `places, factors, names and time units of the rule are applied backwards`() throws {
    var rule = TopicRule(
      match: "N/{portal}/battery/{asset}/{sensor}", payload: .json, time: "/t~1ime", timeUnit: .seconds,
      values: [TopicRule.Value(name: "{sensor}", path: "/v")])
    rule.scale = ["power_w": 0.001]
    rule.offset = ["power_w": 1]
    rule.rename = ["power_w": "power"]
    let message = try #require(
      SensorTopic(plant: plant(rule)).message(asset: "b", sensor: "power", value: 3.5, time: time))
    #expect(message.topic == "N/portal/battery/b/power_w")
    #expect(message.payload == #"{"v":2500.0,"t/ime":1700000000.25}"#)
  }

  @Test func `a factor of the value as it is listed goes before one of its name`() throws {
    var rule = TopicRule(match: "{asset}/{sensor}", values: [TopicRule.Value(name: "{sensor}", path: "/v")])
    rule.scale = ["{sensor}": 0.5, "power": 100]
    let message = try #require(
      SensorTopic(plant: plant(rule)).message(asset: "b", sensor: "power", value: 3, time: time))
    #expect(message.payload == #"{"v":6.0,"ts":1700000000250}"#)
  }

  @Test func `a number payload is the number alone`() throws {
    let topic = try SensorTopic(plant: plant(TopicRule(match: "{sensor}/of/{asset}", payload: .number)))
    let message = try #require(topic.message(asset: "a", sensor: "s", value: -0.0000001, time: time))
    #expect(message.topic == "s/of/a")
    #expect(message.payload == "0.0")
  }

  @Test(arguments: ["plain", "a/b", "50%", "%2F", "1+1#", "µ°C ü", "dots.in.it", ""])
  func `names come back from a topic as they went in`(name: String) throws {
    let encoded = SensorTopic.encoded(name)
    #expect(!encoded.contains { "/+#".contains($0) })
    let pieces = encoded.split(separator: "%", omittingEmptySubsequences: false)
    let decoded = pieces.dropFirst().reduce(String(pieces[0])) { text, piece in
      text + String(UnicodeScalar(UInt8(piece.prefix(2), radix: 16) ?? 0)) + piece.dropFirst(2)
    }
    #expect(decoded == name)
  }

  @Test(
    arguments: [
      (2.2758, "2.2758"), (0.1 + 0.2, "0.3"), (1e-9, "0.0"), (-12.3456789, "-12.345679"), (1e300, "1e+300"),
      (20, "20.0"),
    ] as [(Double, String)])
  func `values are rounded to six decimals and read back as the nearest double`(value: Double, text: String) {
    #expect(SensorTopic.number(value, decimals: 6) == text)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `a value that no payload can carry gives no message`(value: Double) throws {
    let topic = try SensorTopic(plant: plant(TopicRule(match: "{asset}/{sensor}")))
    #expect(topic.message(asset: "a", sensor: "s", value: value, time: time) == nil)
  }

  @Test func `a plant that cannot be published to is told what rule to add`() {
    let rules = [
      TopicRule(match: "dsmr/reading/{sensor}", asset: "meter"), TopicRule(match: "a/{asset}/{sensor}", payload: .csv),
      TopicRule(match: "+/{asset}/{sensor}"), TopicRule(match: "{asset}/{sensor}", rename: ["{sensor}": "x_{sensor}"]),
      TopicRule(match: "{asset/{sensor}"),
      TopicRule(match: "{asset}/{sensor}", values: [TopicRule.Value(name: "{sensor}", path: "/a/b")]),
    ]
    for rule in rules {
      let error = #expect(throws: SensorTopicError.self) { try SensorTopic(plant: plant(rule)) }
      #expect(error?.description.contains("p/{asset}/{sensor}") == true)
    }
  }
}
