import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import PayloadDecoding

/// Sessions of edge nodes: births, data, deaths, numbers and aliases.
struct SparkplugNodesTests {
  @Test func `births register metrics with their units, and their values are readings`() {
    var bench = SparkplugBench()
    let node = SparkplugDraft(sequence: 0).session(0).with("Supply Voltage", alias: 1, double: 12.1, unit: "V")
      .with("Node Control/Rebirth", type: .boolean) { $0.varint(14, value: 0) }
    #expect(bench.send(.nodeBirth, draft: node) == .taken)
    #expect(bench.numbers == ["gw.Supply Voltage": 12.1])
    #expect(bench.changes == ["gw online"])
    let device = SparkplugDraft(sequence: 1).with("Inverter/Power", alias: 2, double: 5, unit: "kW")
    #expect(bench.send(.deviceBirth, draft: device) == .taken)
    #expect(bench.numbers == ["pv1.Inverter/Power": 5])
    #expect(bench.changes == ["pv1 online"])
    #expect(bench.nodes.registry.metrics.filter { !$0.isControl }.map(\.unit) == ["V", "kW"])
    #expect(bench.nodes.counts.births == 2 && bench.nodes.counts.rebirths == 0)
  }

  @Test func `data by alias has the name, the type and the time that are meant`() {
    var bench = SparkplugBench.announced()
    let draft = SparkplugDraft(sequence: 2).with(nil, alias: 10, time: 1_799_999_990_000, double: 43.5)
      .with(nil, alias: 11) { $0.varint(10, value: 0xFFFF_FFFF) }
    #expect(bench.send(.deviceData, draft: draft) == .taken)
    #expect(bench.numbers == ["pv1.Inverter/Power": 43.5, "pv1.Inverter/State": -1])
    #expect(bench.nodes.results.readings[0].time == Timestamp(milliseconds: 1_799_999_990_000))
    #expect(bench.nodes.results.readings[1].time == Timestamp(milliseconds: 1_800_000_000_000))
    #expect(bench.nodes.results.readings.allSatisfy { $0.hasSourceTime })
    #expect(
      bench.send(.nodeData, draft: SparkplugDraft(time: nil, sequence: 3).with(nil, alias: 1, double: 11.9)) == .taken)
    #expect(bench.numbers == ["gw.Supply Voltage": 11.9])
    #expect(bench.nodes.results.readings[0].time == bench.now && !bench.nodes.results.readings[0].hasSourceTime)
    #expect(bench.nodes.counts.gaps == 0)
  }

  @Test func `historical values keep their times and are marked; null, stale, bad and transient ones are counted`() {
    var bench = SparkplugBench.announced()
    let bad = SparkplugDraft.properties([("Quality", .number(0))])
    let stale = SparkplugDraft.properties([("Quality", .number(500))])
    let draft = SparkplugDraft(sequence: 2).with(nil, alias: 10, time: 1_799_990_000_000, double: 1, historical: true)
      .with(nil, alias: 10, null: true)
      .with(nil, alias: 10, properties: bad) { $0.fixed64(13, value: 2.0.bitPattern) }
      .with(nil, alias: 10, properties: stale) { $0.fixed64(13, value: 3.0.bitPattern) }
      .with(nil, alias: 10, transient: true) { $0.fixed64(13, value: 4.0.bitPattern) }
    #expect(bench.send(.deviceData, draft: draft) == .taken)
    #expect(bench.nodes.results.readings.count == 1 && bench.nodes.results.readings[0].isHistorical)
    #expect(bench.nodes.results.readings[0].time == Timestamp(milliseconds: 1_799_990_000_000))
    for reason in [SparkplugLeftOut.null, .badQuality, .stale, .transient] {
      #expect(bench.nodes.counts[reason] == 1, "\(reason.name)")
    }
  }

  @Test func `the number goes on modulo 256, and one that does not follow asks for a rebirth once and is taken`() {
    var bench = SparkplugBench.announced()
    for number in 2..<600 {
      bench.send(.deviceData, draft: SparkplugDraft(sequence: UInt64(number % 256)).with(nil, alias: 10, double: 1))
    }
    #expect(bench.nodes.counts.gaps == 0)
    // 599 % 256 is 87: 88 is missed.
    #expect(bench.send(.nodeData, draft: SparkplugDraft(sequence: 89).with(nil, alias: 1, double: 2)) == .taken)
    #expect(bench.numbers.count == 1 && bench.nodes.results.rebirth == 0 && bench.nodes.counts.gaps == 1)
    #expect(bench.send(.nodeData, draft: SparkplugDraft(sequence: 90).with(nil, alias: 1, double: 2)) == .taken)
    #expect(bench.nodes.results.rebirth == nil && bench.nodes.counts.gaps == 1)
    // A number that no message may have is a gap too.
    #expect(bench.send(.nodeData, draft: SparkplugDraft(sequence: 347).with(nil, alias: 1, double: 2)) == .taken)
    #expect(bench.nodes.counts.gaps == 2)
  }

  @Test func `a node that is asked again and again is asked more and more seldom`() {
    var bench = SparkplugBench()
    var asked: [Int64] = []
    for second in 0..<3_000 {
      bench.now = SparkplugBench.start + .seconds(Int64(second))
      let outcome = bench.send(.nodeData, draft: SparkplugDraft(sequence: 0).with(nil, alias: 1, double: 1))
      #expect(outcome == .refused(.noBirth))
      if bench.nodes.results.rebirth != nil { asked.append(Int64(second)) }
    }
    #expect(asked == [0, 10, 30, 70, 150, 310, 630, 1_230, 1_830, 2_430])
    bench.now = bench.now + .hour
    bench.send(.nodeData, draft: SparkplugDraft(sequence: 0))
    #expect(bench.nodes.results.rebirth == 0 && bench.nodes.registry.nodes[0].rebirth.wait == RebirthBackoff.firstWait)
  }

  @Test func `data by alias of whoever has not announced itself is refused, and its node is asked to`() {
    var bench = SparkplugBench()
    #expect(
      bench.send(.deviceData, draft: SparkplugDraft(sequence: 1).with(nil, alias: 1, double: 1)) == .refused(.noBirth))
    #expect(
      bench.nodes.results.rebirth == 0 && bench.nodes.registry.nodes[0].edge == "gw"
        && bench.nodes.registry.nodes[0].group == "plant")
    bench = SparkplugBench.announced()
    let draft = SparkplugDraft(sequence: 2).with(nil, alias: 10, double: 1)
    #expect(bench.send("spBv1.0/plant/DDATA/gw/other", bytes: draft.bytes) == .refused(.noBirth))
    #expect(bench.nodes.results.rebirth == 0)
    // After another NBIRTH a device has to announce itself again before its aliases mean anything.
    bench = SparkplugBench.announced()
    bench.send(.nodeBirth, draft: SparkplugDraft(sequence: 0).session(7).with("Supply Voltage", alias: 1, double: 12))
    #expect(
      bench.send(.deviceData, draft: SparkplugDraft(sequence: 1).with(nil, alias: 10, double: 1)) == .refused(.noBirth))
  }

  @Test func `a metric with its name and type is taken without a birth, which is asked for; its sender is there`() {
    var bench = SparkplugBench()
    let draft = SparkplugDraft(sequence: 4).with("power", type: .int16) { $0.varint(10, value: 0xFFFF) }
      .with("untyped") { $0.varint(10, value: 5) }
    #expect(bench.send(.deviceData, draft: draft) == .taken)
    #expect(bench.numbers == ["pv1.power": -1] && bench.changes == ["pv1 online"] && bench.nodes.results.rebirth == 0)
    #expect(bench.send(.nodeDeath, draft: SparkplugDraft(sequence: nil).session(1)) == .taken)
    #expect(bench.changes == ["pv1 offline"])
  }

  @Test func `a device that is a client of its own announces itself without a node, comes and goes`() {
    var bench = SparkplugBench()
    #expect(bench.send(.deviceBirth, draft: SparkplugDraft(sequence: 0).with("p", alias: 3, double: 1)) == .taken)
    #expect(bench.numbers == ["pv1.p": 1] && bench.changes == ["pv1 online"] && bench.nodes.results.rebirth == 0)
    #expect(bench.send(.deviceData, draft: SparkplugDraft(sequence: 1).with(nil, alias: 3, double: 2)) == .taken)
    #expect(bench.numbers == ["pv1.p": 2] && bench.nodes.results.rebirth == nil && bench.nodes.counts.gaps == 0)
    #expect(bench.send(.deviceDeath, draft: SparkplugDraft(sequence: nil).session(0)) == .taken)
    #expect(bench.changes == ["pv1 offline"])
  }

  @Test func `metrics with an alias that no birth has named, or without any name, ask for a rebirth and are counted`() {
    for draft in [
      SparkplugDraft(sequence: 2).with(nil, alias: 99, double: 1).with(nil, alias: 10, double: 4),
      SparkplugDraft(sequence: 2).with(nil, double: 1).with(nil, alias: 10, double: 4),
      // The alias of the node is none of the device's.
      SparkplugDraft(sequence: 2).with(nil, alias: 1, double: 1).with(nil, alias: 10, double: 4),
    ] {
      var bench = SparkplugBench.announced()
      #expect(bench.send(.deviceData, draft: draft) == .taken)
      #expect(bench.numbers == ["pv1.Inverter/Power": 4])
      #expect(bench.nodes.results.rebirth == 0)
      #expect(bench.nodes.counts[.unknownAlias] + bench.nodes.counts[.unnamed] == 1)
    }
  }

  @Test func `a metric by name is taken with the type that it states, announced or not`() {
    var bench = SparkplugBench.announced()
    let draft = SparkplugDraft(sequence: 2).with("new", type: .int8) { $0.varint(10, value: 255) }
      .with("Inverter/Power", double: 6)
    #expect(bench.send(.deviceData, draft: draft) == .taken)
    #expect(bench.numbers == ["pv1.new": -1, "pv1.Inverter/Power": 6])
    #expect(bench.nodes.results.rebirth == nil)
  }

  @Test func `the death of a node takes its devices with it, unless it is that of another session`() {
    var bench = SparkplugBench.announced()
    #expect(bench.send(.nodeDeath, draft: SparkplugDraft(sequence: nil).session(6)) == .passedOver)
    #expect(bench.changes.isEmpty)
    #expect(bench.send(.nodeDeath, draft: SparkplugDraft(sequence: nil).session(7)) == .taken)
    #expect(bench.changes == ["gw offline", "pv1 offline"])
    #expect(bench.send(.nodeDeath, draft: SparkplugDraft(sequence: nil).session(7)) == .passedOver)
    #expect(
      bench.send(.deviceData, draft: SparkplugDraft(sequence: 2).with(nil, alias: 10, double: 1)) == .refused(.noBirth))
    #expect(bench.nodes.results.rebirth == 0)
    bench.send(.nodeBirth, draft: SparkplugDraft(sequence: 0).session(8))
    #expect(bench.changes == ["gw online"])
    #expect(bench.send(.nodeDeath, draft: SparkplugDraft(sequence: nil).session(7)) == .passedOver)
    // A death without the session's number is believed.
    #expect(bench.send(.nodeDeath, draft: SparkplugDraft(sequence: nil)) == .taken)
    #expect(bench.changes == ["gw offline"])
  }

  @Test func `the death of a device leaves its node and its aliases to others`() {
    var bench = SparkplugBench.announced()
    #expect(bench.send(.deviceDeath, draft: SparkplugDraft(sequence: 2)) == .taken)
    #expect(bench.changes == ["pv1 offline"])
    #expect(bench.send(.nodeData, draft: SparkplugDraft(sequence: 3).with(nil, alias: 1, double: 3)) == .taken)
    #expect(
      bench.send(.deviceData, draft: SparkplugDraft(sequence: 4).with(nil, alias: 10, double: 1)) == .refused(.noBirth))
    bench.send(.deviceBirth, draft: SparkplugDraft(sequence: 5).with("Inverter/Power", alias: 12, double: 9))
    #expect(bench.changes == ["pv1 online"] && bench.numbers == ["pv1.Inverter/Power": 9])
    #expect(bench.send(.deviceData, draft: SparkplugDraft(sequence: 6).with(nil, alias: 10, double: 1)) == .taken)
    #expect(bench.numbers.isEmpty && bench.nodes.counts[.unknownAlias] == 2)
  }

  @Test func `a rebirth does not make devices seem gone, and may give an alias another meaning`() {
    var bench = SparkplugBench.announced()
    bench.send(.nodeBirth, draft: SparkplugDraft(sequence: 0).session(7).with("Supply Voltage", alias: 10, double: 12))
    #expect(bench.changes == ["gw online"])
    bench.send(.deviceBirth, draft: SparkplugDraft(sequence: 1).with("Inverter/Power", alias: 1, double: 8, unit: "W"))
    #expect(bench.nodes.registry.metrics.filter { $0.revision == 1 }.map(\.unit) == ["", "W"])
    bench.send(.deviceData, draft: SparkplugDraft(sequence: 2).with(nil, alias: 1, double: 7))
    #expect(bench.numbers == ["pv1.Inverter/Power": 7])
    #expect(bench.nodes.registry.metrics.count(where: { $0.name == "Inverter/Power" }) == 1)
  }

  @Test func `commands and STATE are passed over, and neither read nor counted as mistakes`() {
    var bench = SparkplugBench.announced()
    #expect(bench.send(.nodeCommand, draft: SparkplugDraft(sequence: nil)) == .passedOver)
    #expect(bench.send(.deviceCommand, draft: SparkplugDraft(sequence: nil)) == .passedOver)
    #expect(bench.send("spBv1.0/STATE/scada", bytes: Array(#"{"online":true}"#.utf8)) == .passedOver)
    #expect(bench.nodes.counts.passedOver == 3)
    #expect(bench.send(.nodeData, draft: SparkplugDraft(sequence: 2)) == .taken)
  }

  @Test func `a body of the publisher's own in place of metrics is refused`() {
    var bench = SparkplugBench.announced()
    var payload = ProtobufWriter()
    payload.bytes(5, value: [1, 2, 3])
    #expect(bench.send("spBv1.0/plant/NDATA/gw", bytes: payload.bytes) == .refused(.unknownFormat))
  }

  @Test func `a state that was saved goes on as one that was not, and gives the same bytes`() throws {
    var bench = SparkplugBench.announced()
    bench.send("spBv1.0/other/NDATA/unknown", bytes: SparkplugDraft(sequence: 0).bytes)
    var writer = SnapshotWriter()
    bench.nodes.snapshot(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    var resumed = bench
    resumed.nodes = try SparkplugNodes(from: &reader)
    #expect(reader.isAtEnd)
    func goOn(_ bench: inout SparkplugBench) -> [String] {
      var words: [String] = []
      bench.now = SparkplugBench.start + .seconds(5)
      for (kind, draft) in [
        (SparkplugTopic.Kind.deviceData, SparkplugDraft(sequence: 2).with(nil, alias: 10, double: 1)),
        (.deviceBirth, SparkplugDraft(sequence: 3).with("Inverter/Power", alias: 10, double: 2)),
        (.nodeData, SparkplugDraft(sequence: 7).with(nil, alias: 1, double: 3)),
        (.nodeDeath, SparkplugDraft(sequence: nil).session(7)),
      ] {
        let outcome = bench.send(kind, draft: draft)
        words.append(
          "\(String(describing: outcome)) \(bench.numbers) \(bench.changes) \(bench.nodes.results.rebirth ?? -1)")
      }
      var writer = SnapshotWriter()
      bench.nodes.snapshot(into: &writer)
      return words + ["\(writer.bytes)"]
    }
    #expect(goOn(&bench) == goOn(&resumed))
    #expect(bench.nodes.counts == resumed.nodes.counts)
  }

  @Test func `no part of a saved state is taken for a whole one`() {
    let bench = SparkplugBench.announced()
    var writer = SnapshotWriter()
    bench.nodes.snapshot(into: &writer)
    for length in 0..<writer.bytes.count {
      #expect(throws: SnapshotError.self) {
        var reader = SnapshotReader(Array(writer.bytes.prefix(length)))
        _ = try SparkplugNodes(from: &reader)
      }
    }
  }
}
