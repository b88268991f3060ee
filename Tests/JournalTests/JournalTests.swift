import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Journal

@Suite("Journal")
struct JournalTests {
  let folder = TemporaryFolder()

  func makeJournal(
    maximumBytes: Int64 = 1 << 30, segmentBytes: Int64 = 64 << 20, notBefore: UInt64 = 0, sync: Journal.Sync = .never
  ) throws -> Journal {
    try Journal(
      directory: folder.path, maximumBytes: maximumBytes, segmentBytes: segmentBytes, sync: sync, notBefore: notBefore,
      compresses: false)
  }

  let three = [
    Entry(1, body: [1, 2, 3]), Entry(.tick, received: 2, body: []),
    Entry(RecordKind(rawValue: 77), received: -3, body: [9]),
  ]

  @Test func `the processor's instruction and the table give one CRC-32C`() {
    let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
    for range in [0..<0, 0..<1, 3..<11, 1..<1_000, 5..<998] {
      var (crc, byTable) = (CRC32C(), CRC32C())
      bytes[range].withUnsafeBytes {
        crc.update($0)
        byTable.updateByTable($0)
      }
      #expect(crc.value == byTable.value)
    }
  }

  @Test func `CRC-32C of 123456789 is E3069283, whatever the split`() {
    let text = Array("123456789".utf8)
    #expect(text.withUnsafeBytes { CRC32C.checksum($0) } == 0xE306_9283)
    for cut in 0...text.count {
      var crc = CRC32C()
      text[..<cut].withUnsafeBytes { crc.update($0) }
      text[cut...].withUnsafeBytes { crc.update($0) }
      #expect(crc.value == 0xE306_9283)
    }
    // RFC 3720, B.4: 32 bytes of zero, and of ones.
    #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes { CRC32C.checksum($0) } == 0x8A91_36AA)
    #expect([UInt8](repeating: 255, count: 32).withUnsafeBytes { CRC32C.checksum($0) } == 0x62A8_AB43)
  }

  @Test(arguments: [Journal.Sync.never, .always, .interval(.milliseconds(1))])
  func `what was appended is read, unknown kinds too, and again after reopening`(sync: Journal.Sync) throws {
    do {
      let journal = try makeJournal(sync: sync)
      for entry in three { try journal.append(entry) }
      #expect(try journal.entries() == three)
      try journal.close()
      #expect(throws: JournalError.closed) { try journal.append(three[0]) }
    }
    let reopened = try makeJournal(sync: sync)
    #expect(reopened.recovery.isClean)
    try reopened.append(three[0])
    #expect(try reopened.entries() == three + [three[0]])
  }

  @Test func `a reader resumes from any record's end offset`() throws {
    let journal = try makeJournal(segmentBytes: 90)
    var ends = [UInt64(0)]
    for number in 0..<20 {
      ends.append(try journal.append(Entry(Int64(number), body: [UInt8](repeating: 7, count: number))))
    }
    #expect(folder.segments.count > 5)
    for (number, end) in ends.enumerated() {
      #expect(try journal.entries(from: end).map(\.received) == (number..<20).map(Int64.init))
    }
    #expect(ends.last == journal.endOffset)
  }

  @Test func `a tail torn at any byte of the last record is cut back to the last whole record`() throws {
    let whole: Int
    do {
      let journal = try makeJournal()
      try journal.append(three[0])
      whole = Int(try journal.append(three[1]))
      try journal.append(Entry(5, body: [UInt8](repeating: 42, count: 11)))
    }
    let path = try #require(folder.segments.first)
    let intact = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in whole..<intact.count {
      try intact.prefix(length).write(to: URL(fileURLWithPath: path))
      let reopened = try makeJournal()
      #expect(reopened.recovery.truncatedBytes == length - whole)
      #expect(reopened.endOffset == UInt64(whole))
      try reopened.append(three[2])
      #expect(try reopened.entries() == [three[0], three[1], three[2]])
    }
  }

  @Test func `a tail of zeros, as a power loss leaves it, is cut`() throws {
    do { try makeJournal().append(three[0]) }
    try TemporaryFolder.edit(folder.segments[0]) { $0.append(Data(count: 5_000)) }
    let reopened = try makeJournal()
    #expect(reopened.recovery.truncatedBytes == 5_000)
    #expect(try reopened.entries() == [three[0]])
  }

