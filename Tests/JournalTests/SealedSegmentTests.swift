import Compression
import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Testing
import WattlineTime

@testable import Journal

@Suite("Sealed segments")
struct SealedSegmentTests {
  let folder = TemporaryFolder()

  static func entries(_ count: Int) -> [Entry] {
    (0..<count).map { Entry(Int64($0) * 1_000, body: [UInt8](repeating: UInt8($0 % 251), count: 150 + $0 % 50)) }
  }

  /// A journal of many sealed segments, each of several blocks, and the offsets after its records.
  func sealed(_ entries: [Entry]) throws -> (journal: Journal, ends: [UInt64]) {
    let journal = try folder.journal()
    let ends = try entries.map { try journal.append($0) }
    try journal.sealAll()
    return (journal, ends)
  }

  func content(_ path: String) throws -> SealedContent {
    let base = try #require(Segment.base(ofName: String(path.suffix(32)), form: .sealed))
    return try #require(try SealedContent(file: try OpenFile(path, flags: O_RDONLY), base: base))
  }

  @Test
  func `sealing leaves records and offsets as they are, makes the files smaller, and survives reopening`() throws {
    let entries = Self.entries(100)
    let (journal, ends) = try sealed(entries)
    #expect(folder.sealed.count > 5 && folder.segments.count == 1)
    #expect(try journal.entries() == entries)
    for (number, end) in ends.enumerated() {
      #expect(try journal.entries(from: end) == Array(entries[(number + 1)...]))
    }
    let onDisk = try (folder.sealed + folder.segments).reduce(0) { try $0 + Data(contentsOf: URL(filePath: $1)).count }
    #expect(journal.bytes == onDisk && onDisk < Int(journal.endOffset) / 2)
    try journal.close()
    let reopened = try folder.journal()
    #expect(reopened.recovery.isClean && reopened.recovery.sealedSegments == folder.sealed.count)
    #expect(reopened.bytes == onDisk && reopened.endOffset == ends.last)
    #expect(try reopened.entries() == entries)
  }

  @Test func `any zstd decompressor gives the plain segment back`() throws {
    let journal = try folder.journal()
    for entry in Self.entries(30) { try journal.append(entry) }
    let plain = try Data(contentsOf: URL(filePath: folder.segments[0]))
    try journal.sealAll()
    let file = try Data(contentsOf: URL(filePath: folder.sealed[0]))
    // The frames one after the other, as `zstd -dc` reads them.
    var content = Data()
    for block in try self.content(folder.sealed[0]).blocks {
      let frame = file[block.position..<block.position + block.frameLength]
      content += try #require(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: 1 << 20) })
    }
    #expect(content == plain)
    #expect(try self.content(folder.sealed[0]).blocks.count > 2)
  }

