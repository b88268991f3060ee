import PayloadDecoding
import PlantModel
import Testing

/// Forms of topics, what they subscribe to and what they take out.
struct RoutingTests {
  static let matches: [(pattern: String, filter: String, topic: String, captures: [String]?)] = [
    ("riverside/{asset}/{sensor}", "riverside/+/+", "riverside/pv1/power", ["pv1", "power"]),
    ("riverside/{asset}/{sensor}", "riverside/+/+", "riverside/pv1", nil),
    ("riverside/{asset}/{sensor}", "riverside/+/+", "riverside/pv1/power/x", nil),
    ("riverside/{asset}/{sensor}", "riverside/+/+", "riverside//power", ["", "power"]),
    ("a/sensor-{asset}_x", "a/+", "a/sensor-pv_x_x", ["pv_x"]), ("a/sensor-{asset}_x", "a/+", "a/sensor-_x", nil),
    ("{asset}_{sensor}/s", "+/s", "a_b_c/s", ["a", "b_c"]), ("ch{n}/{n}", "+/+", "ch1/1", ["1"]),
    ("ch{n}/{n}", "+/+", "ch1/2", nil), ("{a}-{b}-z", "+", "1-2-3-z", ["1", "2-3"]),
    ("+/x/#", "+/x/#", "q/x", []), ("+/x/#", "+/x/#", "q/x/y/z", []), ("+/x/#", "+/x/#", "q/y", nil),
    ("#", "#", "$SYS/broker", nil), ("{a}/b", "+/b", "$SYS/b", nil), ("$SYS/{a}", "$SYS/+", "$SYS/load", ["load"]),
    ("a/b", "a/b", "a/b", []), ("a/b/", "a/b/", "a/b", nil), ("/{x}", "/+", "/1", ["1"]),
  ]

  @Test(arguments: matches)
  func `a pattern gives its filter and takes names out of topics`(
    _ item: (pattern: String, filter: String, topic: String, captures: [String]?)
  ) throws {
    let pattern = try TopicPattern(item.pattern)
    #expect(pattern.filter == item.filter)
    let bytes = Array(item.topic.utf8)
    let captures = bytes.withUnsafeBytes { pattern.captures(in: $0) }
    #expect(captures?.map { String(decoding: bytes[$0], as: UTF8.self) } == item.captures)
  }

  static let mistakes: [(pattern: String, error: TopicPattern.ParseError)] = [
    ("", .empty), ("a/{b", .unbalancedBrace), ("a/b}", .unbalancedBrace), ("a/{b{c}}", .unbalancedBrace),
    ("{}", .emptyPlaceholder), ("{a}{b}", .adjacentPlaceholders), ("a+/b", .wildcardInsideLevel), ("#/a", .hashNotLast),
    ("a/b#", .hashNotLast), ("a\n", .invalidTopic),
  ]

  @Test(arguments: mistakes)
  func `a pattern that is none says why`(_ item: (pattern: String, error: TopicPattern.ParseError)) {
    #expect(throws: item.error) { try TopicPattern(item.pattern) }
    let decoder = MessageDecoder(plants: [DecoderBench.plant("p", rules: [TopicRule(match: item.pattern)])])
    #expect(decoder.invalidRules.map(\.error) == [item.error])
  }

  @Test func `subscriptions neither repeat nor cover each other`() {
    let rules = ["a/{asset}/{sensor}", "a/b/{sensor}", "a/{x}/{y}", "c/d", "c/#", "$SYS/x", "e/{f}/g"]
    let patterns = rules.compactMap { try? TopicPattern($0) }
    #expect(TopicPattern.subscriptions(patterns).map(\.filter) == ["a/+/+", "c/#", "$SYS/x", "e/+/g"])
  }

  @Test(arguments: [
    ("line%2F2", "line/2"), ("100%", "100%"), ("a%zz", "a%zz"), ("%FF", "%FF"), ("%0A", "%0A"), ("%C3%A9%2b", "é+"),
  ])
  func `percent codes in names are resolved where that gives a name`(_ item: (String, String)) {
    #expect(Array(item.0.utf8).withUnsafeBytes { TopicPattern.decodedName($0) } == item.1)
  }

  @Test func `the first rule that matches decides, within a plant and among plants`() {
    let first = DecoderBench.plant(
      "one", rules: [TopicRule(match: "a/x/{sensor}", asset: "special"), TopicRule(match: "a/{asset}/{sensor}")])
    let second = DecoderBench.plant("two", rules: [TopicRule(match: "b/{asset}/{sensor}")])
    var bench = DecoderBench(plants: [first, second])
    #expect(bench.send("a/x/s", payload: "1") == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["special.s": 1])
    #expect(bench.send("a/y/s", payload: "2") == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["y.s": 2])
    #expect(bench.send("b/y/s", payload: "3") == .readings(plant: 1, count: 1))
    #expect(bench.batches[0].isEmpty)
    #expect(bench.batches[1].raw == [3])
  }
}
