import PlantConfig
import PlantModel
import Testing

/// Topics of a plant file, and the messages about mistakes in them.
struct TopicRuleTests {
  private func load(_ topics: String) -> LoadedConfiguration {
    let text =
      "plant: p\nlocation: {latitude: 48, longitude: 11, timezone: Europe/Berlin}\n"
      + "assets: {pv: {kind: pv}, meter: {kind: meter}}\ntopics:\n" + topics
    return ConfigurationLoader.load(files: [("p.yaml", Array(text.utf8))], environment: [:]) { _ in nil }
  }

  @Test func `every key of a rule is read`() throws {
    let loaded = load(
      """
        - match: "gw/{gateway}/batch"
          payload: json
          each: "/metrics"
          where: {"/measurand": Power.Active.Import, "/quality": [good, true, 3]}
          asset: "/tags/name"
          sensor: "/id"
          unit: "/unitOfMeasure"
          time: "/timestamp"
          time_unit: s
          values: {"{sensor}": {at: "/v", scale: 0.5, offset: 1, scale_at: "/sf", map: {On: 1, Off: 0}, decimal: ","}}
          strip: "Site."
          rename: {A: b}
          encoding: json
          bits: 16
      """)
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let rule = try #require(loaded.plants.first?.topics.first)
    #expect(rule.each == "/metrics" && rule.asset == "/tags/name" && rule.sensor == "/id" && rule.strip == "Site.")
    #expect(rule.unit == "/unitOfMeasure" && rule.detail.unit == nil && rule.time == "/timestamp")
    #expect(
      rule.conditions == [
        .init(path: "/measurand", texts: ["Power.Active.Import"]),
        .init(path: "/quality", texts: ["good", "true", "3"]),
      ])
    let detail = try #require(rule.values.first).detail
    #expect(detail.scale == 0.5 && detail.offset == 1 && detail.scalePlace == "/sf" && detail.decimal == .comma)
    #expect(detail.words == ["On": 1, "Off": 0] && detail.encoding == .json && detail.bits == 16)
  }

  @Test func `a unit of the rule holds for its values, unless one has its own`() throws {
    let loaded = load(
      "  - {match: \"a/{asset}\", unit: W, values: {power: /p, dc_power: {at: /q, unit: kW}}}")
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    let values = try #require(loaded.plants.first?.topics.first).values
    #expect(values.map(\.detail.unit?.symbol) == ["W", "kW"])
  }

  static let mistakes: [(topics: String, message: String)] = [
    (
      "  - {match: \"a/{asset}\", asset: \"x-{asst}\"}",
      "'asset' has {asst}, which nothing stands for; did you mean {asset}?"
    ),
    (
      "  - {match: \"a/{asset}\", values: {\"{sensr}\": /v}}",
      "'values' has {sensr}, which nothing stands for; did you mean {sensor}?"
    ),
    ("  - {match: \"a/b\", payload: csv, asset: \"{key}\"}", "'asset' has {key}, which nothing stands for"),
    (
      "  - {match: \"a/b\", payload: jsn}", "'payload' is 'jsn'; it must be one of auto, number, json, csv, pairs, line"
    ),
    ("  - {match: \"a/b\", payload: csv, each: /x}", "'each' is for JSON"),
    (
      "  - {match: \"a/b\", payload: json, each: metrics}", "'each' is 'metrics', which is no place; write \"/metrics\""
    ),
    ("  - {match: \"a/b\", values: {power: {unit: W}}}", "value 'power' needs 'at'"),
    ("  - {match: \"a/b\", values: {power: {at: /p, unit: zork}}}", "there is no unit 'zork'"),
    ("  - {match: \"a/b\", values: {power: {at: /p, unit: mw}}}", "that may be MW or mW"),
    ("  - {match: \"a/b\", values: {power: {at: /p, unit: V}}}", "'power' is a power, and its unit V measures voltage"),
    (
      "  - {match: \"a/b\", values: {pv.voltage: {at: /p, unit: W}}}",
      "'pv.voltage' is a voltage, and its unit W measures power"
    ),
    (
      "  - {match: \"a/b\", values: {power: {at: /p, bits: 65}}}",
      "'bits' is '65'; it must be a width from 1 to 64 bits"
    ),
    ("  - {match: \"a/b\", map: {}}", "'map' is empty"),
    ("  - {match: \"a/b\", decimal: \";\"}", "'decimal' is ';'; it must be one of ., ,"),
    ("  - {match: \"a/b\", separator: \";;\"}", "'separator' is ';;'; write one character"),
    ("  - {match: \"a/b\", payload: json, time: {topic: a/time}}", "a time in another topic is not supported"),
    ("  - {match: \"a/b\", payload: json, time: a/time}", "a time in another topic is not supported"),
    ("  - {match: \"a/b\", values: {power: {at: /p, scale: 0}}}", "a scale of 0 makes every 'power' 0"),
    (
      "  - {match: \"a/{x}\"}\n  - {match: \"a/{asset}\"}",
      "'a/{asset}' is never reached, because 'a/{x}' before it takes all its topics"
    ),
    ("  - {match: \"a/#\"}\n  - {match: \"a/b/{asset}\"}", "'a/b/{asset}' is never reached, because 'a/#'"),
    ("  - {match: \"a/b\"}\n  - {match: \"a/b\"}", "'a/b' is never reached, because 'a/b'"),
  ]

  @Test(arguments: mistakes)
  func `a mistake of a topic is told with what would be right`(_ item: (topics: String, message: String)) {
    let messages = load(item.topics).diagnostics.map(\.description)
    #expect(messages.count == 1 && messages.first?.contains(item.message) == true, "\(messages)")
  }

  @Test(arguments: [
    "  - {match: \"a/b\"}\n  - {match: \"a/{asset}\"}",
    "  - {match: \"a/{asset}\", payload: json, where: {/q: 1}}\n  - {match: \"a/{asset}\"}",
    "  - {match: \"a/{n}/{n}\"}\n  - {match: \"a/{x}/{y}\"}",
    "  - {match: \"a/x-{asset}\"}\n  - {match: \"a/{asset}\"}",
    "  - {match: \"+/{asset}\"}\n  - {match: \"$SYS/{asset}\"}",
    "  - {match: \"a/{x}\"}\n  - {match: \"a/#\"}",
  ])
  func `a rule behind one that takes only some of its topics or records can be reached`(_ topics: String) {
    #expect(load(topics).diagnostics.isEmpty, "\(load(topics).diagnostics)")
  }
}
