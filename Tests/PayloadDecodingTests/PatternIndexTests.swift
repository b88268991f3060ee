import PlantModel
import PlantTesting
import Settings
import Testing

@testable import PayloadDecoding

@Suite("Many patterns")
struct PatternIndexTests {
  /// Patterns of few words, so that they often meet.
  private static func patterns(seed: UInt64) throws -> [TopicPattern] {
    var random = SplitMix(state: seed)
    return try (0..<40).map { _ in
      let levels = (0..<1 + random.next() % 4).map { _ in
        ["a", "b", "$c", "{x}", "+", "p-{y}", "{z}"][Int(random.next() % 7)]
      }
      let tail = random.next() % 4 == 0 ? ["#"] : []
      return try TopicPattern((levels + tail).joined(separator: "/"))
    }
  }

  /// Whether some topic of one filter passes the other, level by level.
  private static func meet(_ a: ArraySlice<String>, _ b: ArraySlice<String>) -> Bool {
    if a.first == "#" || b.first == "#" { return true }
    guard let one = a.first, let other = b.first else { return a.isEmpty && b.isEmpty }
    return (one == other || one == "+" || other == "+") && meet(a.dropFirst(), b.dropFirst())
  }

  private static func covers(_ a: ArraySlice<String>, b: ArraySlice<String>, isFirst: Bool = true) -> Bool {
    if isFirst, b.first?.hasPrefix("$") == true, a.first == "+" || a.first == "#" { return false }
    if a.first == "#" { return true }
    guard let one = a.first, let other = b.first else { return a.isEmpty && b.isEmpty }
    guard one == other || (one == "+" && other != "#") else { return false }
    return covers(a.dropFirst(), b: b.dropFirst(), isFirst: false)
  }

  private static func levels(_ pattern: TopicPattern) -> ArraySlice<String> {
    pattern.filter.split(separator: "/").map(String.init)[...]
  }

  @Test(arguments: 1...30)
  func `the index finds what comparing every pattern with every other finds`(seed: UInt64) throws {
    let patterns = try Self.patterns(seed: seed)
    let index = PatternIndex(patterns)
    for position in patterns.indices {
      let own = Self.levels(patterns[position])
      let others = patterns.indices.filter { $0 != position }
      #expect(
        index.isCovered(position) == others.contains { Self.covers(Self.levels(patterns[$0]), b: own) },
        "\(patterns[position].filter)")
      #expect(
        Set(index.overlaps(position))
          == Set(others.filter { $0 < position && Self.meet(Self.levels(patterns[$0]), own) }),
        "\(patterns[position].filter)")
      let topic = Array(patterns[position].filter.replacing("+", with: "p-b").replacing("#", with: "a/b").utf8)
      topic.withUnsafeBytes { topic in
        let matching = patterns.indices.filter { patterns[$0].captures(in: topic) != nil }
        let candidates = index.candidates(topic)
        #expect(candidates == candidates.sorted() && Set(matching).isSubset(of: candidates))
      }
    }
  }

  @Test func `each message has its outcome in one share, the same as without shares, and strays are the first one's`() {
    let plants = (0..<6).map { DecoderBench.plant("p\($0)", rules: [TopicRule(match: "p\($0)/{asset}/{sensor}")]) }
    var alone = DecoderBench(plants: plants)
    var shares = (0..<3).map { number in
      var bench = DecoderBench(plants: plants.filter { Shard(number, of: 3).has($0.name) })
      bench.decoder = MessageDecoder(plants: plants, share: Shard(number, of: 3))
      return bench
    }
    for topic in (0..<6).map({ "p\($0)/a/s" }) + ["none", "p1/a", "p2/a\u{7}/s"] {
      let expected = alone.send(topic, payload: "1")
      let outcomes = shares.indices.map { shares[$0].send(topic, payload: "1") }
      let own = outcomes.filter { $0 != .elsewhere }
      #expect(own.count == 1, "\(topic): \(outcomes)")
      switch (expected, own.first) {
      case (.readings(let plant, let count), .readings(let local, let found)?):
        let number = Shard.number(of: plants[plant].name, among: 3)
        let names = plants.map(\.name).filter { Shard(number, of: 3).has($0) }
        #expect(count == found && names[local] == plants[plant].name)
      default: #expect(own.first == expected)
      }
      if expected == .refused(.unmatchedTopic) { #expect(outcomes[0] == expected) }
    }
  }
}
