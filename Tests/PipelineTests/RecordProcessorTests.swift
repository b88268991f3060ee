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

@testable import Pipeline

extension RecordProcessor {
  /// The parts of a checkpoint that processors give together.
  fileprivate static func parts(of processors: [RecordProcessor]) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    for processor in processors { SavedState.write(processor) { parts.append($0) } }
    return parts
  }

  /// So many processors as go on from what others gave.
  fileprivate static func resumed(from processors: [RecordProcessor], shares: Int = 1) throws -> [RecordProcessor] {
    let parts = parts(of: processors)
    let state = try SavedState(count: parts.count) { parts[$0] }
    return (0..<shares).map { number in
      let (processor, rebuilt) = state.processor(
        configured: state.sources.plants, share: Shard(number, of: shares))
      #expect(rebuilt.isEmpty)
      return processor
    }
  }

  fileprivate mutating func lines(of record: History.Record) -> [UInt8] {
    let words = record.body.withUnsafeBytes { process(kind: record.kind, received: record.received, body: $0) }
    #expect(words.allSatisfy { "\($0)".contains(" gives no reading (") })
    return encoder.drain(upTo: 0).bytes
  }
}

@Suite("Records of a journal")
struct RecordProcessorTests {
  @Test(arguments: [1])
  func `the same records give the same lines, whether in one go or after any number of restarts`(seed: UInt64) throws {
    let history = try History(seed: seed, hours: 26)
    var straight = RecordProcessor(sources: history.first)
    var again = RecordProcessor(sources: history.first)
    var restarted = RecordProcessor(sources: history.first)
    var random = SplitMix(state: seed)
    var bytes = 0
    for (number, record) in history.records.enumerated() {
      let lines = straight.lines(of: record)
      bytes += lines.count
      try #require(again.lines(of: record) == lines, "record \(number)")
      if random.next() % 400 == 0 {
        restarted = try RecordProcessor.resumed(from: [restarted])[0]
      }
      let after = restarted.lines(of: record)
      try #require(
        after == lines, "record \(number): \(RecordProcessorTests.difference(lines, other: after))")
    }
    #expect(bytes > 1_000_000)
    #expect(straight.ledger.refused.values.reduce(0, +) > 100)
    #expect(straight.ledger.timesUnusable > 100)
    #expect(straight.ledger == restarted.ledger)
    #expect(straight.ledger.messages == straight.ledger.decoded + straight.ledger.refusedInAll)
    #expect(straight.plants.count == 2)
  }

  @Test(arguments: [2, 3])
  func `any number of workers gives the same lines and the same ledger, also where it changes with a restart`(
    workers: Int
  ) throws {
    let history = try History(seed: 7, hours: 6)
    var alone = RecordProcessor(sources: history.first)
    var together = (0..<workers).map {
      RecordProcessor(sources: history.first, share: Shard($0, of: workers))
    }
    var random = SplitMix(state: 7)
    var owners: Set<Int> = []
    for (number, record) in history.records.enumerated() {
      let lines = alone.lines(of: record).split(separator: 10).sorted { $0.lexicographicallyPrecedes($1) }
      if random.next() % 150 == 0 {
        together = try RecordProcessor.resumed(from: together, shares: 1 + Int(random.next() % 4))
      }
      let parts = together.indices.map { together[$0].lines(of: record).split(separator: 10) }
      let joined = parts.flatMap(\.self).sorted { $0.lexicographicallyPrecedes($1) }
      try #require(joined == lines, "record \(number)")
      if together.count == workers { owners.formUnion(parts.indices.filter { !parts[$0].isEmpty }) }
    }
    var sum = Ledger()
    for processor in together { sum.add(processor.ledger) }
    #expect(sum == alone.ledger)
    #expect(sum.refused["unmatched_topic"] ?? 0 > 0 && sum.timesUnusable > 0)
    #expect(owners.count == 2, "both plants are not with one worker")
  }

  @Test func `a change of one plant, and one more, leave every line of the others as it is`() throws {
    let history = try History(seed: 5, hours: 3)
    var with = RecordProcessor(sources: history.first)
    var without = with
    var changed = history.first
    changed.files.append(("south.yaml", History.file("south")))
    var lines: (with: [Substring], without: [Substring]) = ([], [])
    for (number, record) in history.records.enumerated() {
      if number == history.records.count / 3 {
        _ = with.lines(of: (.configuration, record.received, History.record(of: changed)))
      }
      if number == history.records.count / 2 {
        changed.files[1].bytes = History.file("south", importPrice: 0.4)
        _ = with.lines(of: (.configuration, record.received, History.record(of: changed)))
      }
      lines.with += RecordProcessorTests.north(with.lines(of: record))
      lines.without += RecordProcessorTests.north(without.lines(of: record))
    }
    #expect(lines.with == lines.without && lines.with.count > 1_000)
    #expect(with.plants.count == 2)
  }

  /// The lines of the plant that is there from the beginning.
  private static func north(_ lines: [UInt8]) -> [Substring] {
    String(decoding: lines, as: UTF8.self).split(separator: "\n").filter { $0.contains(",plant=north") }
  }

  @Test func `a plant that is full says so once, and every reading beyond its limits is in the ledger`() throws {
    var sources = PlantSources()
    let file = """
      plant: a
      location: {latitude: 0, longitude: 0, timezone: UTC}
      topics: [{match: "a/{asset}", payload: json}]
      limits: {sensors: 2}

      """
    sources.files = [("a.yaml", Array(file.utf8))]
    var processor = RecordProcessor(sources: sources)
    var frame = MessageFrameBuilder()
    for payload in [#"{"x": 1, "y": 2, "z": 3}"#, #"{"z": 4}"#] {
      Array("a/b".utf8).withUnsafeBytes { topic in
        Array(payload.utf8).withUnsafeBytes {
          frame.append(topic: topic, payload: $0, packetID: 0, retained: false)
        }
      }
    }
    var words: [String] = []
    for second in 1...2 {
      words += frame.bytes.withUnsafeBytes {
        processor.process(kind: .messages, received: Timestamp(seconds: 1_800_000_000 + Int64(second)), body: $0)
          .map { "\($0)" }
      }
    }
    #expect(words.count == 1 && words[0].hasPrefix("plant a: it has as many assets or sensors as it may have"))
    #expect(processor.ledger.beyondLimits == 4 && processor.ledger.readings == 4)
    #expect(processor.ledger.refused == ["too_many_sensors": 2])
    #expect(processor.ledger.messages == processor.ledger.decoded + processor.ledger.refusedInAll)
  }

  @Test
  func `the first message that gives no reading is told for each topic and reason, on one line and not at length`() {
    var sources = PlantSources()
    let head = "plant: a\nlocation: {latitude: 0, longitude: 0, timezone: UTC}\n"
    sources.files = [("a.yaml", Array((head + "topics: [{match: \"a/{asset}/{sensor}\"}]").utf8))]
    var processor = RecordProcessor(sources: sources)
    var frame = MessageFrameBuilder()
    for payload in ["no\n\u{1B}[2J", "no\u{1}", "{\"value\": " + String(repeating: "x", count: 90), "1"] {
      Array("a/b/c".utf8).withUnsafeBytes { topic in
        Array(payload.utf8).withUnsafeBytes {
          frame.append(topic: topic, payload: $0, packetID: 0, retained: false)
        }
      }
    }
    let words = frame.bytes.withUnsafeBytes {
      processor.process(kind: .messages, received: Timestamp(seconds: 1_800_000_000), body: $0).map { "\($0)" }
    }
    #expect(words.count == 2 && processor.ledger.readings == 1, "\(words)")
    #expect(words.first?.hasPrefix("a message on a/b/c gives no reading (") == true)
    #expect(words.first?.contains("no··[2J") == true && words.last?.contains("(malformed_json): {") == true)
    #expect(words.allSatisfy { $0.count < 220 })
  }

  @Test func `messages that came and are not in the journal are in the ledger, and the same after a restart`() throws {
    var processor = RecordProcessor(sources: PlantSources())
    let earlier = SkippedMessages(duplicates: 3, oversized: 1)
    let later = SkippedMessages(duplicates: 10, oversized: 3)
    for counts in [earlier, later.since(earlier)] {
      _ = counts.bytes.withUnsafeBytes {
        processor.process(kind: .passedOver, received: Timestamp(seconds: 1), body: $0)
      }
    }
    #expect(processor.ledger.duplicates == 10 && processor.ledger.refused == ["too_large": 3])
    #expect(processor.ledger.messages == 13)
    #expect(try RecordProcessor.resumed(from: [processor], shares: 2).map(\.ledger) == [processor.ledger, Ledger()])
    let words = later.bytes.dropLast().withUnsafeBytes {
      processor.process(kind: .passedOver, received: Timestamp(seconds: 2), body: $0)
    }
    #expect(words.count == 1 && processor.ledger.messages == 13)
  }

  @Test func `a damaged record of a configuration changes nothing and is told`() throws {
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

  @Test func `a saved state whose parts are cut anywhere is refused, or the plant that is cut starts anew`() throws {
    let history = try History(seed: 3, hours: 1)
    var processor = RecordProcessor(sources: history.first)
    for record in history.records { _ = processor.lines(of: record) }
    let whole = RecordProcessor.parts(of: [processor])
    #expect(whole.count == 2 + processor.plants.count)
    for part in whole.indices {
      for length in stride(from: 0, to: whole[part].count, by: max(1, whole[part].count / 60)) {
        var cut = whole
        cut[part] = Array(cut[part][..<length])
        let parts = cut
        let state = try? SavedState(count: parts.count) { parts[$0] }
        let rebuilt = state?.processor(configured: processor.plants.plants, share: .whole).rebuilt
        #expect(part >= 2 && length > 0 ? rebuilt?.count == 1 : state == nil, "part \(part), \(length) bytes")
      }
    }
  }

  /// The first line that differs, of each.
  private static func difference(_ one: [UInt8], other: [UInt8]) -> String {
    let pairs = zip(one.split(separator: 10), other.split(separator: 10))
    guard let pair = pairs.first(where: { $0.0 != $0.1 }) else { return "\(one.count) and \(other.count) bytes" }
    return "\(String(decoding: pair.0, as: UTF8.self)) | \(String(decoding: pair.1, as: UTF8.self))"
  }
}
