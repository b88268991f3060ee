import Foundation
import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

@testable import PayloadDecoding

/// Random and damaged Sparkplug messages: none may crash, and each must end as taken, passed over or refused, with a
/// state that can be saved and read.
///
/// 100,000 messages; `WATTLINE_FUZZ_ROUNDS` asks for more.
struct FuzzSparkplugTests {
  @Test func `damaged Sparkplug messages are taken or refused, and the state stays sound`() throws {
    let rounds = ProcessInfo.processInfo.environment["WATTLINE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 100_000
    var generator = SplitMix(state: 3)
    var bench = SparkplugBench.announced()
    let kinds = SparkplugTopic.Kind.allCases.filter { $0 != .state }
    let nested = SparkplugDraft.properties([("engUnit", .text("kW")), ("Quality", .number(192))])
    let seeds = [
      SparkplugDraft(sequence: 0).session(7).with("Supply Voltage", alias: 1, double: 12.1, unit: "V").bytes,
      SparkplugDraft(sequence: 1).with("Inverter/Power", alias: 10, double: 42, unit: "kW").bytes,
      SparkplugDraft(sequence: 2).with(nil, alias: 10, double: 1).with(nil, alias: 11, properties: nested).bytes,
      SparkplugDraft(sequence: 3).with("d", type: .dataSet) { $0.bytes(17, value: nested) }.bytes,
      SparkplugDraft(sequence: nil).session(7).bytes, [],
    ]
    var readings = 0
    for round in 0..<rounds {
      var payload =
        round % 4 == 0
        ? (0..<Int.random(in: 0..<40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        : seeds[Int.random(in: 0..<seeds.count, using: &generator)]
      for _ in 0..<Int.random(in: 0..<4, using: &generator) { damage(&payload, generator: &generator) }
      let kind = kinds[Int.random(in: 0..<kinds.count, using: &generator)]
      var topic = Array("spBv1.0/plant/\(kind.rawValue)/gw\(kind.isOfDevice ? "/pv1" : "")".utf8)
      if round % 7 == 0 { damage(&topic, generator: &generator) }
      bench.now = bench.now + .milliseconds(100)
      _ = bench.send(String(decoding: topic, as: UTF8.self), bytes: payload)
      readings += bench.nodes.results.readings.count
      for reading in bench.nodes.results.readings {
        if case .number(let number) = reading.value { #expect(number.isFinite) }
        #expect(reading.time.nanoseconds >= 0 && bench.nodes.registry.metrics.indices.contains(reading.metric))
      }
      if round % 20_000 == 0 {
        var writer = SnapshotWriter()
        bench.nodes.snapshot(into: &writer)
        var reader = SnapshotReader(writer.bytes)
        bench.nodes = try SparkplugNodes(from: &reader)
        #expect(reader.isAtEnd)
      }
    }
    #expect(readings > rounds / 100)
  }

  @Test func `damaged Sparkplug messages give whole readings or none on the way through a decoder`() throws {
    var generator = SplitMix(state: 4)
    let values = TopicRule.Value.list(["power": "Inverter/Power", "serial": "Serial"])
    var bench = DecoderBench.limited(
      [
        TopicRule(match: "spBv1.0/listed/+/{edge}/{device}", payload: .sparkplug, values: values),
        TopicRule(match: "spBv1.0/{group}/+/{edge}/{device}", payload: .sparkplug, strip: "Inverter/"),
      ], sensors: 300)
    bench.decoder.topicLimit = 500
    let draft = SparkplugDraft(sequence: 1).with("Inverter/Power", alias: 1, double: 42, unit: "W")
      .with("Serial", type: .string) { $0.text(15, value: "17 kW") }.with(nil, alias: 1, double: 3)
    for round in 0..<20_000 {
      var payload = draft.bytes
      for _ in 0..<Int.random(in: 0..<4, using: &generator) { damage(&payload, generator: &generator) }
      let kind = SparkplugTopic.Kind.allCases[Int.random(in: 0..<8, using: &generator)]
      let group = round % 2 == 0 ? "listed" : "other"
      var topic = Array("spBv1.0/\(group)/\(kind.rawValue)/gw\(kind.isOfDevice ? "/pv1" : "")".utf8)
      if round % 9 == 0 { damage(&topic, generator: &generator) }
      switch bench.send(topic, payload: payload) {
      case .readings(let plant, let count):
        #expect(plant == 0 && count > 0 && bench.batches[0].count == count)
        #expect(bench.batches[0].raw.allSatisfy { $0.isFinite } && bench.batches[0].value.allSatisfy { $0.isFinite })
      case .understood, .refused: #expect(bench.batches[0].isEmpty)
      case .elsewhere: Issue.record("there is one share only")
      }
      _ = bench.decoder.drainRebirths()
      _ = bench.decoder.drainAvailability(plant: 0, in: bench.registers[0])
    }
    #expect(bench.registers[0].series.count <= 300)
  }

  private func damage(_ bytes: inout [UInt8], generator: inout SplitMix) {
    guard !bytes.isEmpty else { return }
    let at = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    case 1: bytes.remove(at: at)
    case 2: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: at)
    case 3: bytes.removeLast(bytes.count - at)
    case 4: bytes[at] = 0xFF
    default: bytes.insert(contentsOf: bytes[at...], at: at)
    }
  }
}