  @Test func `a flipped bit costs its own record and no other, wherever it is`() throws {
    let entries = (0..<3).map { Entry(Int64($0), body: [UInt8](repeating: UInt8($0), count: 9)) }
    do {
      let journal = try makeJournal()
      for entry in entries { try journal.append(entry) }
    }
    let path = folder.segments[0]
    let intact = try Data(contentsOf: URL(fileURLWithPath: path))
    for byte in (32 + 33)..<(32 + 66) {
      var damaged = intact
      damaged[byte] ^= 1 << UInt8(byte % 8)
      try damaged.write(to: URL(fileURLWithPath: path))
      let reopened = try makeJournal()
      #expect(reopened.recovery.damage.places == 1)
      #expect(reopened.recovery.truncatedBytes == 0)
      let reader = reopened.reader()
      #expect(try reader.rest() == [entries[0], entries[2]])
      #expect(reader.damage.bytes == 33)
    }
  }

  @Test func `an earlier segment cut short or with a broken header does not stop the reader`() throws {
    do {
      let journal = try makeJournal(segmentBytes: 100)
      for number in 0..<6 { try journal.append(Entry(Int64(number), body: [UInt8](repeating: 1, count: 20))) }
    }
    #expect(folder.segments.count == 6)
    try TemporaryFolder.edit(folder.segments[1]) { $0.removeLast(7) }
    try TemporaryFolder.edit(folder.segments[3]) { $0[0] = 0 }
    let reopened = try makeJournal(segmentBytes: 100)
    #expect(reopened.recovery.damagedSegments == 1)
    let reader = reopened.reader()
    #expect(try reader.rest().map(\.received) == [0, 2, 3, 4, 5])
    #expect(reader.damage.bytes == 44)
  }

  @Test func `a last segment without a whole header is removed and the journal goes on before it`() throws {
    do {
      let journal = try makeJournal(segmentBytes: 100)
      for number in 0..<3 { try journal.append(Entry(Int64(number), body: [UInt8](repeating: 1, count: 20))) }
    }
    try TemporaryFolder.edit(folder.segments[2]) { $0 = $0.prefix(12) }
    let reopened = try makeJournal(segmentBytes: 100)
    #expect(reopened.recovery.removedSegments == 1)
    try reopened.append(Entry(9, body: []))
    #expect(try reopened.entries().map(\.received) == [0, 1, 9])
  }

  @Test func `a segment of a later version is refused by name`() throws {
    do { try makeJournal().append(three[0]) }
    let path = folder.segments[0]
    try TemporaryFolder.edit(path) { data in
      data[8] = 2
      let crc = data.prefix(28).withUnsafeBytes { CRC32C.checksum($0) }
      withUnsafeBytes(of: crc.littleEndian) { data.replaceSubrange(28..<32, with: $0) }
    }
    #expect(throws: JournalError.unsupportedVersion(file: path, version: 2)) { try makeJournal() }
  }

  @Test func `trimming removes whole segments below the offset and never the one being written`() throws {
    let journal = try makeJournal(segmentBytes: 100)
    var ends: [UInt64] = []
    for number in 0..<5 {
      ends.append(try journal.append(Entry(Int64(number), body: [UInt8](repeating: 1, count: 30))))
    }
    #expect(try journal.trim(below: ends[1] - 1) == 86)
    #expect(folder.segments.count == 4)
    #expect(try journal.entries().map(\.received) == [1, 2, 3, 4])
    try journal.trim(below: .max)
    #expect(folder.segments.count == 1)
    #expect(try journal.entries().map(\.received) == [4])
    #expect(journal.bytes == 86)
  }

  @Test func `a reader whose place was trimmed goes on at the oldest record and counts what is missing`() throws {
    let journal = try makeJournal(segmentBytes: 100)
    var ends: [UInt64] = []
    for number in 0..<4 {
      ends.append(try journal.append(Entry(Int64(number), body: [UInt8](repeating: 1, count: 30))))
    }
    try journal.trim(below: ends[2])
    let reader = journal.reader(from: ends[0])
    #expect(try reader.rest().map(\.received) == [3])
    #expect(reader.damage.ranges == [ends[0]..<ends[2]])
  }

