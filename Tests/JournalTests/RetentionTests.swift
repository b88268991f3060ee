import Foundation
import LocalServers
import PlantModel
import Testing
import WattlineTime

@testable import Journal

@Suite("History that a journal keeps")
struct RetentionTests {
  let folder = TemporaryFolder()

  /// Twelve segments of 586 bytes, of one record each, received a second apart.
  func fill(_ journal: Journal) throws -> [UInt64] {
    try (0..<12).map { try journal.append(Entry($0 * 1_000_000_000, body: [UInt8](repeating: 1, count: 530))) }
  }

  @Test func `trimmed segments stay up to the bytes to keep, the newest of them`() throws {
    let journal = try folder.journal(segmentBytes: 600, keepBytes: 1_800)
    let ends = try fill(journal)
    #expect(try journal.trim(below: ends[7]) == 5 * 586)
    #expect(journal.startOffset == ends[4])
    #expect(try journal.trim(below: ends[8]) == 586)
    #expect(try journal.trim(below: ends[8]) == 0)
    #expect(try journal.entries().count == 6)
  }

  @Test func `history older than its age goes, what was not trimmed never does`() throws {
    let journal = try folder.journal(segmentBytes: 600, keepBytes: .max, maximumAge: .seconds(6))
    let ends = try fill(journal)
    #expect(journal.startOffset == 0)
    try journal.trim(below: ends[9])
    #expect(try journal.entries().map(\.received).first == 5_000_000_000)
    try journal.append(Entry(60_000_000_000, body: [UInt8](repeating: 1, count: 530)))
    try journal.trim(below: 0)
    #expect(try journal.entries().map(\.received) == [10_000_000_000, 11_000_000_000, 60_000_000_000])
  }

  @Test func `history never stands in the way of new records`() throws {
    let journal = try folder.journal(segmentBytes: 600, maximumBytes: 12 * 586, keepBytes: .max)
    let ends = try fill(journal)
    #expect(!journal.hasRoom)
    try journal.trim(below: ends[3])
    #expect(journal.hasRoom && journal.startOffset == 0)
    for number in 0..<4 { try journal.append(Entry(Int64(number), body: [UInt8](repeating: 1, count: 530))) }
    #expect(journal.startOffset == ends[3] && !journal.hasRoom)
    #expect(throws: JournalError.full) { try journal.append(Entry(9, body: [UInt8](repeating: 1, count: 530))) }
    #expect(journal.bytes == 12 * 586)
  }

  @Test func `sealed history counts with the bytes that it really takes`() throws {
    let journal = try folder.journal(segmentBytes: 600, keepBytes: 1_800)
    let ends = try fill(journal)
    try journal.sealAll()
    let size = (journal.bytes - 586) / 11
    #expect(size < 300)
    try journal.trim(below: ends[10])
    #expect(try journal.entries().count == min(12, 1_800 / size + 1))
  }
}