  @Test func `a reader at work on the plain file reads on when it is sealed and removed under it`() throws {
    let entries = Self.entries(60)
    let journal = try folder.journal()
    for entry in entries { try journal.append(entry) }
    let reader = journal.reader()
    var read: [Entry] = []
    for _ in 0..<3 { read.append(Entry(try #require(try reader.next()))) }
    try journal.sealAll()
    #expect(try read + reader.rest() == entries)
    #expect(reader.damage.places == 0)
  }

  @Test(arguments: SegmentSealing.Step.allCases)
  func `the folder is the same journal after each step of sealing`(at step: SegmentSealing.Step) throws {
    let entries = Self.entries(30)
    let journal = try folder.journal()
    for entry in entries { try journal.append(entry) }
    var copies: [TemporaryFolder] = []
    _ = try journal.store.sealOldest { reached in
      if reached == step, let copy = try? folder.copy() { copies.append(copy) }
    }
    let copy = try #require(copies.first)
    let archive = try JournalArchive(directory: copy.path)
    #expect(try archive.reader().rest() == entries)
    let reopened = try copy.journal()
    #expect(try reopened.entries() == entries)
    #expect(reopened.recovery.removedLeftovers == (step == .done ? 0 : 1))
    #expect(reopened.recovery.damagedSegments == 0)
    #expect(!copy.names.contains { $0.hasSuffix(".new") })
    #expect(Set(copy.names.map { $0.prefix(20) }).count == copy.names.count)
    try reopened.sealAll()
    #expect(try reopened.entries() == entries)
  }

  @Test func `a damaged sealed file beside the plain one gives way to it`() throws {
    let entries = Self.entries(30)
    let journal = try folder.journal()
    for entry in entries { try journal.append(entry) }
    var copies: [TemporaryFolder] = []
    _ = try journal.store.sealOldest { if $0 == .listed, let copy = try? folder.copy() { copies.append(copy) } }
    let copy = try #require(copies.first)
    let block = try content(copy.sealed[0]).blocks[1]
    try TemporaryFolder.edit(copy.sealed[0]) { $0[block.position + 5] ^= 1 }
    let reopened = try copy.journal()
    #expect(try reopened.entries() == entries)
    #expect(copy.sealed.isEmpty)
  }

  @Test func `a flipped bit costs one block, in a frame, and nothing in either list of the blocks`() throws {
    let entries = Self.entries(100)
    let (journal, _) = try sealed(entries)
    try journal.close()
    let path = folder.sealed[2]
    let intact = try Data(contentsOf: URL(filePath: path))
    let blocks = try content(path).blocks
    for byte in intact.indices {
      var damaged = intact
      damaged[byte] ^= 1 << UInt8(byte % 8)
      try damaged.write(to: URL(filePath: path))
      let archive = try JournalArchive(directory: folder.path)
      let reader = archive.reader()
      let count = try reader.rest().count
      if let hit = blocks.first(where: { $0.position..<$0.position + $0.frameLength ~= byte }) {
        #expect(reader.damage.ranges.count == 1 && reader.damage.bytes <= UInt64(hit.length))
        #expect(reader.damage.ranges[0].upperBound == hit.end && count < entries.count)
      } else {
        #expect(count == entries.count && reader.damage.places == 0)
      }
    }
  }

  @Test
  func `a sealed file cut short anywhere, emptied or missing costs what is gone and is reported with its range`() throws
  {
    let entries = Self.entries(60)
    let (journal, _) = try sealed(entries)
    try journal.close()
    let path = folder.sealed[1]
    let intact = try Data(contentsOf: URL(filePath: path))
    let whole = try content(path)
    for size in stride(from: 0, to: intact.count, by: 7) {
      try intact.prefix(size).write(to: URL(filePath: path))
      let reopened = try folder.journal()
      #expect(reopened.recovery.damagedSegments == 1)
      let reader = reopened.reader()
      let read = try reader.rest()
      let kept = whole.blocks.filter { $0.position + $0.frameLength <= size }
      let lost = (kept.last?.end ?? whole.blocks[0].start)..<whole.end
      if !lost.isEmpty { #expect(reader.damage.ranges.map(\.upperBound) == [lost.upperBound]) }
      #expect(reader.damage.bytes <= UInt64(lost.count))
      #expect(read == entries.filter { read.contains($0) } && read.last == entries.last)
    }
    try FileManager.default.removeItem(atPath: path)
    let reopened = try folder.journal()
    #expect(reopened.recovery.missing.ranges == [whole.blocks[0].start..<whole.end])
    let reader = reopened.reader()
    _ = try reader.rest()
    #expect(reader.damage.ranges == [whole.blocks[0].start..<whole.end])
  }

  @Test func `what is damaged when it is sealed stays damaged in the same place, and nothing else`() throws {
    let entries = Self.entries(30)
    let journal = try folder.journal()
    for entry in entries { try journal.append(entry) }
    try TemporaryFolder.edit(folder.segments[0]) { $0[700] ^= 4 }
    let before = journal.reader()
    let read = try before.rest()
    #expect(read.count == entries.count - 1)
    try journal.sealAll()
    let after = journal.reader()
    #expect(try after.rest() == read)
    #expect(after.damage == before.damage && after.damage.places == 1)
  }

  @Test func `what does not get smaller stays plain and is not tried again`() throws {
    var random = SplitMix(state: 4)
    let journal = try folder.journal()
    for number in 0..<30 {
      try journal.append(Entry(Int64(number), body: (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }))
    }
    try journal.sealAll()
    #expect(folder.sealed.isEmpty && folder.segments.count > 2)
    #expect(!folder.names.contains { $0.hasSuffix(".new") })
    #expect(journal.bytes == Int(journal.endOffset))
  }

  @Test("a folder, a later version and other strange files that have a segment's name do not stop or hurt anything")
  func aFolderALaterVersionAndOtherStrangeFilesThatHaveASegmentsNameDoNotStopOr() throws {
    let entries = Self.entries(30)
    let (journal, _) = try sealed(entries)
    try journal.close()
    let manager = FileManager.default
    try manager.createDirectory(atPath: "\(folder.path)/\(Segment.name(base: 77))", withIntermediateDirectories: false)
    try Data("hello".utf8).write(to: URL(filePath: "\(folder.path)/\(Segment.name(base: 999_999))"))
    try Data(count: 300).write(to: URL(filePath: "\(folder.path)/\(Segment.name(base: 888_888))"))
    try Data("x".utf8).write(to: URL(filePath: "\(folder.path)/readme.journal"))
    try Data("x".utf8).write(to: URL(filePath: "\(folder.path)/\(Segment.name(base: .max))"))
    let reopened = try folder.journal()
    #expect(reopened.recovery.removedSegments == 2)
    #expect(try reopened.entries() == entries)
    #expect(reopened.endOffset == journal.endOffset)
  }

  @Test func `the first record at or after a time is found, by the lists of blocks where there are some`() throws {
    let entries = Self.entries(100)
    let (journal, _) = try sealed(entries)
    for number in [0, 1, 17, 50, 98, 99] {
      let reader = journal.reader()
      #expect(try reader.skip(before: Timestamp(nanoseconds: Int64(number) * 1_000 - 500)))
      #expect(try reader.rest() == Array(entries[number...]))
    }
    let reader = journal.reader()
    #expect(try !reader.skip(before: Timestamp(nanoseconds: 1_000_000)))
    try journal.append(Entry(2_000_000, body: []))
    #expect(try reader.skip(before: Timestamp(nanoseconds: 1_000_000)))
    #expect(try reader.rest() == [Entry(2_000_000, body: [])])
  }

  @Test func `in the background, what is complete is sealed while records are appended and read`() throws {
    let journal = try Journal(directory: folder.path, segmentBytes: 200_000, sync: .never)
    let body = [UInt8]("riverside/pv1/power {\"value\": 21.5, \"ts\": 1700000000000}".utf8)
    for number in 0..<20_000 { try journal.append(Entry(Int64(number), body: body)) }
    Waiting.until(seconds: 20) { folder.segments.count <= 1 }
    #expect(folder.segments.count == 1 && folder.sealed.count >= 7)
    #expect(try journal.entries().map(\.received) == Array(0..<20_000))
    for path in folder.sealed {
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }
  }
}
