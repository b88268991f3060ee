import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import PayloadDecoding

/// Sparkplug as a payload format: names, units, and what has to survive.
struct SparkplugFormatTests {
  private static let match = "spBv1.0/{group}/+/{edge}/{device}"

  private func bench(
    _ match: String = SparkplugFormatTests.match, asset: String? = nil, values: KeyValuePairs<String, String> = [:],
    strip: String? = nil, rename: [String: String] = [:]
  ) -> DecoderBench {
    DecoderBench([
      TopicRule(
        match: match, payload: .sparkplug, asset: asset, values: TopicRule.Value.list(values), strip: strip,
        rename: rename)
    ])
  }

  private static let node = SparkplugDraft(sequence: 0).session(1).with(
    "Supply Voltage", alias: 1, double: 230, unit: "V"
  )
  .with("Node Control/Rebirth", type: .boolean) { $0.varint(14, value: 0) }
  private static let device = SparkplugDraft(sequence: 1).with("power", alias: 2, double: 1_500, unit: "W")
    .with("Inverter/State", alias: 3, type: .int32) { $0.varint(10, value: 4) }
    .with("Serial", type: .string) { $0.text(15, value: "12") }

  private func announce(_ bench: inout DecoderBench) {
    #expect(bench.send("NBIRTH", draft: SparkplugFormatTests.node) == .readings(plant: 0, count: 1))
    #expect(bench.readings.count == 1)
    #expect(
      bench.send("DBIRTH", draft: SparkplugFormatTests.device) == .readings(plant: 0, count: bench.readings.count))
  }

  @Test func `devices and edge nodes are assets, metrics are sensors, and units are those of the births`() {
    var bench = bench()
    #expect(bench.send("NBIRTH", draft: SparkplugFormatTests.node) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["gw.Supply Voltage": 230])
    #expect(bench.send("DBIRTH", draft: SparkplugFormatTests.device) == .readings(plant: 0, count: 2))
    #expect(bench.readings == ["pv1.power": 1.5, "pv1.Inverter/State": 4])
    let data = SparkplugDraft(sequence: 2).with(nil, alias: 2, time: 1_799_999_999_000, double: 1_700)
    #expect(bench.send("DDATA", draft: data) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["pv1.power": 1.7])
    #expect(bench.batches[0].time == [Timestamp(milliseconds: 1_799_999_999_000)])
    #expect(bench.registers[0].series.map { $0.profile.unit?.symbol } == ["V", "kW", nil])
    #expect(bench.send("NDATA", draft: SparkplugDraft(sequence: 3).with(nil, alias: 1, double: 231)) != .elsewhere)
    #expect(bench.readings == ["gw.Supply Voltage": 231])
    #expect(bench.registers[0].series.count == 3)
  }

  @Test func `a shared subscription reads devices and edge nodes as an own one does`() {
    var bench = bench("$share/wattline/" + Self.match)
    announce(&bench)
    #expect(bench.send("NDATA", draft: SparkplugDraft(sequence: 2).with(nil, alias: 1, double: 231)) != .elsewhere)
    #expect(bench.readings == ["gw.Supply Voltage": 231])
  }

  @Test func `a birth may give a metric another unit, also where each topic has places of its own`() {
    for values: KeyValuePairs<String, String> in [[:], ["power": "{device}/power"]] {
      var bench = bench(values: values)
      let name = values.isEmpty ? "power" : "pv1/power"
      var sequence: UInt64 = 0
      func next() -> UInt64 {
        sequence += 1
        return sequence
      }
      _ = bench.send("NBIRTH", draft: SparkplugDraft(sequence: 0).session(1))
      var found: [Double] = []
      for unit in ["W", "kW", "W"] {
        _ = bench.send("DBIRTH", draft: SparkplugDraft(sequence: next()).with(name, alias: 2, double: 1, unit: unit))
        _ = bench.send("DDATA", draft: SparkplugDraft(sequence: next()).with(nil, alias: 2, double: 3))
        found += bench.batches[0].raw
      }
      #expect(found == [0.003, 3, 0.003])
      #expect(bench.registers[0].series.map(\.sensor) == ["power"])
    }
  }

  @Test func `names of the file choose, strip and rename metrics, and placeholders name assets`() {
    var chosen = bench(asset: "{edge}-{device}", values: ["state": "Inverter/State", "power": "power"])
    #expect(chosen.send("NBIRTH", draft: SparkplugFormatTests.node) == .understood(plant: 0))
    _ = chosen.send("DBIRTH", draft: SparkplugFormatTests.device)
    #expect(chosen.readings == ["gw-pv1.state": 4, "gw-pv1.power": 1.5])
    var stripped = bench("spBv1.0/{site}/+/{gateway}/{asset}", strip: "Inverter/", rename: ["power": "ac_power"])
    _ = stripped.send("NBIRTH", draft: SparkplugFormatTests.node)
    #expect(stripped.readings == ["gw.Supply Voltage": 230])
    _ = stripped.send("DBIRTH", draft: SparkplugFormatTests.device)
    #expect(Set(stripped.readings.keys) == ["pv1.State", "pv1.ac_power"])
    var listed = bench("spBv1.0/#", values: ["serial": "Serial"])
    _ = listed.send("NBIRTH", draft: SparkplugFormatTests.node)
    #expect(listed.send("DBIRTH", draft: SparkplugFormatTests.device) == .readings(plant: 0, count: 1))
    #expect(listed.readings == ["pv1.serial": 12])
    var nodes = bench("spBv1.0/{group}/+/{edge}")
    _ = nodes.send("NBIRTH", draft: SparkplugFormatTests.node)
    #expect(nodes.readings == ["gw.Supply Voltage": 230])
    #expect(nodes.send("DBIRTH", draft: SparkplugFormatTests.device) == .refused(.unmatchedTopic))
  }

  @Test func `a message of an edge node is explained by its rule's own number`() {
    let rules = [
      TopicRule(match: "spBv1.0/a/+/{edge}/{device}", payload: .sparkplug),
      TopicRule(match: "spBv1.0/plant/+/{edge}/{device}", payload: .sparkplug), TopicRule(match: "x/{asset}/{sensor}"),
    ]
    var bench = DecoderBench(rules)
    for (topic, number) in [("spBv1.0/plant/NDATA/gw", 2), ("spBv1.0/plant/DDATA/gw/pv1", 2), ("x/a/b", 3)] {
      var frame = MessageFrameBuilder()
      Array(topic.utf8).withUnsafeBytes { bytes in
        [1].withUnsafeBytes { frame.append(topic: bytes, payload: $0, packetID: 0, retained: false) }
      }
      let steps = frame.bytes.withUnsafeBytes { bytes -> [Int] in
        var cursor = MessageFrameCursor(bytes)
        guard let message = cursor.next() else { return [] }
        return bench.decoder.explain(
          message, received: DecoderBench.received, registers: &bench.registers, into: &bench.batches
        ).steps.map(\.number)
      }
      #expect(steps == [number], "\(topic)")
    }
  }

  @Test func `commands and STATE are understood and give nothing; other topics and bytes are refused`() {
    var bench = bench("spBv1.0/#")
    #expect(bench.send("NCMD", draft: SparkplugDraft(sequence: nil)) == .understood(plant: 0))
    #expect(bench.send(Array("spBv1.0/STATE/host".utf8), payload: Array("{}".utf8)) == .understood(plant: 0))
    #expect(bench.send(Array("spBv1.0/x".utf8), payload: [1]) == .refused(.unmatchedTopic))
    #expect(bench.send(Array("spBv1.0/plant/NBIRTH/gw".utf8), payload: [0x12, 9]) == .refused(.malformedProtobuf))
    #expect(bench.send(Array("spBv1.0/plant/NDEATH/gw".utf8), payload: []) == .understood(plant: 0))
  }

  @Test func `whoever goes takes its devices with it, and what has no birth is asked for one`() {
    var bench = bench()
    announce(&bench)
    func taken() -> [String] {
      let plants = bench.decoder.plantsWithAvailability
      let changes = plants.flatMap { bench.decoder.drainAvailability(plant: $0, in: bench.registers[$0]) }
      return changes.map { "\(bench.registers[0].assets[$0.asset.position].name) \($0.isOnline)" }
    }
    #expect(taken() == ["gw true", "pv1 true"])
    #expect(bench.send("NDEATH", draft: SparkplugDraft(sequence: nil).session(1)) == .understood(plant: 0))
    #expect(taken() == ["gw false", "pv1 false"])
    #expect(taken().isEmpty)
    #expect(
      bench.send("DDATA", draft: SparkplugDraft(sequence: 2).with(nil, alias: 2, double: 1)) == .refused(.noBirth))
    #expect(bench.decoder.drainRebirths().map(\.topic) == ["spBv1.0/plant/NCMD/gw"])
    #expect(bench.decoder.drainRebirths().isEmpty)
  }

  @Test
  func `data by alias is read after a restart and after a change of the file, and a death reaches devices`() throws {
    var first = bench()
    announce(&first)
    #expect(first.decoder.hasState(ofPlant: 0))
    var writer = SnapshotWriter()
    first.decoder.snapshot(plant: 0, into: &writer)
    var second = bench()
    var reader = SnapshotReader(writer.bytes)
    try second.decoder.restore(plant: 0, from: &reader)
    #expect(reader.isAtEnd)
    second.registers = first.registers
    let data = SparkplugDraft(sequence: 2).with(nil, alias: 2, double: 2_000)
    var third = bench(rename: ["power": "ac_power"])
    third.registers = first.registers
    third.decoder.adopt(plant: 0, from: second.decoder, plant: 0)
    #expect(third.send("DDATA", draft: data) == .readings(plant: 0, count: 1))
    #expect(Array(third.readings.keys) == ["pv1.ac_power"])
    #expect(second.send("NDEATH", draft: SparkplugDraft(sequence: nil).session(1)) == .understood(plant: 0))
    #expect(second.decoder.drainAvailability(plant: 0, in: second.registers[0]).map(\.isOnline) == [false, false])
  }

  @Test func `metrics without a reading are counted, and a unit that is not known is told once and left away`() {
    var bench = bench()
    let draft = SparkplugFormatTests.device.with("rows", type: .dataSet) { $0.bytes(17, value: []) }
      .with("gone", type: .double, null: true).with("speed", alias: 9, double: 3, unit: "furlongs")
    #expect(bench.send("DBIRTH", draft: draft) == .readings(plant: 0, count: 3))
    let counted = bench.decoder.drainLeftOutMetrics()
    #expect(counted.missing == 1 && counted.others == ["data_set": 1])
    let news = bench.decoder.drainNotices()
    #expect(news.count(where: { $0.contains("'furlongs'") }) == 1, "\(news)")
    _ = bench.send("DDATA", draft: SparkplugDraft(sequence: 2).with(nil, alias: 9, double: 4))
    #expect(bench.readings == ["pv1.speed": 4] && bench.decoder.drainNotices().isEmpty)
  }

  @Test func `a rule subscribes to the topics of edge nodes too, on the same connection`() {
    let plants = (0..<40).map { number in
      DecoderBench.plant(
        "p\(number)", rules: [TopicRule(match: "spBv1.0/g\(number)/+/{edge}/{device}", payload: .sparkplug)])
    }
    let plan = SubscriptionPlan.filters(of: plants, connections: 4)
    #expect(plan.count { $0.contains { $0.hasPrefix("spBv1.0") } } > 1)
    for filters in plan {
      let own = filters.filter { $0.hasPrefix("spBv1.0") }
      #expect(own.count % 2 == 0)
      for filter in own where filter.hasSuffix("/+/+/+") { #expect(own.contains(String(filter.dropLast(2)))) }
    }
    let all = DecoderBench.plant("all", rules: [TopicRule(match: SparkplugFormatTests.match, payload: .sparkplug)])
    let nodes = DecoderBench.plant("nodes", rules: [TopicRule(match: "spBv1.0/+/{type}/{edge}", payload: .sparkplug)])
    let shared = SubscriptionPlan.filters(of: [nodes] + plants + [all], connections: 4)
    #expect(shared.count { $0.contains { $0.hasPrefix("spBv1.0") } } == 1)
  }

  @Test(arguments: [
    ("spBv1.0/{group}/+/{edge}/{device}", nil), ("spBv1.0/{group}/{type}/{edge}/{device}", nil), ("spBv1.0/#", nil),
    ("spBv1.0/g/+/{edge}", nil), ("spBv1.0/g/#", nil), ("spBv1.0/g/+/{edge}/#", nil),
    ("spBv1.0/{group}/DDATA/{edge}/{device}", "takes messages of one kind alone"),
    ("spBv1.0/{group}/+/{edge}/{device}/x", "has 6 levels"), ("spAv1.0/#", "is no topic of Sparkplug"),
    ("{a}/{b}/+/{c}/{d}", "is no topic of Sparkplug"),
  ])
  func `what Sparkplug cannot be is said`(match: String, words: String?) {
    let mistake = SparkplugMatch.mistake(match)
    #expect((mistake == nil) == (words == nil))
    if let words { #expect(mistake?.contains(words) == true) }
  }
}

extension DecoderBench {
  fileprivate mutating func send(_ kind: String, draft: SparkplugDraft) -> DecodeOutcome {
    send(Array("spBv1.0/plant/\(kind)/gw\(kind.hasPrefix("D") ? "/pv1" : "")".utf8), payload: draft.bytes)
  }
}
