import InfluxSink
import Journal
import PlantConfig
import PlantModel
import PlantTesting
import Settings
import SinkCore
import StreamCore
import Testing
import WattlineTime

@testable import PayloadDecoding
@testable import Pipeline

/// Sparkplug on its way from the journal to points: deaths, restarts, workers and requests.
@Suite("Sparkplug in the journal")
struct SparkplugRecordTests {
  private struct Metric {
    var name: String?
    var alias: UInt64
    var value: Double
  }

  private static let start = Timestamp(seconds: 1_800_000_000)

  private static func payload(
    _ sequence: UInt64?, at time: Timestamp, session: UInt64? = nil, metrics: [Metric] = []
  ) -> [UInt8] {
    var payload = ProtobufWriter()
    payload.varint(1, value: UInt64(time.milliseconds))
    if let sequence { payload.varint(3, value: sequence) }
    if let session {
      var metric = ProtobufWriter()
      metric.text(1, value: "bdSeq")
      metric.varint(4, value: 4)
      metric.varint(11, value: session)
      payload.bytes(2, value: metric.bytes)
    }
    for entry in metrics {
      var metric = ProtobufWriter()
      if let name = entry.name {
        metric.text(1, value: name)
        metric.varint(4, value: 10)
      }
      metric.varint(2, value: entry.alias)
      metric.fixed64(13, value: entry.value.bitPattern)
      payload.bytes(2, value: metric.bytes)
    }
    return payload.bytes
  }

  private static var sources: PlantSources {
    var sources = PlantSources()
    for plant in ["north", "south"] {
      let file = """
        plant: \(plant)
        location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
        topics: [{match: "spBv1.0/\(plant)/+/{edge}/{device}", payload: sparkplug}]
        assets: {pv1: {kind: pv, capacity_kw: 50}}
        """
      sources.files.append(("\(plant).yaml", Array(file.utf8)))
    }
    return sources
  }

  private static func record(_ messages: [(topic: String, payload: [UInt8])]) -> [UInt8] {
    var frame = MessageFrameBuilder()
    for message in messages {
      Array(message.topic.utf8).withUnsafeBytes { topic in
        message.payload.withUnsafeBytes { frame.append(topic: topic, payload: $0, packetID: 0, retained: false) }
      }
    }
    return frame.bytes
  }

  /// Two minutes of both plants: births, data by alias every second with a tick, a gap, a death, and another birth.
  private static var records: [History.Record] {
    var records: [History.Record] = []
    for second in 0..<120 {
      let now = start + .seconds(Int64(second))
      var messages: [(topic: String, payload: [UInt8])] = []
      for plant in ["north", "south"] {
        let prefix = "spBv1.0/\(plant)"
        if second == 0 || second == 90 {
          messages.append(("\(prefix)/NBIRTH/gw", payload(0, at: now, session: UInt64(second))))
          let metrics = [Metric(name: "power", alias: 7, value: 1), Metric(name: "voltage", alias: 8, value: 230)]
          messages.append(("\(prefix)/DBIRTH/gw/pv1", payload(1, at: now, metrics: metrics)))
        } else if second == 60 {
          messages.append(("\(prefix)/NDEATH/gw", payload(nil, at: now, session: 0)))
        } else if second < 60 || second > 90 {
          let number = UInt64(second % 90 + 1) + (second >= 40 && second < 60 ? 1 : 0)
          messages.append(
            (
              "\(prefix)/DDATA/gw/pv1",
              payload(number, at: now, metrics: [Metric(name: nil, alias: 7, value: Double(second))])
            ))
        }
      }
      if !messages.isEmpty { records.append((.messages, now, record(messages))) }
      records.append((.tick, now, []))
    }
    return records
  }

