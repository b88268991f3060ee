import Foundation
import Journal
import MQTTSource
import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("What a broker may send again")
struct RedeliveryMemoryTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("wattline-test-\(UUID().uuidString)").path

  private func journal() throws -> Journal {
    try Journal(directory: folder + "/journal", maximumBytes: 1 << 20, segmentBytes: 1 << 10, compresses: false)
  }

  private func memory(_ journal: Journal, at position: UInt64) throws -> RedeliveryMemory {
    try RedeliveryMemory(journal: journal, directory: folder + "/redelivery", position: position)
  }

  /// Appends messages with the identifiers of a range, each a record of its own; the end of the last.
  private func append(_ identifiers: ClosedRange<UInt16>, to journal: Journal) throws -> UInt64 {
    for identifier in identifiers {
      var burst = MessageFrameBuilder()
      let payload = Array("\(identifier)".utf8)
      payload.withUnsafeBytes { payload in
        Array("p/a/s".utf8).withUnsafeBytes { topic in
          burst.append(topic: topic, payload: payload, packetID: identifier, retained: false)
        }
      }
      try journal.append(kind: .messages, received: Timestamp(nanoseconds: 0), body: burst.bytes)
    }
    return journal.endOffset
  }

  @Test func `is known to the next process in the order in which it came, though the journal has given it up`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let journal = try journal()
    let memory = try memory(journal, at: 0)
    for range in [1...50, 51...100, 101...150] as [ClosedRange<UInt16>] {
      let end = try append(range, to: journal)
      try memory.keep(below: end, position: end)
      try journal.trim(below: end)
    }
    _ = try append(151...160, to: journal)
    #expect(try journal.reader().next().map { $0.offset > 1_000 } == true)
    #expect(memory.entries.map(\.packetID) == Array(1...160))
    let next = try self.memory(journal, at: journal.endOffset)
    #expect(next.entries == memory.entries)
    let payload = Array("7".utf8)
    let hash = payload.withUnsafeBytes { payload in
      Array("p/a/s".utf8).withUnsafeBytes { MessageHash.of(topic: $0, payload: payload) }
    }
    #expect(next.entries[6] == RedeliveryMemory.Entry(packetID: 7, connection: 0, hash: hash))
  }

  @Test func `is forgotten where there is a gap between it and what the journal has`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let journal = try journal()
    let first = try append(1...50, to: journal)
    try memory(journal, at: 0).keep(below: first, position: first)
    let second = try append(51...150, to: journal)
    try journal.trim(below: second)
    _ = try append(151...200, to: journal)
    let entries = try memory(journal, at: journal.endOffset).entries
    #expect(entries.first.map { $0.packetID > 60 } == true && entries.last?.packetID == 200)
  }

  @Test func `is empty where its file is of no use`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let journal = try journal()
    let end = try append(1...50, to: journal)
    try CheckpointStore(directory: folder + "/redelivery").save(Checkpoint(offset: end, state: [9, 9, 9]))
    #expect(try memory(journal, at: end).entries.count == 50)
  }
}
