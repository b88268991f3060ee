import Journal
import PlantConfig
import PlantModel
import PlantSimulation
import StreamCore
import Testing

@testable import Pipeline

/// A day and more of two plants as a journal holds it: bursts of uneven size, ticks, broken payloads, messages of
/// nobody, and a plant that is added on the way.
private struct History {
  typealias Record = (kind: RecordKind, received: Timestamp, body: [UInt8])

  var first = PlantSources()
  var records: [Record] = []

  init(seed: UInt64, hours: Int64) throws {
    first.files = [("north.yaml", History.file("north"))]
    var second = first
    second.files.append(("south.yaml", History.file("south")))
    var random = SplitMix(seed)
    let start = Timestamp(seconds: 1_772_000_000).floored(to: .minute)
    var simulators: [(PlantSimulator, SensorTopic)] = []
    for plant in second.plants {
      simulators.append(
        (PlantSimulator(plant: plant, seed: seed, start: start, step: .minute), try SensorTopic(plant: plant)))
    }
    var builder = MessageFrameBuilder()
    for minute in 0..<hours * 60 {
      let now = start + .minutes(minute)
      if minute == hours * 20 { records.append((.configuration, now, History.record(of: second))) }
      for index in simulators.indices {
        for reading in simulators[index].0.advance() {
          let message = simulators[index].1.message(
            asset: reading.asset, sensor: reading.sensor, value: reading.value, time: reading.time)
          guard let message else { continue }
          let isBroken = random.next() % 97 == 0
          let payload = isBroken ? Array("{\"value\":".utf8) : Array(message.payload.utf8)
          Array(message.topic.utf8).withUnsafeBytes { topic in
            payload.withUnsafeBytes { builder.append(topic: topic, payload: $0, packetID: 0, retained: false) }
          }
          if random.next() % 13 == 0 { seal(&builder, now) }
        }
      }
      seal(&builder, now)
      records.append((.tick, now + .seconds(1), []))
    }
  }

  private mutating func seal(_ builder: inout MessageFrameBuilder, _ now: Timestamp) {
    if builder.count > 0 { records.append((.messages, now, Array(builder.bytes))) }
    builder.removeAll()
  }

  private static func file(_ name: String) -> [UInt8] {
    Array(
      """
      plant: \(name)
      location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
      topics: [{match: "\(name)/{asset}/{sensor}"}]
      assets:
        pv: {kind: pv, capacity_kw: 50}
        bess: {kind: battery, energy_kwh: 50, power_kw: 20}
        load: {kind: load}
        grid: {kind: grid, import_limit_kw: 300}
      """.utf8)
  }

  static func record(of sources: PlantSources) -> [UInt8] {
    var writer = SnapshotWriter()
    ConfigurationRecord.write(sources, to: &writer)
    return writer.bytes
  }
}

/// Steele, Lea and Flood's SplitMix64 (doi:10.1145/2660193.2660195).
private struct SplitMix {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

extension RecordProcessor {
  fileprivate mutating func lines(of record: History.Record) -> [UInt8] {
    let words = record.body.withUnsafeBytes { process(kind: record.kind, received: record.received, body: $0) }
    #expect(words.isEmpty)
    return encoder.take(upTo: 0).bytes
  }
}

@Suite("Records of a journal")
struct RecordProcessorTests {
  @Test("the same records give the same lines, whether in one go or after any number of restarts", arguments: [1, 2])
  func determinism(seed: UInt64) throws {
    let history = try History(seed: seed, hours: 27)
    var straight = RecordProcessor(sources: history.first)
    var again = RecordProcessor(sources: history.first)
    var restarted = RecordProcessor(sources: history.first)
    var random = SplitMix(seed)
    var bytes = 0
    for (number, record) in history.records.enumerated() {
      let lines = straight.lines(of: record)
      bytes += lines.count
      try #require(again.lines(of: record) == lines, "record \(number)")
      if random.next() % 400 == 0 {
        let (restored, rebuilt) = try RecordProcessor.restored(from: restarted.snapshot())
        try #require(rebuilt.isEmpty)
        restarted = restored
      }
      let after = restarted.lines(of: record)
      try #require(
        after == lines, "record \(number): \(RecordProcessorTests.difference(lines, after))")
    }
    #expect(bytes > 1_000_000)
    #expect(straight.ledger.refused.values.reduce(0, +) > 100)
    #expect(straight.ledger == restarted.ledger)
    #expect(straight.ledger.messages == straight.ledger.decoded + straight.ledger.refusedInAll)
    #expect(straight.plants.count == 2)
  }

  @Test("a damaged record of a configuration changes nothing and is told")
  func damagedConfiguration() throws {
    var sources = PlantSources()
    sources.files = [("a.yaml", Array("plant: a\n".utf8))]
    var processor = RecordProcessor(sources: sources)
    let whole = History.record(of: sources)
    for length in 0..<whole.count {
      let words = whole[..<length].withUnsafeBytes {
        processor.process(kind: .configuration, received: Timestamp(seconds: 1), body: $0)
      }
      #expect(words.count == 1)
    }
  }

  @Test("a snapshot that is cut anywhere is refused")
  func cutSnapshot() throws {
    let history = try History(seed: 3, hours: 1)
    var processor = RecordProcessor(sources: history.first)
    for record in history.records { _ = processor.lines(of: record) }
    let whole = processor.snapshot()
    #expect(throws: Never.self) { try RecordProcessor.restored(from: whole) }
    for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 60)) {
      let found = try? RecordProcessor.restored(from: Array(whole[..<length]))
      #expect(found == nil || found?.rebuilt.isEmpty == false)
    }
  }

  /// The first line that differs, of each.
  private static func difference(_ one: [UInt8], _ other: [UInt8]) -> String {
    let pairs = zip(one.split(separator: 10), other.split(separator: 10))
    guard let pair = pairs.first(where: { $0.0 != $0.1 }) else { return "\(one.count) and \(other.count) bytes" }
    return "\(String(decoding: pair.0, as: UTF8.self)) | \(String(decoding: pair.1, as: UTF8.self))"
  }
}