  @Test func `a journal whose file was removed takes nothing more, and says so`() throws {
    let folder = TemporaryFolder()
    let journal = try Journal(directory: folder.path, compresses: false)
    try journal.append(Entry(1, body: [1]))
    for name in try Folder.names(in: folder.path) where name.hasSuffix(".journal") { unlink("\(folder.path)/\(name)") }
    #expect {
      try journal.append(Entry(2, body: [2]))
    } throws: {
      "\($0)".contains("was removed while in use")
    }
  }

  @Test func `a full journal refuses, loses nothing, and takes records again once trimmed`() throws {
    let journal = try makeJournal(maximumBytes: 4_000)
    var count: Int64 = 0
    #expect(throws: JournalError.full) {
      while true {
        try journal.append(Entry(count, body: [UInt8](repeating: 3, count: 100)))
        count += 1
      }
    }
    #expect(!journal.hasRoom)
    #expect(journal.bytes <= 4_000)
    #expect(try journal.entries().map(\.received) == Array(0..<count))
    let end = journal.endOffset
    try journal.trim(below: end)
    #expect(journal.hasRoom)
    try journal.append(three[0])
    #expect(try journal.entries(from: end) == [three[0]])
  }

  @Test("for a record that found no room there is room again when it fits, and one beyond the bound is refused as such")
  func forARecordThatFoundNoRoomThereIsRoomAgainWhenItFitsAndOneBeyondTheBound() throws {
    let journal = try makeJournal(maximumBytes: 16_000)
    while journal.bytes < 10_000 { try journal.append(Entry(0, body: [UInt8](repeating: 3, count: 100))) }
    let large = Entry(1, body: [UInt8](repeating: 1, count: 8_000))
    #expect(journal.hasRoom)
    #expect(throws: JournalError.full) { try journal.append(large) }
    // A small record goes in, which does not mean that the large one would.
    let done = try journal.append(three[0])
    #expect(!journal.hasRoom)
    try journal.append(three[1])
    try journal.trim(below: done)
    #expect(journal.hasRoom)
    try journal.append(large)
    #expect(try journal.entries(from: done) == [three[1], large])
    #expect(throws: JournalError.tooLarge(bytes: 16_000)) {
      try journal.append(Entry(2, body: [UInt8](repeating: 1, count: 16_000)))
    }
    #expect(journal.hasRoom)
  }

  @Test func `the folder and its files are for their owner only`() throws {
    let journal = try makeJournal()
    try journal.append(three[0])
    for (path, mode) in [(folder.path, 0o700), (folder.segments[0], 0o600), ("\(folder.path)/lock", 0o600)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == mode)
    }
  }

  @Test func `a second opener is told who is in the way, and gets in after the first has closed`() throws {
    let first = try makeJournal()
    #expect(throws: JournalError.locked(directory: folder.path)) { try makeJournal() }
    try first.close()
    #expect(try makeJournal().endOffset == 32)
  }

  @Test func `offsets that a checkpoint knows are not given twice after the disk lost the tail`() throws {
    do { try makeJournal().append(three[0]) }
    let reopened = try makeJournal(notBefore: 10_000)
    #expect(try reopened.append(three[1]) > 10_000)
    #expect(try reopened.entries(from: 10_000) == [three[1]])
    #expect(try reopened.entries() == [three[0], three[1]])
  }

  @Test func `a reader on another thread sees every record, in order, while they are written`() throws {
    let journal = try makeJournal(segmentBytes: 4_096)
    let total: Int64 = 3_000
    let seen = Counter()
    let wrong = Counter()
    let thread = try BlockingThread(name: "reader") {
      let reader = journal.reader()
      do {
        while seen.value < Int(total) {
          guard let record = try reader.next() else {
            guard reader.waitForMore(timeout: .seconds(10)) else { break }
            continue
          }
          let entry = Entry(record)
          if entry.received != Int64(seen.value) || entry.body.count != seen.value % 97 { wrong.add() }
          seen.add()
        }
        if reader.damage.places > 0 { wrong.add() }
      } catch { wrong.add() }
    }
    for number in 0..<total { try journal.append(Entry(number, body: [UInt8](repeating: 5, count: Int(number % 97)))) }
    thread.join()
    #expect(seen.value == Int(total))
    #expect(wrong.value == 0)
  }

  @Test func `waiting at the tail ends with its timeout`() throws {
    let journal = try makeJournal()
    #expect(!journal.reader(from: journal.endOffset).waitForMore(timeout: .milliseconds(2)))
  }

  @Test(arguments: 1...20)
  func `random damage anywhere never stops the reader or the opening`(seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    do {
      let journal = try makeJournal(segmentBytes: 600)
      for number in 0..<40 { try journal.append(Entry(Int64(number), body: [UInt8](repeating: 6, count: number))) }
    }
    for _ in 0..<8 {
      let path = try #require(folder.segments.randomElement(using: &random))
      try TemporaryFolder.edit(path) { data in
        // The header's version stays: another version is refused by intent.
        guard data.count > 40 else { return }
        data[Int.random(in: 32..<data.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
    }
    let reopened = try makeJournal(segmentBytes: 600)
    let read = try reopened.entries()
    #expect(read.count >= 31 && read.count <= 40)
    #expect(read.allSatisfy { $0.body == [UInt8](repeating: 6, count: Int($0.received)) })
    try reopened.append(Entry(99, body: []))
    #expect(try reopened.entries().last == Entry(99, body: []))
  }
}