  private static func lines(_ processor: inout RecordProcessor, record: History.Record) -> [String] {
    let words = record.body.withUnsafeBytes {
      processor.process(kind: record.kind, received: record.received, body: $0)
    }
    #expect(words.isEmpty, "\(words)")
    return String(decoding: processor.encoder.drain(upTo: 0).bytes, as: UTF8.self).split(separator: "\n").map(
      String.init)
  }

  @Test("a death is an alert at once and over with the next birth, a gap asks for a rebirth, and all is accounted for")
  func aDeathIsAnAlertAtOnceAndOverWithTheNextBirthAGapAsksForARebirthAndAllIs() {
    var processor = RecordProcessor(sources: Self.sources)
    var alerts: [String] = []
    var asked: [(Int64, [String])] = []
    for record in Self.records {
      let lines = Self.lines(&processor, record: record).filter {
        $0.hasPrefix("alerts,") && $0.contains("rule=offline")
      }
      alerts += lines.map { line in
        let status = ["raised", "escalated", "cleared"].first { line.contains("status=\"\($0)\"") } ?? "?"
        let plant = line.contains("plant=north") ? "north" : "south"
        return "\((record.received - Self.start).nanoseconds / 1_000_000_000) \(plant) \(status)"
      }
      if !processor.rebirths.isEmpty {
        asked.append(
          ((record.received - Self.start).nanoseconds / 1_000_000_000, processor.rebirths.map(\.topic)))
      }
    }
    #expect(alerts == ["60 north raised", "60 south raised", "90 north cleared", "90 south cleared"])
    #expect(asked.map(\.0) == [40])
    #expect(asked.first?.1 == ["spBv1.0/north/NCMD/gw", "spBv1.0/south/NCMD/gw"])
    let ledger = processor.ledger
    #expect(ledger.refused.isEmpty && ledger.messages == ledger.decoded)
    // Two in each of two births, and one in each data message.
    #expect(ledger.readings == UInt64(2 * (2 * 2 + 59 + 29)))
  }

  @Test
  func `data by alias goes on after restarts at any time, with any number of workers, and gives the same lines`() throws
  {
    var straight = RecordProcessor(sources: Self.sources)
    var together = [RecordProcessor(sources: Self.sources)]
    var random = SplitMix(state: 11)
    for (number, record) in Self.records.enumerated() {
      if random.next() % 10 == 0 {
        var parts: [[UInt8]] = []
        for processor in together { SavedState.write(processor) { parts.append($0) } }
        let saved = parts
        let state = try SavedState(count: saved.count) { saved[$0] }
        let workers = 1 + Int(random.next() % 3)
        together = (0..<workers).map { share in
          let (processor, rebuilt) = state.processor(
            configured: state.sources.plants, share: Shard(share, of: workers))
          #expect(rebuilt.isEmpty)
          return processor
        }
      }
      let expected = Self.lines(&straight, record: record).sorted()
      let found = together.indices.flatMap { Self.lines(&together[$0], record: record) }.sorted()
      try #require(found == expected, "record \(number)")
      let asked = together.flatMap { $0.rebirths.map(\.topic) }.sorted()
      #expect(asked == straight.rebirths.map(\.topic).sorted())
    }
    #expect(straight.ledger.readings > 100)
  }

  @Test func `a change of the file leaves sessions as they are`() {
    var processor = RecordProcessor(sources: Self.sources)
    let records = Self.records
    for record in records.prefix(10) { _ = Self.lines(&processor, record: record) }
    var changed = Self.sources
    changed.files[0].bytes += Array("\nlimits: {sensors: 50}\n".utf8)
    var writer = SnapshotWriter()
    ConfigurationRecord.write(changed, to: &writer)
    _ = writer.bytes.withUnsafeBytes {
      processor.process(kind: .configuration, received: records[10].received, body: $0)
    }
    let before = processor.ledger.readings
    for record in records[10..<20] { _ = Self.lines(&processor, record: record) }
    #expect(processor.ledger.readings == before + 10 && processor.ledger.refused.isEmpty)
    #expect(processor.rebirths.isEmpty)
  }
}
