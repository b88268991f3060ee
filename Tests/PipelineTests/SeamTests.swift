import Journal
import LocalServers
import PlantModel
import PlantTesting
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

/// The protocols at the ends of the pipeline, each with a kind that is neither MQTT nor files.
@Suite("Other logs and sources")
struct SeamTests {
  /// A source that hands over what a test gives it.
  private final class ListSource: MessageSource {
    private let sink: any BurstSink
    private let payloads: [String]
    private let taken = Counter()

    init(_ payloads: [String], into sink: any BurstSink) { (self.payloads, self.sink) = (payloads, sink) }

    var counters: SourceCounters { SourceCounters(messages: taken.value) }
    var isReady: Bool { taken.value == payloads.count }

    func start() throws(SystemError) {
      for payload in payloads {
        var burst = MessageFrameBuilder()
        Array("site/a/power".utf8).withUnsafeBytes { topic in
          Array(payload.utf8).withUnsafeBytes {
            burst.append(topic: topic, payload: $0, packetID: 7, retained: false)
          }
        }
        guard sink.accept(burst, received: Timestamp(seconds: 1)) == .accepted else { return }
        taken.add()
      }
    }

    func stop() {}
  }

  private static func payloads(_ log: MemoryLog) throws -> [String] {
    let reader = log.reader(from: log.startOffset)
    var found: [String] = []
    while let record = try reader.next() {
      record.withBody { body in
        var cursor = MessageFrameCursor(body)
        while let message = cursor.next() { found.append(String(decoding: message.payload, as: UTF8.self)) }
      }
    }
    return found
  }

  @Test func `what any source hands over is in any log, and counted`() throws {
    let log = MemoryLog()
    let ingest = Ingest(journal: log, note: { _ in })
    let source: any MessageSource = ListSource(["1", "2", "3"], into: ingest)
    source.update(plants: [])
    source.recordAppended(packetID: 1, hash: 2, connection: 0)
    try source.start()
    #expect(source.isReady && (source.counters + SourceCounters(messages: 1, bytes: 2)).messages == 4)
    #expect(try Self.payloads(log) == ["1", "2", "3"] && ingest.appended.value == 3)
  }

  @Test func `a full or closed log refuses the burst whole, and the source keeps the rest`() throws {
    let log = MemoryLog(maximumBytes: 60)
    let ingest = Ingest(journal: log, note: { _ in })
    let source = ListSource(["1", "2", "3"], into: ingest)
    try source.start()
    #expect(!source.isReady && ingest.appended.value == 2)
    #expect(try Self.payloads(log) == ["1", "2"])
    try log.close()
    var burst = MessageFrameBuilder()
    burst.append(
      topic: UnsafeRawBufferPointer(start: nil, count: 0), payload: UnsafeRawBufferPointer(start: nil, count: 0),
      packetID: 0, retained: false)
    #expect(ingest.accept(burst, received: Timestamp(seconds: 1)) == .failed("\(JournalError.closed)"))
  }

  @Test func `what a sender may repeat is known from any log, and stays known when the log is trimmed`() throws {
    let folder = try TemporaryFolder(prefix: "seam")
    defer { folder.remove() }
    let log = MemoryLog()
    try ListSource(["1", "2"], into: Ingest(journal: log, note: { _ in })).start()
    let memory = try RedeliveryMemory(journal: log, directory: folder.path, position: 0)
    #expect(memory.entries.map(\.packetID) == [7, 7])
    try memory.keep(below: log.endOffset, position: log.endOffset)
    #expect(try log.trim(below: log.endOffset) == Int(log.endOffset))
    #expect(memory.entries.map(\.packetID) == [7, 7])
  }
}
